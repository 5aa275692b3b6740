package org.alexnet.cuda.kernel;

import java.util.List;
import org.alexnet.cuda.kernel.CudaKernel.Call;
import org.alexnet.program.Op;
import org.alexnet.program.Tensor;

/** The parts that convolutions and fully-connected layers have in common, bias.cu. */
public final class BiasKernels {
  /** Pixels that a block sums, and parts that a channel's pixels are cut into at most. */
  private static final int PIXELS = 1024;

  private static final int PARTS = 64;

  /** Bytes that a thread has at once, and channels of a block that sums up parts, bias.cu. */
  private static final int VECTOR = 16;

  private static final int SUM_CHANNELS = 8;

  /** Blocks that keep a large GPU busy. */
  private static final int BLOCKS = 1024;

  /** Vectors that a thread has one after the other, where there are enough. */
  private static final int ROUNDS = 4;

  private BiasKernels() {}

  /** Adds a bias to each channel of y, in place. */
  public static Call add(Binding binding, Layouts layouts, Tensor bias, Tensor y, boolean relu) {
    Layout layout = layouts.of(y);
    int elements = (int) y.shape().elements();
    int channels = y.shape().c();
    if (takesVectors(layouts, y)) {
      Lanes lanes = new Lanes(layout, channels);
      return binding.launch(
          "bias_rows",
          lanes.blocks(ROUNDS),
          lanes.chunks(),
          binding.address(y),
          binding.address(bias),
          lanes.rows(),
          channels,
          new Divisor(lanes.count()),
          relu ? 1 : 0);
    }
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

  /** Whether a thread can have sixteen bytes of a tensor's channels. */
  public static boolean takesVectors(Layouts layouts, Tensor tensor) {
    Layout layout = layouts.of(tensor);
    return layout.channelsLast()
        && layout.storage() == layouts.storage()
        && layout.storage().bytes() * tensor.shape().c() % VECTOR == 0;
  }

  /**
   * Vectors of channels side by side in a block.
   *
   * @param layout N H W C
   */
  private record Lanes(Layout layout, int channels) {
    private int vectors() {
      return channels * layout.storage().bytes() / VECTOR;
    }

    /** All of a pixel, or the most that divide it. */
    int count() {
      int lanes = Math.min(vectors(), Launch.THREADS);
      while (vectors() % lanes != 0) {
        lanes--;
      }
      return lanes;
    }

    int chunks() {
      return vectors() / count();
    }

    int rows() {
      return layout.shape().n() * layout.shape().h() * layout.shape().w();
    }

    int blocks(int rounds) {
      int slots = Launch.THREADS / count();
      int most = Math.max(1, BLOCKS / chunks());
      return Math.clamp(Math.ceilDiv(rows(), (long) rounds * slots), 1, most);
    }
  }

  /** The gradient of a ReLU, and of the bias before it. */
  public static CudaKernel reluBackward(Layouts layouts, Op.ReluBackward op, Tensor db) {
    int channels = op.dx().shape().c();
    Lanes lanes = new Lanes(layouts.of(op.dx()), channels);
    int blocks = lanes.blocks(ROUNDS);
    return new CudaKernel(
        op.layer() + " backward, bias",
        op.layer(),
        true,
        List.of(
            layouts.write(op.dx()), layouts.write(db), layouts.read(op.dy()), layouts.read(op.y())),
        (long) blocks * channels * Float.BYTES,
        binding ->
            List.of(
                binding.launch(
                    "relu_backward_bias",
                    blocks,
                    lanes.chunks(),
                    binding.address(op.dy()),
                    binding.address(op.y()),
                    binding.address(op.dx()),
                    binding.workspace(),
                    lanes.rows(),
                    channels,
                    new Divisor(lanes.count())),
                sum(binding, db, blocks)));
  }

  /** db from its parts, which a kernel has written into its scratch memory. */
  public static Call sum(Binding binding, Tensor db, int parts) {
    int channels = (int) db.shape().elements();
    return binding.launch(
        "bias_gradient_sum",
        Math.ceilDiv(channels, SUM_CHANNELS),
        1,
        binding.workspace(),
        binding.address(db),
        channels,
        parts);
  }

  /**
   * The gradient of a bias: the sum of dy over images and pixels, in parts that the shape fixes.
   *
   * @param dy its layout
   * @param wanted whether it is computed at all
   */
  public record Gradient(Layout dy, boolean wanted) {
    private long pixels() {
      return (long) dy.shape().n() * dy.shape().h() * dy.shape().w();
    }

    private int parts() {
      return Math.clamp(Math.ceilDiv(pixels(), (long) PIXELS), 1, PARTS);
    }

    public long workspaceBytes() {
      return wanted ? (long) parts() * dy.shape().c() * Float.BYTES : 0;
    }

    public void bind(Binding binding, Tensor from, Tensor db, List<Call> calls) {
      if (!wanted) {
        return;
      }
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
      calls.add(sum(binding, db, parts()));
    }
  }
}
