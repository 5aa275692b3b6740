package org.alexnet.backend;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.function.BiFunction;
import java.util.function.DoubleBinaryOperator;
import java.util.function.DoubleUnaryOperator;
import java.util.stream.Stream;
import org.alexnet.network.AbsoluteValue;
import org.alexnet.network.Activation;
import org.alexnet.network.Blur;
import org.alexnet.network.ContrastNorm;
import org.alexnet.network.FilterBounds;
import org.alexnet.network.FilterBounds.Measure;
import org.alexnet.network.Initial;
import org.alexnet.network.LocalResponseNorm;
import org.alexnet.network.LocalResponseNorm.Convention;
import org.alexnet.network.LocalResponseNorm.Region;
import org.alexnet.network.Logistic;
import org.alexnet.network.ParameterSpec;
import org.alexnet.network.Rounding;
import org.alexnet.network.Softplus;
import org.alexnet.network.Square;
import org.alexnet.network.Subsample;
import org.alexnet.network.Window;
import org.alexnet.program.Op;
import org.alexnet.program.Part;
import org.alexnet.program.Shape;
import org.alexnet.program.Tensor;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;

/**
 * What every backend must compute, operation by operation, against the reference: equal bits on
 * small integers where only sums and products are formed, a bound that follows from the arithmetic
 * elsewhere, and derivatives against central differences. A backend's tests extend this.
 */
public abstract class OpContract {

  /** The backend under test. */
  protected abstract Backend open(int threads);

  /** A convolution to test. */
  private record Conv(Shape x, int filters, Window window, Rounding rounding, int groups) {
    Conv(Shape x, int filters, Window window, int groups) {
      this(x, filters, window, Rounding.FLOOR, groups);
    }

    Shape y() {
      int h = rounding.outputs(window, x.h());
      return new Shape(x.n(), filters, h, rounding.outputs(window, x.w()));
    }

    List<Op> ops() {
      Tensor x = OpRig.constant("x", x());
      Tensor w =
          OpRig.parameter(
              "w", new Shape(filters, x().c() / groups, window.kernel(), window.kernel()));
      Tensor b = OpRig.parameter("b", Shape.vector(filters));
      Tensor y = Tensor.step("y", y());
      Tensor dy = OpRig.constant("dy", y());
      return List.of(
          new Op.Convolution("conv", x, w, b, y, window, groups),
          new Op.ConvolutionBackwardWeights(
              "conv", x, dy, w.gradient(), b.gradient(), window, groups),
          new Op.ConvolutionBackwardData("conv", dy, w, x.gradient(), window, groups));
    }
  }

  private static final List<Conv> CONVOLUTIONS =
      List.of(
          // The paper's first layer, then shapes of its others, cut short.
          new Conv(new Shape(2, 3, 27, 27), 96, new Window(11, 4, 0), 1),
          // Three pixels short of a whole window, as the authors' program had it; others as well.
          new Conv(new Shape(2, 3, 28, 28), 48, new Window(11, 4, 0), Rounding.CEIL, 1),
          new Conv(new Shape(3, 6, 8, 10), 14, new Window(4, 3, 1), Rounding.CEIL, 2),
          new Conv(new Shape(2, 5, 4, 6), 33, new Window(2, 2, 0), Rounding.CEIL, 1),
          new Conv(new Shape(2, 5, 7, 6), 3, new Window(2, 2, 0), Rounding.CEIL, 1),
          new Conv(new Shape(2, 96, 7, 7), 64, new Window(5, 1, 2), 2),
          new Conv(new Shape(2, 40, 13, 13), 48, new Window(3, 1, 1), 1),
          new Conv(new Shape(2, 64, 5, 5), 96, new Window(3, 1, 1), 2),
          // Tails of 1 and 13 channels, one pixel, a large padding, strides that leave pixels over.
          new Conv(new Shape(5, 1, 6, 5), 13, new Window(3, 2, 1), 1),
          new Conv(new Shape(2, 13, 5, 8), 1, new Window(3, 1, 2), 1),
          new Conv(new Shape(1, 26, 4, 4), 39, new Window(2, 2, 0), 13),
          new Conv(new Shape(7, 5, 1, 1), 33, new Window(1, 1, 0), 1),
          new Conv(new Shape(2, 6, 10, 11), 8, new Window(4, 3, 2), 2),
          new Conv(new Shape(1, 200, 5, 5), 17, new Window(3, 1, 1), 1));

  @TestFactory
  Stream<DynamicTest> convolutionsOfSmallIntegersAreExact() {
    return CONVOLUTIONS.stream()
        .map(c -> DynamicTest.dynamicTest(c.toString(), () -> assertExact(c.ops())));
  }

  @TestFactory
  Stream<DynamicTest> convolutionsOfRealsAreWithinTheirBound() {
    return CONVOLUTIONS.stream()
        .map(c -> DynamicTest.dynamicTest(c.toString(), () -> assertClose(c.ops(), 1e-5)));
  }

  @TestFactory
  Stream<DynamicTest> convolutionsHaveTheirDerivatives() {
    return CONVOLUTIONS.stream()
        .map(
            c ->
                DynamicTest.dynamicTest(
                    c.toString(), () -> assertDerivatives(c.ops(), OpRig::grid, "x", "w", "b")));
  }

