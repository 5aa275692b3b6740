package org.alexnet.cuda.kernel;

import static java.lang.foreign.ValueLayout.JAVA_FLOAT;
import static java.lang.foreign.ValueLayout.JAVA_INT;

import java.lang.foreign.MemorySegment;
import java.util.Arrays;
import java.util.List;
import org.alexnet.network.Subsample;
import org.alexnet.program.Op;
import org.alexnet.program.Shape;
import org.alexnet.program.Tensor;

/**
 * Operations on images that nothing is learned of: blur.cu, subsample.cu, horizontal_flip.cu and
 * channel_selection.cu.
 */
public final class FixedImageKernels {
  private final Layouts layouts;

  public FixedImageKernels(Layouts layouts) {
    this.layouts = layouts;
  }

  private CudaKernel kernel(
      String layer, Tensor x, Tensor y, long workspaceBytes, CudaKernel.Binder binder) {
    boolean backward = y.isGradient();
    return new CudaKernel(
        layer + (backward ? " backward" : " forward"),
        layer,
        backward,
        List.of(layouts.read(x), layouts.write(y)),
        workspaceBytes,
        binder);
  }

  /** The derivative is the same operation, on the gradient. */
  public CudaKernel blur(Op.Blur op) {
    Shape shape = op.x().shape();
    int elements = (int) shape.elements();
    int half = op.filter().size() / 2;
    return kernel(
        op.layer(),
        op.x(),
        op.y(),
        shape.elements() * Float.BYTES,
        b -> {
          long filter = b.tables().applyAsLong(table(b, op.filter()));
          return List.of(
              b.each(
                  "blur_rows",
                  elements,
                  b.address(op.x()),
                  filter,
                  b.workspace(),
                  elements,
                  Sizes.of(shape),
                  half),
              b.each(
                  "blur_columns",
                  elements,
                  b.workspace(),
                  filter,
                  b.address(op.y()),
                  elements,
                  Sizes.of(shape),
                  half));
        });
  }

  private static MemorySegment table(Binding b, List<Float> filter) {
    MemorySegment table = b.arena().allocate(JAVA_FLOAT, filter.size());
    for (int i = 0; i < filter.size(); i++) {
      table.setAtIndex(JAVA_FLOAT, i, filter.get(i));
    }
    return table;
  }

  public CudaKernel subsample(Op.Subsample op) {
    Shape in = op.x().shape();
    Shape out = op.y().shape();
    Subsample kept = op.kept();
    return kernel(
        op.layer(),
        op.x(),
        op.y(),
        0,
        b ->
            List.of(
                b.each(
                    "subsample",
                    out.elements(),
                    b.address(op.x()),
                    b.address(op.y()),
                    (int) out.elements(),
                    Sizes.of(in),
                    Sizes.of(out),
                    kept.stride(),
                    kept.first(in.h()),
                    kept.first(in.w()))));
  }

  public CudaKernel subsampleBackward(Op.SubsampleBackward op) {
    Shape in = op.dx().shape();
    Subsample kept = op.kept();
    return kernel(
        op.layer(),
        op.dy(),
        op.dx(),
        0,
        b ->
            List.of(
                b.each(
                    "subsample_backward",
                    in.elements(),
                    b.address(op.dy()),
                    b.address(op.dx()),
                    (int) in.elements(),
                    Sizes.of(in),
                    Sizes.of(op.dy().shape()),
                    new Divisor(kept.stride()),
                    kept.first(in.h()),
                    kept.first(in.w()))));
  }

  /** The derivative is the same operation, on the gradient. */
  public CudaKernel flip(Op.HorizontalFlip op) {
    Shape shape = op.x().shape();
    return kernel(
        op.layer(),
        op.x(),
        op.y(),
        0,
        b ->
            List.of(
                b.each(
                    "horizontal_flip",
                    shape.elements(),
                    b.address(op.x()),
                    b.address(op.y()),
                    (int) shape.elements(),
                    Sizes.of(shape))));
  }

  public CudaKernel selectChannels(Op.ChannelSelection op) {
    Shape out = op.y().shape();
    int[] channels = op.channels().stream().mapToInt(c -> c).toArray();
    return kernel(
        op.layer(),
        op.x(),
        op.y(),
        0,
        b ->
            List.of(
                b.each(
                    "channel_selection",
                    out.elements(),
                    b.address(op.x()),
                    b.tables().applyAsLong(b.arena().allocateFrom(JAVA_INT, channels)),
                    b.address(op.y()),
                    (int) out.elements(),
                    Sizes.of(op.x().shape()),
                    Sizes.of(out))));
  }

  public CudaKernel selectChannelsBackward(Op.ChannelSelectionBackward op) {
    Shape in = op.dx().shape();
    int[] places = places(op.channels(), in.c());
    return kernel(
        op.layer(),
        op.dy(),
        op.dx(),
        0,
        b ->
            List.of(
                b.each(
                    "channel_selection_backward",
                    in.elements(),
                    b.address(op.dy()),
                    b.tables().applyAsLong(b.arena().allocateFrom(JAVA_INT, places)),
                    b.address(op.dx()),
                    (int) in.elements(),
                    Sizes.of(in),
                    Sizes.of(op.dy().shape()))));
  }

  /**
   * Where each channel of the input stands among those that are chosen. The places of channel c, in
   * their order, are the table's elements from [c] to before [c + 1].
   */
  private static int[] places(List<Integer> channels, int inputs) {
    int[] table = new int[inputs + 1 + channels.size()];
    channels.forEach(channel -> table[channel + 1]++);
    table[0] = inputs + 1;
    for (int c = 0; c < inputs; c++) {
      table[c + 1] += table[c];
    }
    int[] next = Arrays.copyOf(table, inputs);
    for (int i = 0; i < channels.size(); i++) {
      table[next[channels.get(i)]++] = i;
    }
    return table;
  }
}
