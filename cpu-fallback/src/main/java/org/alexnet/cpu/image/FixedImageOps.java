package org.alexnet.cpu.image;

import java.util.Arrays;
import java.util.List;
import org.alexnet.cpu.execution.Address;
import org.alexnet.cpu.execution.Binding;
import org.alexnet.cpu.kernel.Kernels;
import org.alexnet.network.Subsample;
import org.alexnet.program.Op;
import org.alexnet.program.Shape;
import org.alexnet.program.Tensor;

/** Operations on single images that nothing is learned of. */
public final class FixedImageOps {
  private FixedImageOps() {}

  public static ImageOp blur(Op.Blur op, Kernels kernels) {
    float[] filter = new float[op.filter().size()];
    for (int i = 0; i < filter.length; i++) {
      filter[i] = op.filter().get(i);
    }
    return new Blur(op, filter, kernels);
  }

  public static ImageOp subsample(Op.Subsample op) {
    return new Pixels(op.x(), op.y(), (m, x, y) -> subsample(m, op, x, y));
  }

  public static ImageOp subsampleBackward(Op.SubsampleBackward op) {
    return new Pixels(op.dy(), op.dx(), (m, dy, dx) -> subsampleBackward(m, op, dy, dx));
  }

  public static ImageOp flip(Op.HorizontalFlip op) {
    return new Pixels(op.x(), op.y(), (m, x, y) -> flip(m, op.x().shape(), x, y));
  }

  public static ImageOp selectChannels(Op.ChannelSelection op) {
    int[] channels = op.channels().stream().mapToInt(c -> c).toArray();
    return new Pixels(
        op.x(), op.y(), (m, x, y) -> selectChannels(m, channels, op.x().shape(), x, y));
  }

  public static ImageOp selectChannelsBackward(Op.ChannelSelectionBackward op) {
    int[] channels = op.channels().stream().mapToInt(c -> c).toArray();
    return new Pixels(
        op.dy(),
        op.dx(),
        (m, dy, dx) -> selectChannelsBackward(m, channels, op.dx().shape(), dy, dx));
  }

  /** What is done with one image. */
  private interface Body {
    void run(float[] m, int x, int y);
  }

  /** What makes an image out of another by moving and adding up its numbers. */
  private record Pixels(Tensor x, Tensor y, Body body) implements ImageOp {
    @Override
    public List<Tensor> imageReads() {
      return List.of(x);
    }

    @Override
    public List<Tensor> imageWrites() {
      return List.of(y);
    }

    @Override
    public Bound bind(Binding binding) {
      Address from = binding.address(x);
      Address to = binding.address(y);
      return (context, task, worker, first, count) -> {
        for (int i = 0; i < count; i++) {
          int source = from.of(worker, first) + i * from.image();
          body.run(context.m(), source, to.of(worker, first) + i * to.image());
        }
      };
    }
  }

  private static void subsample(float[] m, Op.Subsample op, int x, int y) {
    Shape out = op.y().shape();
    for (int h = 0; h < out.h(); h++) {
      for (int w = 0; w < out.w(); w++) {
        int from = x + kept(op.kept(), op.x().shape(), h, w);
        System.arraycopy(m, from, m, y + (h * out.w() + w) * out.c(), out.c());
      }
    }
  }

  private static void subsampleBackward(float[] m, Op.SubsampleBackward op, int dy, int dx) {
    Shape out = op.dy().shape();
    Arrays.fill(m, dx, dx + op.dx().shape().imageElements(), 0);
    for (int h = 0; h < out.h(); h++) {
      for (int w = 0; w < out.w(); w++) {
        int to = dx + kept(op.kept(), op.dx().shape(), h, w);
        System.arraycopy(m, dy + (h * out.w() + w) * out.c(), m, to, out.c());
      }
    }
  }

  /** Where the pixel that is kept at a place lies in its image. */
  private static int kept(Subsample kept, Shape in, int h, int w) {
    int row = kept.first(in.h()) + h * kept.stride();
    int column = kept.first(in.w()) + w * kept.stride();
    return (row * in.w() + column) * in.c();
  }

  private static void flip(float[] m, Shape shape, int x, int y) {
    for (int h = 0; h < shape.h(); h++) {
      for (int w = 0; w < shape.w(); w++) {
        int from = x + (h * shape.w() + shape.w() - 1 - w) * shape.c();
        System.arraycopy(m, from, m, y + (h * shape.w() + w) * shape.c(), shape.c());
      }
    }
  }

  private static void selectChannels(float[] m, int[] channels, Shape in, int x, int y) {
    int to = y;
    for (int p = 0; p < in.h() * in.w(); p++) {
      int from = x + p * in.c();
      for (int channel : channels) {
        m[to++] = m[from + channel];
      }
    }
  }

  private static void selectChannelsBackward(float[] m, int[] channels, Shape in, int dy, int dx) {
    Arrays.fill(m, dx, dx + in.imageElements(), 0);
    int from = dy;
    for (int p = 0; p < in.h() * in.w(); p++) {
      int to = dx + p * in.c();
      for (int channel : channels) {
        m[to + channel] += m[from++];
      }
    }
  }

  /** Rows first: each tap of the filter adds the row moved by so many pixels. */
  private record Blur(Op.Blur op, float[] filter, Kernels kernels) implements ImageOp {
    @Override
    public List<Tensor> imageReads() {
      return List.of(op.x());
    }

    @Override
    public List<Tensor> imageWrites() {
      return List.of(op.y());
    }

    @Override
    public int scratchFloats() {
      return op.x().shape().imageElements();
    }

    @Override
    public Bound bind(Binding binding) {
      Address x = binding.address(op.x());
      Address y = binding.address(op.y());
      return (context, task, worker, first, count) -> {
        float[] m = context.m();
        int rows = binding.scratch(worker);
        for (int i = 0; i < count; i++) {
          along(m, x.of(worker, first) + i * x.image(), rows);
          across(m, rows, y.of(worker, first) + i * y.image());
        }
      };
    }

    private void along(float[] m, int x, int to) {
      Shape shape = op.x().shape();
      int row = shape.w() * shape.c();
      Arrays.fill(m, to, to + shape.imageElements(), 0);
      int reach = Math.min(filter.length / 2, shape.w() - 1);
      for (int h = 0; h < shape.h(); h++) {
        for (int d = -reach; d <= reach; d++) {
          int from = x + h * row + Math.max(d, 0) * shape.c();
          int at = to + h * row + Math.max(-d, 0) * shape.c();
          int n = row - Math.abs(d) * shape.c();
          kernels.addScaled(m, filter[filter.length / 2 + d], from, at, n);
        }
      }
    }

    private void across(float[] m, int rows, int y) {
      Shape shape = op.x().shape();
      int row = shape.w() * shape.c();
      int half = filter.length / 2;
      Arrays.fill(m, y, y + shape.imageElements(), 0);
      for (int h = 0; h < shape.h(); h++) {
        int last = Math.min(shape.h() - 1, h + half);
        for (int from = Math.max(0, h - half); from <= last; from++) {
          kernels.addScaled(m, filter[from - h + half], rows + from * row, y + h * row, row);
        }
      }
    }
  }
}