  /**
   * Convolutions that a backend may compute with fewer products than the definition has: as many
   * images and channels as that needs, tiles that fit and tiles that overhang, groups, blocks of
   * pixels for strides. Transforms divide and round, so that integers are not exact.
   */
  private static final List<Conv> LARGER_CONVOLUTIONS =
      List.of(
          new Conv(new Shape(8, 16, 13, 13), 32, new Window(3, 1, 1), 1),
          new Conv(new Shape(9, 64, 13, 13), 96, new Window(3, 1, 1), 2),
          new Conv(new Shape(8, 32, 27, 27), 32, new Window(5, 1, 2), 2),
          new Conv(new Shape(10, 48, 16, 16), 16, new Window(3, 1, 1), 1),
          new Conv(new Shape(8, 16, 8, 8), 48, new Window(3, 1, 1), 1),
          // Tiles that overhang, a map that is no square, no padding and more than is usual.
          new Conv(new Shape(11, 16, 7, 6), 16, new Window(3, 1, 1), 1),
          new Conv(new Shape(8, 16, 9, 14), 32, new Window(5, 1, 2), 1),
          new Conv(new Shape(8, 16, 12, 11), 16, new Window(3, 1, 0), 1),
          new Conv(new Shape(8, 16, 10, 10), 16, new Window(3, 1, 2), 1),
          new Conv(new Shape(17, 32, 14, 14), 80, new Window(5, 1, 0), 1),
          // The first layer: with and without padding, and three pixels short of a window.
          new Conv(new Shape(8, 3, 51, 51), 32, new Window(11, 4, 0), 1),
          new Conv(new Shape(8, 3, 48, 48), 16, new Window(11, 4, 2), 1),
          new Conv(new Shape(8, 3, 52, 56), 16, new Window(11, 4, 0), Rounding.CEIL, 1),
          new Conv(new Shape(8, 4, 29, 27), 32, new Window(5, 2, 1), 1));

  /** The transforms' own rounding: seen are 4e-6, direct products have 4e-7. */
  private static final double TRANSFORMED = 2e-5;

  @TestFactory
  Stream<DynamicTest> largerConvolutionsAreWithinTheirBound() {
    return LARGER_CONVOLUTIONS.stream()
        .map(c -> DynamicTest.dynamicTest(c.toString(), () -> assertClose(c.ops(), TRANSFORMED)));
  }

  @TestFactory
  Stream<DynamicTest> largerConvolutionsAloneAreWithinTheirBound() {
    return Stream.of(LARGER_CONVOLUTIONS.get(1), LARGER_CONVOLUTIONS.get(10))
        .flatMap(c -> c.ops().stream())
        .map(
            op ->
                DynamicTest.dynamicTest(
                    op.toString(), () -> assertClose(List.of(op), TRANSFORMED)));
  }

  /** A program may hold one of the operations without the others. */
  @TestFactory
  Stream<DynamicTest> convolutionsAloneAreExact() {
    return Stream.of(CONVOLUTIONS.get(1), CONVOLUTIONS.get(4))
        .flatMap(c -> c.ops().stream())
        .map(op -> DynamicTest.dynamicTest(op.toString(), () -> assertExact(List.of(op))));
  }

  @TestFactory
  Stream<DynamicTest> locallyConnectedIsExactCloseAndDifferentiable() {
    return LayerCases.LOCALS.stream()
        .map(
            c ->
                DynamicTest.dynamicTest(
                    c.toString(),
                    () -> {
                      assertExact(c.ops());
                      assertClose(c.ops(), 1e-5);
                      assertDerivatives(c.ops(), OpRig::grid, "x", "w");
                    }));
  }

  /** A program may hold one of the operations without the others. */
  @TestFactory
  Stream<DynamicTest> locallyConnectedAloneIsExact() {
    return LayerCases.LOCALS.get(3).ops().stream()
        .map(op -> DynamicTest.dynamicTest(op.toString(), () -> assertExact(List.of(op))));
  }

  /** Where all positions have the same filters, it is a convolution. */
  @TestFactory
  Stream<DynamicTest> locallyConnectedWithFiltersThatRepeatIsAConvolution() {
    return LayerCases.LOCALS.stream()
        .map(c -> DynamicTest.dynamicTest(c.toString(), () -> assertConvolution(c)));
  }

  private void assertConvolution(LayerCases.Local local) {
    List<Op> ops = new ArrayList<>(local.ops());
    Conv conv =
        new Conv(local.x(), local.filters(), local.window(), local.rounding(), local.groups());
    Op.Convolution same = (Op.Convolution) conv.ops().getFirst();
    Tensor filters = OpRig.parameter("filters", same.weight().shape());
    Tensor y = Tensor.step("y.conv", same.y().shape());
    ops.add(
        new Op.Convolution(
            "conv", same.x(), filters, same.bias(), y, local.window(), local.groups()));
    Tensor dx = Tensor.step("dx.conv", local.x());
    Tensor dy = OpRig.constant("dy", same.y().shape());
    ops.add(
        new Op.ConvolutionBackwardData("conv", dy, filters, dx, local.window(), local.groups()));
    try (Backend backend = open(2);
        OpRig rig = new OpRig(backend, ops)) {
      Random random = new Random(8);
      rig.fill(n -> OpRig.integers(n, random));
      rig.write(same.bias(), new float[local.filters()]);
      float[] once = rig.read(filters);
      float[] repeated = new float[(int) local.weight().elements()];
      for (int i = 0; i < repeated.length; i++) {
        repeated[i] = once[i % once.length];
      }
      rig.write(rig.tensor("w"), repeated);
      rig.run();
      assertNear(rig.read(y), rig.read(rig.tensor("y")));
      assertNear(rig.read(dx), rig.read(rig.tensor("x.grad")));
    }
  }

