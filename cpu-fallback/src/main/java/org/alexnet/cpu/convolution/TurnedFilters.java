package org.alexnet.cpu.convolution;

import java.util.Arrays;
import org.alexnet.cpu.execution.KernelContext;
import org.alexnet.cpu.execution.Layout;
import org.alexnet.program.Shape;

/**
 * Filters as the gradient with respect to the input needs them: flipped, and with outputs and
 * inputs in each other's places.
 *
 * @param kept filters as they are kept
 * @param panels filters turned
 */
public record TurnedFilters(Layout.Panels kept, Layout.Panels panels) {

  /**
   * @param weights shape of the filters, [out, in / groups, kernel, kernel]
   */
  public TurnedFilters(Shape weights, int groups, int tileWidth) {
    this(
        Layout.Panels.of(weights, groups, tileWidth),
        new Layout.Panels(
            groups,
            weights.c(),
            new Shape(1, weights.n() / groups, weights.h(), weights.w()),
            tileWidth));
  }

  /** Turns all filters, block by block. */
  public void turn(KernelContext context, int from, int to) {
    context
        .pool()
        .run(
            panels.groups() * panels.blocks(), (task, worker) -> turn(context.m(), from, to, task));
  }

  /** Fills one block of the turned filters. */
  private void turn(float[] m, int from, int to, int block) {
    int tileWidth = kept.tileWidth();
    int inputs = kept.window().c();
    int pixels = kept.window().h() * kept.window().w();
    int outputs = kept.outputs();
    int group = block / panels.blocks();
    int first = block % panels.blocks() * tileWidth;
    int width = Math.min(tileWidth, inputs - first);
    int start = to + block * panels.panel();
    if (width < tileWidth) {
      Arrays.fill(m, start, start + panels.panel(), 0);
    }
    for (int pixel = 0; pixel < pixels; pixel++) {
      for (int o = 0; o < outputs; o++) {
        int panel = from + (group * kept.blocks() + o / tileWidth) * kept.panel();
        int q = panel + ((pixels - 1 - pixel) * inputs + first) * tileWidth + o % tileWidth;
        int p = start + (pixel * outputs + o) * tileWidth;
        for (int i = 0; i < width; i++) {
          m[p + i] = m[q + i * tileWidth];
        }
      }
    }
  }
}
