package org.alexnet.cli;

import java.io.PrintStream;
import java.time.Duration;
import java.time.Instant;
import org.alexnet.engine.EpochMetrics;
import org.alexnet.engine.Evaluation;
import org.alexnet.engine.Progress;
import org.alexnet.engine.TrainingListener;

/**
 * Shows a training: on a terminal one line that is rewritten, elsewhere a line every ten seconds,
 * and everywhere a line an epoch.
 */
final class TrainingView implements TrainingListener {
  private static final long REDRAWN = 100_000_000L;
  private static final long REPORTED = 10_000_000_000L;
  private static final int LONGEST_BAR = 24;

  private final PrintStream to;
  private final boolean rewrites;
  private final int columns;
  private final boolean verbose;
  private int epochs;
  private int shown;
  private long last = System.nanoTime();
  private volatile boolean begun;

  TrainingView(Terminal terminal, CommonOptions options) {
    this.to = terminal.aside(options.json);
    this.verbose = options.verbose;
    this.rewrites = terminal.interactive();
    this.columns = terminal.columns();
  }

  /** Whether a step has been done. */
  boolean begun() {
    return begun;
  }

  @Override
  public synchronized void message(String text) {
    clear();
    to.println(text);
  }

  @Override
  public synchronized void decoded(int images) {
    if (due()) {
      show("Reading images: %,d".formatted(images));
    }
  }

  /** How far images are packed. */
  synchronized void prepared(int images, int all) {
    if (due()) {
      show("Packing images: %,d of %,d (%d %%)".formatted(images, all, 100L * images / all));
    }
  }

  @Override
  public synchronized void step(Progress progress) {
    if (!begun && verbose) {
      sayHowLongItTook();
    }
    begun = true;
    epochs = progress.epochs();
    if (due()) {
      show(rewrites ? bar(progress) : line(progress));
    }
  }

  /** The launcher becomes this process, so that its own time is in it. */
  private void sayHowLongItTook() {
    ProcessHandle.current()
        .info()
        .startInstant()
        .ifPresent(
            start ->
                message(
                    "First step done %.2f s after the process began."
                        .formatted(1e-3 * Duration.between(start, Instant.now()).toMillis())));
  }

  @Override
  public synchronized void epoch(EpochMetrics metrics) {
    clear();
    Evaluation validation = metrics.validation();
    to.printf(
        "epoch %d/%d: loss %.4f, error %s%s, %,.0f images/s, waiting %s%n",
        metrics.epoch(),
        epochs,
        metrics.trainLoss(),
        Answers.percent(metrics.trainError()),
        validation == null
            ? ""
            : "; validation loss %.4f, error %s"
                .formatted(validation.loss(), Answers.percent(validation.top1Error())),
        metrics.imagesPerSecond(),
        Answers.percent(metrics.dataWait()));
    last = System.nanoTime();
  }

  /** Leaves the line that was rewritten. */
  synchronized void end() {
    clear();
    to.flush();
  }

  private boolean due() {
    long now = System.nanoTime();
    if (now - last < (rewrites ? REDRAWN : REPORTED)) {
      return false;
    }
    last = now;
    return true;
  }

  private void show(String text) {
    if (rewrites) {
      String line = text.substring(0, Math.min(text.length(), columns - 1));
      to.print("\r" + line + " ".repeat(Math.max(0, shown - line.length())));
      to.flush();
      shown = line.length();
    } else {
      to.println(text);
    }
  }

  private void clear() {
    if (shown > 0) {
      to.print("\r" + " ".repeat(shown) + "\r");
      shown = 0;
    }
  }

  /** One line of the terminal: what it says comes first, the bar takes what is left. */
  private String bar(Progress p) {
    String head = "epoch %d/%d ".formatted(p.epoch(), p.epochs());
    String tail =
        "%,.0f images/s, loss %.4f, error %.1f %%, left %s, waiting %.0f %%"
            .formatted(
                p.imagesPerSecond(),
                p.loss(),
                100 * p.error(),
                Answers.span(p.secondsLeft()),
                100 * p.dataWait());
    int room = columns - 1 - head.length() - tail.length() - "[] ".length();
    int bar = Math.min(LONGEST_BAR, room);
    if (bar < 4) {
      return head + tail;
    }
    int full = (int) ((long) bar * p.batch() / p.batches());
    return head + "[" + "#".repeat(full) + ".".repeat(bar - full) + "] " + tail;
  }

  private static String line(Progress p) {
    return "epoch %d/%d, step %d/%d: loss %.4f, error %.1f %%, %,.0f images/s, left %s, waiting %.0f %%"
        .formatted(
            p.epoch(),
            p.epochs(),
            p.batch(),
            p.batches(),
            p.loss(),
            100 * p.error(),
            p.imagesPerSecond(),
            Answers.span(p.secondsLeft()),
            100 * p.dataWait());
  }
}
