package org.alexnet.cpu.transformed;

import java.util.Arrays;
import org.alexnet.cpu.execution.Binding;
import org.alexnet.cpu.execution.KernelContext;
import org.alexnet.cpu.execution.Layout;
import org.alexnet.cpu.execution.Layouts;
import org.alexnet.cpu.kernel.Kernels;
import org.alexnet.cpu.kernel.Transform;
import org.alexnet.program.Op;

/**
 * The gradients of a transformed convolution with respect to filters and bias, for filters whose
 * sums at the points are small beside the values of an image.
 *
 * <p>The batch is cut into parts, each with sums of its own. A worker takes a part, a group and
 * some blocks of outputs, and goes through the images of the part: it transforms an image and
 * multiplies at every point while the values are still in its cache, so that they are never written
 * to memory that workers share. In the end the sums of the parts are added up in their order. How
 * many parts there are follows from the batch, so that the sums do not depend on the workers.
 */
public record TransformedWeightsByImageKernel(
    Op.ConvolutionBackwardWeights op,
    TransformedShape shape,
    Kernels kernels,
    Layouts layouts,
    int workers)
    implements TransformedWeights {

  private static final int LANES = Transform.LANES;

  private static final int MOST_PARTS = 16;

  /** Floats of values that a worker multiplies at a time, about, with several images: 1 MB. */
  private static final int CHUNK = 1 << 18;

  /** Tasks for each worker, at least, where there are blocks of outputs to divide. */
  private static final int TASKS_A_WORKER = 2;

  /** Whether the sums of a group are small enough to have them several times. */
  public static boolean suits(TransformedShape shape) {
    long values = shape.tiles(1).products() * (shape.inputs() + shape.outputs());
    return (long) shape.scheme().filterPoints() * shape.inputs() * shape.outputs() <= values;
  }

  /** Images that are multiplied together. */
  @Override
  public int images() {
    long values = shape.tiles(1).products() * (shape.inputs() + kernels.tileWidth());
    return Math.clamp(CHUNK / values, 1, Math.ceilDiv(shape.in().n(), parts()));
  }

  /** Ranges that the blocks of a group's outputs are cut into, for enough tasks. */
  private int ranges() {
    int tasks = parts() * panels().groups();
    return Math.clamp(Math.ceilDiv(workers * TASKS_A_WORKER, tasks), 1, panels().blocks());
  }

  private int parts() {
    return Math.min(MOST_PARTS, shape.in().n());
  }

  /**
   * A worker's memory: how values at points lie in it, in floats from its start, and what takes
   * them there. Behind them are an image in blocks, memory to transform in, and sums of pixels.
   */
  private record Plan(
      Regions inputValues,
      Regions gradientValues,
      TileSpreader inputs,
      TileSpreader gradients,
      int blockedFloats) {

    int gradientsAt() {
      return inputValues.floats();
    }

    int blockedAt() {
      return gradientsAt() + gradientValues.floats();
    }

    int spreadAt() {
      return blockedAt() + blockedFloats;
    }

    int pixelsAt() {
      return spreadAt() + Math.max(inputs.scratchFloats(), gradients.scratchFloats());
    }

    int zeroFloats() {
      return Math.max(inputs.zeroFloats(), gradients.zeroFloats());
    }
  }

  private Plan plan() {
    PointTiles tiles = tiles();
    int width = kernels.tileWidth();
    // One line more, so that points do not share a cache set.
    Regions inputs = Regions.of(tiles, region -> tiles.tiles(region) * shape.inputs() + LANES);
    Regions gradients = Regions.of(tiles, region -> tiles.tiles(region) * width + LANES);
    return new Plan(
        inputs,
        gradients,
        inputs(tiles, new Values(tiles, inputs, LANES)),
        gradients(tiles, new Values(tiles, gradients, width)),
        shape.blockedFloats());
  }

  private PointTiles tiles() {
    return shape.tiles(images());
  }

  private int biasFloats() {
    return panels().bias().floats();
  }

  private int scratchFloats() {
    return Math.max(plan().pixelsAt() + kernels.tileWidth(), filters().scratchFloats());
  }

  private long sharedFloats() {
    return (long) parts() * (filters().floats() + biasFloats()) + plan().zeroFloats();
  }

  @Override
  public long workspaceBytes() {
    return (sharedFloats() + (long) workers * scratchFloats()) * Float.BYTES;
  }

  @Override
  public int tasks() {
    return parts() * panels().groups() * ranges();
  }

  @Override
  public Bound bind(Binding binding) {
    return new Running(binding);
  }

  /** The kernel at its addresses. */
  private final class Running implements Bound {
    private final Plan plan = plan();
    private final Layout.Panels panels = panels();
    private final TransformedFilters filters = filters();
    private final PointTiles tiles = tiles();
    private final int width = kernels.tileWidth();
    private final int channels = shape.inputs() / LANES;
    private final int images = images();
    private final int parts = parts();
    private final int imagesOfPart = Math.ceilDiv(shape.in().n(), parts());
    private final int ranges = ranges();
    private final int biasFloats = biasFloats();
    private final int scratchFloats = scratchFloats();
    private final int zeroFloats = plan.zeroFloats();
    private final int x;
    private final int dy;
    private final int dw;
    private final int db;
    private final int sumsAt;
    private final int biasAt;
    private final int zerosAt;
    private final int scratchAt;

    Running(Binding binding) {
      x = binding.offset(op.x());
      dy = binding.offset(op.dy());
      dw = binding.offset(op.dw());
      db = binding.offset(op.db());
      sumsAt = binding.shared();
      biasAt = sumsAt + parts * filters.floats();
      zerosAt = biasAt + parts * biasFloats;
      scratchAt = zerosAt + zeroFloats;
    }

    private int scratch(int worker) {
      return scratchAt + worker * scratchFloats;
    }

    @Override
    public void run(KernelContext context) {
      float[] m = context.m();
      Arrays.fill(m, zerosAt, zerosAt + zeroFloats, 0);
      int tasks = panels.groups() * ranges;
      context
          .pool()
          .run(
              parts * tasks,
              (task, worker) ->
                  part(m, task / tasks, task % tasks / ranges, task % ranges, scratch(worker)));
      context
          .pool()
          .runRange(
              filters.floats(), (start, length) -> sum(m, sumsAt, filters.floats(), start, length));
      sum(m, biasAt, biasFloats, 0, biasFloats);
      System.arraycopy(m, biasAt, m, db, biasFloats);
      filters.gather(context, sumsAt, dw, this::scratch);
    }

    /** Adds to a range of the first part's sums those of the others. */
    private void sum(float[] m, int at, int pitch, int start, int length) {
      for (int part = 1; part < parts; part++) {
        kernels.add(m, at + part * pitch + start, at + start, length);
      }
    }

    /** Some blocks of a group's outputs, for the images of a part. */
    private void part(float[] m, int part, int group, int range, int scratch) {
      int first = group * panels.blocks() + range * panels.blocks() / ranges;
      int end = group * panels.blocks() + (range + 1) * panels.blocks() / ranges;
      int sums = sumsAt + part * filters.floats();
      int bias = biasAt + part * biasFloats;
      Arrays.fill(m, sums + first * filters.blockFloats(), sums + end * filters.blockFloats(), 0);
      Arrays.fill(m, bias + first * width, bias + end * width, 0);
      int last = Math.min(shape.in().n(), (part + 1) * imagesOfPart);
      for (int image = part * imagesOfPart; image < last; image += images) {
        int count = Math.min(images, last - image);
        spreadInput(m, image, count, group, scratch);
        for (int block = first; block < end; block++) {
          spreadGradient(m, image, count, block, bias + block * width, scratch);
          multiply(m, sums + block * filters.blockFloats(), count, scratch);
        }
      }
    }

    private void spreadInput(float[] m, int first, int count, int group, int scratch) {
      for (int i = 0; i < count; i++) {
        int source = x + (first + i) * shape.in().imageElements();
        if (shape.blocked()) {
          shape.block(m, source, scratch + plan.blockedAt());
          source = scratch + plan.blockedAt();
        }
        int own = source + group * shape.inputs();
        for (int row = 0; row < tiles.rows().tiles(); row++) {
          for (int c = 0; c < channels; c++) {
            plan.inputs.row(m, own, i, row, c, zerosAt, scratch + plan.spreadAt(), scratch);
          }
        }
      }
    }

    private void spreadGradient(float[] m, int first, int count, int block, int bias, int scratch) {
      int output = block % panels.blocks() * width;
      int outputs = Math.min(width, shape.outputs() - output);
      int start = dy + block / panels.blocks() * shape.outputs() + output;
      int spread = scratch + plan.spreadAt();
      int values = scratch + plan.gradientsAt();
      int pixels = scratch + plan.pixelsAt();
      for (int i = 0; i < count; i++) {
        int source = start + (first + i) * shape.out().imageElements();
        for (int row = 0; row < tiles.rows().tiles(); row++) {
          for (int c = 0; c < outputs / LANES; c++) {
            plan.gradients.row(m, source, i, row, c, zerosAt, spread, values);
          }
          sumPixels(m, source, row, outputs, pixels);
          kernels.add(m, pixels, bias, outputs);
        }
      }
    }

    private void multiply(float[] m, int sums, int count, int scratch) {
      PointTiles now = shape.tiles(count);
      for (int region = 0; region < PointTiles.REGIONS; region++) {
        for (int index = 0; index < now.points(region); index++) {
          int a = scratch + plan.inputValues.start(region) + index * plan.inputValues.pitch(region);
          int b =
              scratch
                  + plan.gradientsAt()
                  + plan.gradientValues.start(region)
                  + index * plan.gradientValues.pitch(region);
          int c = sums + (now.firstPoint(region) + index) * filters.pointFloats();
          for (int i = 0; i < channels; i++) {
            kernels
                .transforms()
                .pointWeights(
                    m,
                    a + i * tiles.tiles(region) * LANES,
                    b,
                    now.tiles(region),
                    c + i * LANES * width);
          }
        }
      }
    }
  }
}
