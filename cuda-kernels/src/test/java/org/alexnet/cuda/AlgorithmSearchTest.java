package org.alexnet.cuda;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Stream;
import org.alexnet.AlexNetException;
import org.alexnet.backend.Precision;
import org.alexnet.backend.TestNetworks;
import org.alexnet.cuda.StandIn.AlgorithmFault;
import org.alexnet.cuda.convolution.AlgorithmPlan;
import org.alexnet.cuda.convolution.AlgorithmSearch;
import org.alexnet.cuda.convolution.AlgorithmSearch.Want;
import org.alexnet.cuda.convolution.ConvolutionAlgorithm;
import org.alexnet.cuda.convolution.ConvolutionProblem;
import org.alexnet.cuda.convolution.ConvolutionProblem.Direction;
import org.alexnet.cuda.device.Device;
import org.alexnet.cuda.device.Resource;
import org.alexnet.cuda.kernel.Layouts;
import org.alexnet.network.Window;
import org.alexnet.program.CompiledNetwork;
import org.alexnet.program.Shape;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;

/** Which algorithms a convolution is not computed with, and that trying them leaves nothing. */
@Tag(StandInCount.STAND_IN)
class AlgorithmSearchTest {
  private static final Shape X = new Shape(2, 8, 9, 9);
  private static final Shape FILTERS = new Shape(6, 4, 3, 3);
  private static final Shape Y = new Shape(2, 6, 9, 9);

  /** The stand-in's, which cuDNN's numbers name: 5 is Winograd's, of both gradients. */
  private static final List<Integer> FORWARD = List.of(0, 1);

  private static final List<Integer> BACKWARD = List.of(0, 1, 5);

  @BeforeAll
  static void load() {
    StandInBackend.deterministic(Precision.FP32, 1).close();
  }

  @AfterEach
  void heal() {
    StandIn.reset();
    StandIn.heal();
  }

  private static List<Integer> algorithms(Direction direction) {
    return direction == Direction.FORWARD ? FORWARD : BACKWARD;
  }

  /** The number of the algorithm that is chosen; closing the backend counts what is left. */
  private static int choose(Direction direction, Precision precision, Want want) {
    try (StandInBackend backend = StandInBackend.deterministic(precision, 1)) {
      int before = Resource.live();
      long live = StandIn.liveTotal();
      ConvolutionProblem problem =
          new ConvolutionProblem(direction, X, FILTERS, Y, new Window(3, 1, 1), 2);
      Device device = backend.backend().device(0);
      try (AlgorithmPlan plan =
          new AlgorithmPlan(
              device, problem, layouts(precision), want, "", AlgorithmSearch.most(device))) {
        return plan.algorithm().number();
      } finally {
        assertEquals(before, Resource.live());
        assertEquals(live, StandIn.liveTotal(), StandIn.live());
      }
    }
  }

  private static Layouts layouts(Precision precision) {
    return Layouts.of(CompiledNetwork.of(TestNetworks.odd(), 1), precision);
  }

  static Stream<Arguments> all() {
    return Arrays.stream(Direction.values())
        .flatMap(d -> Arrays.stream(Precision.values()).map(p -> Arguments.of(d, p)));
  }

  /** Tolerances let every sound algorithm pass: without the first the second is taken. */
  @ParameterizedTest
  @MethodSource("all")
  void theFirstOfTheOrderIsTaken(Direction direction, Precision precision) {
    assertEquals(1, choose(direction, precision, Want.REPEATABLE));
    assertEquals(1, choose(direction, precision, Want.UNTRIED));
    StandIn.spoil(direction, 1, AlgorithmFault.REFUSES);
    int second = direction == Direction.FORWARD ? 0 : 5;
    assertEquals(second, choose(direction, precision, Want.REPEATABLE));
    assertEquals(1, choose(direction, precision, Want.UNTRIED), "nothing is run");
  }

  @ParameterizedTest
  @MethodSource("all")
  void whatRefusesOrComputesWronglyIsNeverChosen(Direction direction, Precision precision) {
    for (AlgorithmFault fault :
        List.of(AlgorithmFault.REFUSES, AlgorithmFault.WRONG, AlgorithmFault.NOT_FINITE)) {
      List<Integer> spoilt = new ArrayList<>(algorithms(direction));
      spoilt.remove(Integer.valueOf(direction == Direction.FORWARD ? 0 : 5));
      spoilt.forEach(n -> StandIn.spoil(direction, n, fault));
      for (Want want : List.of(Want.REPEATABLE, Want.FASTEST)) {
        int chosen = choose(direction, precision, want);
        assertFalse(spoilt.contains(chosen), "%s, %s: %d".formatted(fault, want, chosen));
      }
      StandIn.reset();
    }
  }

  @ParameterizedTest
  @EnumSource(Direction.class)
  void whatDoesNotRepeatItsBitsIsNotDeterministic(Direction direction) {
    StandIn.spoil(direction, 1, AlgorithmFault.UNSTEADY);
    assertNotEquals(1, choose(direction, Precision.FP32, Want.REPEATABLE));
  }

  @ParameterizedTest
  @EnumSource(Direction.class)
  void whereNoneWorksThatIsSaid(Direction direction) {
    algorithms(direction).forEach(n -> StandIn.spoil(direction, n, AlgorithmFault.REFUSES));
    for (Want want : List.of(Want.REPEATABLE, Want.FASTEST)) {
      AlexNetException e =
          assertThrows(AlexNetException.class, () -> choose(direction, Precision.FP32, want));
      assertTrue(e.getMessage().contains("refuses or computes wrongly with each"), e.getMessage());
      assertTrue(e.getMessage().endsWith("backend(cpu)."), e.getMessage());
    }
  }

  @Test
  void withoutMemoryToTryTheFirstIsTaken() {
    for (Want want : List.of(Want.REPEATABLE, Want.FASTEST)) {
      try (StandInBackend backend = StandInBackend.deterministic(Precision.FP32, 1)) {
        ConvolutionProblem problem =
            new ConvolutionProblem(Direction.FORWARD, X, FILTERS, Y, new Window(3, 1, 1), 2);
        Device device = backend.backend().device(0);
        StandIn.failAllocation(2);
        try (AlgorithmPlan plan =
            new AlgorithmPlan(
                device, problem, layouts(Precision.FP32), want, "", AlgorithmSearch.most(device))) {
          assertEquals(1, plan.algorithm().number());
        }
      }
    }
  }

  /** The second is faster, and a GPU that slows down while it is measured does not hide it. */
  @Test
  void theyAreMeasuredInTurn() {
    List<ConvolutionAlgorithm> two =
        List.of(new ConvolutionAlgorithm(0, 0, 0), new ConvolutionAlgorithm(1, 0, 0));
    List<Integer> order = new ArrayList<>();
    ConvolutionAlgorithm fastest =
        AlgorithmSearch.fastest(
            two,
            algorithm -> {
              order.add(algorithm.number());
              return (algorithm.number() == 0 ? 2 : 1) + 0.5f * order.size();
            });
    assertEquals(two.get(1), fastest);
    assertEquals(List.of(0, 1, 0, 1, 0, 1, 0, 1, 0, 1), order);
  }

  /** The one that others are compared with is held to the definition. */
  @ParameterizedTest
  @MethodSource("all")
  void aReferenceThatComputesWronglyIsNone(Direction direction, Precision precision) {
    StandIn.spoil(direction, 0, AlgorithmFault.WRONG);
    for (Want want : List.of(Want.REPEATABLE, Want.FASTEST)) {
      assertNotEquals(0, choose(direction, precision, want));
    }
  }
}
