package org.alexnet.cli;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.PrintStream;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Collectors;
import org.alexnet.engine.Classifier;
import org.alexnet.engine.Prediction;
import org.alexnet.run.Json;

/** Prints the predictions of images one by one as they are made, and writes their scores. */
final class PredictionPrinter implements Classifier.ScoreReceiver, AutoCloseable {
  private final PrintStream to;
  private final ProgressView view;
  private final boolean json;
  private final Classifier classifier;
  private final int top;
  private final Path out; // null for none
  private volatile ScoresFile file;
  private int printed;
  private int width = 1; // of the longest name so far

  PredictionPrinter(
      Terminal terminal,
      ProgressView view,
      boolean json,
      Classifier classifier,
      int top,
      Path out) {
    this.to = terminal.out();
    this.view = view;
    this.json = json;
    this.classifier = classifier;
    this.top = top;
    this.out = out;
  }

  /** Leaves room for the names of these images, so that the answers stand in a line. */
  void align(List<Path> images) {
    images.forEach(image -> width = Math.max(width, image.toString().length()));
  }

  @Override
  public void begin(int images) {
    if (out != null) {
      file = new ScoresFile(out, images, classifier.classes());
    }
  }

  @Override
  public void accept(Classifier.Scored image) {
    if (file != null) {
      file.write(image);
    }
    Prediction prediction = classifier.prediction(image, top);
    if (json) {
      to.print(printed == 0 ? "{\"predictions\":[" : ",");
      to.print(Json.finite(json(prediction)));
    } else {
      width = Math.max(width, prediction.input().length());
      view.clearLine();
      to.println(text(prediction));
    }
    printed++;
  }

  private String text(Prediction prediction) {
    return ("%-" + width + "s  ").formatted(prediction.input())
        + prediction.top().stream()
            .map(g -> "%s %.1f %%".formatted(g.className(), 100 * g.probability()))
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
  void finish() {
    if (json) {
      to.println(printed == 0 ? "{\"predictions\":[]}" : "]}");
    }
    if (file != null) {
      file.complete();
      if (!json) {
        to.println("Scores written to " + out);
      }
    }
    to.flush();
  }

  /** Removes what was written of the file; from another thread, when the process is to end. */
  void abandon() {
    ScoresFile begun = file;
    if (begun != null) {
      begun.abandon();
    }
  }

  @Override
  public void close() {
    if (file != null) {
      file.close();
    }
  }
}
