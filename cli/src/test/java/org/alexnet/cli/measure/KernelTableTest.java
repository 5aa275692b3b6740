package org.alexnet.cli.measure;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.util.List;
import org.alexnet.backend.plan.DeviceRates;
import org.alexnet.backend.plan.Preparation;
import org.alexnet.cli.measure.Benchmark.KernelRow;
import org.junit.jupiter.api.Test;

class KernelTableTest {
  /** 1 TB/s, 100 TFLOP/s, 2 us. */
  private static final DeviceRates RATES = new DeviceRates(1e12, 100e12, 2e-6);

  private static final List<KernelRow> ROWS =
      List.of(
          // 2 GFLOP take 20 us, 10 MB take 10 us
          new KernelRow("conv1 forward", 40e-6, 10_000_000, 1_000_000_000, "engine 41 with TILE=3"),
          // 100 MB take 100 us
          new KernelRow("norm1 forward", 125e-6, 100_000_000, 0, ""),
          new KernelRow("softmax forward", 8e-6, 1000, 0, ""));

  private static final List<Preparation> PREPARED =
      List.of(
          new Preparation("kernels of every network for sm_90", 0.004, true),
          new Preparation("7 kernels written for a network for sm_90", 1.5, false));

  private static String text(KernelTable table) {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    table.print(new PrintStream(bytes));
    return bytes.toString();
  }

  @Test
  void aKernelIsHeldAgainstWhatBoundsIt() {
    String text = text(new KernelTable(ROWS, 200e-6, RATES, PREPARED));
    List<String> lines = text.lines().toList();
    assertTrue(text.contains("copies 1,000 GB/s, products 100.0 TFLOP/s, a launch 2.0 us"), text);
    String[] kernels = {"conv1 forward", "norm1 forward", "softmax forward"};
    String[] ends = {"50 %  arithmetic", "80 %  memory", "25 %  launch"};
    for (int i = 0; i < kernels.length; i++) {
      String kernel = kernels[i];
      String line = lines.stream().filter(l -> l.startsWith(kernel)).findFirst().orElseThrow();
      assertTrue(line.endsWith(ends[i]), line);
    }
    assertTrue(text.contains("engine 41 with TILE=3"), text);
    assertTrue(text.contains("0.00, kept from before"), text);
    assertTrue(lines.stream().anyMatch(l -> l.matches("7 kernels written .* 1.50")), text);
    // 20 + 100 + 2 us of 200
    assertTrue(lines.getLast().contains("they would take 0.122 ms"), lines.getLast());
    assertTrue(lines.getLast().contains("61 % of that bound, 0.078 ms above it"), text);
  }

  @Test
  void programsReadTheSame() {
    ObjectNode json = new ObjectMapper().createObjectNode();
    new KernelTable(ROWS, 200e-6, RATES, PREPARED).addTo(json);
    assertEquals(2_000_000_000L, json.at("/kernels/0/operations").asLong());
    assertEquals("arithmetic", json.at("/kernels/0/bound_by").asText());
    assertEquals("engine 41 with TILE=3", json.at("/kernels/0/choice").asText());
    assertEquals(0.8, json.at("/kernels/1/share").asDouble(), 1e-12);
    assertEquals("launch", json.at("/kernels/2/bound_by").asText());
    assertEquals(0.122, json.at("/step/bounds_ms").asDouble(), 1e-12);
    assertEquals(0.173, json.at("/step/kernels_ms").asDouble(), 1e-12);
    assertTrue(json.at("/prepared/0/cached").asBoolean());
    assertEquals(1.5, json.at("/prepared/1/seconds").asDouble());
    assertEquals(1e12, json.at("/device/copy_bytes_per_second").asDouble());
  }

  @Test
  void withoutRatesThereAreTimesAlone() {
    KernelTable table = new KernelTable(ROWS, 200e-6, null, List.of());
    assertTrue(text(table).contains("GB/s"), text(table));
    assertFalse(text(table).contains("share"), text(table));
    ObjectNode json = new ObjectMapper().createObjectNode();
    table.addTo(json);
    assertEquals(10_000_000, json.at("/kernels/0/bytes").asLong());
    assertTrue(json.at("/kernels/0/operations").isMissingNode());
    assertTrue(json.at("/device").isMissingNode());
  }
}
