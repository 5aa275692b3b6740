package org.alexnet.cpu.image;

import java.util.Arrays;
import java.util.List;
import org.alexnet.cpu.execution.Address;
import org.alexnet.cpu.execution.Binding;
import org.alexnet.cpu.kernel.Kernels;
import org.alexnet.cpu.kernel.Kernels.Normalization;
import org.alexnet.network.LocalResponseNorm;
import org.alexnet.program.Op;
import org.alexnet.program.Shape;
import org.alexnet.program.Tensor;

/**
 * Local response normalization. Across maps it goes pixel by pixel, for the channels of a pixel lie
 * together; within a map row by row, for all channels of a row do.
 */
public final class LocalResponseNormImageOps {
  private LocalResponseNormImageOps() {}

  /**
   * @param keepsScale whether s is written out, which the backward pass across maps can do without
   */
  public static ImageOp forward(Op.LocalResponseNorm op, Kernels kernels, boolean keepsScale) {
    return switch (op.norm().region()) {
      case ACROSS_MAPS -> new ForwardAcrossMaps(op, kernels, keepsScale);
      case WITHIN_MAP ->
          new WithinMap(
              List.of(op.x()),
              List.of(op.y(), op.s()),
              op.norm(),
              new Forward(ofRow(op.norm(), op.x().shape()), kernels),
              kernels);
    };
  }

  /** Across maps, s is found again from x: that is less work than to keep it. */
  public static ImageOp backward(Op.LocalResponseNormBackward op, Kernels kernels) {
    return switch (op.norm().region()) {
      case ACROSS_MAPS -> new BackwardAcrossMaps(op, kernels);
      case WITHIN_MAP ->
          new WithinMap(
              List.of(op.dy(), op.x(), op.s()),
              List.of(op.dx()),
              op.norm(),
              new Backward(ofRow(op.norm(), op.x().shape()), kernels),
              kernels);
    };
  }

  /** A row of pixels, whose sums are found before. */
  private static Normalization ofRow(LocalResponseNorm norm, Shape shape) {
    return new Normalization(shape.w() * shape.c(), 1, norm.factor(), norm.k(), norm.beta());
  }

  /** What is summed over a region within a map, and what is made of the sums of a row. */
  private interface Body {
    void terms(float[] m, int[] in, int[] out, int terms);

    void finish(float[] m, int[] in, int[] out, int sums);
  }

  /** x to y and s. */
  private record Forward(Normalization row, Kernels kernels) implements Body {
    @Override
    public void terms(float[] m, int[] in, int[] out, int terms) {
      kernels.square(m, in[0], terms, row.channels());
    }

    @Override
    public void finish(float[] m, int[] in, int[] out, int sums) {
      kernels.localResponseNorm(row, m, in[0], out[0], out[1], sums);
    }
  }

  /** dy, x and s to dx, which holds the own parts in between. */
  private record Backward(Normalization row, Kernels kernels) implements Body {
    @Override
    public void terms(float[] m, int[] in, int[] out, int terms) {
      kernels.localResponseNormTerms(row, m, in[0], in[1], in[2], out[0], terms);
    }

    @Override
    public void finish(float[] m, int[] in, int[] out, int sums) {
      kernels.localResponseNormBackward(row, m, out[0], in[1], out[0], sums);
    }
  }

  private static int[] starts(Address[] addresses, int worker, int first) {
    int[] starts = new int[addresses.length];
    for (int i = 0; i < starts.length; i++) {
      starts[i] = addresses[i].of(worker, first);
    }
    return starts;
  }

  private static void advance(int[] starts, int floats) {
    for (int i = 0; i < starts.length; i++) {
      starts[i] += floats;
    }
  }

  /** The pieces of images that are normalized across maps: a group of a pixel's channels each. */
  private record Pieces(LocalResponseNorm norm, Shape shape) {
    /**
     * Pieces that are squared before the first is normalized: a sum reads across what was written
     * as several vectors, and would wait for these to reach the cache.
     */
    static final int RUN = 16;

    int channels() {
      return shape.c() / norm.groups();
    }

    /** Pieces of an image. */
    int count() {
      return shape.h() * shape.w() * norm.groups();
    }

    Normalization normalization() {
      return new Normalization(channels(), norm.size(), norm.factor(), norm.k(), norm.beta());
    }

    int half() {
      return norm.size() / 2;
    }

    /** Floats of what is summed: a piece, and what stands in for channels beyond its ends. */
    int terms() {
      return channels() + norm.size() - 1;
    }

    /** Floats for the terms and the scales of a run. */
    int scratchFloats() {
      return RUN * (terms() + channels());
    }

    /** Sets what stands for channels beyond the ends to 0, of all pieces of a run. */
    void clearEnds(float[] m, int terms) {
      Arrays.fill(m, terms, terms + RUN * terms(), 0);
    }
  }

