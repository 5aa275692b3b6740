package org.alexnet.cpu.kernel;

import java.util.List;
import java.util.concurrent.atomic.AtomicBoolean;
import org.alexnet.cpu.kernel.Kernels.OutputTile;
import org.alexnet.cpu.kernel.Kernels.Pieces;
import org.alexnet.cpu.kernel.Kernels.PoolWindow;
import org.alexnet.cpu.kernel.Transform.Kind;
import org.alexnet.cpu.kernel.TransformKernels.Pass;
import org.alexnet.cpu.kernel.TransformKernels.Steps;

/**
 * Brings the inner loops to the JIT compiler's attention while the data is still being read.
 *
 * <p>Code on the Vector API is some hundred times slower until C2 has compiled it. Left alone, each
 * kernel would go through that in turn in the first step; called here for very little work each,
 * they are compiled one after the other in the background.
 */
public final class WarmUp {
  /** Calls of a method after which C2 compiles it, with room to spare. */
  private static final int CALLS = 6_000;

  /** The same of transforms, which are compiled after a tenth of the usual calls. */
  private static final int TRANSFORM_CALLS = 1_000;

  /** Channels of the pretended images: two vectors of the widest kind. */
  private static final int CHANNELS = 32;

  private static final AtomicBoolean STARTED = new AtomicBoolean();

  private WarmUp() {}

  /** Starts a thread that ends by itself, the first time that it is asked for. */
  public static void start(Kernels kernels) {
    if (!STARTED.compareAndSet(false, true)) {
      return;
    }
    Thread.ofPlatform().daemon().name("cpu-warm-up").start(() -> run(kernels));
  }

  private static void run(Kernels kernels) {
    float[] m = new float[1 << 14];
    int b = 4096;
    int c = 8192;
    int ld = kernels.tileWidth();
    float floor = Float.NEGATIVE_INFINITY;
    Kernels.Windows windows = new Kernels.Windows(new int[32], 1, 3, 0);
    for (int height : kernels.windowHeights()) {
      OutputTile tile = new OutputTile(height, 0, ld, floor);
      for (int i = 0; i < CALLS; i++) {
        kernels.windows(tile, windows, m, 0, 0, b, 0, c);
      }
    }
    transforms(kernels.transforms(), m, ld);
    PoolWindow pool = new PoolWindow(0, 2, 2, CHANNELS, CHANNELS, 0, 2);
    for (int i = 0; i < CALLS; i++) {
      kernels.maxWindow(pool, m, 0, b, c);
    }
    for (int height : kernels.heights()) {
      OutputTile tile = new OutputTile(height, 0, ld, floor);
      for (int i = 0; i < CALLS; i++) {
        kernels.tile(tile, m, 0, b, 3, 0, c);
        kernels.pack(Pieces.one(height), m, 0, ld, 0, 1, 3, c);
      }
    }
    for (int i = 0; i < CALLS; i++) {
      kernels.maxWindowBackward(pool, m, 0, b, c, false);
      kernels.reluBackward(m, 0, b, c, CHANNELS);
      kernels.add(m, 0, b, CHANNELS);
      kernels.addScaled(m, 0, 0, b, CHANNELS);
      kernels.addSquares(m, 0, b, CHANNELS);
      kernels.update(m, 0, b, c, CHANNELS, 0.5f, 0, 0);
    }
  }

  /** Transformed convolutions, in the order that a step comes to them. */
  private static void transforms(TransformKernels kernels, float[] m, int width) {
    for (Kind kind : List.of(Kind.FILTER, Kind.INPUT, Kind.OUTPUT, Kind.GRADIENT, Kind.WEIGHTS)) {
      for (Transform transform : Transform.values()) {
        if (transform.kind() == kind) {
          transform(kernels, transform, m);
        }
      }
      for (int i = 0; i < TRANSFORM_CALLS; i++) {
        switch (kind) {
          case INPUT -> kernels.pointOutputs(m, 0, 4096, Transform.LANES, 8192, width);
          case GRADIENT -> kernels.pointWeights(m, 0, 4096, Transform.LANES, 8192);
          case FILTER, OUTPUT, WEIGHTS -> {}
        }
      }
    }
  }

  private static void transform(TransformKernels kernels, Transform transform, float[] m) {
    Steps steps = new Steps(Transform.LANES, Transform.LANES);
    Pass pass = new Pass(transform, 2, steps, steps, 0);
    int[] rows = new int[transform.points()];
    for (int i = 0; i < TRANSFORM_CALLS; i++) {
      switch (transform.kind()) {
        case INPUT, GRADIENT -> {
          kernels.spreadRows(pass, m, rows, 4096);
          kernels.spread(pass, m, 0, 4096, 8192);
        }
        case FILTER -> kernels.spread(pass, m, 0, 4096, 8192);
        case OUTPUT -> {
          kernels.gather(pass, m, 0, 4096, 8192);
          kernels.gatherBiased(pass, m, 0, 4096, 8192, 0);
        }
        case WEIGHTS -> kernels.gather(pass, m, 0, 4096, 8192);
      }
    }
  }
}