  private static void assertNear(float[] convolution, float[] local) {
    double scale = OpRig.largest(convolution);
    assertTrue(scale > 0);
    for (int i = 0; i < local.length; i++) {
      assertEquals(convolution[i], local[i], TRANSFORMED * scale, "element " + i);
    }
  }

  @TestFactory
  Stream<DynamicTest> biasesOfPositions() {
    return LayerCases.positionBiases()
        .map(
            ops ->
                DynamicTest.dynamicTest(
                    ops.getFirst().toString(),
                    () -> {
                      assertExact(ops);
                      assertClose(ops, 1e-6);
                      assertDerivatives(ops, OpRig::grid, "b");
                    }));
  }

  private static List<Op> fullyConnected(Shape xShape, int outputs) {
    Tensor x = OpRig.constant("x", xShape);
    Tensor w = OpRig.parameter("w", new Shape(outputs, xShape.imageElements(), 1, 1));
    Tensor b = OpRig.parameter("b", Shape.vector(outputs));
    Tensor y = Tensor.step("y", new Shape(xShape.n(), outputs, 1, 1));
    Tensor dy = OpRig.constant("dy", y.shape());
    return List.of(
        new Op.FullyConnected("fc", x, w, b, y),
        new Op.FullyConnectedBackwardData("fc", dy, w, x.gradient()),
        new Op.FullyConnectedBackwardWeights("fc", x, dy, w.gradient(), b.gradient()));
  }

  private static final List<List<Op>> CONNECTIONS =
      List.of(
          fullyConnected(new Shape(5, 13, 3, 2), 10),
          fullyConnected(new Shape(128, 40, 1, 1), 33),
          fullyConnected(new Shape(1, 1000, 1, 1), 64),
          fullyConnected(new Shape(17, 1, 1, 1), 1),
          fullyConnected(new Shape(29, 16, 4, 4), 100));

  @TestFactory
  Stream<DynamicTest> fullyConnectedIsExactCloseAndDifferentiable() {
    return CONNECTIONS.stream()
        .map(
            ops ->
                DynamicTest.dynamicTest(
                    ops.getFirst().toString(),
                    () -> {
                      assertExact(ops);
                      assertClose(ops, 1e-5);
                      assertDerivatives(ops, OpRig::grid, "x", "w", "b");
                    }));
  }

  /** PoolingOps: overlapping, tiled, padded, with and without an overhanging last window. */
  private static Stream<List<Op>> poolings(boolean max) {
    List<List<Op>> all = new ArrayList<>();
    for (Window window :
        List.of(
            new Window(3, 2, 0), new Window(2, 2, 0), new Window(3, 1, 1), new Window(3, 3, 2))) {
      for (Shape x : List.of(new Shape(3, 13, 13, 13), new Shape(2, 32, 8, 10))) {
        for (boolean ceil : new boolean[] {false, true}) {
          int h = ceil ? window.ceil(x.h()) : window.floor(x.h());
          int w = ceil ? window.ceil(x.w()) : window.floor(x.w());
          all.add(pooling(max, window, x, new Shape(x.n(), x.c(), h, w)));
        }
      }
    }
    return all.stream();
  }

  private static List<Op> pooling(boolean max, Window window, Shape xShape, Shape yShape) {
    Tensor x = OpRig.constant("x", xShape);
    Tensor y = Tensor.step("y", yShape);
    Tensor dy = OpRig.constant("dy", yShape);
    Tensor argmax = Tensor.step("argmax", yShape);
    return max
        ? List.of(
            new Op.MaxPool("pool", x, y, argmax, window),
            new Op.MaxPoolBackward("pool", dy, argmax, x.gradient(), window))
        : List.of(
            new Op.AveragePool("pool", x, y, window),
            new Op.AveragePoolBackward("pool", dy, x.gradient(), window));
  }

  @TestFactory
  Stream<DynamicTest> maximumPoolings() {
    return poolings(true)
        .map(
            ops ->
                DynamicTest.dynamicTest(
                    ops.getFirst().toString(),
                    () -> {
                      assertExact(ops); // small integers: ties decide where a maximum stands
                      assertClose(ops, 0);
                      assertDerivatives(ops, OpRig::distinct, "x");
                    }));
  }

  @TestFactory
  Stream<DynamicTest> averagePoolings() {
    return poolings(false)
        .map(
            ops ->
                DynamicTest.dynamicTest(
                    ops.getFirst().toString(),
                    () -> {
                      assertClose(ops, 1e-6);
                      assertDerivatives(ops, OpRig::grid, "x");
                    }));
  }

  /** Operations of one number at a time, over sizes with and without a tail. */
  private static Stream<List<Op>> pointwiseOperations() {
    return Stream.of(new Shape(3, 13, 3, 3), new Shape(4, 64, 1, 1), new Shape(1, 1, 1, 1))
        .flatMap(
            shape -> {
              Tensor x = OpRig.constant("x", shape);
              Tensor y = Tensor.step("y", shape);
              Tensor dy = OpRig.constant("dy", shape);
              Tensor dx = x.gradient();
              return Stream.<List<Op>>of(
                  List.of(new Op.Relu("f", x, y), new Op.ReluBackward("f", dy, y, dx)),
                  List.of(new Op.Tanh("f", x, y), new Op.TanhBackward("f", dy, y, dx)),
                  LayerCases.activation(new Logistic("f"), x, y, dy),
                  LayerCases.activation(new Softplus("f", 1), x, y, dy),
                  LayerCases.activation(new AbsoluteValue("f"), x, y, dy),
                  LayerCases.activation(new Square("f"), x, y, dy),
                  drops(x, y, dy, new Op.Dropout.Origin(0, 0, shape.c())),
                  drops(x, y, dy, new Op.Dropout.Origin(11, 6, shape.c() + 9)),
                  List.of(new Op.Scale("f", x, y, 0.3f), new Op.Scale("f", dy, dx, 0.3f)));
            });
  }

