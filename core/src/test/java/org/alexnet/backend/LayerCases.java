package org.alexnet.backend;

import java.util.List;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.alexnet.network.Activation;
import org.alexnet.network.Blur;
import org.alexnet.network.ContrastNorm;
import org.alexnet.network.Logistic;
import org.alexnet.network.Rounding;
import org.alexnet.network.Subsample;
import org.alexnet.network.Window;
import org.alexnet.program.Op;
import org.alexnet.program.Part;
import org.alexnet.program.Shape;
import org.alexnet.program.Tensor;

/** Operations of layers of the authors' program, forward and backward, over odd sizes. */
final class LayerCases {
  private LayerCases() {}

  /** A locally connected layer to test. */
  record Local(Shape x, int filters, Window window, Rounding rounding, int groups) {
    Shape y() {
      int h = rounding.outputs(window, x.h());
      return new Shape(x.n(), filters, h, rounding.outputs(window, x.w()));
    }

    Shape weight() {
      int positions = y().h() * y().w();
      return new Shape(positions, filters, x.c() / groups, window.kernel() * window.kernel());
    }

    List<Op> ops() {
      Tensor x = OpRig.constant("x", x());
      Tensor w = OpRig.parameter("w", weight());
      Tensor y = Tensor.step("y", y());
      Tensor dy = OpRig.constant("dy", y());
      return List.of(
          new Op.LocallyConnected("local", x, w, y, window, groups),
          new Op.LocallyConnectedBackwardWeights("local", x, dy, w.gradient(), window, groups),
          new Op.LocallyConnectedBackwardData("local", dy, w, x.gradient(), window, groups));
    }
  }

  static final List<Local> LOCALS =
      List.of(
          // The authors' local3 and local4, cut short.
          new Local(new Shape(9, 64, 5, 5), 32, new Window(3, 1, 1), Rounding.CEIL, 1),
          new Local(new Shape(33, 32, 3, 4), 40, new Window(3, 1, 1), Rounding.CEIL, 1),
          // Without padding, with much of it, with strides that leave pixels over or overhang.
          new Local(new Shape(3, 5, 7, 6), 13, new Window(3, 2, 0), Rounding.FLOOR, 1),
          new Local(new Shape(5, 6, 8, 10), 14, new Window(4, 3, 1), Rounding.CEIL, 2),
          new Local(new Shape(2, 13, 5, 8), 1, new Window(3, 1, 2), Rounding.FLOOR, 1),
          new Local(new Shape(2, 4, 6, 7), 3, new Window(2, 3, 0), Rounding.CEIL, 1),
          // Groups of one channel, one pixel, one image.
          new Local(new Shape(17, 26, 4, 3), 39, new Window(2, 2, 0), Rounding.FLOOR, 13),
          new Local(new Shape(7, 5, 1, 1), 33, new Window(1, 1, 0), Rounding.FLOOR, 1),
          new Local(new Shape(1, 12, 5, 5), 70, new Window(3, 1, 1), Rounding.FLOOR, 2));

  /** A function of each number and its derivative. */
  static List<Op> activation(Activation function, Tensor x, Tensor y, Tensor dy) {
    Tensor kept = function instanceof Logistic ? y : x;
    return List.of(
        new Op.Activation("f", function, x, y),
        new Op.ActivationBackward("f", function, dy, kept, x.gradient()));
  }

  /** Every parameter of contrast normalization varied; the authors' constants first. */
  static Stream<List<Op>> contrastNorms() {
    return Stream.of(
            new ContrastNorm("cnorm", 5, 1e-3f, 0.75f, 1),
            new ContrastNorm("cnorm", 3, 2, 0.75f, 2),
            new ContrastNorm("cnorm", 7, 5, 0.6f, 0.5f),
            new ContrastNorm("cnorm", 1, 1, 1, 3))
        .flatMap(
            norm ->
                Stream.of(
                        new Shape(2, 32, 5, 3),
                        new Shape(3, 13, 2, 9),
                        new Shape(1, 2, 3, 1),
                        new Shape(2, 1, 8, 8))
                    .map(shape -> contrastNorm(norm, shape)));
  }

