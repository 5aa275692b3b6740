package org.alexnet.cuda.kernel;

import java.util.List;
import org.alexnet.cuda.kernel.CudaKernel.Call;
import org.alexnet.program.Tensor;

/** The parts that convolutions and fully-connected layers have in common, bias.cu. */
public final class BiasKernels {
  /** Pixels that a block sums, and parts that a channel's pixels are cut into at most. */
  private static final int PIXELS = 1024;

  private static final int PARTS = 64;

  private BiasKernels() {}

  /** Adds a bias to each channel of y, in place. */
  public static Call add(Binding binding, Layouts layouts, Tensor bias, Tensor y, boolean relu) {
    Layout layout = layouts.of(y);
    int elements = (int) y.shape().elements();
    int channels = y.shape().c();
    if (layout.storage() != layouts.storage()) {
      return binding.each(
          "bias_scores", elements, binding.address(y), binding.address(bias), elements, channels);
    }
    return binding.each(
        "bias",
        elements,
        binding.address(y),
        binding.address(bias),
        elements,
        new Divisor(channels),
        new Divisor(layout.plane()),
        relu ? 1 : 0);
  }

  /**
   * The gradient of a bias: the sum of dy over images and pixels, in parts that the shape fixes.
   *
   * @param dy its layout
   */
  public record Gradient(Layout dy) {
    private long pixels() {
      return (long) dy.shape().n() * dy.shape().h() * dy.shape().w();
    }

    private int parts() {
      return Math.clamp(Math.ceilDiv(pixels(), (long) PIXELS), 1, PARTS);
    }

    public long workspaceBytes() {
      return (long) parts() * dy.shape().c() * Float.BYTES;
    }

    public void bind(Binding binding, Tensor from, Tensor db, List<Call> calls) {
      int channels = dy.shape().c();
      int part = (int) Math.ceilDiv(pixels(), (long) parts());
      if (dy.plane() > 1) {
        calls.add(
            binding.launch(
                "bias_gradient_planes",
                channels,
                parts(),
                binding.address(from),
                binding.workspace(),
                dy.shape().n(),
                channels,
                new Divisor(dy.plane()),
                part));
      } else {
        calls.add(
            binding.launch(
                "bias_gradient_rows",
                Math.ceilDiv(channels, 32),
                parts(),
                binding.address(from),
                binding.workspace(),
                (int) pixels(),
                channels,
                part));
      }
      calls.add(
          binding.each(
              "bias_gradient_sum",
              channels,
              binding.workspace(),
              binding.address(db),
              channels,
              parts()));
    }
  }
}