  private static List<Op> drops(Tensor x, Tensor y, Tensor dy, Op.Dropout.Origin origin) {
    return List.of(
        new Op.Dropout("f", x, y, 0.4f, 1.5f, origin),
        new Op.Dropout("f", dy, x.gradient(), 0.4f, 1.5f, origin));
  }

  /** Parts joined, taken apart again and added up. */
  @TestFactory
  Stream<DynamicTest> parts() {
    return Stream.of(Part.Axis.values())
        .flatMap(
            axis ->
                Stream.of(new Shape(3, 13, 3, 5), new Shape(2, 64, 1, 1), new Shape(1, 1, 2, 1))
                    .map(
                        shape ->
                            DynamicTest.dynamicTest(
                                axis + " " + shape, () -> assertParts(axis, shape))));
  }

  private void assertParts(Part.Axis axis, Shape shape) {
    int size = shape.along(axis);
    Tensor a = OpRig.constant("a", shape);
    Tensor b = OpRig.constant("b", shape.withSize(axis, 5));
    Tensor y = Tensor.step("y", shape.withSize(axis, size + 5));
    Tensor dy = OpRig.constant("dy", y.shape());
    Tensor da = a.gradient();
    List<Op> ops =
        List.of(
            new Op.Concatenate("f", axis, List.of(a, b), y),
            new Op.Slice("f", axis, dy, 0, da),
            new Op.Slice("f", axis, dy, size, b.gradient()),
            new Op.Add("f", List.of(da, a, da), Tensor.step("sum", shape)),
            new Op.Minimum("f", List.of(da, a, da), Tensor.step("least", shape)));
    assertExact(ops);
    assertDerivatives(ops.subList(0, 3), OpRig::grid, "a", "b");
  }

  // Shards of a batch: what they make together is what the whole batch makes.

  private static final int IMAGES = 5;

  /** Images of the first of two shards, and both. */
  private static final List<Integer> CUTS = List.of(0, 2, IMAGES);

  @TestFactory
  Stream<DynamicTest> shardsDropWhatTheWholeBatchDrops() {
    return Stream.of(new Shape(IMAGES, 13, 3, 3), new Shape(IMAGES, 62, 1, 1))
        .map(
            shape -> DynamicTest.dynamicTest(shape.toString(), () -> assertShardsDropAlike(shape)));
  }

  private void assertShardsDropAlike(Shape shape) {
    Tensor x = OpRig.constant("x", shape);
    Tensor y = Tensor.step("y", shape);
    Tensor joined = Tensor.step("joined", shape);
    List<Op> ops = new ArrayList<>();
    ops.add(dropout(x, y, 0));
    List<Tensor> shards = new ArrayList<>();
    for (int shard = 0; shard < 2; shard++) {
      int first = CUTS.get(shard);
      Shape part = shape.withN(CUTS.get(shard + 1) - first);
      Tensor own = Tensor.step("x" + shard, part);
      shards.add(Tensor.step("y" + shard, part));
      ops.add(new Op.Slice("f", Part.Axis.IMAGES, x, first, own));
      ops.add(dropout(own, shards.getLast(), first));
    }
    ops.add(new Op.Concatenate("f", Part.Axis.IMAGES, shards, joined));
    assertEqual(ops, y, joined);
  }

  private static Op dropout(Tensor x, Tensor y, int image) {
    return new Op.Dropout("f", x, y, 0.5f, 2, new Op.Dropout.Origin(image, 0, x.shape().c()));
  }

  @TestFactory
  Stream<DynamicTest> theGradientsOfShardsAddUpToThatOfTheWholeBatch() {
    Shape images = new Shape(IMAGES, 6, 7, 5);
    Window window = new Window(3, 2, 1);
    Shape maps = new Shape(IMAGES, 10, window.floor(7), window.floor(5));
    Shape scores = new Shape(IMAGES, 33, 1, 1);
    return Stream.of(
            gradients(
                images,
                maps,
                new Shape(10, 3, 3, 3),
                Shape.vector(10),
                (x, dy, dw, db) ->
                    List.of(new Op.ConvolutionBackwardWeights("f", x, dy, dw, db, window, 2))),
            gradients(
                images,
                scores,
                new Shape(33, images.imageElements(), 1, 1),
                Shape.vector(33),
                (x, dy, dw, db) ->
                    List.of(new Op.FullyConnectedBackwardWeights("f", x, dy, dw, db))),
            gradients(
                images,
                maps,
                new Shape(maps.h() * maps.w(), 10, 3, 9),
                maps.withN(1),
                (x, dy, dw, db) ->
                    List.of(
                        new Op.LocallyConnectedBackwardWeights("f", x, dy, dw, window, 2),
                        new Op.PositionBiasBackward("f", dy, db))))
        .map(
            ops ->
                DynamicTest.dynamicTest(
                    ops.getFirst().toString(),
                    () -> {
                      assertEqual(ops, gradient("w", ops), gradient("w.sum", ops));
                      assertEqual(ops, gradient("b", ops), gradient("b.sum", ops));
                    }));
  }

  private interface Gradients {
    List<Op> of(Tensor x, Tensor dy, Tensor dw, Tensor db);
  }

