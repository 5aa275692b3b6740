package org.alexnet.cli.output;

import java.io.PrintStream;
import java.time.Duration;
import java.time.Instant;
import org.alexnet.Message;
import org.alexnet.Words;
import org.alexnet.cli.option.Flags;
import org.alexnet.data.ProgressListener;
import org.alexnet.inference.Evaluation;
import org.alexnet.training.Activity;
import org.alexnet.training.EpochMetrics;
import org.alexnet.training.Progress;
import org.alexnet.training.TrainingListener;

/**
 * Shows how far a command is: on a terminal in one line that is rewritten, elsewhere in a line
 * within two seconds and then every ten, and everywhere in a line an epoch. Whatever takes longer
 * is shown with the time it has taken, also while nothing is heard from it.
 */
public final class ProgressView implements TrainingListener {
  private static final long SECOND = 1_000_000_000L;
  private static final long REDRAWN = SECOND / 10;
  private static final long FIRST_REPORT = 3 * SECOND / 2;
  private static final long REPORTED = 10 * SECOND;
  private static final long TICK_MILLIS = 250;
  private static final int LONGEST_BAR = 24;

  private final PrintStream to;
  private final boolean rewrites;
  private final int width;
  private final boolean verbose;
  private int epochs;
  private int shown; // characters of the line that can be rewritten
  private String work; // what takes its time just now; null for training steps
  private long workBegan;
  private long done;
  private long all;
  private long wait; // until the next report
  private long last = System.nanoTime();
  private volatile boolean begun;
  private volatile boolean ended;

  public ProgressView(Terminal terminal, CommonOptions options) {
    this(terminal.aside(options.json), terminal.interactive(), terminal.columns(), options.verbose);
    Thread.ofPlatform().daemon().name("progress").start(this::tick);
  }

  /** A view that shows nothing by itself. */
  public ProgressView(PrintStream to, boolean rewrites, int width, boolean verbose) {
    this.to = to;
    this.rewrites = rewrites;
    this.width = width;
    this.verbose = verbose;
    this.wait = rewrites ? REDRAWN : FIRST_REPORT;
  }

  private void tick() {
    while (!ended) {
      try {
        Thread.sleep(TICK_MILLIS);
      } catch (InterruptedException e) {
        return;
      }
      showWork();
    }
  }

  /** Whether a step has been done. */
  public boolean begun() {
    return begun;
  }

  @Override
  public synchronized void message(String text) {
    clear();
    to.println(Words.line(text));
  }

  @Override
  public void message(Message message) {
    message(message.text(Flags::of));
  }

  @Override
  public void progress(Activity activity, long images, long allImages) {
    working(activity.toString(), images, allImages);
  }

  /** A listener to one piece of work. */
  public ProgressListener of(Activity activity) {
    return of(activity.toString());
  }

  /** A listener to one piece of work. */
  public ProgressListener of(String label) {
    return (images, allImages) -> working(label, images, allImages);
  }

  /**
   * Something is under way.
   *
   * @param total 0 where the length is not known
   */
  public synchronized void working(String label, long count, long total) {
    if (!label.equals(work)) {
      work = label;
      workBegan = System.nanoTime();
      wait = rewrites ? REDRAWN : FIRST_REPORT;
      last = Math.max(last, workBegan);
    }
    done = count;
    all = total;
    showWork();
  }

  /** What takes its time, if it is time to say so. */
  private synchronized void showWork() {
    if (work == null || ended || !due()) {
      return;
    }
    double seconds = (System.nanoTime() - workBegan) * 1e-9;
    if (all == 0) {
      show("%s: %s".formatted(work, Answers.span(seconds)));
      return;
    }
    String left = done == 0 ? "-:--" : Answers.span(seconds * (all - done) / done);
    show("%s: %,d of %,d (%d %%), left %s".formatted(work, done, all, 100 * done / all, left));
  }

  @Override
  public synchronized void step(Progress progress) {
    if (!begun && verbose) {
      sayHowLongItTook();
    }
    boolean first = !begun || work != null;
    begun = true;
    work = null;
    epochs = progress.epochs();
    if (due() || (first && rewrites)) {
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
    work = null;
    last = System.nanoTime();
  }

  /** Shows nothing from now on, and leaves the line that was rewritten. */
  public synchronized void end() {
    ended = true;
    clear();
    to.flush();
  }

  private boolean due() {
    long now = System.nanoTime();
    if (now - last < wait) {
      return false;
    }
    last = now;
    wait = rewrites ? REDRAWN : REPORTED;
    return true;
  }

  private void show(String text) {
    if (rewrites) {
      String line = text.substring(0, Math.min(text.length(), width - 1));
      to.print("\r" + line + " ".repeat(Math.max(0, shown - line.length())));
      to.flush();
      shown = line.length();
    } else {
      to.println(text);
    }
  }

  /** Makes room for a line of somebody else's. */
  synchronized void clearLine() {
    clear();
    to.flush();
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
    int room = width - 1 - head.length() - tail.length() - "[] ".length();
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
