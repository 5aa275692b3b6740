package org.alexnet.cpu.image;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.List;
import java.util.function.Function;
import org.alexnet.cpu.execution.Address;
import org.alexnet.cpu.execution.Binding;
import org.alexnet.cpu.execution.KernelContext;
import org.alexnet.cpu.kernel.Kernels;
import org.alexnet.data.Batch;
import org.alexnet.network.Window;
import org.alexnet.program.Op;
import org.alexnet.program.Shape;
import org.alexnet.program.Tensor;
import org.alexnet.random.Philox;

/** Operations on single images that have no parameters. */
public final class ImageOps {
  private ImageOps() {}

  /** An operation that is a function of its binding. */
  private record Simple(
      List<Tensor> imageReads,
      List<Tensor> imageWrites,
      List<Tensor> otherReads,
      Function<Binding, ImageOp.Bound> binder)
      implements ImageOp {
    @Override
    public Bound bind(Binding binding) {
      return binder.apply(binding);
    }
  }

  public static ImageOp load(Op.LoadInput op) {
    return new Simple(
        List.of(),
        List.of(op.data(), op.labels()),
        List.of(op.mean()),
        binding -> {
          Address data = binding.address(op.data());
          Address labels = binding.address(op.labels());
          int mean = binding.offset(op.mean());
          return (context, task, worker, first, count) -> {
            for (int i = 0; i < count; i++) {
              int to = data.of(worker, first) + i * data.image();
              int image = op.first() + first + i;
              loadImage(context.m(), op, context.batch(), image, mean, to);
              context.m()[labels.of(worker, first) + i] = context.batch().labels()[image];
            }
          };
        });
  }

  /** Rows are read from left to right; those of a mirrored image are written the other way. */
  private static void loadImage(
      float[] m, Op.LoadInput op, Batch batch, int image, int mean, int to) {
    Batch.Format stored = batch.stored();
    Batch.Format format = batch.format();
    Shape shape = op.data().shape();
    MemorySegment pixels = batch.image(image);
    boolean mirror = batch.mirror()[image];
    int step = mirror ? -shape.c() : shape.c();
    for (int c = 0; c < shape.c(); c++) {
      float shift = batch.shift()[image * shape.c() + c];
      float scale = op.scales().get(c);
      for (int h = 0; h < shape.h(); h++) {
        int from =
            (c * format.height() + batch.firstRow(image) + h) * format.width()
                + batch.firstColumn(image);
        int q =
            mean
                + (c * stored.height() + batch.cropY()[image] + h) * stored.width()
                + batch.cropX()[image];
        int p = to + (h * shape.w() + (mirror ? shape.w() - 1 : 0)) * shape.c() + c;
        if (format.floats()) {
          for (int w = 0; w < shape.w(); w++) {
            m[p] = pixels.getAtIndex(ValueLayout.JAVA_FLOAT_UNALIGNED, from + w);
            p += step;
          }
        } else {
          for (int w = 0; w < shape.w(); w++) {
            m[p] = (pixels.get(ValueLayout.JAVA_BYTE, from + w) & 0xFF) * scale - m[q + w] + shift;
            p += step;
          }
        }
      }
    }
  }

  public static ImageOp relu(Op.Relu op, Kernels kernels) {
    return pointwise(
        List.of(op.x()),
        op.y(),
        (context, in, out, n, first) -> kernels.relu(context.m(), in[0], out, n));
  }

  public static ImageOp reluBackward(Op.ReluBackward op, Kernels kernels) {
    return pointwise(
        List.of(op.dy(), op.y()),
        op.dx(),
        (context, in, out, n, first) -> kernels.reluBackward(context.m(), in[0], in[1], out, n));
  }

  public static ImageOp tanh(Op.Tanh op) {
    return pointwise(
        List.of(op.x()),
        op.y(),
        (context, in, out, n, first) -> {
          float[] m = context.m();
          for (int i = 0; i < n; i++) {
            m[out + i] = (float) StrictMath.tanh(m[in[0] + i]);
          }
        });
  }

  public static ImageOp tanhBackward(Op.TanhBackward op) {
    return pointwise(
        List.of(op.dy(), op.y()),
        op.dx(),
        (context, in, out, n, first) -> {
          float[] m = context.m();
          for (int i = 0; i < n; i++) {
            float y = m[in[1] + i];
            m[out + i] = m[in[0] + i] * (1 - y * y);
          }
        });
  }

  public static ImageOp scale(Op.Scale op) {
    return pointwise(
        List.of(op.x()),
        op.y(),
        (context, in, out, n, first) -> {
          float[] m = context.m();
          for (int i = 0; i < n; i++) {
            m[out + i] = m[in[0] + i] * op.factor();
          }
        });
  }

  public static ImageOp dropout(Op.Dropout op) {
    int stream = Philox.stream("dropout/" + op.layer());
    return pointwise(
        List.of(op.x()),
        op.y(),
        (context, in, out, n, first) -> {
          Philox philox = new Philox(context.settings().seed(), context.settings().step(), stream);
          Shape shape = op.x().shape();
          int image = shape.imageElements();
          for (int i = 0; i < n / image; i++) {
            long element = op.element(first + i);
            if (shape.h() * shape.w() == 1) {
              dropFlat(context.m(), op, philox, in[0] + i * image, out + i * image, element);
            } else {
              dropImage(context.m(), op, philox, in[0] + i * image, out + i * image, element);
            }
          }
        });
  }

