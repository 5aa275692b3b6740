package org.alexnet.cuda.device;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Comparator;
import java.util.List;
import java.util.function.Consumer;
import org.alexnet.AlexNetException;
import org.alexnet.backend.Precision;
import org.alexnet.backend.plan.Preparation;
import org.alexnet.cuda.device.Nvrtc.Target;
import org.alexnet.cuda.library.file.CacheFolder;
import org.alexnet.cuda.library.load.Architectures;
import org.alexnet.cuda.library.load.Loaded;

/**
 * Our kernels as code for a device, compiled by the user's own NVRTC at first use, so that driver
 * and compiler fit, and kept for the next time.
 */
public final class KernelCompiler {
  /** In this order they are one source. */
  private static final List<String> FILES =
      List.of(
          "common.cuh",
          "vector.cuh",
          "input.cu",
          "bias.cu",
          "pointwise.cu",
          "activation.cu",
          "parts.cu",
          "pooling.cu",
          "local_response_norm.cu",
          "contrast_norm.cu",
          "locally_connected.cu",
          "blur.cu",
          "subsample.cu",
          "horizontal_flip.cu",
          "channel_selection.cu",
          "dropout.cu",
          "loss.cu",
          "update.cu");

  /** What generated kernels are instances of. */
  private static final List<String> TEMPLATES =
      List.of("common.cuh", "vector.cuh", "load_blocks.cuh", "norm_pool.cuh");

  /** The oldest architecture that every release of CUDA 12 and 13 makes PTX for. */
  private static final int COMMON = 75;

  private final Nvrtc nvrtc;
  private final Architectures architectures;
  private final Path cache;
  private final Precision precision;
  private final Consumer<Preparation> told;

  /**
   * @param loaded has NVRTC and the folder for what was compiled
   * @param told what was compiled, or read from that folder
   */
  public KernelCompiler(Loaded loaded, Precision precision, Consumer<Preparation> told) {
    this.told = told;
    this.nvrtc = new Nvrtc(loaded.nvrtc());
    this.architectures = loaded.architectures();
    this.cache = loaded.cache();
    this.precision = precision;
  }

  /** All kernels as one source, each file's lines numbered as in the file. */
  public static String source() {
    return source(FILES);
  }

  /** Generated kernels with the templates that they are instances of, as one source. */
  public static String source(Collection<GeneratedKernel> generated) {
    StringBuilder source = new StringBuilder(source(TEMPLATES));
    generated.stream()
        .sorted(Comparator.comparing(GeneratedKernel::name))
        .forEach(
            kernel ->
                source.append("#line 1 \"%s\"\n".formatted(kernel.name())).append(kernel.source()));
    return source.toString();
  }

  private static String source(List<String> files) {
    StringBuilder source = new StringBuilder();
    for (String file : files) {
      try (InputStream in = KernelCompiler.class.getResourceAsStream("kernels/" + file)) {
        source.append("#line 1 \"").append(file).append("\"\n");
        source.append(new String(in.readAllBytes(), StandardCharsets.UTF_8));
      } catch (IOException e) {
        throw new UncheckedIOException(e);
      }
    }
    return source.toString();
  }

  /** What tells the kernels of one precision from those of another. */
  public static List<String> definitions(Precision precision) {
    return List.of(
        "-DSTORAGE=" + Storage.of(precision).ordinal(),
        "-DNHWC=" + (precision == Precision.FP32 ? 0 : 1));
  }

  /**
   * The kernels for a device. Machine code where NVRTC knows the device, for that any driver of the
   * same CUDA major loads; for a newer device PTX, of which the driver makes code.
   *
   * @param device its name, for messages
   * @param capability 75 for compute capability 7.5
   * @throws AlexNetException if the device is older than all that NVRTC knows
   */
  byte[] code(String device, int capability) {
    return code(device, capability, "kernels of every network", source());
  }

  /**
   * Generated kernels for a device, likewise.
   *
   * @param device its name, for messages
   * @param capability 75 for compute capability 7.5
   */
  byte[] code(String device, int capability, Collection<GeneratedKernel> generated) {
    String what = "%d kernels written for a network".formatted(generated.size());
    return code(device, capability, what, source(generated));
  }

  private byte[] code(String device, int capability, String what, String source) {
    String obstacle = architectures.obstacle(device, capability);
    if (!obstacle.isEmpty()) {
      throw new AlexNetException(obstacle);
    }
    try {
      return code(Target.CUBIN, "sm_" + capability, what, source);
    } catch (Cuda.Failure e) {
      if (!Nvrtc.isUnknownOption(e)) {
        throw e;
      }
      return code(Target.PTX, "compute_" + Math.min(capability, COMMON), what, source);
    }
  }

  private byte[] code(Target target, String architecture, String what, String source) {
    long begin = System.nanoTime();
    List<String> options = new ArrayList<>(definitions(precision));
    options.add("--std=c++17");
    options.add("--gpu-architecture=" + architecture);
    Path file = cache.resolve("kernels-" + CacheFolder.name(nvrtc.version() + options + source));
    try {
      boolean cached = Files.isReadable(file);
      byte[] code =
          cached ? Files.readAllBytes(file) : nvrtc.compile("kernels.cu", source, target, options);
      if (!cached) {
        keep(code, file);
      }
      double seconds = (System.nanoTime() - begin) * 1e-9;
      told.accept(new Preparation("%s for %s".formatted(what, architecture), seconds, cached));
      return code;
    } catch (IOException e) {
      throw new UncheckedIOException("The kernels in " + file + " cannot be read", e);
    }
  }

  /** A cache that cannot be written only costs time. */
  private static void keep(byte[] code, Path file) {
    try {
      CacheFolder.put(file, code);
    } catch (IOException e) {
      return; // Compiled again the next time.
    }
  }
}
