package org.alexnet.cli;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.stream.Collectors;
import org.alexnet.engine.Classifier;
import org.alexnet.engine.Prediction;
import org.alexnet.safetensors.SafetensorsWriter;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code predict}: the most probable classes of images. */
@Command(name = "predict", description = "Says what is on images.")
final class PredictCommand implements Callable<Integer> {
  private final Terminal terminal;

  @Parameters(
      arity = "0..*",
      paramLabel = "RUN IMAGE",
      description =
          "The folder that train wrote, and image files. No folder where --weights is given.")
  private List<Path> arguments = List.of();

  @Mixin private TrainedOptions trained;

  @Option(
      names = "--data",
      paramLabel = "SRC",
      description = "Images of a data source, instead of files; labels are not needed.")
  private String data;

  @Option(names = "--top", paramLabel = "K", description = "Classes an image; 5 by default.")
  private int top = 5;

  @Option(
      names = "--out",
      paramLabel = "FILE",
      description = "Writes logits and probabilities, [images, classes], to a .safetensors file.")
  private Path out;

  @Option(names = "--batch", paramLabel = "N", description = "Images a step; 128 by default.")
  private Integer batch;

  @Mixin private DeviceOptions devices;
  @Mixin private CommonOptions common;

  PredictCommand(Terminal terminal) {
    this.terminal = terminal;
  }

  @Override
  public Integer call() {
    Require.atLeast(1, "--top", top);
    boolean weights = trained.weightsGiven();
    Require.that(
        weights || !arguments.isEmpty(), "RUN", "missing", "a run, or --model and --weights");
    Path run = weights ? null : arguments.getFirst();
    List<Path> images = arguments.subList(weights ? 0 : 1, arguments.size());
    Require.that(data == null || images.isEmpty(), "IMAGE", images, "left out beside --data");
    Require.that(data != null || !images.isEmpty(), "IMAGE", "missing", "image files, or --data");
    int size = batch != null ? batch : data != null ? 128 : Math.clamp(images.size(), 1, 128);
    Classifier.Options options =
        devices.classifier(size, text -> terminal.aside(common.json).println(text));
    try (Classifier classifier = trained.open(run, options)) {
      Classifier.Scores scores = data != null ? classifier.scores(data) : classifier.scores(images);
      if (out != null) {
        SafetensorsWriter.save(out, Map.of(), scores.tensors());
      }
      answer(classifier.predictions(scores, top));
    }
    return 0;
  }

  private void answer(List<Prediction> predictions) {
    if (common.json) {
      Answers.print(terminal, json(predictions));
      return;
    }
    int width = predictions.stream().mapToInt(p -> p.input().length()).max().orElse(1);
    for (Prediction prediction : predictions) {
      terminal
          .out()
          .println(
              ("%-" + width + "s  ").formatted(prediction.input())
                  + prediction.top().stream()
                      .map(g -> "%s %.1f %%".formatted(g.className(), 100 * g.probability()))
                      .collect(Collectors.joining(", ")));
    }
    if (out != null) {
      terminal.out().println("Scores written to " + out);
    }
  }

  private static ObjectNode json(List<Prediction> predictions) {
    ObjectNode json = Answers.object();
    ArrayNode list = json.putArray("predictions");
    for (Prediction prediction : predictions) {
      ObjectNode one = list.addObject();
      one.put("input", prediction.input());
      ArrayNode guesses = one.putArray("top");
      for (Prediction.Guess guess : prediction.top()) {
        ObjectNode node = guesses.addObject();
        node.put("class", guess.className());
        node.put("index", guess.index());
        node.put("probability", guess.probability());
      }
    }
    return json;
  }
}
