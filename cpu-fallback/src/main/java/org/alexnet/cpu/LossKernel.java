package org.alexnet.cpu;

import java.util.ArrayList;
import java.util.List;
import org.alexnet.backend.plan.BufferUse;
import org.alexnet.cpu.execution.Binding;
import org.alexnet.cpu.execution.CpuKernel;
import org.alexnet.cpu.execution.Layouts;
import org.alexnet.program.Op;

/**
 * Softmax and cross-entropy and, in training, their gradient; one task, for it is little work.
 *
 * <p>Exponential and logarithm are those of StrictMath, whose bits do not change when the JIT
 * compiler gets to them.
 *
 * @param gradient its derivative, or null in evaluation
 */
record LossKernel(
    Op.SoftmaxCrossEntropy forward, Op.SoftmaxCrossEntropyBackward gradient, Layouts layouts)
    implements CpuKernel {

  @Override
  public String label() {
    return forward.layer();
  }

  @Override
  public String layer() {
    return forward.layer();
  }

  @Override
  public boolean backward() {
    return false;
  }

  @Override
  public List<BufferUse> uses() {
    List<BufferUse> uses =
        new ArrayList<>(
            List.of(
                layouts.read(forward.logits()),
                layouts.read(forward.labels()),
                layouts.write(forward.probabilities()),
                layouts.write(forward.loss()),
                layouts.write(forward.finite())));
    if (gradient != null) {
      uses.add(layouts.write(gradient.dx()));
    }
    return uses;
  }

  @Override
  public int tasks() {
    return forward.logits().shape().n();
  }

  @Override
  public Bound bind(Binding binding) {
    int logits = binding.offset(forward.logits());
    int labels = binding.offset(forward.labels());
    int probabilities = binding.offset(forward.probabilities());
    int loss = binding.offset(forward.loss());
    int finite = binding.offset(forward.finite());
    int dx = gradient == null ? -1 : binding.offset(gradient.dx());
    int images = forward.logits().shape().n();
    int classes = forward.logits().shape().c();
    int first = forward.first();
    return context -> {
      float[] m = context.m();
      int all = context.batch().count();
      int real = Math.clamp(all - first, 0, images);
      context
          .pool()
          .run(
              images,
              (n, worker) -> {
                int p = probabilities + n * classes;
                int label = (int) m[labels + n];
                m[loss + n] = softmax(m, logits + n * classes, p, classes, label);
                if (gradient != null) {
                  gradient(m, p, dx + n * classes, classes, label, n < real ? all : 0);
                }
              });
      boolean good = true;
      for (int n = 0; n < real; n++) {
        good &= Float.isFinite(m[loss + n]);
      }
      m[finite] = good ? 1 : 0;
    };
  }

  private static float softmax(float[] m, int x, int p, int classes, int label) {
    float max = Float.NEGATIVE_INFINITY;
    for (int c = 0; c < classes; c++) {
      max = Math.max(max, m[x + c]);
    }
    double sum = 0;
    for (int c = 0; c < classes; c++) {
      double e = StrictMath.exp((double) m[x + c] - max);
      m[p + c] = (float) e;
      sum += e;
    }
    for (int c = 0; c < classes; c++) {
      m[p + c] = (float) (m[p + c] / sum);
    }
    return (float) (StrictMath.log(sum) - ((double) m[x + label] - max));
  }

  /** (p - onehot) / images, or 0 for an image that is not real. */
  private static void gradient(float[] m, int p, int dx, int classes, int label, int images) {
    for (int c = 0; c < classes; c++) {
      float difference = m[p + c] - (c == label ? 1 : 0);
      m[dx + c] = images == 0 ? 0 : difference / images;
    }
  }
}
