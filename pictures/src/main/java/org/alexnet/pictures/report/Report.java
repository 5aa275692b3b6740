package org.alexnet.pictures.report;

import com.fasterxml.jackson.databind.node.ObjectNode;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.Base64;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import org.alexnet.inference.TrainedWeights;
import org.alexnet.network.Convolution;
import org.alexnet.pictures.Filters;
import org.alexnet.pictures.drawing.Picture;
import org.alexnet.pictures.drawing.PictureFile;
import org.alexnet.pictures.page.Assets;
import org.alexnet.pictures.page.Html;
import org.alexnet.pictures.page.RunCurves;
import org.alexnet.run.RunLog;

/**
 * A page about a run that needs nothing beside itself: no network, and without JavaScript it says
 * the same in tables.
 *
 * @param run the run folder
 * @param commands that train it again
 * @param network the file {@link #NETWORK_FILE} that they name; null where they name none
 * @param results of the network on images it was not trained on; null where there are none
 * @param layers what its layers give; empty where there are no images
 * @param profile where the time of a step goes; null where that was not measured
 * @param notes what a reader must know of the images, such as why there are none
 */
public record Report(
    Path run,
    List<String> commands,
    String network,
    Results results,
    List<LayerActivity> layers,
    StepProfile profile,
    List<String> notes) {
  /** What commands call the file of a network that is in no catalogue. */
  public static final String NETWORK_FILE = "NETWORK.json";

  private static final String STYLE = Assets.STYLE + Assets.read(Report.class, "report.css");
  private static final String SCRIPT = Assets.CHARTS + Assets.read(Report.class, "report.js");

  /** Copies the lists. */
  public Report {
    commands = List.copyOf(commands);
    layers = List.copyOf(layers);
    notes = List.copyOf(notes);
  }

  /**
   * The page.
   *
   * @return a whole document of HTML
   * @throws org.alexnet.AlexNetException if the folder holds no run, or a file of it is damaged
   */
  public String html() {
    RunLog log = new RunLog(run);
    ObjectNode settings = log.settings();
    Optional<ObjectNode> state = log.state();
    RunCurves curves = new RunCurves(log);
    curves.update();
    int epochs = state.orElse(settings).path("epochs").asInt();
    String name = run.toAbsolutePath().normalize().getFileName().toString();
    Html html = new Html();
    head(html, name);
    html.element("h1", name);
    summary(html, settings, curves, epochs);
    notes.forEach(note -> html.element("p", note, "class", "notice"));
    state.ifPresent(s -> checkpoint(html, s.path("step").asLong(), curves.step()));
    html.element("h2", "What was trained");
    new FactSection(settings).write(html, epochs);
    html.element("h2", "How it went");
    double images = settings.path("images").asDouble();
    new CurveSection(curves).write(html, Math.ceil(images / settings.path("batch").asDouble(1)));
    if (state.isPresent()) {
      filters(html);
    }
    if (results != null) {
      html.element("h2", "What it takes images for");
      new ResultSection(results).write(html);
    }
    if (!layers.isEmpty()) {
      html.element("h2", "What its layers give");
      layerTable(html);
    }
    TimeSection time = new TimeSection(curves.epochs(), profile);
    if (!time.isEmpty()) {
      html.element("h2", "Where the time went");
      time.write(html);
    }
    html.element("h2", "How to repeat it");
    html.element("pre", String.join("\n", commands));
    if (network != null) {
      html.open("details").element("summary", NETWORK_FILE);
      html.element("pre", network).close("details");
    }
    html.open("script").trusted(SCRIPT).close("script");
    return html.close("body").close("html").toString();
  }

  private static void head(Html html, String title) {
    html.trusted("<!DOCTYPE html>\n").open("html", "lang", "en").open("head");
    html.open("meta", "charset", "utf-8");
    html.open("meta", "name", "viewport", "content", "width=device-width, initial-scale=1");
    String policy =
        "default-src 'none'; img-src data:; style-src 'unsafe-inline'; script-src 'sha256-%s'"
            .formatted(digest(SCRIPT));
    html.open("meta", "http-equiv", "Content-Security-Policy", "content", policy);
    html.element("title", title).open("style").trusted(STYLE).close("style");
    html.close("head").open("body");
  }

  /**
   * Checks, before any work is done, that the page can be written to a file.
   *
   * @param file to write
   * @throws org.alexnet.AlexNetException if its name does not end in {@code .html}, or if it is a
   *     folder, or if its folder does not exist or cannot be written
   */
  public static void requireFile(Path file) {
    PictureFile.require(file, ".html");
  }

  /**
   * Writes the page to a file, which is there as a whole or not at all.
   *
   * @param file as {@link #requireFile} accepts it
   * @return its length in bytes
   * @throws org.alexnet.AlexNetException as {@link #html} does, and if it cannot be written
   */
  public int save(Path file) {
    byte[] page = html().getBytes(StandardCharsets.UTF_8);
    PictureFile.write(page, file);
    return page.length;
  }

  /** By which a browser knows this program's script from any other. */
  private static String digest(String script) {
    try {
      MessageDigest sha = MessageDigest.getInstance("SHA-256");
      byte[] digest = sha.digest(script.getBytes(StandardCharsets.UTF_8));
      return Base64.getEncoder().encodeToString(digest);
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException(e); // every Java has it
    }
  }

  private static void summary(Html html, ObjectNode settings, RunCurves curves, int epochs) {
    List<ObjectNode> lines = curves.epochs();
    html.open("p", "class", "summary");
    html.text(
        "%s, %d of %d epochs, %s steps"
            .formatted(
                settings.path("model").asText(), lines.size(), epochs, Text.count(curves.step())));
    if (!lines.isEmpty()) {
      ObjectNode last = lines.getLast();
      if (last.path("val_error").isNumber()) {
        Comparator<ObjectNode> byError =
            Comparator.comparingDouble(e -> e.path("val_error").asDouble(1));
        ObjectNode best = lines.stream().min(byError).orElseThrow();
        html.text("; error on validation images ");
        html.element("b", Text.percent(last.path("val_error").asDouble()));
        html.text(
            ", at best %s after epoch %s"
                .formatted(
                    Text.percent(best.path("val_error").asDouble()), best.path("epoch").asText()));
      } else {
        html.text("; error on training images ");
        html.element("b", Text.percent(last.path("train_error").asDouble(Double.NaN)));
      }
    }
    html.text(".").close("p");
  }

  /** A run that trains, or was killed, has recorded more than its checkpoint holds. */
  private static void checkpoint(Html html, long step, long recorded) {
    if (step < recorded) {
      String note =
          "The last checkpoint was made after step %s: filters, and what the network makes of"
              + " images, are of then; the curves reach to step %s.";
      html.element("p", note.formatted(Text.count(step), Text.count(recorded)), "class", "notice");
    }
  }

  private void filters(Html html) {
    try (TrainedWeights weights = TrainedWeights.open(run)) {
      if (weights.network().layers().stream().noneMatch(Convolution.class::isInstance)) {
        return;
      }
      html.element("h2", "Filters of the first convolution");
      html.open("div", "class", "pictures");
      Optional<Picture> before = Filters.initial(weights);
      before.ifPresent(picture -> figure(html, picture, "Before the first step"));
      figure(html, Filters.of(weights, null), "Now");
      html.close("div");
      if (before.isEmpty()) {
        html.element("p", "The run began with weights of a file, not with random ones.");
      }
      html.element(
          "p",
          "Each is normalized by itself: its smallest weight is black, its largest white.",
          "class",
          "pale");
    }
  }

  private static void figure(Html html, Picture picture, String title) {
    html.open("figure").picture(picture, title);
    html.element("figcaption", title).close("figure");
  }

  private void layerTable(Html html) {
    html.element(
        "p",
        "Over up to 256 of the images. A unit is a channel or, in a fully-connected layer, an"
            + " output; it is dead if it gives the same for every image and everywhere.",
        "class",
        "pale");
    html.openTable(1, List.of("Layer", "Units", "Dead", "", "Zeros", "Least", "Mean", "Most"));
    for (LayerActivity layer : layers) {
      double dead = (double) layer.dead() / layer.units();
      html.open("tr").texts(layer.layer());
      html.numbers(
          Text.count(layer.units()),
          "%s (%s)".formatted(Text.count(layer.dead()), Text.percent(dead)));
      Bars.write(html, dead);
      html.numbers(
          Text.percent(layer.zeros()),
          Text.number(layer.least()),
          Text.number(layer.mean()),
          Text.number(layer.most()));
      html.close("tr");
    }
    html.closeTable();
  }
}
