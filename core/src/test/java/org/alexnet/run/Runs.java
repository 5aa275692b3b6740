package org.alexnet.run;

import static org.junit.jupiter.api.Assertions.assertEquals;

import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.alexnet.file.JsonFiles;
import org.alexnet.safetensors.SafetensorsFile;
import org.alexnet.tensor.DeferredTensor;
import org.alexnet.tensor.FloatTensor;

/** Small runs whose every value says to which generation it belongs. */
final class Runs {
  private Runs() {}

  static LinkedHashMap<String, FloatTensor> tensors(float value) {
    var tensors = new LinkedHashMap<String, FloatTensor>();
    for (String name : List.of("conv1.weight", "conv1.bias")) {
      var values = new float[5];
      Arrays.fill(values, value);
      tensors.put(name, new FloatTensor(List.of(5L), values));
    }
    return tensors;
  }

  private static LinkedHashMap<String, DeferredTensor> deferred(Map<String, FloatTensor> tensors) {
    var deferred = new LinkedHashMap<String, DeferredTensor>();
    tensors.forEach((name, tensor) -> deferred.put(name, DeferredTensor.of(tensor)));
    return deferred;
  }

  static Checkpoint checkpoint(int generation, boolean best) {
    return new Checkpoint(
        deferred(tensors(generation)),
        deferred(tensors(-generation)),
        Map.of("class_names", "[\"a\"]"),
        JsonFiles.object().put("step", generation).put("best", best ? generation : 0),
        best);
  }

  static ObjectNode epoch(int epoch) {
    return JsonFiles.object().put("epoch", epoch).put("train_loss", 1.0 / epoch);
  }

  /** Appends what a run does up to its checkpoint of a generation. */
  static void append(RunFolder run, int generation) {
    run.appendMetrics(epoch(generation));
    run.appendStep(JsonFiles.object().put("step", 10 * generation));
  }

  /** Asserts that all parts of an opened run are of one generation, and returns which. */
  static int whole(RunFolder run) {
    int generation = run.state().get("step").intValue();
    assertEquals(generation, run.checkpoint());
    try (SafetensorsFile weights = run.openWeights();
        SafetensorsFile momentum = run.openMomentum()) {
      assertEquals(generation, weights.floats("conv1.bias")[4]);
      assertEquals(-generation, momentum.floats("conv1.weight")[0]);
    }
    assertEquals(generation, run.metrics().size());
    assertEquals(generation, run.steps().size());
    return generation;
  }

  /** The generation of the best weights, 0 where there are none. */
  static int best(RunFolder run) {
    if (run.openBest().isEmpty()) {
      return 0;
    }
    try (SafetensorsFile best = run.openBest().orElseThrow()) {
      return (int) best.floats("conv1.weight")[0];
    }
  }

  /** The generation a reader finds. */
  static int read(Path dir) {
    try (RunFolder run = RunFolder.openForReading(dir)) {
      return whole(run);
    }
  }

  static List<String> entries(Path dir) throws IOException {
    try (Stream<Path> entries = Files.list(dir)) {
      return entries.map(entry -> entry.getFileName().toString()).sorted().toList();
    }
  }
}
