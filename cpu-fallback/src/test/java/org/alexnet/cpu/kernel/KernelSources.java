package org.alexnet.cpu.kernel;

import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * Writes those kernels that are straight-line code from a template. What it writes is part of the
 * sources; {@code KernelSourcesTest} fails when the two differ. To write them anew:
 *
 * <pre>
 * mvn -pl cpu-fallback -am test -Dtest=KernelSourcesTest -Dalexnet.kernels=write \
 *     -Dsurefire.failIfNoSpecifiedTests=false
 * mvn -N -Pformat validate
 * </pre>
 */
final class KernelSources {
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
}
