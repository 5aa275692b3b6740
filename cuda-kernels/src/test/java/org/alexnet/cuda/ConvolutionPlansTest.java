package org.alexnet.cuda;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Arrays;
import java.util.List;
import java.util.stream.Stream;
import org.alexnet.backend.NetworkRig;
import org.alexnet.backend.Precision;
import org.alexnet.cuda.StandIn.AlgorithmFault;
import org.alexnet.cuda.convolution.AlgorithmPlan;
import org.alexnet.cuda.convolution.AlgorithmSearch.Want;
import org.alexnet.cuda.convolution.ConvolutionPlan;
import org.alexnet.cuda.convolution.ConvolutionPlans;
import org.alexnet.cuda.convolution.ConvolutionProblem;
import org.alexnet.cuda.convolution.ConvolutionProblem.Direction;
import org.alexnet.cuda.convolution.ConvolutionProblem.Epilogue;
import org.alexnet.cuda.convolution.ModelChoices;
import org.alexnet.cuda.device.Device;
import org.alexnet.cuda.device.Resource;
import org.alexnet.cuda.kernel.Layouts;
import org.alexnet.network.Convolution;
import org.alexnet.network.FullyConnected;
import org.alexnet.network.Initial;
import org.alexnet.network.Input;
import org.alexnet.network.LocallyConnected;
import org.alexnet.network.Network;
import org.alexnet.network.ParameterSpec;
import org.alexnet.network.Relu;
import org.alexnet.network.Rounding;
import org.alexnet.network.SoftmaxCrossEntropy;
import org.alexnet.network.Window;
import org.alexnet.program.CompiledNetwork;
import org.alexnet.program.Op;
import org.alexnet.program.Placement;
import org.alexnet.program.Shape;
import org.alexnet.program.StepProgram.Phase;
import org.alexnet.program.Tensor;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;

/** Plans of cuDNN's graph interface: which is chosen, what they compute, and what stands in. */
@Tag(StandInCount.STAND_IN)
class ConvolutionPlansTest {
  /** Scratch memory, more than anything here asks for. */
  private static final long MOST = 1L << 30;

  /** The stand-in's engines. */
  private static final int TENSOR_CORES = 100;

  private static final int PLAIN = 101;
  private static final int UNORDERED = 102;

  private static final Shape X = new Shape(2, 32, 9, 7);
  private static final Shape Y = new Shape(2, 48, 9, 7);
  private static final ParameterSpec WEIGHTS = ParameterSpec.of(new Initial.FanIn(2));
  private static final ParameterSpec BIASES = ParameterSpec.of(new Initial.Constant(0.3f));

  @BeforeAll
  static void load() {
    StandInBackend.deterministic(Precision.FP32, 1).close();
  }

  @AfterEach
  void heal() {
    StandIn.reset();
    StandIn.heal();
  }

  private static ConvolutionProblem problem(Direction direction, int groups, Epilogue epilogue) {
    Shape filters = new Shape(48, 32 / groups, 3, 3);
    return new ConvolutionProblem(direction, X, filters, Y, new Window(3, 1, 1), groups, epilogue);
  }

  private static ConvolutionProblem problem(Direction direction, int groups) {
    boolean forward = direction == Direction.FORWARD;
    return problem(direction, groups, forward ? Epilogue.BIAS_RELU : Epilogue.NONE);
  }

  /**
   * How the backend computes a problem. Closing it counts what is left.
   *
   * @param epilogue what the plan must do
   */
  private static String choice(
      ConvolutionProblem problem, Precision precision, Want want, Epilogue epilogue) {
    try (StandInBackend backend = StandInBackend.deterministic(precision, 1)) {
      int before = Resource.live();
      Layouts layouts = Layouts.of(CompiledNetwork.of(network(1), 1), precision);
      try (ConvolutionPlans plans = new ConvolutionPlans(new ModelChoices())) {
        ConvolutionPlan plan =
            plans.of(backend.backend().device(0), problem, layouts, want, "", MOST);
        assertEquals(epilogue, plan.problem().epilogue());
        assertEquals(problem.with(epilogue), plan.problem());
        return plan.choice();
      } finally {
        assertEquals(before, Resource.live());
      }
    }
  }

  private static String choice(ConvolutionProblem problem, Precision precision, Want want) {
    return choice(problem, precision, want, problem.epilogue());
  }

  static Stream<Arguments> all() {
    return Arrays.stream(Direction.values())
        .flatMap(d -> Arrays.stream(Precision.values()).map(p -> Arguments.of(d, p)));
  }