  static List<Op> contrastNorm(ContrastNorm norm, Shape shape) {
    Tensor x = OpRig.constant("x", shape);
    Tensor y = Tensor.step("y", shape);
    Tensor centred = Tensor.step("centred", shape);
    Tensor s = Tensor.step("s", shape);
    Tensor dy = OpRig.constant("dy", shape);
    return List.of(
        new Op.ContrastNorm("cnorm", x, y, centred, s, norm),
        new Op.ContrastNormBackward("cnorm", dy, x, centred, s, x.gradient(), norm));
  }

  /** Operations on images that nothing is learned of: filters wider than the image, leftovers. */
  static Stream<List<Op>> fixed() {
    return Stream.of(
            new Shape(2, 3, 9, 11),
            new Shape(3, 32, 4, 5),
            new Shape(2, 1, 1, 2),
            new Shape(1, 13, 8, 3))
        .flatMap(
            shape ->
                Stream.of(
                    blur(new Blur("f", 9, 4), shape),
                    blur(new Blur("f", 3, 0.6f), shape),
                    blur(new Blur("f", 1, 1), shape),
                    subsample(new Subsample("f", 4), shape),
                    subsample(new Subsample("f", 3), shape),
                    subsample(new Subsample("f", 1), shape),
                    flip(shape)));
  }

  static List<Op> blur(Blur blur, Shape shape) {
    Tensor x = OpRig.constant("x", shape);
    Tensor dy = OpRig.constant("dy", shape);
    return List.of(
        new Op.Blur("f", x, Tensor.step("y", shape), blur.filter()),
        new Op.Blur("f", dy, x.gradient(), blur.filter()));
  }

  static List<Op> subsample(Subsample kept, Shape shape) {
    Tensor x = OpRig.constant("x", shape);
    Shape out = new Shape(shape.n(), shape.c(), kept.outputs(shape.h()), kept.outputs(shape.w()));
    Tensor dy = OpRig.constant("dy", out);
    return List.of(
        new Op.Subsample("f", x, Tensor.step("y", out), kept),
        new Op.SubsampleBackward("f", dy, x.gradient(), kept));
  }

  static List<Op> flip(Shape shape) {
    Tensor x = OpRig.constant("x", shape);
    Tensor dy = OpRig.constant("dy", shape);
    return List.of(
        new Op.HorizontalFlip("f", x, Tensor.step("y", shape)),
        new Op.HorizontalFlip("f", dy, x.gradient()));
  }

  /** Some channels several times, some not at all; all of them turned around; the last alone. */
  static Stream<List<Op>> channelSelections() {
    return Stream.of(
            new Shape(2, 3, 9, 11),
            new Shape(3, 32, 4, 5),
            new Shape(5, 1, 1, 2),
            new Shape(1, 13, 8, 3),
            new Shape(4, 21, 1, 1))
        .flatMap(
            shape ->
                Stream.of(
                        IntStream.range(0, 2 * shape.c() + 1).map(i -> i * i % shape.c()),
                        IntStream.range(0, shape.c()).map(i -> shape.c() - 1 - i),
                        IntStream.of(shape.c() - 1),
                        IntStream.generate(() -> shape.c() / 2).limit(33))
                    .map(channels -> channelSelection(channels.boxed().toList(), shape)));
  }

  static List<Op> channelSelection(List<Integer> channels, Shape shape) {
    Tensor x = OpRig.constant("x", shape);
    Shape out = shape.withSize(Part.Axis.CHANNELS, channels.size());
    Tensor dy = OpRig.constant("dy", out);
    return List.of(
        new Op.ChannelSelection("f", x, Tensor.step("y", out), channels),
        new Op.ChannelSelectionBackward("f", dy, x.gradient(), channels));
  }

  /** Biases that differ by position. */
  static Stream<List<Op>> positionBiases() {
    return Stream.of(new Shape(5, 13, 3, 3), new Shape(4, 64, 8, 9), new Shape(1, 1, 1, 1))
        .map(
            shape -> {
              Tensor x = OpRig.constant("x", shape);
              Tensor b = OpRig.parameter("b", shape.withN(1));
              Tensor dy = OpRig.constant("dy", shape);
              return List.of(
                  new Op.PositionBias("bias", x, b, Tensor.step("y", shape)),
                  new Op.PositionBiasBackward("bias", dy, b.gradient()));
            });
  }
}
