package org.alexnet.formats.convnet;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.SequencedMap;
import org.alexnet.backend.Narrow;
import org.alexnet.data.Augmentation;
import org.alexnet.model.Model;
import org.alexnet.model.Models;
import org.alexnet.model.Schedule;
import org.alexnet.safetensors.SafetensorsFile;
import org.alexnet.safetensors.SafetensorsWriter;
import org.alexnet.tensor.FloatTensor;
import org.alexnet.training.Training;
import org.alexnet.weights.Weights;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The authors' file of the network of 2012 is the catalogue's network of the same. */
class ConvnetTrainingTest {
  private static final int CLASSES = 10;
  private static final int STEPS = 3;
  private static final int BATCH = 4;

  /** Names of the halves, by the layer of the catalogue. */
  private static final Map<String, List<String>> HALVES =
      Map.of(
          "conv1", List.of("conv1a", "conv1b"),
          "conv2", List.of("conv2a", "conv2b"),
          "conv3", List.of("conv3a", "conv3b"),
          "conv4", List.of("conv4a", "conv4b"),
          "conv5", List.of("conv5a", "conv5b"),
          "fc6", List.of("fc2048a", "fc2048b"),
          "fc7", List.of("fc2048ba", "fc2048bb"),
          "fc8", List.of("fc1000"));

  @TempDir Path dir;

  @Test
  void trainsToTheBitsOfTheCataloguesNetwork() throws IOException {
    Model original = Narrow.eighth(Models.named("alexnet-2012-original").withClasses(CLASSES));
    Model file = LayerFileText.twoColumns(8, CLASSES).read(dir, 224);
    assertSameBits(dir, original, file, "reference");
  }

  /** Trains both from the same weights. */
  static void assertSameBits(Path dir, Model original, Model file, String backend)
      throws IOException {
    SequencedMap<String, FloatTensor> weights =
        Weights.initial(original.network(), 5, Weights.Overrides.NONE);
    SafetensorsWriter.save(dir.resolve("whole.safetensors"), Map.of(), weights);
    SafetensorsWriter.save(dir.resolve("halves.safetensors"), Map.of(), halves(weights));
    train(dir, original, "whole", backend);
    train(dir, file, "halves", backend);
    for (String name : List.of("model.safetensors", "optimizer.safetensors")) {
      SequencedMap<String, FloatTensor> whole = read(dir.resolve("run-whole").resolve(name));
      SequencedMap<String, FloatTensor> parts = read(dir.resolve("run-halves").resolve(name));
      assertFalse(whole.isEmpty());
      SequencedMap<String, FloatTensor> expected = halves(whole);
      assertEquals(expected.keySet(), parts.keySet());
      expected.forEach(
          (tensor, values) ->
              assertArrayEquals(values.values(), parts.get(tensor).values(), name + " " + tensor));
    }
  }

  private static void train(Path dir, Model model, String name, String backend) {
    Training.of(model)
        .backend(backend)
        .data("shapes:" + STEPS * BATCH)
        .classes(model.network().classes())
        .batch(BATCH)
        .epochs(1)
        .seed(3)
        .rate(0.01f)
        .momentum(0.9f)
        .weightDecay(0.0005f)
        .dropout(false)
        .deterministic(true) // the halves of conv3 and of fully-connected layers are summed apart
        .augmentation(Augmentation.NONE)
        .schedule(new Schedule.Constant())
        .init(dir.resolve(name + ".safetensors"))
        .out(dir.resolve("run-" + name))
        .run();
  }

  private static SequencedMap<String, FloatTensor> halves(
      SequencedMap<String, FloatTensor> weights) {
    SequencedMap<String, FloatTensor> halves = new LinkedHashMap<>();
    weights.forEach(
        (name, tensor) -> {
          String layer = name.substring(0, name.indexOf('.'));
          List<String> parts = HALVES.get(layer);
          int length = tensor.values().length / parts.size();
          for (int i = 0; i < parts.size(); i++) {
            float[] data = Arrays.copyOfRange(tensor.values(), i * length, (i + 1) * length);
            List<Long> shape = new ArrayList<>(tensor.shape());
            shape.set(0, shape.getFirst() / parts.size());
            halves.put(
                parts.get(i) + name.substring(name.indexOf('.')), new FloatTensor(shape, data));
          }
        });
    return halves;
  }

  private static SequencedMap<String, FloatTensor> read(Path file) {
    SequencedMap<String, FloatTensor> tensors = new LinkedHashMap<>();
    try (SafetensorsFile opened = SafetensorsFile.open(file)) {
      opened
          .tensors()
          .keySet()
          .forEach(
              name ->
                  tensors.put(
                      name,
                      new FloatTensor(opened.tensors().get(name).shape(), opened.floats(name))));
    }
    return tensors;
  }
}
