package org.alexnet.program;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.alexnet.network.Initial;
import org.alexnet.network.Parameter;
import org.alexnet.network.ParameterSpec;
import org.alexnet.network.Window;
import org.alexnet.program.Part.Axis;
import org.junit.jupiter.api.Test;

/** What one column or shard reads of another, and what goes back. */
class PartInputsTest {
  private static final Placement TWO = new Placement(List.of(0, 1));
  private final List<Op> ops = new ArrayList<>();
  private final PartInputs inputs = new PartInputs(TWO, ops);

  private static Tensor part(Axis axis, int index, Shape shape) {
    return Tensor.step("x", shape).in(new Part(axis, index, 2));
  }

  private static List<Tensor> parts(Axis axis) {
    return switch (axis) {
      case CHANNELS ->
          List.of(part(axis, 0, new Shape(7, 5, 3, 2)), part(axis, 1, new Shape(7, 4, 3, 2)));
      case IMAGES ->
          List.of(part(axis, 0, new Shape(4, 9, 3, 2)), part(axis, 1, new Shape(3, 9, 3, 2)));
    };
  }

  @Test
  void partsAreGatheredOnceADeviceAlongTheirAxis() {
    for (Axis axis : Axis.values()) {
      ops.clear();
      List<Tensor> parts = parts(axis);
      Tensor whole = inputs.joined(1, "fc", parts);
      assertEquals(new Shape(7, 9, 3, 2), whole.shape());
      assertEquals(Part.whole(1), whole.part());
      Tensor copy = Tensor.step("x.from.a", parts.getFirst().shape()).in(Part.whole(1));
      assertEquals(
          List.of(
              new Op.Transfer("fc", parts.getFirst(), copy),
              new Op.Concatenate("fc", axis, List.of(copy, parts.getLast()), whole)),
          ops);
      assertSame(whole, inputs.joined(1, "other", parts));
      assertEquals(2, ops.size());
    }
  }

  @Test
  void gradientsGoBackToTheirParts() {
    for (Axis axis : Axis.values()) {
      ops.clear();
      List<Op> backward = backward(parts(axis));
      Tensor gradient = Tensor.step("x.joined", new Shape(7, 9, 3, 2)).gradient();
      List<Op.Slice> slices =
          backward.stream().filter(op -> op instanceof Op.Slice).map(Op.Slice.class::cast).toList();
      assertEquals(2, slices.size());
      int first = 0;
      for (int i = 0; i < 2; i++) {
        Op.Slice slice = slices.get(i);
        assertEquals(axis, slice.axis());
        assertEquals(gradient, slice.x());
        assertEquals(first, slice.first());
        first += slice.y().shape().along(axis);
      }
      assertEquals(parts(axis).getFirst().gradient(), slices.getFirst().y());
      Tensor home = parts(axis).getLast().gradient();
      assertEquals(
          1,
          backward.stream()
              .filter(
                  op ->
                      op instanceof Op.Transfer back
                          && back.x().equals(slices.getLast().y())
                          && back.y().equals(home))
              .count());
    }
  }

  /** A layer on each device learns a part; one on the first reads all. */
  private List<Op> backward(List<Tensor> parts) {
    ParameterSpec spec = ParameterSpec.of(new Initial.Constant(0));
    Parameter parameter = new Parameter("f", Parameter.Kind.WEIGHT, List.of(1), 1, spec);
    List<Tensor> learned = new ArrayList<>();
    for (Tensor part : parts) {
      Shape shape = part.shape();
      boolean copies = part.part().axis() == Axis.IMAGES;
      Part own = copies ? Part.whole(part.part().index()) : part.part();
      Tensor w = learned("f.weight", new Shape(shape.c(), 6, 1, 1), own, learned);
      Tensor b = learned("f.bias", Shape.vector(shape.c()), own, learned);
      Tensor data = Tensor.step("data", new Shape(shape.n(), 6, 3, 2)).in(part.part());
      ops.add(new Op.Convolution("f", data, w, b, part, new Window(1, 1, 0), 1));
    }
    Tensor x = inputs.joined(0, "fc", parts);
    Tensor w =
        learned("fc.weight", new Shape(5, x.shape().imageElements(), 1, 1), Part.WHOLE, learned);
    Tensor b = learned("fc.bias", Shape.vector(5), Part.WHOLE, learned);
    Tensor y = Tensor.step("logits", new Shape(x.shape().n(), 5, 1, 1));
    Tensor one = Tensor.step("finite", Shape.vector(1));
    Tensor labels = Tensor.step("labels", new Shape(x.shape().n(), 1, 1, 1));
    ops.add(new Op.FullyConnected("fc", x, w, b, y));
    ops.add(
        new Op.SoftmaxCrossEntropy(
            "loss",
            y,
            labels,
            Tensor.step("p", y.shape()),
            Tensor.step("l", labels.shape()),
            one,
            0));
    Map<Tensor, Parameter> declared = new HashMap<>();
    learned.forEach(tensor -> declared.put(tensor, parameter));
    return Differentiation.of(List.copyOf(ops), declared, inputs.moved(), TWO, tensor -> one);
  }

  private static Tensor learned(String name, Shape shape, Part part, List<Tensor> all) {
    all.add(new Tensor(name, shape, Tensor.Role.PARAMETER, part));
    return all.getLast();
  }

  @Test
  void aWholeTensorIsWholeAlongAnyAxis() {
    assertEquals(Part.WHOLE, new Part(Axis.IMAGES, 0, 1));
    assertEquals(Part.whole(3), new Part(Axis.IMAGES, 3, 1));
    assertThrows(IllegalArgumentException.class, () -> new Part(Axis.IMAGES, 2, 2));
  }

  @Test
  void partsAreLetteredAndThenNumbered() {
    assertEquals("a", Part.WHOLE.letter());
    assertEquals("z", Part.whole(25).letter());
    assertEquals("26", Part.whole(26).letter());
  }
}
