package org.alexnet.cli.measure;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.PrintStream;
import java.util.List;
import java.util.Locale;
import org.alexnet.backend.plan.DeviceRates;
import org.alexnet.backend.plan.DeviceRates.Bound;
import org.alexnet.backend.plan.Preparation;
import org.alexnet.cli.measure.Benchmark.KernelRow;

/**
 * Where the time of a training step goes: for each kernel what it moves and computes, and where the
 * device's rates were measured, what part of them it reaches and which of them bounds it.
 *
 * @param rows kernels of the step
 * @param stepSeconds of a step as training runs it
 * @param rates null where none were measured
 * @param preparations what took its time before the first steps
 */
public record KernelTable(
    List<KernelRow> rows, double stepSeconds, DeviceRates rates, List<Preparation> preparations) {

  private Bound bound(KernelRow row) {
    return rates.bound(row.bytes(), row.multiplyAdds());
  }

  private double kernelSeconds() {
    return rows.stream().mapToDouble(KernelRow::seconds).sum();
  }

  private double boundSeconds() {
    return rows.stream().mapToDouble(row -> bound(row).seconds()).sum();
  }

  private static String text(DeviceRates.Limit limit) {
    return limit.name().toLowerCase(Locale.ROOT);
  }

  /** For a user. */
  public void print(PrintStream out) {
    if (rows.isEmpty()) {
      return;
    }
    if (rates == null) {
      printTimes(out);
    } else {
      printBounds(out);
    }
    List<KernelRow> chosen = rows.stream().filter(row -> !row.choice().isEmpty()).toList();
    if (!chosen.isEmpty()) {
      out.printf("%nchosen for%n");
    }
    for (KernelRow row : chosen) {
      out.printf("%-40s %s%n", row.label(), row.choice());
    }
    if (!preparations.isEmpty()) {
      out.printf("%n%-64s %10s%n", "before the first steps", "s");
    }
    for (Preparation done : preparations) {
      out.printf(
          "%-64s %10.2f%s%n",
          done.what(), done.seconds(), done.cached() ? ", kept from before" : "");
    }
    if (rates != null) {
      printSum(out);
    }
  }

  private void printTimes(PrintStream out) {
    out.printf("%n%-40s %10s %10s %10s%n", "kernel", "ms", "MB", "GB/s");
    for (KernelRow row : rows) {
      out.printf(
          "%-40s %10.3f %10.1f %10.1f%n",
          row.label(), 1e3 * row.seconds(), row.bytes() * 1e-6, row.bytes() / row.seconds() * 1e-9);
    }
  }

  private void printBounds(PrintStream out) {
    out.printf(
        "%nMeasured of the device just now: copies %,.0f GB/s, products %,.1f TFLOP/s, a launch"
            + " %.1f us.%n%n",
        rates.bytesPerSecond() * 1e-9,
        rates.operationsPerSecond() * 1e-12,
        rates.launchSeconds() * 1e6);
    out.printf(
        "%-40s %10s %10s %10s %10s %10s %7s  %s%n",
        "kernel", "ms", "MB", "GFLOP", "GB/s", "TFLOP/s", "share", "bound by");
    for (KernelRow row : rows) {
      Bound bound = bound(row);
      double operations = 2.0 * row.multiplyAdds();
      out.printf(
          "%-40s %10.3f %10.1f %10.2f %10.1f %10.2f %5.0f %%  %s%n",
          row.label(),
          1e3 * row.seconds(),
          row.bytes() * 1e-6,
          operations * 1e-9,
          row.bytes() / row.seconds() * 1e-9,
          operations / row.seconds() * 1e-12,
          100 * bound.seconds() / row.seconds(),
          text(bound.limit()));
    }
  }

  private void printSum(PrintStream out) {
    double bounds = boundSeconds();
    out.printf(
        "%nA step takes %.3f ms, its kernels one by one %.3f ms, and at the device's own rates they"
            + " would take %.3f ms: the step is at %.0f %% of that bound, %.3f ms above it.%n",
        1e3 * stepSeconds,
        1e3 * kernelSeconds(),
        1e3 * bounds,
        100 * bounds / stepSeconds,
        1e3 * (stepSeconds - bounds));
  }

  /** The same for programs. */
  public void addTo(ObjectNode json) {
    ArrayNode table = json.putArray("kernels");
    for (KernelRow row : rows) {
      ObjectNode kernel = table.addObject();
      kernel.put("name", row.label());
      kernel.put("ms", 1e3 * row.seconds());
      kernel.put("bytes", row.bytes());
      if (!row.choice().isEmpty()) {
        kernel.put("choice", row.choice());
      }
      if (rates != null) {
        Bound bound = bound(row);
        kernel.put("operations", 2 * row.multiplyAdds());
        kernel.put("bound_ms", 1e3 * bound.seconds());
        kernel.put("share", bound.seconds() / row.seconds());
        kernel.put("bound_by", text(bound.limit()));
      }
    }
    ArrayNode before = json.putArray("prepared");
    for (Preparation done : preparations) {
      before
          .addObject()
          .put("what", done.what())
          .put("seconds", done.seconds())
          .put("cached", done.cached());
    }
    if (rates != null) {
      json.putObject("device")
          .put("copy_bytes_per_second", rates.bytesPerSecond())
          .put("product_operations_per_second", rates.operationsPerSecond())
          .put("launch_us", 1e6 * rates.launchSeconds());
      json.putObject("step")
          .put("ms", 1e3 * stepSeconds)
          .put("kernels_ms", 1e3 * kernelSeconds())
          .put("bounds_ms", 1e3 * boundSeconds());
    }
  }
}