  /** True single precision is kept off tensor cores; the others are computed on nothing else. */
  @ParameterizedTest
  @MethodSource("all")
  void tensorCoresWhereTheyMayBe(Direction direction, Precision precision) {
    int engine = precision == Precision.FP32 ? PLAIN : TENSOR_CORES;
    for (Want want : List.of(Want.UNTRIED, Want.REPEATABLE)) {
      String choice = choice(problem(direction, 1), precision, want);
      assertTrue(choice.startsWith("cuDNN engine " + engine), choice);
      assertEquals(precision == Precision.FP32, choice.contains("no tensor cores"), choice);
    }
  }

  @ParameterizedTest
  @MethodSource("all")
  void whatRefusesOrComputesWronglyIsNeverChosen(Direction direction, Precision precision) {
    for (AlgorithmFault fault :
        List.of(AlgorithmFault.REFUSES, AlgorithmFault.WRONG, AlgorithmFault.NOT_FINITE)) {
      int first = precision == Precision.FP32 ? PLAIN : TENSOR_CORES;
      StandIn.spoil(direction, first, fault);
      boolean forward = direction == Direction.FORWARD;
      for (Want want : List.of(Want.REPEATABLE, Want.FASTEST)) {
        ConvolutionProblem problem = problem(direction, 2);
        boolean another = precision == Precision.FP32 && want == Want.FASTEST;
        String choice =
            choice(problem, precision, want, another ? problem.epilogue() : Epilogue.NONE);
        String expected = another ? "cuDNN engine " + UNORDERED : "CUDNN_CONVOLUTION_";
        assertTrue(choice.startsWith(expected), choice);
        assertEquals(!another, choice.endsWith("by cuDNN's older interface"), choice);
        assertTrue(forward || problem.epilogue() == Epilogue.NONE);
      }
      StandIn.reset();
    }
  }

  /** Its bits may change from run to run only where nobody asked for the same ones. */
  @ParameterizedTest
  @EnumSource(Direction.class)
  void whatDoesNotRepeatItsBitsIsNotDeterministic(Direction direction) {
    StandIn.spoil(direction, PLAIN, AlgorithmFault.UNSTEADY);
    String choice = choice(problem(direction, 1), Precision.FP32, Want.REPEATABLE, Epilogue.NONE);
    assertTrue(choice.endsWith("by cuDNN's older interface"), choice);
  }

  /** A run that goes on computes as it did, also where something else were faster today. */
  @ParameterizedTest
  @EnumSource(Direction.class)
  void whatARunHasChosenIsChosenAgain(Direction direction) {
    ConvolutionProblem problem = problem(direction, 2);
    try (StandInBackend backend = StandInBackend.deterministic(Precision.FP32, 1)) {
      Device device = backend.backend().device(0);
      Layouts layouts = Layouts.of(CompiledNetwork.of(network(1), 1), Precision.FP32);
      List<String> recorded =
          List.of(
              "cuDNN engine 102%s, 2 groups one by one, not deterministic, workspace 0 bytes",
              "cuDNN engine 102%s, not deterministic, workspace 0 bytes",
              "cuDNN engine 101%s, 2 groups one by one, no tensor cores, workspace 0 bytes",
              "cuDNN engine 101%s, no tensor cores, workspace 0 bytes");
      for (String each : recorded) {
        String before = each.formatted(problem.epilogue());
        try (ConvolutionPlans plans = new ConvolutionPlans(new ModelChoices())) {
          assertEquals(
              before, plans.of(device, problem, layouts, Want.FASTEST, before, MOST).choice());
        }
        StandIn.spoil(direction, UNORDERED, AlgorithmFault.WRONG);
        try (ConvolutionPlans plans = new ConvolutionPlans(new ModelChoices())) {
          String now = plans.of(device, problem, layouts, Want.FASTEST, before, MOST).choice();
          assertEquals(before.contains("102"), !now.equals(before), now);
        }
        StandIn.reset();
      }
      ConvolutionProblem product = problem.with(Epilogue.NONE);
      String older;
      try (AlgorithmPlan plan =
          new AlgorithmPlan(device, product, layouts, Want.UNTRIED, "", MOST)) {
        older = plan.choice();
      }
      try (ConvolutionPlans plans = new ConvolutionPlans(new ModelChoices())) {
        assertEquals(older, plans.of(device, problem, layouts, Want.FASTEST, older, MOST).choice());
      }
    }
  }

