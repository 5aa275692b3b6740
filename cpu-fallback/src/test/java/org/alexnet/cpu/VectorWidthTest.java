package org.alexnet.cpu;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.alexnet.UsageException;
import org.alexnet.backend.Backend;
import org.alexnet.backend.Fingerprint;
import org.alexnet.cpu.kernel.VectorKernels;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.parallel.Isolated;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Lanes are different outputs, so that vectors of every width and plain loops compute the same
 * bits. A JVM has one width, so each is tried in a JVM of its own.
 */
@Isolated("a system property is changed")
class VectorWidthTest {
  private static final String MODULE = "--add-modules=jdk.incubator.vector";
  private static String operations;
  private static String training;

  /** What the contracts hold to the reference in this JVM. */
  private static synchronized void prepare() {
    if (training == null) {
      try (Backend backend = new CpuBackend(new VectorKernels(), 1, 2)) {
        operations = Fingerprint.ofOperations(backend);
        training = Fingerprint.ofTraining(backend);
      }
    }
  }

  private static Map<String, String> probe(String... flags) throws IOException {
    List<String> command =
        new ArrayList<>(
            List.of(Path.of(System.getProperty("java.home"), "bin", "java").toString(), "-Xmx1g"));
    command.addAll(List.of(flags));
    command.addAll(List.of("-cp", classPath(), WidthProbe.class.getName()));
    Process process =
        new ProcessBuilder(command).redirectError(ProcessBuilder.Redirect.INHERIT).start();
    String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    Map<String, String> said = new HashMap<>();
    output
        .lines()
        .forEach(line -> said.put(line.split(" ")[0], line.substring(line.indexOf(' ') + 1)));
    assertTrue(said.containsKey("training"), output);
    return said;
  }

  private static String classPath() {
    return System.getProperty("surefire.test.class.path", System.getProperty("java.class.path"));
  }

  private static void assertSame(Map<String, String> said) {
    prepare();
    assertEquals(operations, said.get("operations"));
    assertEquals(training, said.get("training"));
  }

  @ParameterizedTest
  @ValueSource(ints = {128, 256, 512})
  void vectorsOfAnyWidthGiveEqualBits(int bits) throws IOException {
    assumeTrue(
        bits <= VectorKernels.SPECIES.vectorBitSize(), "emulated vectors would take minutes");
    Map<String, String> said = probe(MODULE, "-Dalexnet.vector.bits=" + bits);
    assertTrue(said.get("reason").contains(bits + " bits"), said.get("reason"));
    assertSame(said);
  }

  @Test
  void plainLoopsGiveTheSameBitsWhenAskedFor() throws IOException {
    Map<String, String> said = probe(MODULE, "-Dalexnet.vector.bits=scalar");
    assertTrue(said.get("reason").contains("scalar"), said.get("reason"));
    assertSame(said);
  }

  @Test
  void anotherWidthIsRefused() {
    String before = System.setProperty("alexnet.vector.bits", "7");
    try {
      String words = assertThrows(UsageException.class, CpuProvider::kernels).getMessage();
      assertEquals("alexnet.vector.bits is 7, must be 128, 256, 512 or scalar.", words);
    } finally {
      if (before == null) {
        System.clearProperty("alexnet.vector.bits");
      } else {
        System.setProperty("alexnet.vector.bits", before);
      }
    }
  }

  @Test
  void withoutTheModuleItSaysWhichFlagIsMissingAndTrainsAllTheSame() throws IOException {
    Map<String, String> said = probe();
    assertTrue(said.get("reason").contains("--add-modules jdk.incubator.vector"));
    assertSame(said);
  }
}