  private static List<Op> gradients(
      Shape xShape, Shape dyShape, Shape weight, Shape bias, Gradients gradients) {
    Tensor x = OpRig.constant("x", xShape);
    Tensor dy = OpRig.constant("dy", dyShape);
    List<Op> ops = new ArrayList<>();
    List<Tensor> ws = new ArrayList<>();
    List<Tensor> bs = new ArrayList<>();
    ops.addAll(gradients.of(x, dy, learned("w", weight), learned("b", bias)));
    for (int shard = 0; shard < 2; shard++) {
      int first = CUTS.get(shard);
      int count = CUTS.get(shard + 1) - first;
      Tensor ownX = Tensor.step("x" + shard, xShape.withN(count));
      Tensor ownDy = Tensor.step("dy" + shard, dyShape.withN(count));
      ops.add(new Op.Slice("f", Part.Axis.IMAGES, x, first, ownX));
      ops.add(new Op.Slice("f", Part.Axis.IMAGES, dy, first, ownDy));
      ws.add(learned("w" + shard, weight));
      bs.add(learned("b" + shard, bias));
      ops.addAll(gradients.of(ownX, ownDy, ws.getLast(), bs.getLast()));
    }
    ops.add(new Op.Add("f", ws, learned("w.sum", weight)));
    ops.add(new Op.Add("f", bs, learned("b.sum", bias)));
    return ops;
  }

  private static Tensor learned(String name, Shape shape) {
    return OpRig.parameter(name, shape).gradient();
  }

  private static Tensor gradient(String name, List<Op> ops) {
    return ops.stream()
        .flatMap(op -> op.writes().stream())
        .filter(t -> t.name().equals(name + ".grad"))
        .findFirst()
        .orElseThrow();
  }

  /** Two tensors of a program are equal, on small integers. */
  private void assertEqual(List<Op> ops, Tensor whole, Tensor joined) {
    assertExact(ops);
    try (Backend backend = open(2);
        OpRig rig = new OpRig(backend, ops)) {
      Random random = new Random(6);
      rig.fill(n -> OpRig.integers(n, random));
      rig.run();
      float[] expected = rig.read(whole);
      assertTrue(OpRig.largest(expected) > 0, whole + " is all zeros");
      assertArrayEquals(expected, rig.read(joined));
    }
  }

  @TestFactory
  Stream<DynamicTest> pointwise() {
    return pointwiseOperations()
        .map(
            ops ->
                DynamicTest.dynamicTest(
                    ops.getFirst().toString(),
                    () -> {
                      assertClose(ops, 1e-6);
                      assertDerivatives(ops, OpRig::grid, "x");
                    }));
  }

  /** Numbers of the authors' program, at its borders and on both sides of them. */
  @TestFactory
  Stream<DynamicTest> activationsOfTheAuthors() {
    return Stream.of(
            activation(new Logistic("f"), x -> 1 / (1 + Math.exp(-x)), (x, y) -> y * (1 - y)),
            activation(
                new Softplus("f", 4),
                x -> x > 4 ? x : Math.log(1 + Math.exp(x)),
                (x, y) -> x > 4 ? 1 : Math.exp(x) / (1 + Math.exp(x))),
            activation(new AbsoluteValue("f"), Math::abs, (x, y) -> x > 0 ? 1 : -1),
            activation(new Square("f"), x -> x * x, (x, y) -> 2 * x))
        .flatMap(stream -> stream);
  }

  private Stream<DynamicTest> activation(
      Activation function, DoubleUnaryOperator value, DoubleBinaryOperator derivative) {
    float[] inputs = {-40, -4, -1, -0.5f, 0, 0.5f, 3.9f, 4, 4.1f, 20, 40};
    Shape shape = Shape.vector(inputs.length);
    Tensor x = OpRig.constant("x", shape);
    Tensor y = Tensor.step("y", shape);
    Tensor dy = OpRig.constant("dy", shape);
    List<Op> ops = LayerCases.activation(function, x, y, dy);
    return Stream.of(
        DynamicTest.dynamicTest(
            function.toString(),
            () -> {
              try (Backend backend = open(1);
                  OpRig rig = new OpRig(backend, ops)) {
                rig.fill(n -> inputs);
                rig.run();
                float[] made = rig.read(y);
                float[] gradient = rig.read(x.gradient());
                for (int i = 0; i < inputs.length; i++) {
                  String what = function.name() + " of " + inputs[i];
                  double expected = value.applyAsDouble(inputs[i]);
                  assertEquals(expected, made[i], 1e-6 * Math.max(1, expected), what);
                  double slope = derivative.applyAsDouble(inputs[i], expected);
                  assertEquals(inputs[i] * slope, gradient[i], 1e-6 * Math.max(1, expected), what);
                }
              }
            }));
  }

  /** Every parameter varied, in both conventions; the paper's constants first. */
  @TestFactory
  Stream<DynamicTest> localResponseNormalisation() {
    return Stream.of(
            new LocalResponseNorm("lrn", Region.ACROSS_MAPS, 5, 1e-4f, 0.75f, 2, Convention.SUM, 2),
            new LocalResponseNorm("lrn", Region.ACROSS_MAPS, 5, 0.3f, 0.75f, 2, Convention.MEAN, 1),
            new LocalResponseNorm("lrn", Region.ACROSS_MAPS, 3, 0.5f, 0.75f, 1, Convention.SUM, 1),
            new LocalResponseNorm(
                "lrn", Region.ACROSS_MAPS, 7, 0.2f, 0.6f, 0.5f, Convention.SUM, 2),
            new LocalResponseNorm("lrn", Region.ACROSS_MAPS, 9, 1.5f, 1, 3, Convention.MEAN, 1),
            new LocalResponseNorm("map", Region.WITHIN_MAP, 5, 1e-3f, 0.75f, 1, Convention.MEAN, 1),
            new LocalResponseNorm("map", Region.WITHIN_MAP, 3, 0.2f, 0.75f, 2, Convention.SUM, 1),
            new LocalResponseNorm(
                "map", Region.WITHIN_MAP, 7, 1.3f, 0.6f, 0.5f, Convention.MEAN, 2),
            new LocalResponseNorm("map", Region.WITHIN_MAP, 1, 0.4f, 1, 3, Convention.SUM, 1))
        .flatMap(
            norm ->
                Stream.of(new Shape(2, 96, 5, 3), new Shape(3, 26, 2, 2), new Shape(1, 2, 3, 1))
                    .map(
                        shape ->
                            DynamicTest.dynamicTest(
                                norm + " " + shape,
                                () -> {
                                  List<Op> ops = normalization(norm, shape);
                                  assertClose(ops, 1e-6);
                                  assertDerivatives(ops, OpRig::grid, "x");
                                })));
  }

