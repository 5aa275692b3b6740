package org.alexnet.cpu.transformed;

import java.util.Arrays;
import java.util.Optional;
import org.alexnet.cpu.execution.Binding;
import org.alexnet.cpu.execution.KernelContext;
import org.alexnet.cpu.execution.Layout;
import org.alexnet.cpu.execution.Layouts;
import org.alexnet.cpu.kernel.Kernels;
import org.alexnet.cpu.kernel.Transform;
import org.alexnet.program.Op;

/**
 * The gradients of a transformed convolution with respect to filters and bias.
 *
 * <p>Some images at a time, workers transform rows of tiles of the input and of the gradient, some
 * channels at a time; then they share the points, at each of which the products of all tiles are
 * summed in their order. How many images that are follows from the shape, so that the sums do not
 * depend on the workers.
 */
public record TransformedWeightsKernel(
    Op.ConvolutionBackwardWeights op,
    TransformedShape shape,
    Kernels kernels,
    Layouts layouts,
    int workers)
    implements TransformedWeights {

  private static final int LANES = Transform.LANES;

  /**
   * Floats of a group's values that are summed together, at least: 4 MB. More fall out of the cache
   * between being written and being read.
   */
  private static final long CHUNK = 1 << 20;

  /** Floats of values for each of a group's sums, which every chunk reads and writes. */
  private static final long CHUNK_A_SUM = 4;

  private static final int MOST_IMAGES = 64;

  /** The shape of a gradient that is faster transformed. */
  public static Optional<TransformedShape> shape(Op.ConvolutionBackwardWeights op) {
    return TransformedShape.forward(op.x().shape(), op.dy().shape(), op.window(), op.groups());
  }

  /** Images of a chunk; of the numbers of one group, which are the same in columns and whole. */
  @Override
  public int images() {
    long values = shape.tiles(1).products() * (shape.inputs() + shape.outputs());
    long sums = (long) shape.scheme().filterPoints() * shape.inputs() * shape.outputs();
    long images = Math.max(CHUNK, CHUNK_A_SUM * sums) / values;
    return Math.clamp(images, 1, Math.min(MOST_IMAGES, shape.in().n()));
  }

  /** Sizes, in floats, and how the values of a chunk lie at the points. */
  private record Plan(
      TransformedShape shape,
      Layout.Panels panels,
      PointTiles tiles,
      int tileWidth,
      Regions inputValues,
      Regions gradientValues) {

    static Plan of(TransformedShape shape, Layout.Panels panels, int images, int tileWidth) {
      PointTiles tiles = shape.tiles(images);
      int outputs = panels.groups() * panels.blocks() * tileWidth;
      return new Plan(
          shape,
          panels,
          tiles,
          tileWidth,
          Regions.of(tiles, region -> tiles.tiles(region) * shape.channels()),
          Regions.of(tiles, region -> tiles.tiles(region) * outputs));
    }

    /** Blocks of outputs of all groups. */
    int blocks() {
      return panels.groups() * panels.blocks();
    }

    int biasFloats() {
      return blocks() * tileWidth;
    }

    /** Partial sums of the bias, for each row of tiles. */
    int biasSums() {
      return tiles.images() * tiles.rows().tiles() * biasFloats();
    }
  }

  private Plan plan() {
    return Plan.of(shape, panels(), images(), kernels.tileWidth());
  }

  private TileSpreader inputs(Plan plan) {
    return inputs(plan.tiles, new Values(plan.tiles, plan.inputValues, LANES));
  }

  private TileSpreader gradients(Plan plan) {
    return gradients(plan.tiles, new GradientPlaces(plan));
  }

  private int scratchFloats() {
    Plan plan = plan();
    int spread = Math.max(inputs(plan).scratchFloats(), gradients(plan).scratchFloats());
    return Math.max(filters().scratchFloats(), spread);
  }

  private int zeroFloats() {
    Plan plan = plan();
    return Math.max(inputs(plan).zeroFloats(), gradients(plan).zeroFloats());
  }

  private long sharedFloats() {
    Plan plan = plan();
    return (long) plan.inputValues.floats()
        + plan.gradientValues.floats()
        + filters().floats()
        + (long) images() * shape.blockedFloats()
        + plan.biasSums()
        + zeroFloats();
  }

  @Override
  public long workspaceBytes() {
    return (sharedFloats() + (long) workers * scratchFloats()) * Float.BYTES;
  }

  @Override
  public int tasks() {
    return shape.scheme().filterPoints() * plan().blocks();
  }

  @Override
  public Bound bind(Binding binding) {
    return new Running(binding);
  }

  /** The kernel at its addresses. */
  private final class Running implements Bound {
    private final Plan plan = plan();
    private final TransformedFilters filters = filters();
    private final TileSpreader inputs = inputs(plan);
    private final TileSpreader gradients = gradients(plan);
    private final int images = images();
    private final int zeroFloats = zeroFloats();
    private final int scratchFloats = scratchFloats();
    private final int tasks = tasks();
    private final int x;
    private final int dy;
    private final int dw;
    private final int db;
    private final int inputsAt;
    private final int gradientsAt;
    private final int sumsAt;
    private final int blockedAt;
    private final int biasAt;
    private final int zerosAt;
    private final int scratchAt;

    Running(Binding binding) {
      x = binding.offset(op.x());
      dy = binding.offset(op.dy());
      dw = binding.offset(op.dw());
      db = binding.offset(op.db());
      inputsAt = binding.shared();
      gradientsAt = inputsAt + plan.inputValues.floats();
      sumsAt = gradientsAt + plan.gradientValues.floats();
      blockedAt = sumsAt + filters.floats();
      biasAt = blockedAt + images * shape.blockedFloats();
      zerosAt = biasAt + plan.biasSums();
      scratchAt = zerosAt + zeroFloats;
    }

    private int scratch(int worker) {
      return scratchAt + worker * scratchFloats;
    }

    @Override
    public void run(KernelContext context) {
      float[] m = context.m();
      Arrays.fill(m, zerosAt, zerosAt + zeroFloats, 0);
      Arrays.fill(m, db, db + plan.biasFloats(), 0);
      int all = shape.in().n();
      for (int first = 0; first < all; first += images) {
        int count = Math.min(images, all - first);
        spread(context, first, count);
        multiply(context, first == 0, count);
        sumBias(m, count);
      }
      filters.gather(context, sumsAt, dw, this::scratch);
    }

    /** Rows of tiles to points. */
    private void spread(KernelContext context, int first, int count) {
      float[] m = context.m();
      int rows = plan.tiles.rows().tiles();
      if (shape.blocked()) {
        context
            .pool()
            .run(
                count,
                (image, worker) ->
                    shape.block(
                        m,
                        x + (first + image) * shape.in().imageElements(),
                        blockedAt + image * shape.blockedFloats()));
      }
      int parts = gradients.blocks() + inputs.blocks();
      context
          .pool()
          .run(
              count * rows * parts,
              (task, worker) -> {
                int image = task / parts / rows;
                int row = task / parts % rows;
                int block = task % parts;
                if (block < gradients.blocks()) {
                  int source = dy + (first + image) * shape.out().imageElements();
                  gradients.row(
                      m, source, image, row, block, zerosAt, scratch(worker), gradientsAt);
                  if (block == 0) {
                    bias(m, source, row, biasAt + (image * rows + row) * plan.biasFloats());
                  }
                } else {
                  int source =
                      shape.blocked()
                          ? blockedAt + image * shape.blockedFloats()
                          : x + (first + image) * shape.in().imageElements();
                  inputs.row(
                      m,
                      source,
                      image,
                      row,
                      block - gradients.blocks(),
                      zerosAt,
                      scratch(worker),
                      inputsAt);
                }
              });
    }

    /** Sums the gradient of all groups over the pixels of a row of tiles. */
    private void bias(float[] m, int source, int row, int to) {
      Arrays.fill(m, to, to + plan.biasFloats(), 0);
      for (int group = 0; group < shape.groups(); group++) {
        int sums = to + group * plan.panels.blocks() * plan.tileWidth;
        sumPixels(m, source + group * shape.outputs(), row, shape.outputs(), sums);
      }
    }

    private void sumBias(float[] m, int count) {
      for (int i = 0; i < count * plan.tiles.rows().tiles(); i++) {
        kernels.add(m, biasAt + i * plan.biasFloats(), db, plan.biasFloats());
      }
    }

    /** Tasks: points, and of each the blocks of outputs. */
    private void multiply(KernelContext context, boolean first, int count) {
      PointTiles now = shape.tiles(count);
      context
          .pool()
          .run(
              tasks,
              (task, worker) ->
                  multiply(context.m(), task / plan.blocks(), task % plan.blocks(), first, now));
    }

    private void multiply(float[] m, int point, int block, boolean first, PointTiles now) {
      int region = PointTiles.REGIONS - 1;
      while (now.firstPoint(region) > point) {
        region--;
      }
      int index = point - now.firstPoint(region);
      int group = block / plan.panels.blocks();
      int channels = shape.inputs() / LANES;
      int a = inputsAt + plan.inputValues.start(region) + index * plan.inputValues.pitch(region);
      int b =
          gradientsAt
              + plan.gradientValues.start(region)
              + index * plan.gradientValues.pitch(region)
              + block * plan.tiles.tiles(region) * plan.tileWidth;
      int c = sumsAt + block * filters.blockFloats() + point * filters.pointFloats();
      if (first) {
        Arrays.fill(m, c, c + filters.pointFloats(), 0);
      }
      for (int i = 0; i < channels; i++) {
        kernels
            .transforms()
            .pointWeights(
                m,
                a + (group * channels + i) * plan.tiles.tiles(region) * LANES,
                b,
                now.tiles(region),
                c + i * LANES * plan.tileWidth);
      }
    }
  }

  /** The gradient: block of outputs, tile, output of the block. */
  private record GradientPlaces(Plan plan) implements TileSpreader.Places {
    @Override
    public int of(int region, int tile, int block) {
      int channel = block * LANES;
      int group = channel / plan.shape.outputs();
      int within = channel % plan.shape.outputs();
      int panel = group * plan.panels.blocks() + within / plan.tileWidth;
      return plan.gradientValues.start(region)
          + (panel * plan.tiles.tiles(region) + tile) * plan.tileWidth
          + within % plan.tileWidth;
    }

    @Override
    public int pitch(int region) {
      return plan.gradientValues.pitch(region);
    }
  }
}
