package org.alexnet.cuda.fusion;

import java.util.LinkedHashMap;
import java.util.Map;
import java.util.stream.Collectors;
import org.alexnet.cuda.device.GeneratedKernel;
import org.alexnet.cuda.device.Storage;
import org.alexnet.cuda.library.file.CacheFolder;
import org.alexnet.network.LocalResponseNorm;
import org.alexnet.network.Window;
import org.alexnet.program.Shape;

/**
 * What a kernel of norm_pool.cuh is written for.
 *
 * @param x the images that are normalized or pooled
 * @param norm across channels, or null
 * @param pooling over windows, or null
 * @param ordered whether numbers are at least 0 and have sixteen bits
 * @param relu whether the gradient goes through a ReLU too
 * @param bias whether its sums over pixels are wanted too
 */
record NormPool(
    Shape x,
    Storage storage,
    LocalResponseNorm norm,
    Pooling pooling,
    boolean ordered,
    boolean relu,
    boolean bias) {
  /** Threads of a block. */
  static final int THREADS = 256;

  private static final int BYTES = 16;

  /** Windows of a row that a thread has at once at most. */
  private static final int COLUMNS = 3;

  /**
   * Registers for the largest numbers so far of these windows and of the next row's, with a
   * normalization, which has use for registers itself, and without. With more, compilers for some
   * architectures spill.
   */
  private static final int NORM_REGISTERS = 32;

  private static final int POOL_REGISTERS = 48;

  /** What a place of a window and its row in a strip are told by. */
  private static final int LARGEST_CODE = 0xFFFF;

  /** Blocks that keep a large GPU busy; strips are made shorter until there are as many. */
  private static final int BLOCKS = 512;

  /** Rows of windows or patches that a strip has at least, since its first costs more. */
  private static final int SHORTEST = 4;

  /**
   * Maximum pooling.
   *
   * @param y its result
   */
  record Pooling(Shape y, Window window) {}

  /** Numbers of a thread. */
  static int vector(Storage storage) {
    return BYTES / storage.bytes();
  }

  /** Whether a thread can have sixteen bytes of channels, and a block all channels of a pixel. */
  static boolean takes(Shape x, Storage storage) {
    int vector = vector(storage);
    return x.c() % vector == 0 && x.c() / vector <= THREADS;
  }

  static boolean takes(Shape x, Storage storage, LocalResponseNorm norm) {
    int vector = vector(storage);
    float offset = norm.k() / norm.factor();
    return takes(x, storage)
        && norm.region() == LocalResponseNorm.Region.ACROSS_MAPS
        && x.c() / norm.groups() % vector == 0
        && norm.size() / 2 <= vector
        && norm.beta() > 0
        && offset < 0x1p60f; // which is not so without alpha
  }

  /** Windows share rows with the next at most, and none lies outside of the image. */
  static boolean takes(Shape x, Storage storage, Pooling pooling) {
    Window window = pooling.window;
    int rows = (pooling.y.h() - 1) * window.stride() - window.pad();
    int columns = (pooling.y.w() - 1) * window.stride() - window.pad();
    long codes = (long) window.kernel() * (x.h() + 2 * window.kernel()) + COLUMNS * window.kernel();
    return takes(x, storage)
        && window.kernel() <= 2 * window.stride()
        && window.kernel() <= 5
        && window.pad() < window.kernel()
        && rows < x.h()
        && columns < x.w()
        && codes < LARGEST_CODE;
  }

  private int slots() {
    return THREADS / (x.c() / vector(storage));
  }

  private int columns() {
    if (pooling == null) {
      return 1;
    }
    int registers = 2 * vector(storage) * (ordered ? 1 : 2);
    int most = (norm == null ? POOL_REGISTERS : NORM_REGISTERS) / registers;
    return Math.clamp(most, 1, Math.min(COLUMNS, pooling.y.w()));
  }

  /**
   * How a launch is cut.
   *
   * @param rows of windows or patches in a strip
   */
  record Cut(int blocks, int strips, int rows) {}

  private Cut cut(int rows, int beside) {
    long wanted = Math.ceilDiv((long) BLOCKS * slots(), (long) x.n() * beside);
    int most = Math.max(1, rows / SHORTEST);
    int each = Math.ceilDiv(rows, Math.clamp(wanted, 1, most));
    int strips = Math.ceilDiv(rows, each);
    long tasks = (long) x.n() * beside * strips;
    return new Cut(Math.toIntExact(Math.ceilDiv(tasks, slots())), strips, each);
  }

  /** Strips of windows. */
  Cut forward() {
    return cut(pooling.y.h(), Math.ceilDiv(pooling.y.w(), columns()));
  }

  /** Strips of patches, each the pixels of a stride. */
  Cut backward() {
    Window window = pooling.window;
    return cut(
        Math.ceilDiv(x.h() + window.pad(), window.stride()),
        Math.ceilDiv(x.w() + window.pad(), window.stride()));
  }

  /** Blocks that go through all pixels, where there are no windows. */
  int flat() {
    return Math.toIntExact(Math.clamp(Math.ceilDiv(pixels(), 4L * slots()), 1, 4 * BLOCKS));
  }

  long pixels() {
    return (long) x.n() * x.h() * x.w();
  }

  private Map<String, Integer> sizes() {
    Map<String, Integer> sizes = new LinkedHashMap<>();
    sizes.put("C", x.c());
    sizes.put("NORM", norm == null ? 0 : 1);
    sizes.put("GROUP", norm == null ? x.c() : x.c() / norm.groups());
    sizes.put("HALF", norm == null ? 0 : norm.size() / 2);
    if (pooling != null) {
      sizes.put("H", x.h());
      sizes.put("W", x.w());
      sizes.put("OH", pooling.y.h());
      sizes.put("OW", pooling.y.w());
      sizes.put("WINDOW", pooling.window.kernel());
      sizes.put("STRIDE", pooling.window.stride());
      sizes.put("PAD", pooling.window.pad());
      sizes.put("COLUMNS", columns());
    }
    sizes.put("ORDERED", ordered ? 1 : 0);
    sizes.put("RELU", relu ? 1 : 0);
    sizes.put("BIAS", bias ? 1 : 0);
    return sizes;
  }

  private static double log2(double x) {
    return Math.log(x) / Math.log(2);
  }

  private Map<String, Double> constants() {
    if (norm == null) {
      return Map.of();
    }
    double factor = norm.factor();
    double beta = norm.beta();
    Map<String, Double> constants = new LinkedHashMap<>();
    constants.put("FACTOR", factor);
    constants.put("BETA", beta);
    constants.put("OFFSET", norm.k() / factor);
    constants.put("POWER", -beta * log2(factor));
    constants.put("SLOPE", -(beta + 1) * log2(factor) + log2(2 * factor * beta));
    return constants;
  }

  private GeneratedKernel kernel(String what, String parameters, String call) {
    StringBuilder struct = new StringBuilder("  enum : int { ");
    struct.append(
        sizes().entrySet().stream()
            .map(e -> e.getKey() + " = " + e.getValue())
            .collect(Collectors.joining(", ")));
    struct.append(" };\n");
    constants()
        .forEach(
            (name, value) ->
                struct.append(
                    "  static constexpr float %s = %sf;\n"
                        .formatted(name, Float.toHexString(value.floatValue()))));
    return kernel(what, struct.toString(), parameters, call);
  }

  /**
   * An instance of a template. Two blocks share a processor, which leaves 128 registers a thread:
   * left to themselves, compilers for some architectures aim at three and spill.
   *
   * @param what it is called, before what tells its sizes from others
   * @param struct what is in S
   * @param parameters of the kernel
   * @param call of the template with S
   */
  static GeneratedKernel kernel(String what, String struct, String parameters, String call) {
    String name = what + "_" + CacheFolder.name(what + struct).substring(0, 12);
    String source =
        """
        struct Sizes_%1$s {
        %2$s};
        extern "C" __global__ void __launch_bounds__(THREADS, 2) %1$s(MARK, %3$s) {
          BEGIN
          %4$s
        }
        """
            .formatted(name, struct, parameters, call.replace("<S>", "<Sizes_" + name + ">"));
    return new GeneratedKernel(name, source);
  }

  /** y and, where there are windows, argmax from x. */
  GeneratedKernel forwardKernel() {
    return pooling == null
        ? kernel("norm", "const Number *x, Number *y, int pixels", "norm<S>(x, y, pixels);")
        : kernel(
            "norm_pool",
            "const Number *x, Number *y, unsigned char *argmax, int images, int strips, int rows",
            "normPool<S>(x, y, argmax, images, strips, rows);");
  }

  /** dx and parts of the bias's gradient. */
  GeneratedKernel backwardKernel() {
    return pooling == null
        ? kernel(
            "norm_backward",
            "const Number *dy, const Number *x, Number *dx, float *partial, int pixels",
            "normBackward<S>(dy, x, dx, partial, pixels);")
        : kernel(
            "norm_pool_backward",
            "const Number *dy, const unsigned char *argmax, const Number *x, Number *dx, float"
                + " *partial, int images, int strips, int rows",
            "normPoolBackward<S>(dy, argmax, x, dx, partial, images, strips, rows);");
  }
}
