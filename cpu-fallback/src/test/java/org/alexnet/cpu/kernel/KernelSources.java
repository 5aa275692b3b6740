package org.alexnet.cpu.kernel;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * Writes those kernels that are straight-line code from a template. What it writes is part of the
 * sources; {@code KernelSourcesTest} fails when the two differ. To write them anew, run this class
 * with the module's folder as its argument, then {@code mvn -N -Pformat validate}.
 */
public final class KernelSources {
  private KernelSources() {}

  /** Sources by the name of the class. */
  static Map<String, String> all() {
    Map<String, String> sources = new LinkedHashMap<>();
    sources.put("VectorTiles", TileSources.products());
    sources.put("VectorWindows", TileSources.windows());
    sources.put("VectorTurned", TileSources.turned());
    sources.put("VectorPoints", TileSources.points());
    sources.put("VectorTransforms", TransformSources.source(true));
    sources.put("ScalarTransforms", TransformSources.source(false));
    return sources;
  }

  static Path file(Path module, String name) {
    return module.resolve("src/main/java/org/alexnet/cpu/kernel/" + name + ".java");
  }

  public static void main(String[] args) throws IOException {
    for (Map.Entry<String, String> source : all().entrySet()) {
      Files.writeString(file(Path.of(args[0]), source.getKey()), source.getValue());
    }
  }
}
