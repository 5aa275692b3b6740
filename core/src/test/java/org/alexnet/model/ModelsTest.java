package org.alexnet.model;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.alexnet.AlexNetException;
import org.alexnet.program.Op;
import org.alexnet.program.Programs;
import org.alexnet.program.Shape;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class ModelsTest {

  /** Counted by hand from the papers' layers. */
  @ParameterizedTest
  @CsvSource({
    "alexnet-32, 1147466, 11375616",
    "alexnet-2012, 60965224, 724406816",
    "alexnet-2012-ungrouped, 62378344, 1135256096",
    "alexnet-2014, 61100840, 714188480",
    "caffenet, 60965224, 724406816",
  })
  void parametersAndMultiplyAdds(String name, long parameters, long multiplyAdds) {
    Programs programs = Programs.of(Models.named(name).network(), 1);
    assertEquals(
        parameters, programs.parameters().stream().mapToLong(t -> t.shape().elements()).sum());
    assertEquals(
        multiplyAdds, programs.evaluate().ops().stream().mapToLong(ModelsTest::multiplyAdds).sum());
  }

  private static long multiplyAdds(Op op) {
    return switch (op) {
      case Op.Convolve conv -> conv.y().shape().elements() * conv.weight().shape().imageElements();
      case Op.Connect fc -> fc.weight().shape().elements();
      case Op other -> 0;
    };
  }

  /** Section 3.5 and figure 2. */
  @Test
  void shapesOfThePaper() {
    Programs programs = Programs.of(Models.named("alexnet-2012").network(), 2);
    assertEquals(new Shape(2, 96, 55, 55), programs.train().tensor("conv1").shape());
    assertEquals(new Shape(2, 256, 27, 27), programs.train().tensor("conv2").shape());
    assertEquals(new Shape(2, 384, 13, 13), programs.train().tensor("conv3").shape());
    assertEquals(new Shape(2, 256, 6, 6), programs.train().tensor("pool5").shape());
    assertEquals(new Shape(4096, 9216, 1, 1), programs.train().tensor("fc6.weight").shape());
  }

  @Test
  void anUnknownModelListsThoseThereAre() {
    AlexNetException e = assertThrows(AlexNetException.class, () -> Models.named("alexnet-1912"));
    for (Model model : Models.all()) {
      assertTrue(e.getMessage().contains(model.name()), e.getMessage());
    }
  }
}