  private static List<Op> normalization(LocalResponseNorm norm, Shape shape) {
    Tensor x = OpRig.constant("x", shape);
    Tensor y = Tensor.step("y", shape);
    Tensor s = Tensor.step("s", shape);
    Tensor dy = OpRig.constant("dy", shape);
    return List.of(
        new Op.LocalResponseNorm("lrn", x, y, s, norm),
        new Op.LocalResponseNormBackward("lrn", dy, x, s, x.gradient(), norm));
  }

  @TestFactory
  Stream<DynamicTest> contrastNormalization() {
    return LayerCases.contrastNorms()
        .map(
            ops ->
                DynamicTest.dynamicTest(
                    ops.getFirst().toString(),
                    () -> {
                      assertClose(ops, 2e-6);
                      assertDerivatives(ops, OpRig::grid, "x");
                    }));
  }

  /**
   * Both ends of a map count the two pixels that they have: of 3, 0 and 6 the means are 1.5, 3 and
   * 3, what is left 1.5, -3 and 3, and the sums of their squares 11.25, 20.25 and 18.
   */
  @Test
  void contrastNormalizationCountsPixelsInTheImage() {
    List<Op> ops =
        LayerCases.contrastNorm(new ContrastNorm("cnorm", 3, 9, 1, 2), new Shape(1, 1, 1, 3));
    assertNumbers(ops, new float[] {3, 0, 6}, 3 / 13.25, 0, 6 / 20.0);
  }

  @TestFactory
  Stream<DynamicTest> fixedOperationsOnImages() {
    return LayerCases.fixed()
        .map(
            ops ->
                DynamicTest.dynamicTest(
                    ops.getFirst().toString(),
                    () -> {
                      assertClose(ops, ops.getFirst() instanceof Op.Blur ? 1e-6 : 0);
                      assertDerivatives(ops, OpRig::grid, "x");
                    }));
  }

  /** Weights e^(-d^2 / 2 s^2) over their sum, of which what falls beyond the edge is lost. */
  @Test
  void blursLoseWhatLiesBeyondTheEdge() {
    double e = Math.exp(-1 / (2 * 0.5 * 0.5));
    double own = 1 / (1 + 2 * e);
    double beside = e / (1 + 2 * e);
    List<Op> ops = LayerCases.blur(new Blur("f", 3, 0.5f), new Shape(1, 1, 2, 3));
    assertNumbers(
        ops,
        new float[] {5, 0, 0, 0, 0, 0},
        5 * own * own,
        5 * own * beside,
        0,
        5 * beside * own,
        5 * beside * beside,
        0);
  }

  /** Of 7 columns by 4 two are kept, and of the three that are left over one lies before them. */
  @Test
  void subsamplesAreCentred() {
    List<Op> ops = LayerCases.subsample(new Subsample("f", 4), new Shape(1, 1, 1, 7));
    assertNumbers(ops, new float[] {10, 11, 12, 13, 14, 15, 16}, 11, 15);
    assertEquals(2, new Subsample("nails0", 4).first(224)); // of an image of 2012
    assertEquals(56, new Subsample("nails0", 4).outputs(224));
  }

  @TestFactory
  Stream<DynamicTest> channelSelections() {
    return LayerCases.channelSelections()
        .map(
            ops ->
                DynamicTest.dynamicTest(
                    ops.getFirst().toString(),
                    () -> {
                      assertExact(ops);
                      assertClose(ops, 1e-6);
                      assertDerivatives(ops, OpRig::grid, "x");
                    }));
  }

  /** Two pixels of three channels, the last of which is chosen twice and the second never. */
  @Test
  void chosenChannelsAndTheirGradients() {
    List<Op> ops = LayerCases.channelSelection(List.of(2, 0, 2), new Shape(1, 3, 1, 2));
    assertNumbers(ops, new float[] {10, 11, 20, 21, 30, 31}, 30, 31, 10, 11, 30, 31);
    try (Backend backend = open(1);
        OpRig rig = new OpRig(backend, ops)) {
      rig.write(rig.tensor("x"), new float[6]);
      rig.write(rig.tensor("dy"), new float[] {1, 2, 3, 4, 50, 60});
      rig.run();
      assertArrayEquals(new float[] {3, 4, 0, 0, 51, 62}, rig.read(rig.tensor("x.grad")));
    }
  }

  /** What operations make of x. */
  private void assertNumbers(List<Op> ops, float[] x, double... y) {
    try (Backend backend = open(1);
        OpRig rig = new OpRig(backend, ops)) {
      rig.fill(n -> new float[n]);
      rig.write(rig.tensor("x"), x);
      rig.run();
      float[] made = rig.read(rig.tensor("y"));
      assertEquals(y.length, made.length);
      for (int i = 0; i < y.length; i++) {
        assertEquals(y[i], made[i], 1e-6 * Math.max(1, Math.abs(y[i])), "element " + i);
      }
    }
  }

