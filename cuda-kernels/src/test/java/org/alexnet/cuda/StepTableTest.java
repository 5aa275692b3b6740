package org.alexnet.cuda;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Locale;
import java.util.Map;
import org.alexnet.backend.Precision;
import org.alexnet.backend.plan.BufferUse;
import org.alexnet.backend.plan.BufferUse.Access;
import org.alexnet.backend.plan.DeviceRates;
import org.alexnet.backend.plan.DeviceRates.Bound;
import org.alexnet.backend.plan.Kernel;
import org.alexnet.backend.plan.Lane;
import org.alexnet.backend.plan.Lowered;
import org.alexnet.cuda.convolution.AlgorithmSearch.Want;
import org.alexnet.model.Models;
import org.alexnet.program.CompiledNetwork;
import org.alexnet.program.Op;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/**
 * A training step of alexnet-2012 by count: bytes and operations of each kernel, and what an H200
 * takes for them at least, printed as a table: {@code mvn -pl cuda-kernels -am test
 * -Dtest=StepTableTest -Dsurefire.failIfNoSpecifiedTests=false}. Nothing is measured.
 */
@Tag(StandInCount.STAND_IN)
class StepTableTest {
  /** Bytes a second of a copy, and operations of a large product, on an H200. */
  private static final Map<Precision, DeviceRates> H200 =
      Map.of(
          Precision.BF16, new DeviceRates(4.3e12, 790e12, 2e-6),
          Precision.TF32, new DeviceRates(4.3e12, 395e12, 2e-6));

  private static long bytes(Kernel kernel) {
    long bytes = 0;
    for (BufferUse use : kernel.uses()) {
      bytes += use.access() == Access.UPDATE ? 2 * use.bytes() : use.bytes();
    }
    return bytes;
  }

  @ParameterizedTest
  @CsvSource({"BF16, 128", "BF16, 1024", "TF32, 128", "TF32, 1024"})
  void aStepByCount(Precision precision, int batch) {
    CompiledNetwork programs = CompiledNetwork.of(Models.named("alexnet-2012").network(), batch);
    try (StandInBackend backend = StandInBackend.deterministic(precision, 1)) {
      Lowered lowered = backend.backend().lower(programs, Want.UNTRIED);
      System.out.printf(
          "%n**%s, batch %d**%n%n| kernel | MB | GFLOP | ms by bytes | ms by operations | bound |%n"
              + "|---|---|---|---|---|---|%n",
          precision, batch);
      DeviceRates rates = H200.get(precision);
      long allBytes = 0;
      long products = 0;
      double bounds = 0;
      for (Kernel kernel : lowered.train()) {
        long bytes = bytes(kernel);
        Bound bound = rates.bound(bytes, kernel.multiplyAdds());
        print(kernel, bytes, rates, bound);
        assertTrue(bytes > 0 && bound.seconds() > 0, kernel.label());
        allBytes += bytes;
        products += kernel.multiplyAdds();
        bounds += bound.seconds();
      }
      System.out.printf(
          "| sum, %,.0f images/s | %.1f | %.1f | %.3f | %.3f | %.3f |%n",
          batch / bounds,
          allBytes / 1e6,
          2 * products / 1e9,
          1e3 * allBytes / rates.bytesPerSecond(),
          1e3 * 2 * products / rates.operationsPerSecond(),
          1e3 * bounds);
      long expected = programs.train().ops().stream().mapToLong(Op::multiplyAdds).sum();
      assertEquals(expected, products);
      // Three products a layer, of which the first needs no gradient of its input: 4.1 GFLOP.
      assertEquals(4.1, 2e-9 * products / batch, 0.05);
    }
  }

  private static void print(Kernel kernel, long bytes, DeviceRates rates, Bound bound) {
    System.out.printf(
        "| %s | %.1f | %s | %.3f | %s | %.3f, %s |%n",
        kernel.label() + (kernel.lane() != Lane.COMPUTE ? ", beside what follows" : ""),
        bytes / 1e6,
        kernel.multiplyAdds() == 0 ? "" : "%.1f".formatted(2e-9 * kernel.multiplyAdds()),
        1e3 * bytes / rates.bytesPerSecond(),
        kernel.multiplyAdds() == 0
            ? ""
            : "%.3f".formatted(2e3 * kernel.multiplyAdds() / rates.operationsPerSecond()),
        1e3 * bound.seconds(),
        bound.limit().name().toLowerCase(Locale.ROOT));
  }
}