  /** Whatever is faster on it. */
  @ParameterizedTest
  @EnumSource(Direction.class)
  void whatADeviceHasChosenIsChosenOnOthersOfItsModel(Direction direction) {
    Assumptions.assumeFalse(StandInBackend.GPU, "two devices of one model");
    ConvolutionProblem problem = problem(direction, 2);
    try (StandInBackend backend = StandInBackend.deterministic(Precision.FP32, 2)) {
      Layouts layouts = Layouts.of(CompiledNetwork.of(network(1), 1), Precision.FP32);
      Device first = backend.backend().device(0);
      Device second = backend.backend().device(1);
      assertEquals(first.model(), second.model());
      assertFalse(first.model().isEmpty());
      for (String each :
          List.of(
              "cuDNN engine 102%s, 2 groups one by one, not deterministic, workspace 0 bytes",
              "cuDNN engine 101%s, no tensor cores, workspace 0 bytes")) {
        String choice = each.formatted(problem.epilogue());
        try (ConvolutionPlans plans = new ConvolutionPlans(new ModelChoices())) {
          assertEquals(
              choice, plans.of(first, problem, layouts, Want.FASTEST, choice, MOST).choice());
          assertEquals(choice, plans.of(second, problem, layouts, Want.FASTEST, "", MOST).choice());
          ConvolutionProblem other = problem(direction, 1);
          assertFalse(plans.of(second, other, layouts, Want.FASTEST, "", MOST).choice().isEmpty());
        }
      }
    }
  }

  private static Network network(int groups) {
    return Network.chain(
        "plans",
        new Input(3, 7, 9, 1 / 128f),
        List.of(
            // Computed by our own kernel, so that the convolution reads the same every time.
            new LocallyConnected(
                "local1", 32, new Window(1, 1, 0), Rounding.FLOOR, 1, 1, WEIGHTS, BIASES),
            new Convolution(
                "conv2",
                48,
                new Window(3, 1, 1),
                Rounding.FLOOR,
                groups,
                1,
                Convolution.Biases.SHARED,
                WEIGHTS,
                BIASES),
            new Relu("relu2"),
            new FullyConnected("fc3", 5, 1, WEIGHTS, BIASES),
            new SoftmaxCrossEntropy("softmax")));
  }

  /** The convolution's results, and the gradient of its filters, in a first step. */
  private static List<float[]> values(Network network, Precision precision, String choice) {
    List<String> observed = List.of("relu2", "conv2.weight.grad");
    CompiledNetwork programs = CompiledNetwork.of(network, 3, Placement.WHOLE, observed);
    try (StandInBackend backend = StandInBackend.deterministic(precision, 1)) {
      List<String> choices =
          backend.lower(programs).kernels(Phase.TRAIN).stream()
              .map(kernel -> kernel.choice())
              .filter(text -> text.contains("cuDNN"))
              .toList();
      assertEquals(3, choices.size(), choices.toString());
      choices.forEach(text -> assertTrue(text.contains(choice), text));
      try (NetworkRig rig = new NetworkRig(backend, programs, true)) {
        rig.trainSteps(1);
        return programs.train().ops().stream()
            .map(Op::writes)
            .flatMap(List::stream)
            .filter(tensor -> observed.contains(tensor.name()))
            .map((Tensor tensor) -> rig.executable.read(tensor))
            .toList();
      }
    }
  }

  /**
   * A fused epilogue reads the bias as it is stored and rounds once; by itself it reads it in
   * single precision, and what it is added to is rounded before. Groups one by one are the same
   * products.
   */
  @ParameterizedTest
  @EnumSource(Precision.class)
  void fusedAndByItselfAgree(Precision precision) {
    double unit =
        switch (precision) {
          case FP32 -> 0x1p-24;
          case TF32, FP16 -> 0x1p-11;
          case BF16 -> 0x1p-8;
        };
    for (int groups : new int[] {1, 2}) {
      List<float[]> fused = values(network(groups), precision, "cuDNN engine");
      assertEquals(2, fused.size());
      for (float[] each : fused) {
        assertTrue(largest(each) > 0);
      }
      List<float[]> again = values(network(groups), precision, "cuDNN engine");
      for (int i = 0; i < fused.size(); i++) {
        assertArrayEquals(fused.get(i), again.get(i), "the same bits again");
      }
      for (int engine : new int[] {TENSOR_CORES, PLAIN, UNORDERED}) {
        for (Direction direction : Direction.values()) {
          StandIn.spoil(direction, engine, AlgorithmFault.REFUSES);
        }
      }
      List<float[]> apart = values(network(groups), precision, "older interface");
      StandIn.reset();
      float[] want = apart.getFirst();
      float[] got = fused.getFirst();
      boolean differs = false;
      for (int i = 0; i < want.length; i++) {
        // Of the product, of the bias, and of the sum twice.
        double bound = unit * (2 * Math.abs(want[i]) + 2 * 0.3 + Math.abs(want[i]) + 0.3);
        assertTrue(Math.abs(want[i] - got[i]) <= bound, i + ": " + want[i] + " " + got[i]);
        differs |= want[i] != got[i];
      }
      // They are two ways to compute it, where 0.3 is stored as another number.
      assertTrue(differs || precision == Precision.FP32 || precision == Precision.TF32);
    }
  }

  private static double largest(float[] values) {
    double largest = 0;
    for (float value : values) {
      assertFalse(Float.isNaN(value));
      largest = Math.max(largest, Math.abs(value));
    }
    return largest;
  }
}
