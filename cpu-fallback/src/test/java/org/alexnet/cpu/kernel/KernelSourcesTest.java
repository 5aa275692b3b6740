package org.alexnet.cpu.kernel;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * The straight-line kernels in the sources are those that the templates make. With {@code
 * -Dalexnet.kernels=write} they are written anew instead.
 */
class KernelSourcesTest {

  static Stream<String> names() {
    return KernelSources.all().keySet().stream();
  }

  @ParameterizedTest
  @MethodSource("names")
  void theSourcesAreWhatTheTemplatesMake(String name) throws IOException {
    if ("write".equals(System.getProperty("alexnet.kernels"))) {
      Files.writeString(KernelSources.file(Path.of(""), name), KernelSources.all().get(name));
    }
    String kept = Files.readString(KernelSources.file(Path.of(""), name));
    assertEquals(words(KernelSources.all().get(name)), words(kept), "write them anew");
  }

  /** Source without what a formatter changes. */
  private static String words(String source) {
    return source.replaceAll("[\\s*]+", "").replace("//", "");
  }
}
