package org.alexnet.cpu;

import java.util.Arrays;
import java.util.List;
import org.alexnet.network.LocalResponseNorm;
import org.alexnet.program.Op;
import org.alexnet.program.Shape;
import org.alexnet.program.Tensor;

/** Local response normalisation pixel by pixel: the channels of a pixel lie together. */
final class NormalizeOps {
  private NormalizeOps() {}

  /** What is done with the channels of one group of one pixel. */
  private interface Pixel {
    void at(float[] m, int[] in, int[] out, int channels, int scratch);
  }

  static ImageOp forward(Op.Normalize op, Kernels kernels) {
    LocalResponseNorm norm = op.norm();
    return new PixelOp(
        List.of(op.x()),
        List.of(op.y(), op.s()),
        norm,
        (m, in, out, channels, scratch) ->
            kernels.normalize(
                m,
                in[0],
                out[0],
                out[1],
                channels,
                norm.maps(),
                norm.factor(),
                norm.k(),
                norm.beta(),
                scratch));
  }

  static ImageOp backward(Op.NormalizeBackward op, Kernels kernels) {
    LocalResponseNorm norm = op.norm();
    return new PixelOp(
        List.of(op.dy(), op.x(), op.s()),
        List.of(op.dx()),
        norm,
        (m, in, out, channels, scratch) ->
            kernels.normalizeBackward(
                m,
                in[0],
                in[1],
                in[2],
                out[0],
                channels,
                norm.maps(),
                norm.factor(),
                norm.beta(),
                scratch));
  }

  /** Walks the pixels and groups of images that all have the same size. */
  private record PixelOp(
      List<Tensor> imageReads, List<Tensor> imageWrites, LocalResponseNorm norm, Pixel body)
      implements ImageOp {

    private Shape shape() {
      return imageWrites.getFirst().shape();
    }

    @Override
    public int scratchFloats() {
      return shape().c() / norm.groups() + norm.maps() - 1;
    }

    @Override
    public Bound bind(Binding binding) {
      Address[] from = imageReads.stream().map(binding::address).toArray(Address[]::new);
      Address[] to = imageWrites.stream().map(binding::address).toArray(Address[]::new);
      int channels = shape().c() / norm.groups();
      int pieces = shape().h() * shape().w() * norm.groups();
      return (frame, task, worker, first, count) -> {
        float[] m = frame.m();
        int scratch = binding.scratch(worker);
        Arrays.fill(m, scratch, scratch + norm.maps() / 2, 0);
        int end = scratch + scratchFloats();
        Arrays.fill(m, end - norm.maps() / 2, end, 0);
        int[] in = starts(from, worker, first);
        int[] out = starts(to, worker, first);
        for (int piece = 0; piece < count * pieces; piece++) {
          body.at(m, in, out, channels, scratch);
          advance(in, channels);
          advance(out, channels);
        }
      };
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
  }
}
