package org.alexnet.pictures.report;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.ArrayList;
import java.util.List;
import org.alexnet.Words;
import org.alexnet.pictures.page.Html;

/** What was trained on what, and how: {@code run.json} in words. */
final class FactSection {
  private static final int MOST_RESUMED = 10;

  private final ObjectNode settings;
  private final List<List<String>> rows = new ArrayList<>();

  FactSection(ObjectNode settings) {
    this.settings = settings;
  }

  void write(Html html, int epochs) {
    row("Network", "%s, %s classes".formatted(text("model"), text("classes")));
    row("Training images", "%s of %s".formatted(count("images"), text("data")));
    row("Validation images", validation());
    row(
        "Training",
        "%s, batches of %s, seed %s%s%s"
            .formatted(
                Words.count(epochs, "epoch"),
                text("batch"),
                text("seed"),
                settings.path("shuffle").asBoolean(true) ? "" : ", not shuffled",
                settings.path("skip_bad").asBoolean() ? ", bad images left out" : ""));
    row(
        "Learning rate",
        "%s, schedule %s, momentum %s, weight decay %s"
            .formatted(number("lr"), text("schedule"), number("momentum"), number("weight_decay")));
    row(
        "Augmentation",
        text("augment") + (settings.path("dropout").asBoolean(true) ? "" : "; without dropout"));
    if (settings.hasNonNull("init")) {
      row("Began with weights of", text("init"));
    }
    row(
        "Arithmetic",
        "backend %s, %s, convolutions %s%s"
            .formatted(
                text("backend"),
                text("precision"),
                settings.path("convolution").asText("direct"),
                settings.path("deterministic").asBoolean() ? ", deterministic" : ""));
    environment();
    html.open("div", "class", "wide").open("table").open("tbody");
    for (List<String> row : rows) {
      html.open("tr").element("th", row.get(0), "scope", "row").element("td", row.get(1));
      html.close("tr");
    }
    html.close("tbody").close("table").close("div");
  }

  private void environment() {
    JsonNode environment = settings.path("environment");
    if (environment.isMissingNode()) {
      row("Machine", "not recorded: the run was begun by an earlier version of this program");
    } else {
      row("Machine", machine(environment));
      row("Java", environment.path("java").asText());
      if (environment.hasNonNull("program")) {
        row("Program", program(environment));
      }
      row("Begun", environment.path("started").asText());
    }
    JsonNode resumed = settings.path("resumed");
    for (int i = Math.max(0, resumed.size() - MOST_RESUMED); i < resumed.size(); i++) {
      row("Resumed", resumed(resumed.get(i), i == 0 ? environment : resumed.get(i - 1)));
    }
    if (resumed.size() > MOST_RESUMED) {
      row("", "and %d times before".formatted(resumed.size() - MOST_RESUMED));
    }
  }

  private static String machine(JsonNode environment) {
    return "%s; %s; %s threads"
        .formatted(
            environment.path("device").asText(),
            environment.path("system").asText(),
            environment.path("threads").asText());
  }

  private static String program(JsonNode environment) {
    return "alexnet " + environment.path("program").asText();
  }

  /** When and after which step, and in what the machine differs from the one before. */
  private static String resumed(JsonNode now, JsonNode before) {
    List<String> parts = new ArrayList<>();
    parts.add(
        "%s, after step %s, on backend %s"
            .formatted(
                now.path("started").asText(),
                Text.count(now.path("step").asLong()),
                now.path("backend").asText()));
    if (!machine(now).equals(machine(before))) {
      parts.add(machine(now));
    }
    if (!now.path("java").equals(before.path("java"))) {
      parts.add("Java " + now.path("java").asText());
    }
    if (!now.path("program").equals(before.path("program"))) {
      parts.add(program(now));
    }
    return String.join("; ", parts);
  }

  private String validation() {
    if (settings.path("val_images").asLong() == 0) {
      return "none";
    }
    double share = settings.path("val_fraction").asDouble();
    if (share > 0) {
      return "%s, %s of each class held out".formatted(count("val_images"), Text.percent(share));
    }
    return settings.hasNonNull("val")
        ? "%s of %s".formatted(count("val_images"), text("val"))
        : "%s that come with the training images".formatted(count("val_images"));
  }

  private void row(String name, String value) {
    rows.add(List.of(name, value));
  }

  private String text(String field) {
    return settings.path(field).asText();
  }

  private String count(String field) {
    return Text.count(settings.path(field).asLong());
  }

  private String number(String field) {
    return Text.number(settings.path(field).asDouble());
  }
}
