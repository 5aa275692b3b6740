package org.alexnet.cpu.convolution;

import java.util.Arrays;
import java.util.List;
import org.alexnet.backend.plan.BufferUse;
import org.alexnet.cpu.execution.Binding;
import org.alexnet.cpu.execution.CpuKernel;
import org.alexnet.cpu.execution.KernelContext;
import org.alexnet.cpu.execution.Layouts;
import org.alexnet.cpu.kernel.Kernels;
import org.alexnet.cpu.kernel.Kernels.TurnedPitches;
import org.alexnet.program.Op;

/**
 * The gradient of a locally connected layer with respect to its input. The filters are read where
 * they lie: rows of a tile are inputs, its columns are images. A task has some images and some rows
 * of their input, and adds what each position gives to it in the order of positions, however the
 * rows are shared among tasks.
 */
public record LocallyConnectedBackwardDataKernel(
    Op.LocallyConnectedBackwardData op, Kernels kernels, Layouts layouts, int workers)
    implements CpuKernel {

  /** Tasks a worker, so that all end at about the same time. */
  private static final int TASKS = 3;

  @Override
  public String label() {
    return op.layer() + " backward data";
  }

  @Override
  public String layer() {
    return op.layer();
  }

  @Override
  public boolean backward() {
    return true;
  }

  @Override
  public List<BufferUse> uses() {
    return List.of(layouts.read(op.dy()), layouts.read(op.weight()), layouts.write(op.dx()));
  }

  private ConvolutionShape shape() {
    return ConvolutionShape.forward(op.dx().shape(), op.dy().shape(), op.window(), op.groups());
  }

  /** Groups of as many images as a tile has columns. */
  private int blocks() {
    return Math.ceilDiv(op.dx().shape().n(), kernels.tileWidth());
  }

  /** Parts that the rows of an image are cut into. */
  private int bands() {
    int bands = Math.ceilDiv(TASKS * workers, blocks() * op.groups());
    return Math.clamp(bands, 1, op.dx().shape().h());
  }

  private int bandRows() {
    return Math.ceilDiv(op.dx().shape().h(), bands());
  }

  /** Some rows of the padded input, images innermost. */
  private int resultFloats() {
    return bandRows() * shape().paddedW() * shape().inputs() * kernels.tileWidth();
  }

  /** A row of the output's gradient, images innermost. */
  private int turnedFloats() {
    return shape().out().w() * shape().outputs() * kernels.tileWidth();
  }

  private int workerFloats() {
    return resultFloats() + turnedFloats() + Kernels.TURNED_ROWS * kernels.tileWidth();
  }

  @Override
  public long workspaceBytes() {
    return (kernels.tileWidth() + (long) workers * workerFloats()) * Float.BYTES;
  }

  @Override
  public int tasks() {
    return blocks() * op.groups() * Math.ceilDiv(op.dx().shape().h(), bandRows());
  }

  @Override
  public Bound bind(Binding binding) {
    return new Running(binding);
  }

  private final class Running implements Bound {
    private final ConvolutionShape shape = shape();
    private final int width = kernels.tileWidth();
    private final TurnedPitches adding =
        new TurnedPitches(layouts.panels(op.weight()).panel(), width, width);
    private final TurnedPitches apart =
        new TurnedPitches(layouts.panels(op.weight()).panel(), 0, width);
    private final int images = op.dx().shape().n();
    private final int bandRows = bandRows();
    private final int bands = Math.ceilDiv(shape.in().h(), bandRows);
    private final int panels = layouts.panels(op.weight()).blocks();
    private final int panel = layouts.panels(op.weight()).panel();
    private final int resultFloats = resultFloats();
    private final int turnedFloats = turnedFloats();
    private final int workerFloats = workerFloats();
    private final int dy;
    private final int weight;
    private final int dx;
    private final int zeros;

    Running(Binding binding) {
      dy = binding.offset(op.dy());
      weight = binding.offset(op.weight());
      dx = binding.offset(op.dx());
      zeros = binding.shared();
    }

    /** Some images, a group of channels, and rows of the padded input. */
    private record Part(int first, int count, int group, int from, int end) {}

    @Override
    public void run(KernelContext context) {
      Arrays.fill(context.m(), zeros, zeros + width, 0);
      context.pool().run(tasks(), (task, worker) -> part(context.m(), task, worker));
    }

    private void part(float[] m, int task, int worker) {
      int band = task % bands;
      int block = task / bands / shape.groups();
      int first = block * width;
      int from = band * bandRows;
      int end = Math.min(shape.in().h(), from + bandRows);
      Part part =
          new Part(
              first,
              Math.min(width, images - first),
              task / bands % shape.groups(),
              from + shape.pad(),
              end + shape.pad());
      int result = zeros + width + worker * workerFloats;
      Arrays.fill(m, result, result + resultFloats, 0);
      for (int h = 0; h < shape.out().h(); h++) {
        int top = h * shape.stride();
        int firstRow = Math.max(0, part.from - top);
        int endRow = Math.min(shape.kernel(), part.end - top);
        if (firstRow < endRow) {
          turn(m, part, h, result + resultFloats);
          for (int kh = firstRow; kh < endRow; kh++) {
            row(m, part, h, kh, result);
          }
        }
      }
      store(m, part, result);
    }

    /** Turns a row of the gradient; images that do not exist have 0. */
    private void turn(float[] m, Part part, int h, int to) {
      int channels = shape.out().c();
      int columns = shape.out().w();
      for (int i = 0; i < width; i++) {
        int from =
            dy
                + (part.first + i) * shape.out().imageElements()
                + h * columns * channels
                + part.group * shape.outputs();
        for (int w = 0; w < columns; w++) {
          int at = to + w * shape.outputs() * width + i;
          for (int f = 0; f < shape.outputs(); f++) {
            m[at + f * width] = i < part.count ? m[from + w * channels + f] : 0;
          }
        }
      }
    }

    /** Adds what a row of positions gives to one row of their windows. */
    private void row(float[] m, Part part, int h, int kh, int result) {
      int row = h * shape.stride() + kh - part.from;
      int tile = result + resultFloats + turnedFloats;
      for (int w = 0; w < shape.out().w(); w++) {
        int position = (h * shape.out().w() + w) * shape.groups() + part.group;
        int filters = weight + position * panels * panel + kh * shape.run() * width;
        int gradient = result + resultFloats + w * shape.outputs() * width;
        int pixel = row * shape.paddedW() + w * shape.stride();
        int to = result + pixel * shape.inputs() * width;
        for (int k = 0; k < shape.run(); k += Kernels.TURNED_ROWS) {
          int valid = Math.min(Kernels.TURNED_ROWS, shape.run() - k);
          boolean whole = valid == Kernels.TURNED_ROWS;
          int c = to + k * width;
          kernels.turnedTile(
              whole ? adding : apart,
              m,
              filters + k * width,
              gradient,
              shape.outputs(),
              whole ? c : zeros,
              whole ? c : tile);
          if (!whole) { // the rows behind it are read from what lies there, and not used
            kernels.add(m, tile, c, valid * width);
          }
        }
      }
    }

    private void store(float[] m, Part part, int result) {
      int channels = shape.inputs();
      for (int h = part.from; h < part.end; h++) {
        for (int w = 0; w < shape.in().w(); w++) {
          boolean covered = h < shape.paddedH() && w + shape.pad() < shape.paddedW();
          int pixel = (h - part.from) * shape.paddedW() + w + shape.pad();
          int from = result + pixel * channels * width;
          int to =
              dx
                  + part.first * shape.in().imageElements()
                  + ((h - shape.pad()) * shape.in().w() + w) * shape.in().c()
                  + part.group * channels;
          for (int i = 0; i < part.count; i++) {
            for (int c = 0; c < channels; c++) {
              m[to + c] = covered ? m[from + c * width + i] : 0;
            }
            to += shape.in().imageElements();
          }
        }
      }
    }
  }
}
