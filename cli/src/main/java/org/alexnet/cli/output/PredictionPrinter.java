package org.alexnet.cli.output;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.PrintStream;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.ReentrantLock;
import java.util.stream.Collectors;
import org.alexnet.Words;
import org.alexnet.file.Json;
import org.alexnet.inference.Classifier;
import org.alexnet.inference.Prediction;

/** Prints the predictions of images one by one as they are made, and writes what is asked for. */
public final class PredictionPrinter implements Classifier.ScoreReceiver, AutoCloseable {
  private static final long LONGEST_MILLIS = 1000;

  private final PrintStream to;
  private final ProgressView view;
  private final boolean json;
  private final Classifier classifier;
  private final int top;
  private final String layer; // null for the scores
  private final Path out; // null for none
  private final ReentrantLock answering = new ReentrantLock();
  private volatile OutputsFile file;
  private volatile int all; // images to predict
  private volatile int printed;
  private volatile boolean finished;

  /** Names that are longer do not push the others aside. */
  private static final int WIDEST = 60;

  private int width = 1; // of the longest name so far

  /**
   * @param layer whose output is written; null for logits and probabilities
   * @param out the file; null for none
   */
  public PredictionPrinter(
      Terminal terminal,
      ProgressView view,
      boolean json,
      Classifier classifier,
      int top,
      String layer,
      Path out) {
    this.to = terminal.out();
    this.view = view;
    this.json = json;
    this.classifier = classifier;
    this.top = top;
    this.layer = layer;
    this.out = out;
  }

  /** Leaves room for the names of these images, so that the answers stand in a line. */
  public void align(List<Path> images) {
    images.forEach(image -> width = Math.max(width, image.toString().length()));
  }

  @Override
  public void begin(int images) {
    all = images;
    if (out != null) {
      file = new OutputsFile(out, images, layer == null ? scores() : features());
    }
  }

  private List<OutputsFile.Rows> scores() {
    List<Integer> shape = List.of(classifier.classes());
    return List.of(
        new OutputsFile.Rows("logits", shape, Classifier.Scored::logits),
        new OutputsFile.Rows("probabilities", shape, Classifier.Scored::probabilities));
  }

  private List<OutputsFile.Rows> features() {
    return List.of(
        new OutputsFile.Rows(
            "features", classifier.outputShape(layer), image -> image.outputs().get(layer)));
  }

  @Override
  public void accept(Classifier.Scored image) {
    answer(() -> print(image));
  }

  /** Does nothing, for ever, once the process is to end. */
  private void answer(Runnable part) {
    answering.lock();
    try {
      part.run();
    } finally {
      answering.unlock();
    }
  }

  private void print(Classifier.Scored image) {
    if (file != null) {
      file.write(image);
    }
    Prediction prediction = classifier.prediction(image, top);
    if (json) {
      to.print(printed == 0 ? "{\"predictions\":[" : ",");
      to.print(Json.finite(json(prediction)));
    } else {
      width = Math.clamp(Words.line(prediction.input()).length(), width, WIDEST);
      view.clearLine();
      to.println(text(prediction));
    }
    printed = printed + 1; // by this thread alone
  }

  private String text(Prediction prediction) {
    return ("%-" + width + "s  ").formatted(Words.line(prediction.input()))
        + prediction.top().stream()
            .map(g -> "%s %.1f %%".formatted(Words.line(g.className()), 100 * g.probability()))
            .collect(Collectors.joining(", "));
  }

  private static ObjectNode json(Prediction prediction) {
    ObjectNode one = Answers.object();
    one.put("input", prediction.input());
    ArrayNode guesses = one.putArray("top");
    for (Prediction.Guess guess : prediction.top()) {
      ObjectNode node = guesses.addObject();
      node.put("class", guess.className());
      node.put("index", guess.index());
      node.put("probability", guess.probability());
    }
    return one;
  }

  /** Ends the answer and completes the file, when all images were scored. */
  public void finish() {
    answer(this::end);
  }

  private void end() {
    if (json) {
      to.println(printed == 0 ? "{\"predictions\":[]}" : "]}");
    }
    if (file != null) {
      file.complete();
      if (!json) {
        to.println((layer == null ? "Scores" : "The outputs of " + layer) + " written to " + out);
      }
    }
    to.flush();
    finished = true;
  }

  /**
   * Removes what was written of the file and prints nothing any more; from another thread, when the
   * process is to end.
   *
   * @return the sentence that says how far the answer goes
   */
  public String abandon() {
    try {
      // Kept until the end. Whoever waits for a reader has it, and is not waited for in turn.
      answering.tryLock(LONGEST_MILLIS, TimeUnit.MILLISECONDS);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
    OutputsFile begun = file;
    if (begun != null) {
      begun.abandon();
    }
    if (finished) {
      return "Stopped after all images were done; the answer is complete.";
    }
    return "Stopped after %,d of %s; the answer%s ends there%s."
        .formatted(
            printed,
            Words.count(all, "image"),
            json ? ", which is cut off and no whole JSON," : "",
            out == null ? "" : ", and %s was not written".formatted(out));
  }

  @Override
  public void close() {
    if (file != null) {
      file.close();
    }
  }
}