  private record ForwardAcrossMaps(Op.LocalResponseNorm op, Kernels kernels, boolean keepsScale)
      implements ImageOp {
    @Override
    public List<Tensor> imageReads() {
      return List.of(op.x());
    }

    @Override
    public List<Tensor> imageWrites() {
      return keepsScale ? List.of(op.y(), op.s()) : List.of(op.y());
    }

    private Pieces pieces() {
      return new Pieces(op.norm(), op.x().shape());
    }

    @Override
    public int scratchFloats() {
      return pieces().scratchFloats();
    }

    @Override
    public Bound bind(Binding binding) {
      Address x = binding.address(op.x());
      Address y = binding.address(op.y());
      Address s = keepsScale ? binding.address(op.s()) : null;
      Pieces pieces = pieces();
      Normalization norm = pieces.normalization();
      int channels = pieces.channels();
      return (context, task, worker, first, count) -> {
        float[] m = context.m();
        int terms = binding.scratch(worker);
        int pitch = pieces.terms();
        int scale = keepsScale ? s.of(worker, first) : terms + Pieces.RUN * pitch;
        int from = x.of(worker, first);
        int to = y.of(worker, first);
        pieces.clearEnds(m, terms);
        int all = count * pieces.count();
        for (int start = 0; start < all; start += Pieces.RUN) {
          int run = Math.min(Pieces.RUN, all - start);
          for (int i = 0; i < run; i++) {
            int in = from + (start + i) * channels;
            kernels.square(m, in, terms + i * pitch + pieces.half(), channels);
          }
          for (int i = 0; i < run; i++) {
            int at = (start + i) * channels;
            int kept = keepsScale ? scale + at : scale;
            kernels.localResponseNorm(norm, m, from + at, to + at, kept, terms + i * pitch);
          }
        }
      };
    }
  }

  private record BackwardAcrossMaps(Op.LocalResponseNormBackward op, Kernels kernels)
      implements ImageOp {
    @Override
    public List<Tensor> imageReads() {
      return List.of(op.dy(), op.x());
    }

    @Override
    public List<Tensor> imageWrites() {
      return List.of(op.dx());
    }

    private Pieces pieces() {
      return new Pieces(op.norm(), op.x().shape());
    }

    @Override
    public int scratchFloats() {
      return pieces().scratchFloats();
    }

    @Override
    public Bound bind(Binding binding) {
      Address dy = binding.address(op.dy());
      Address x = binding.address(op.x());
      Address dx = binding.address(op.dx());
      Pieces pieces = pieces();
      Normalization norm = pieces.normalization();
      int channels = pieces.channels();
      int half = pieces.half();
      return (context, task, worker, first, count) -> {
        float[] m = context.m();
        int terms = binding.scratch(worker);
        int pitch = pieces.terms();
        int scales = terms + Pieces.RUN * pitch;
        int from = x.of(worker, first);
        int gradient = dy.of(worker, first);
        int to = dx.of(worker, first);
        pieces.clearEnds(m, terms);
        int all = count * pieces.count();
        for (int start = 0; start < all; start += Pieces.RUN) {
          int run = Math.min(Pieces.RUN, all - start);
          int in = from + start * channels;
          int own = to + start * channels;
          int dyIn = gradient + start * channels;
          for (int i = 0; i < run; i++) {
            kernels.square(m, in + i * channels, terms + i * pitch + half, channels);
          }
          for (int i = 0; i < run; i++) {
            kernels.localResponseNormScales(norm, m, scales + i * channels, terms + i * pitch);
          }
          for (int i = 0; i < run; i++) {
            int c = i * channels;
            int sums = terms + i * pitch + half;
            kernels.localResponseNormTerms(norm, m, dyIn + c, in + c, scales + c, own + c, sums);
          }
          for (int i = 0; i < run; i++) {
            int at = own + i * channels;
            kernels.localResponseNormBackward(
                norm, m, at, in + i * channels, at, terms + i * pitch);
          }
        }
      };
    }
  }

  /** Sums over windows of an image. */
  private record WithinMap(
      List<Tensor> imageReads,
      List<Tensor> imageWrites,
      LocalResponseNorm norm,
      Body body,
      Kernels kernels)
      implements ImageOp {

    private Shape shape() {
      return imageWrites.getFirst().shape();
    }

    private int row() {
      return shape().w() * shape().c();
    }

    /** An image of sums along rows, the terms of a row, and the sums of a row. */
    @Override
    public int scratchFloats() {
      return shape().imageElements() + 2 * row();
    }

    @Override
    public Bound bind(Binding binding) {
      Address[] from = imageReads.stream().map(binding::address).toArray(Address[]::new);
      Address[] to = imageWrites.stream().map(binding::address).toArray(Address[]::new);
      return (context, task, worker, first, count) -> {
        int[] in = starts(from, worker, first);
        int[] out = starts(to, worker, first);
        for (int i = 0; i < count; i++) {
          image(context.m(), in, out, binding.scratch(worker));
        }
      };
    }

    /** Handles one image and moves on to the next. */
    private void image(float[] m, int[] in, int[] out, int sums) {
      int terms = sums + shape().imageElements();
      int sum = terms + row();
      MapSums windows = new MapSums(shape(), norm.size(), kernels);
      int[] own = in.clone();
      int[] made = out.clone();
      for (int h = 0; h < shape().h(); h++) {
        body.terms(m, own, made, terms);
        windows.along(m, terms, sums + h * row());
        advance(own, row());
        advance(made, row());
      }
      for (int h = 0; h < shape().h(); h++) {
        windows.across(m, sums, h, sum);
        body.finish(m, in, out, sum);
        advance(in, row());
        advance(out, row());
      }
    }
  }
}