  /** v = momentum v - decay e w - e g with the rate e inside, so that v outlives a fall of it. */
  @TestFactory
  Stream<DynamicTest> updatesHaveTheRateInside() {
    return Stream.of(new Shape(3, 13, 3, 3), Shape.vector(1), new Shape(40, 500, 1, 1))
        .map(shape -> DynamicTest.dynamicTest(shape.toString(), () -> assertUpdate(shape)));
  }

  private void assertUpdate(Shape shape) {
    Tensor w = OpRig.parameter("w", shape);
    Tensor g = OpRig.constant("g", shape);
    Tensor finite = OpRig.constant("finite", Shape.vector(1));
    List<Op> ops =
        List.of(
            new Op.Update(
                "f",
                w,
                w.momentum(),
                g,
                finite,
                w.gradientSquares(),
                new ParameterSpec(new Initial.Constant(0), 2, 3, 0.5f, null),
                shape.n()));
    Random random = new Random(4);
    try (Backend backend = open(2);
        OpRig rig = new OpRig(backend, ops)) {
      rig.fill(n -> n == 1 && shape.elements() > 1 ? new float[] {1} : OpRig.reals(n, random));
      rig.write(finite, new float[] {1});
      float[] before = rig.read(w);
      float[] momentum = rig.read(w.momentum());
      float[] gradient = rig.read(g);
      float[] rates = {0.1f, 0.01f};
      for (float rate : rates) {
        rig.run(new StepSettings(7, 3, rate, 0.9f, 0.05f));
      }
      float[] after = rig.read(w);
      float[] last = rig.read(w.momentum());
      double squares = 0;
      for (float value : gradient) {
        squares += (double) value * value;
      }
      assertEquals(squares, rig.read(w.gradientSquares())[0], 1e-5 * squares);
      for (int i = 0; i < before.length; i++) {
        double weight = before[i];
        double v = momentum[i];
        for (float rate : rates) {
          double e = 2 * (double) rate;
          v = 0.5 * 0.9f * v - 3 * (double) 0.05f * e * weight - e * gradient[i];
          weight += v;
        }
        double scale = Math.abs(before[i]) + Math.abs(momentum[i]) + Math.abs(gradient[i]);
        assertEquals(v, last[i], 16 * 0x1p-24 * scale, "v " + i);
        assertEquals(weight, after[i], 16 * 0x1p-24 * scale, "w " + i);
      }
      rig.write(finite, new float[] {0});
      rig.run(new StepSettings(7, 3, 0.1f, 0.9f, 0.05f));
      assertArrayEquals(after, rig.read(w));
      assertArrayEquals(last, rig.read(w.momentum()));
      assertEquals(0, rig.read(w.gradientSquares())[0]);
    }
  }

  /** Filters of all forms: of groups, more than fill a vector, by position, of one weight. */
  private static final List<List<Op>> LEARNING =
      List.of(
          CONVOLUTIONS.get(2).ops(),
          CONVOLUTIONS.get(6).ops(),
          CONVOLUTIONS.get(11).ops(),
          LayerCases.LOCALS.get(1).ops(),
          LayerCases.LOCALS.get(3).ops(),
          CONNECTIONS.get(0),
          CONNECTIONS.get(3),
          CONNECTIONS.get(4));

  @TestFactory
  Stream<DynamicTest> filtersAreBroughtWithinTheirBounds() {
    return LEARNING.stream()
        .flatMap(
            ops ->
                Stream.of(Measure.values())
                    .map(
                        measure ->
                            DynamicTest.dynamicTest(
                                measure + " " + ops.getFirst(), () -> assertBounds(ops, measure))));
  }

  private void assertBounds(List<Op> ops, Measure measure) {
    Tensor w = ops.getFirst().reads().get(1);
    boolean positioned = ops.getFirst() instanceof Op.LocallyConnected;
    int filters = w.shape().n() * (positioned ? w.shape().c() : 1);
    int size = (int) (w.shape().elements() / filters);
    // Of normal weights: many lie below, between and above.
    double middle = measure == Measure.NORM ? Math.sqrt(size) : 1;
    FilterBounds bounds =
        new FilterBounds(measure, (float) (0.95 * middle), (float) (1.05 * middle));
    Tensor finite = OpRig.constant("finite", Shape.vector(1));
    List<Op> all = new ArrayList<>(ops);
    all.add(
        new Op.Update(
            "f",
            w,
            w.momentum(),
            w.gradient(),
            finite,
            w.gradientSquares(),
            new ParameterSpec(new Initial.Constant(0), 1, 1, 1, bounds),
            filters));
    Random random = new Random(5);
    try (Backend backend = open(3);
        OpRig rig = new OpRig(backend, all)) {
      rig.fill(n -> OpRig.reals(n, random));
      rig.write(finite, new float[] {0});
      float[] before = rig.read(w);
      Arrays.fill(before, 0, size, 0); // a filter of zeros stays one
      rig.write(w, before);
      rig.write(w.momentum(), new float[before.length]);
      Tensor dy = rig.tensor("dy");
      float[] gradients = rig.read(dy);
      rig.write(dy, new float[gradients.length]);
      rig.run(new StepSettings(7, 3, 0.1f, 0, 0));
      assertArrayEquals(before, rig.read(w), "without a finite loss");
      rig.write(finite, new float[] {1});
      rig.run(new StepSettings(7, 3, 0, 0, 0));
      assertArrayEquals(before, rig.read(w), "at a rate of 0");
      rig.run(new StepSettings(7, 3, 0.1f, 0, 0));
      assertBounded(before, rig.read(w), size, bounds);
      // Behind a step that changes them, and which momentum goes on with.
      rig.write(dy, gradients);
      rig.run(new StepSettings(7, 3, 0.01f, 0.9f, 0.05f));
      float[] after = rig.read(w);
      float[] step = rig.read(w.momentum());
      rig.write(dy, new float[gradients.length]);
      rig.run(new StepSettings(7, 3, 0.1f, 1, 0));
      float[] moved = new float[after.length];
      for (int i = 0; i < moved.length; i++) {
        moved[i] = after[i] + step[i];
      }
      assertBounded(moved, rig.read(w), size, bounds);
    }
  }

