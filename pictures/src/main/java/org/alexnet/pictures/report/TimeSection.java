package org.alexnet.pictures.report;

import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.List;
import java.util.Locale;
import org.alexnet.pictures.page.Html;

/** Where the time went: waiting while the run trained, and a training step by layer and kernel. */
final class TimeSection {
  private final List<ObjectNode> epochs;
  private final StepProfile profile;

  /**
   * @param profile null where none was measured
   */
  TimeSection(List<ObjectNode> epochs, StepProfile profile) {
    this.epochs = epochs;
    this.profile = profile;
  }

  boolean isEmpty() {
    return epochs.isEmpty() && profile == null;
  }

  void write(Html html) {
    if (!epochs.isEmpty()) {
      html.element(
          "p",
          "While the run trained, %s of the time was spent waiting for data, on average over its epochs; the last trained %s images/s."
              .formatted(
                  Text.percent(
                      epochs.stream()
                          .mapToDouble(epoch -> epoch.path("data_wait").asDouble())
                          .average()
                          .orElse(Double.NaN)),
                  Text.count(Math.round(epochs.getLast().path("images_per_second").asDouble()))));
    }
    if (profile != null) {
      layers(html);
      kernels(html);
    }
  }

  private void layers(Html html) {
    double all = profile.seconds();
    html.element(
        "p",
        "A step of %s images takes %s ms, kernel by kernel. This was measured when this page was written and not while the run trained: the median of %s on %s, with images of noise."
            .formatted(
                Text.count(profile.batch()),
                millis(all),
                profile.steps() == 1 ? "1 step" : profile.steps() + " steps",
                profile.backend()));
    html.openTable(1, List.of("Layer", "Forward, ms", "Backward, ms", "Share", ""));
    for (StepProfile.LayerTime layer : profile.layers()) {
      double share = (layer.forward() + layer.backward()) / all;
      html.open("tr").texts(layer.layer());
      html.numbers(millis(layer.forward()), millis(layer.backward()), Text.percent(share));
      Bars.write(html, share);
      html.close("tr");
    }
    html.closeTable();
  }

  private void kernels(Html html) {
    html.open("details").element("summary", "By kernel");
    html.openTable(1, List.of("Kernel", "ms", "MB", "GB/s"));
    for (StepProfile.KernelTime kernel : profile.kernels()) {
      html.open("tr").texts(kernel.kernel());
      html.numbers(
          millis(kernel.seconds()),
          String.format(Locale.ROOT, "%.1f", kernel.bytes() * 1e-6),
          kernel.seconds() > 0
              ? String.format(Locale.ROOT, "%.1f", kernel.bytes() / kernel.seconds() * 1e-9)
              : "-");
      html.close("tr");
    }
    html.closeTable();
    html.element("p", "MB is what it reads and writes at least.", "class", "pale");
    html.close("details");
  }

  private static String millis(double seconds) {
    return String.format(Locale.ROOT, "%.3f", 1e3 * seconds);
  }
}
