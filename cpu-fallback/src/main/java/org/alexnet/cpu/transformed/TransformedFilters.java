package org.alexnet.cpu.transformed;

import java.util.Arrays;
import java.util.function.IntUnaryOperator;
import org.alexnet.cpu.execution.KernelContext;
import org.alexnet.cpu.execution.Layout;
import org.alexnet.cpu.kernel.Transform;
import org.alexnet.cpu.kernel.TransformKernels;
import org.alexnet.cpu.kernel.TransformKernels.Pass;
import org.alexnet.cpu.kernel.TransformKernels.Steps;

/**
 * Filters at the points, and gradients at the points back to filters. At the points they lie as
 * group, block of outputs, point, input, and one number for each output of the block.
 */
final class TransformedFilters {
  private static final int LANES = Transform.LANES;

  private final TransformedShape shape;
  private final Layout.Panels panels;
  private final TransformKernels kernels;
  private final int taps;
  private final int points;
  private final int finite;
  private final Pass spreadColumns;
  private final Pass spreadRows;
  private final Pass spreadInfinity;
  private final Pass gatherColumns;
  private final Pass gatherInfinity;
  private final Pass gatherRows;

  /**
   * @param panels the filters as they are, whose inputs lie as those of the shape
   */
  TransformedFilters(TransformedShape shape, Layout.Panels panels, TransformKernels kernels) {
    this.shape = shape;
    this.panels = panels;
    this.kernels = kernels;
    taps = shape.scheme().taps();
    points = shape.scheme().points();
    finite = shape.scheme().finite();
    int pitch = pointFloats();
    int row = taps * LANES;
    Steps alongRow = new Steps(row, LANES);
    Steps alongColumn = new Steps(LANES, row);
    Steps once = new Steps(pitch, 0);
    Transform filter = shape.scheme().filter();
    spreadColumns = new Pass(filter, taps, alongRow, alongRow, LANES);
    spreadRows = new Pass(filter, finite, alongColumn, new Steps(pitch, finite * pitch), pitch);
    spreadInfinity = new Pass(filter, 1, alongColumn, once, 0);
    int column = points * LANES;
    Transform weights = shape.scheme().weights();
    gatherColumns =
        new Pass(
            weights, finite, new Steps(finite * pitch, pitch), new Steps(column, LANES), pitch);
    gatherInfinity = new Pass(weights, 1, once, new Steps(column, 0), 0);
    gatherRows = new Pass(weights, taps, new Steps(LANES, column), alongColumn, column);
  }

  Layout.Panels panels() {
    return panels;
  }

  /** Floats at one point. */
  int pointFloats() {
    return shape.inputs() * panels.tileWidth();
  }

  /** Floats of one block of outputs. */
  int blockFloats() {
    return shape.scheme().filterPoints() * pointFloats();
  }

  int floats() {
    return Math.multiplyExact(panels.groups() * panels.blocks(), blockFloats());
  }

  /** Tasks of a transform: blocks of the outputs of all groups, and blocks of inputs. */
  private int tasks() {
    return panels.groups() * panels.blocks() * (shape.inputs() / LANES);
  }

  /** Scratch floats of a task: the taps, then these with their columns or rows transformed. */
  int scratchFloats() {
    return (taps * taps + taps * points) * LANES;
  }

  /** Where a region's first point lies in a block of outputs, for one input and output. */
  private int place(int region) {
    return shape.tiles(1).firstPoint(region) * pointFloats();
  }

  /** Transforms all filters, shared among the workers. */
  void spread(KernelContext context, int weights, int to, IntUnaryOperator scratch) {
    context
        .pool()
        .run(
            tasks(),
            (task, worker) -> spread(context.m(), weights, to, task, scratch.applyAsInt(worker)));
  }

  private void spread(float[] m, int weights, int to, int task, int scratch) {
    int inputs = shape.inputs() / LANES;
    int block = task / inputs;
    for (int i = 0; i < LANES; i++) {
      int input = task % inputs * LANES + i;
      for (int lane = 0; lane < panels.tileWidth(); lane += LANES) {
        int panel = weights + block * panels.panel() + lane;
        int at = to + block * blockFloats() + input * panels.tileWidth() + lane;
        spreadFilter(m, panel, input, at, scratch);
      }
    }
  }

  private void spreadFilter(float[] m, int panel, int input, int to, int scratch) {
    for (int kh = 0; kh < taps; kh++) {
      for (int kw = 0; kw < taps; kw++) {
        int tap = shape.tap(kh, kw, input);
        int at = scratch + (kh * taps + kw) * LANES;
        if (tap < 0) {
          Arrays.fill(m, at, at + LANES, 0);
        } else {
          System.arraycopy(m, panel + tap * panels.tileWidth(), m, at, LANES);
        }
      }
    }
    int columns = scratch + taps * taps * LANES;
    int last = columns + finite * taps * LANES;
    kernels.spread(spreadColumns, m, scratch, columns, last);
    kernels.spread(spreadRows, m, columns, to, to + place(2));
    kernels.spread(spreadInfinity, m, last, to + place(1), to + place(3));
  }

  /** Turns gradients at points to gradients of filters, shared among the workers. */
  void gather(KernelContext context, int from, int weights, IntUnaryOperator scratch) {
    context
        .pool()
        .run(
            tasks(),
            (task, worker) -> gather(context.m(), from, weights, task, scratch.applyAsInt(worker)));
  }

  private void gather(float[] m, int from, int weights, int task, int scratch) {
    int inputs = shape.inputs() / LANES;
    int block = task / inputs;
    int valid =
        Math.min(
            panels.tileWidth(), panels.outputs() - block % panels.blocks() * panels.tileWidth());
    for (int i = 0; i < LANES; i++) {
      int input = task % inputs * LANES + i;
      for (int lane = 0; lane < panels.tileWidth(); lane += LANES) {
        int panel = weights + block * panels.panel() + lane;
        int at = from + block * blockFloats() + input * panels.tileWidth() + lane;
        gatherFilter(m, at, input, panel, scratch, lane < valid);
      }
    }
  }

  private void gatherFilter(
      float[] m, int from, int input, int panel, int scratch, boolean exists) {
    int columns = scratch + taps * taps * LANES;
    int last = columns + finite * LANES;
    kernels.gather(gatherColumns, m, from, from + place(1), columns);
    kernels.gather(gatherInfinity, m, from + place(2), from + place(3), last);
    kernels.gather(gatherRows, m, columns, last, scratch);
    for (int kh = 0; kh < taps; kh++) {
      for (int kw = 0; kw < taps; kw++) {
        int tap = shape.tap(kh, kw, input);
        if (tap >= 0) {
          int to = panel + tap * panels.tileWidth();
          if (exists) {
            System.arraycopy(m, scratch + (kh * taps + kw) * LANES, m, to, LANES);
          } else {
            Arrays.fill(m, to, to + LANES, 0);
          }
        }
      }
    }
  }
}