  public static ImageOp add(Op.Add op, Kernels kernels) {
    return pointwise(
        op.terms(),
        op.y(),
        (context, in, out, n, first) -> {
          System.arraycopy(context.m(), in[0], context.m(), out, n);
          for (int term = 1; term < in.length; term++) {
            kernels.add(context.m(), in[term], out, n);
          }
        });
  }

  /** Elements lie in memory in the order that they are numbered in. */
  private static void dropFlat(
      float[] m, Op.Dropout op, Philox philox, int x, int y, long element) {
    int[] words = new int[4];
    long threshold = op.threshold();
    long block = -1;
    for (int i = 0; i < op.x().shape().imageElements(); i++) {
      long e = element + i;
      if (e >>> 2 != block) {
        block = e >>> 2;
        philox.block(block, words);
      }
      // All ones where it is kept: no branch, for it would be guessed wrongly half of the time.
      int kept = (int) (threshold - 1 - Integer.toUnsignedLong(words[(int) (e & 3)]) >> 63);
      float scaled = m[x + i] * op.scale();
      m[y + i] = Float.intBitsToFloat(Float.floatToRawIntBits(scaled) & kept);
    }
  }

  private static void dropImage(
      float[] m, Op.Dropout op, Philox philox, int x, int y, long element) {
    Shape shape = op.x().shape();
    int pixels = shape.h() * shape.w();
    for (int i = 0; i < shape.imageElements(); i++) {
      long e = element + (long) i % shape.c() * pixels + i / shape.c();
      boolean kept = Integer.toUnsignedLong(philox.word(e)) >= op.threshold();
      m[y + i] = kept ? m[x + i] * op.scale() : 0;
    }
  }

  /** The body of an operation whose operands all have the same layout. */
  interface Pointwise {
    void run(KernelContext context, int[] in, int out, int n, int first);
  }

  static ImageOp pointwise(List<Tensor> reads, Tensor y, Pointwise body) {
    return new Simple(
        reads,
        List.of(y),
        List.of(),
        binding -> {
          Address[] from = reads.stream().map(binding::address).toArray(Address[]::new);
          Address to = binding.address(y);
          return (context, task, worker, first, count) -> {
            int[] in = new int[from.length];
            for (int i = 0; i < in.length; i++) {
              in[i] = from[i].of(worker, first);
            }
            body.run(context, in, to.of(worker, first), count * to.image(), first);
          };
        });
  }

  public static ImageOp maxPool(Op.MaxPool op, Kernels kernels) {
    PoolWindows windows = PoolWindows.of(op.window(), op.x().shape(), op.y().shape());
    return new Simple(
        List.of(op.x()),
        List.of(op.y(), op.argmax()),
        List.of(),
        binding -> {
          Address x = binding.address(op.x());
          Address y = binding.address(op.y());
          Address argmax = binding.address(op.argmax());
          return (context, task, worker, first, count) -> {
            for (int i = 0; i < count; i++) {
              windows.max(
                  context.m(),
                  kernels,
                  x.of(worker, first) + i * x.image(),
                  y.of(worker, first) + i * y.image(),
                  argmax.of(worker, first) + i * argmax.image());
            }
          };
        });
  }

  public static ImageOp maxPoolBackward(Op.MaxPoolBackward op, Kernels kernels) {
    PoolWindows windows = PoolWindows.of(op.window(), op.dx().shape(), op.dy().shape());
    return new Simple(
        List.of(op.dy(), op.argmax()),
        List.of(op.dx()),
        List.of(),
        binding -> {
          Address dy = binding.address(op.dy());
          Address argmax = binding.address(op.argmax());
          Address dx = binding.address(op.dx());
          return (context, task, worker, first, count) -> {
            for (int i = 0; i < count; i++) {
              windows.maxBackward(
                  context.m(),
                  kernels,
                  dy.of(worker, first) + i * dy.image(),
                  argmax.of(worker, first) + i * argmax.image(),
                  dx.of(worker, first) + i * dx.image());
            }
          };
        });
  }

  public static ImageOp averagePool(Op.AveragePool op) {
    return average(op.window(), op.x(), op.y(), op.x().shape(), op.y().shape(), true);
  }

  public static ImageOp averagePoolBackward(Op.AveragePoolBackward op) {
    return average(op.window(), op.dy(), op.dx(), op.dx().shape(), op.dy().shape(), false);
  }

  private static ImageOp average(
      Window window, Tensor from, Tensor to, Shape image, Shape pooled, boolean forward) {
    PoolWindows windows = PoolWindows.of(window, image, pooled);
    return new Simple(
        List.of(from),
        List.of(to),
        List.of(),
        binding -> {
          Address in = binding.address(from);
          Address out = binding.address(to);
          return (context, task, worker, first, count) -> {
            for (int i = 0; i < count; i++) {
              int source = in.of(worker, first) + i * in.image();
              int target = out.of(worker, first) + i * out.image();
              if (forward) {
                windows.average(context.m(), source, target);
              } else {
                windows.averageBackward(context.m(), source, target);
              }
            }
          };
        });
  }
}
