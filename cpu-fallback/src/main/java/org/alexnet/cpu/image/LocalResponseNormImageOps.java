package org.alexnet.cpu.image;

import java.util.Arrays;
import java.util.List;
import org.alexnet.cpu.execution.Address;
import org.alexnet.cpu.execution.Binding;
import org.alexnet.cpu.kernel.Kernels;
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

  public static ImageOp forward(Op.LocalResponseNorm op, Kernels kernels) {
    return of(
        List.of(op.x()),
        List.of(op.y(), op.s()),
        op.norm(),
        new Forward(op.norm(), kernels),
        kernels);
  }

  public static ImageOp backward(Op.LocalResponseNormBackward op, Kernels kernels) {
    return of(
        List.of(op.dy(), op.x(), op.s()),
        List.of(op.dx()),
        op.norm(),
        new Backward(op.norm(), kernels),
        kernels);
  }

  private static ImageOp of(
      List<Tensor> reads, List<Tensor> writes, LocalResponseNorm norm, Body body, Kernels kernels) {
    return switch (norm.region()) {
      case ACROSS_MAPS -> new AcrossMaps(reads, writes, norm, body);
      case WITHIN_MAP -> new WithinMap(reads, writes, norm, body, kernels);
    };
  }

  /** What is summed over a region, and what is made of the sums. */
  private interface Body {
    void terms(float[] m, int[] in, int terms, int n);

    /**
     * @param maps terms that are still to be summed, about each; 1 if they are sums already
     */
    void finish(float[] m, int[] in, int[] out, int n, int maps, int terms);
  }

  /** x to y and s. */
  private record Forward(LocalResponseNorm norm, Kernels kernels) implements Body {
    @Override
    public void terms(float[] m, int[] in, int terms, int n) {
      kernels.square(m, in[0], terms, n);
    }

    @Override
    public void finish(float[] m, int[] in, int[] out, int n, int maps, int terms) {
      kernels.localResponseNorm(
          m, in[0], out[0], out[1], n, maps, norm.factor(), norm.k(), norm.beta(), terms);
    }
  }

  /** dy, x and s to dx. */
  private record Backward(LocalResponseNorm norm, Kernels kernels) implements Body {
    @Override
    public void terms(float[] m, int[] in, int terms, int n) {
      kernels.localResponseNormTerms(m, in[0], in[1], in[2], terms, n, norm.beta());
    }

    @Override
    public void finish(float[] m, int[] in, int[] out, int n, int maps, int terms) {
      kernels.localResponseNormBackward(
          m, in[0], in[1], in[2], out[0], n, maps, norm.factor(), norm.beta(), terms);
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

  /** Walks the pixels and groups of images that all have the same size. */
  private record AcrossMaps(
      List<Tensor> imageReads, List<Tensor> imageWrites, LocalResponseNorm norm, Body body)
      implements ImageOp {

    private Shape shape() {
      return imageWrites.getFirst().shape();
    }

    @Override
    public int scratchFloats() {
      return shape().c() / norm.groups() + norm.size() - 1;
    }

    @Override
    public Bound bind(Binding binding) {
      Address[] from = imageReads.stream().map(binding::address).toArray(Address[]::new);
      Address[] to = imageWrites.stream().map(binding::address).toArray(Address[]::new);
      int channels = shape().c() / norm.groups();
      int pieces = shape().h() * shape().w() * norm.groups();
      int half = norm.size() / 2;
      return (context, task, worker, first, count) -> {
        float[] m = context.m();
        int scratch = binding.scratch(worker);
        Arrays.fill(m, scratch, scratch + half, 0);
        Arrays.fill(m, scratch + half + channels, scratch + scratchFloats(), 0);
        int[] in = starts(from, worker, first);
        int[] out = starts(to, worker, first);
        for (int piece = 0; piece < count * pieces; piece++) {
          body.terms(m, in, scratch + half, channels);
          body.finish(m, in, out, channels, norm.size(), scratch);
          advance(in, channels);
          advance(out, channels);
        }
      };
    }
  }

  /** Sums along the rows of an image first, then over neighbouring rows. */
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
      int[] own = in.clone();
      for (int h = 0; h < shape().h(); h++) {
        body.terms(m, own, terms, row());
        along(m, terms, sums + h * row());
        advance(own, row());
      }
      for (int h = 0; h < shape().h(); h++) {
        across(m, sums, h, sum);
        body.finish(m, in, out, row(), 1, sum);
        advance(in, row());
        advance(out, row());
      }
    }

    /** Sums of neighbours in a row: the row moved by one pixel, two, ... to either side. */
    private void along(float[] m, int terms, int to) {
      System.arraycopy(m, terms, m, to, row());
      for (int d = 1; d <= Math.min(norm.size() / 2, shape().w() - 1); d++) {
        int moved = d * shape().c();
        kernels.add(m, terms + moved, to, row() - moved);
        kernels.add(m, terms, to + moved, row() - moved);
      }
    }

    private void across(float[] m, int sums, int h, int to) {
      System.arraycopy(m, sums + h * row(), m, to, row());
      for (int d = 1; d <= norm.size() / 2; d++) {
        if (h - d >= 0) {
          kernels.add(m, sums + (h - d) * row(), to, row());
        }
        if (h + d < shape().h()) {
          kernels.add(m, sums + (h + d) * row(), to, row());
        }
      }
    }
  }
}
