package org.alexnet.pictures.watch;

import com.fasterxml.jackson.databind.node.ObjectNode;
import java.nio.file.Path;
import java.time.Instant;
import java.util.Optional;
import org.alexnet.AlexNetException;
import org.alexnet.Words;
import org.alexnet.file.JsonFiles;
import org.alexnet.inference.TrainedWeights;
import org.alexnet.network.Convolution;
import org.alexnet.pictures.Filters;
import org.alexnet.pictures.page.RunCurves;
import org.alexnet.run.RunConfig;
import org.alexnet.run.RunLog;

/**
 * A run as the page shows it. It is read again when its files have changed; what goes wrong then is
 * shown in its place, and tried again at the next change.
 */
final class WatchedRun {
  private static final int POINTS = 400;

  private final int id;
  private final Path dir;
  private RunLog log;
  private RunCurves curves;
  private boolean drawable;
  private Instant changed = Instant.MIN;
  private ObjectNode json;
  private volatile String text;
  private volatile int epoch;
  private int drawnEpoch = -1;
  private byte[] drawn;

  WatchedRun(int id, Path dir) {
    this.id = id;
    this.dir = dir;
  }

  int id() {
    return id;
  }

  Path dir() {
    return dir;
  }

  /** What the page is told: an object on one line. */
  String text() {
    return text;
  }

  /** Reads what is new, and returns whether there is anything. */
  boolean update() {
    ObjectNode next;
    try {
      if (log == null) {
        log = new RunLog(dir);
        curves = new RunCurves(log);
        drawable = hasFilters(log);
      }
      Instant now = log.changed();
      boolean read = curves.update();
      if (!read && now.equals(changed)) {
        return false;
      }
      changed = now;
      next = describe();
    } catch (AlexNetException e) {
      log = null; // begin anew
      changed = Instant.MIN;
      next = named().put("problem", Words.line(e.getMessage()));
    }
    if (next.equals(json)) {
      return false;
    }
    json = next;
    text = next.toString(); // once, for all who look
    epoch = next.path("filters").asInt();
    return true;
  }

  private static boolean hasFilters(RunLog log) {
    try {
      RunConfig config = RunConfig.fromJson(log.settings(), log.dir());
      return config.network().layers().stream().anyMatch(Convolution.class::isInstance);
    } catch (AlexNetException _) {
      return false; // curves can be shown without knowing the network
    }
  }

  private ObjectNode named() {
    return JsonFiles.object().put("id", id).put("name", Words.line(dir.toString()));
  }

  private ObjectNode describe() {
    ObjectNode settings = log.settings();
    Optional<ObjectNode> state = log.state();
    ObjectNode now = named();
    double batch = settings.path("batch").asDouble(1);
    now.put("model", settings.path("model").asText());
    now.put("data", settings.path("data").asText());
    now.put("epoch", curves.epochs().size());
    now.put("epochs", state.orElse(settings).path("epochs").asInt());
    now.put("step", curves.step());
    now.put("changed", changed.toEpochMilli());
    // Lines come before their checkpoint: only this says whose filters can be seen.
    state.filter(_ -> drawable).ifPresent(s -> now.put("filters", s.path("epoch").asInt()));
    now.set("last", curves.latest());
    now.set("curves", curves.json(Math.ceil(settings.path("images").asDouble() / batch), POINTS));
    return now;
  }

  /**
   * The filters of the first convolution as they are now, as a PNG file.
   *
   * @throws AlexNetException if the network has no convolution, or the run has no checkpoint yet or
   *     a damaged one
   */
  synchronized byte[] filters() {
    int epoch = this.epoch;
    if (drawn == null || epoch != drawnEpoch) {
      try (TrainedWeights weights = TrainedWeights.open(dir)) {
        drawn = Filters.of(weights, null).pngWithoutGround();
        drawnEpoch = epoch;
      }
    }
    return drawn.clone();
  }
}