  private static void assertBounded(float[] before, float[] after, int size, FilterBounds bounds) {
    for (int from = 0; from < before.length; from += size) {
      double sum = 0;
      double squares = 0;
      for (int i = from; i < from + size; i++) {
        sum += before[i];
        squares += (double) before[i] * before[i];
      }
      double value =
          bounds.measure() == Measure.NORM
              ? Math.sqrt(squares)
              : Math.sqrt(Math.max(0, squares / size - sum * sum / size / size));
      double factor = size == 1 && bounds.measure() == Measure.DEVIATION ? 1 : bounds.factor(value);
      for (int i = from; i < from + size; i++) {
        double expected = before[i] * factor;
        assertEquals(expected, after[i], 1e-5 * Math.max(1, Math.abs(expected)), "element " + i);
      }
    }
  }

  /** Every set of operations of this contract. */
  static List<List<Op>> cases() {
    List<List<Op>> all = new ArrayList<>();
    CONVOLUTIONS.forEach(conv -> all.add(conv.ops()));
    LARGER_CONVOLUTIONS.forEach(conv -> all.add(conv.ops()));
    all.addAll(CONNECTIONS);
    poolings(true).forEach(all::add);
    poolings(false).forEach(all::add);
    pointwiseOperations().forEach(all::add);
    LayerCases.LOCALS.forEach(local -> all.add(local.ops()));
    LayerCases.positionBiases().forEach(all::add);
    LayerCases.contrastNorms().forEach(all::add);
    LayerCases.fixed().forEach(all::add);
    LayerCases.channelSelections().forEach(all::add);
    return all;
  }

  /** So many filters that a backend may not afford a sum for each of many threads. */
  static List<Op> manyFilters() {
    return new Conv(new Shape(32, 18_000, 1, 1), 33, new Window(1, 1, 0), 1).ops();
  }

  @TestFactory
  Stream<DynamicTest> fullyConnectedAloneIsExact() {
    return CONNECTIONS.getFirst().stream()
        .map(op -> DynamicTest.dynamicTest(op.toString(), () -> assertExact(List.of(op))));
  }

  private void assertExact(List<Op> ops) {
    Random random = new Random(1);
    compare(ops, n -> OpRig.integers(n, random), 0);
  }

  private void assertClose(List<Op> ops, double bound) {
    Random random = new Random(2);
    compare(ops, n -> OpRig.reals(n, random), bound);
  }

  private void compare(List<Op> ops, OpRig.Fill fill, double bound) {
    try (Backend reference = Backends.named("reference").open(BackendOptions.defaults());
        OpRig expected = new OpRig(reference, ops);
        Backend one = open(1);
        OpRig single = new OpRig(one, ops);
        Backend five = open(5);
        OpRig many = new OpRig(five, ops)) {
      expected.fill(fill);
      single.copyFrom(expected);
      many.copyFrom(expected);
      expected.run();
      single.run();
      many.run();
      for (Tensor tensor : expected.results()) {
        float[] want = expected.read(tensor);
        float[] got = single.read(tensor);
        assertArrayEquals(got, many.read(tensor), tensor + ": 1 and 5 threads differ");
        double scale = OpRig.largest(want);
        for (int i = 0; i < want.length; i++) {
          // A sum that cancels is as exact as the largest of its kind.
          assertEquals(want[i], got[i], bound * scale, tensor + " element " + i);
        }
      }
    }
  }

  /**
   * Checks d sum(y dy) / d operand, for some elements of each, against central differences. The
   * operations that make gradients run once; the differences need the forward ones alone.
   */
  private void assertDerivatives(
      List<Op> ops, BiFunction<Integer, Random, float[]> fill, String... operands) {
    try (Backend backend = open(2);
        OpRig rig = new OpRig(backend, ops);
        OpRig forward = new OpRig(backend, ops.stream().filter(OpContract::isForward).toList())) {
      Random random = new Random(3);
      rig.fill(n -> fill.apply(n, random));
      rig.run();
      forward.copyFrom(rig);
      float[] dy = rig.read(rig.tensor("dy"));
      for (String operand : operands) {
        Tensor tensor = rig.tensor(operand);
        float[] gradient = rig.read(rig.tensor(operand + ".grad"));
        float[] values = rig.read(tensor);
        double scale = Math.max(1, OpRig.largest(gradient));
        for (int trial = 0; trial < 12; trial++) {
          int i = random.nextInt(values.length);
          double numeric = forward.centralDifference(tensor, values, i, 1 / 128f, dy);
          assertEquals(numeric, gradient[i], 2e-3 * scale, tensor + " element " + i);
        }
      }
    }
  }

  private static boolean isForward(Op op) {
    return op.writes().stream().noneMatch(t -> t.isGradient());
  }
}
