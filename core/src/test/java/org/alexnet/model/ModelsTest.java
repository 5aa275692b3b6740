package org.alexnet.model;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import org.alexnet.AlexNetException;
import org.alexnet.network.Network;
import org.alexnet.program.CompiledNetwork;
import org.alexnet.program.Op;
import org.alexnet.program.Placement;
import org.alexnet.program.Shape;
import org.alexnet.program.StepProgram;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class ModelsTest {

  /** Counted by hand from the papers' layers. */
  @ParameterizedTest
  @CsvSource({
    "alexnet-32, 1147466, 11375616",
    "alexnet-2012, 60965224, 724406816",
    "alexnet-2012-original, 60965224, 724406816",
    "alexnet-2012-ungrouped, 62378344, 1135256096",
    "alexnet-2014, 61100840, 714188480",
    "caffenet, 60965224, 724406816",
  })
  void parametersAndMultiplyAdds(String name, long parameters, long multiplyAdds) {
    CompiledNetwork programs = CompiledNetwork.of(Models.named(name).network(), 1);
    assertEquals(
        parameters, programs.parameters().stream().mapToLong(t -> t.shape().elements()).sum());
    assertEquals(
        multiplyAdds, programs.evaluate().ops().stream().mapToLong(ModelsTest::multiplyAdds).sum());
  }

  private static long multiplyAdds(Op op) {
    return switch (op) {
      case Op.Convolution conv ->
          conv.y().shape().elements() * conv.weight().shape().imageElements();
      case Op.FullyConnected fc -> fc.weight().shape().elements();
      case Op other -> 0;
    };
  }

  /** Section 3.5 and figure 2. */
  @Test
  void shapesOfThePaper() {
    CompiledNetwork programs = CompiledNetwork.of(Models.named("alexnet-2012").network(), 2);
    assertEquals(new Shape(2, 96, 55, 55), programs.train().tensor("conv1").shape());
    assertEquals(new Shape(2, 256, 27, 27), programs.train().tensor("conv2").shape());
    assertEquals(new Shape(2, 384, 13, 13), programs.train().tensor("conv3").shape());
    assertEquals(new Shape(2, 256, 6, 6), programs.train().tensor("pool5").shape());
    assertEquals(new Shape(4096, 9216, 1, 1), programs.train().tensor("fc6.weight").shape());
  }

  /**
   * At batch 128 halves of pool2 (11.08 MB), pool5 (2.36 MB), fc6 and fc7 (1.05 MB each) cross, and
   * as much again backward; fc7's crosses one way, for fc8 stands in the first column.
   */
  @Test
  void trafficBetweenTheColumns() {
    Placement placement = new Placement(List.of(0, 1));
    CompiledNetwork programs =
        CompiledNetwork.of(Models.named("alexnet-2012").network(), 128, placement, List.of());
    long pool2 = 128L * 128 * 13 * 13 * Float.BYTES;
    long pool5 = 128L * 128 * 6 * 6 * Float.BYTES;
    long half = 128L * 2048 * Float.BYTES;
    long oneWay = 2 * (pool2 + pool5 + half) + half;
    // The flag of a finite loss goes to the second device as well.
    assertArrayEquals(new long[][] {{0, oneWay + Float.BYTES}, {oneWay, 0}}, programs.traffic());
    assertEquals(30.0, oneWay * 1e-6, 0.05);
  }

  /** Only these layers read both columns: each brings the other column's maps in. */
  @Test
  void columnsMeetWhereThePaperSays() {
    CompiledNetwork programs =
        CompiledNetwork.of(
            Models.named("alexnet-2012").network(), 2, new Placement(List.of(0, 1)), List.of());
    for (StepProgram program : List.of(programs.train(), programs.evaluate())) {
      List<String> meeting =
          program.ops().stream()
              .filter(op -> op instanceof Op.Concatenate)
              .map(Op::layer)
              .distinct()
              .toList();
      assertEquals(List.of("conv3", "fc6", "fc7", "fc8"), meeting);
      for (Op op : program.ops()) {
        boolean crosses = op.reads().stream().anyMatch(t -> t.part().index() != op.index());
        assertEquals(op instanceof Op.Transfer, crosses, op.toString());
      }
    }
  }

  @Test
  void devicesMustBeOneOrOneAColumn() {
    Network two = Models.named("alexnet-2012").network();
    Network one = Models.named("alexnet-2014").network();
    assertEquals(Placement.WHOLE, Placement.of(two, List.of("cpu:0"), false));
    assertEquals(List.of(0, 0), Placement.of(two, List.of(), true).devices());
    assertEquals(List.of(0, 0), Placement.of(two, List.of("cpu:1", "cpu:1"), false).devices());
    assertEquals(List.of(0, 1), Placement.of(two, List.of("cpu:1", "cpu:0"), false).devices());
    assertEquals(Placement.WHOLE, Placement.of(one, List.of(), true));
    for (Network network : List.of(one, two)) {
      AlexNetException e =
          assertThrows(
              AlexNetException.class,
              () -> Placement.of(network, List.of("cpu:0", "cpu:1", "cpu:2"), false));
      assertTrue(e.getMessage().contains(network.name()), e.getMessage());
      assertTrue(e.getMessage().contains("cpu:0,cpu:1,cpu:2"), e.getMessage());
    }
  }

  /** A window that overhangs the image makes the same sizes of 224 pixels as of 227. */
  @Test
  void theOriginalHasTheShapesOfThePaper() {
    CompiledNetwork paper = CompiledNetwork.of(Models.named("alexnet-2012").network(), 2);
    CompiledNetwork original =
        CompiledNetwork.of(Models.named("alexnet-2012-original").network(), 2);
    for (String name : List.of("conv1", "pool1", "conv2", "pool2", "conv3", "conv5", "pool5")) {
      assertEquals(paper.train().tensor(name).shape(), original.train().tensor(name).shape(), name);
    }
    assertEquals(new Shape(2, 3, 224, 224), original.train().tensor("data").shape());
  }

  @Test
  void anUnknownModelListsThoseThereAre() {
    AlexNetException e = assertThrows(AlexNetException.class, () -> Models.named("alexnet-1912"));
    for (Model model : Models.all()) {
      assertTrue(e.getMessage().contains(model.name()), e.getMessage());
    }
  }

  /** What was found to train with few classes; with all of them, papers and releases hold. */
  @Test
  void fewerClassesTakeLowerBiasesAndRates() {
    Model original = Models.named("alexnet-2012-original");
    assertEquals(0.01f, original.withClasses(1000).recipe().rate());
    assertEquals(0.005f, original.withClasses(999).recipe().rate());
    assertEquals(0.005f, original.withClasses(10).withClasses(4).recipe().rate());
    assertEquals(0.005f, Models.named("caffenet").withClasses(4).recipe().rate());
    assertEquals(0.01f, Models.named("alexnet-2012").withClasses(4).recipe().rate());
  }
}
