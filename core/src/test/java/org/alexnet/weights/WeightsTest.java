package org.alexnet.weights;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Path;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.SequencedMap;
import java.util.stream.Collectors;
import org.alexnet.AlexNetException;
import org.alexnet.model.Models;
import org.alexnet.network.FullyConnected;
import org.alexnet.network.Initial;
import org.alexnet.network.Input;
import org.alexnet.network.Layer;
import org.alexnet.network.Network;
import org.alexnet.network.ParameterSpec;
import org.alexnet.network.SoftmaxCrossEntropy;
import org.alexnet.tensor.FloatTensor;
import org.alexnet.weights.format.WeightFiles;
import org.alexnet.weights.format.WeightSource;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Weights whose layers have the names that torchvision gives them. */
class WeightsTest {
  private static final List<String> TORCHVISION =
      List.of(
          "features.0",
          "features.3",
          "features.6",
          "features.8",
          "features.10",
          "classifier.1",
          "classifier.4",
          "classifier.6");

  private static final ParameterSpec SPEC = ParameterSpec.of(new Initial.UniformFanIn(1));

  @TempDir Path dir;

  /** The model of the catalogue with a few outputs a layer, so that the test is small. */
  private static Network small() {
    Network whole = Models.named("alexnet-2014").network();
    List<Layer> layers =
        whole.layers().stream()
            .map(l -> l instanceof FullyConnected fc ? (Layer) fc.withOutputs(7) : l)
            .toList();
    return Network.chain(whole.name(), whole.input(), layers);
  }

  private static String other(String name) {
    List<String> own = List.of("conv1", "conv2", "conv3", "conv4", "conv5", "fc6", "fc7", "fc8");
    int dot = name.lastIndexOf('.');
    return TORCHVISION.get(own.indexOf(name.substring(0, dot))) + name.substring(dot);
  }

  private Path file(Map<String, FloatTensor> weights) {
    Path file = dir.resolve("weights.safetensors");
    Weights.save(file, new LinkedHashMap<>(weights));
    return file;
  }

  private static SequencedMap<String, FloatTensor> load(Path file, Network network) {
    try (WeightSource open = WeightFiles.open(file)) {
      assertEquals(7, Weights.classes(open, network));
      return Weights.load(open, network);
    }
  }

  private static SequencedMap<String, FloatTensor> initial() {
    return Weights.initial(small(), 3, Weights.Overrides.NONE);
  }

  @Test
  void layersMayHaveTorchvisionsNames() {
    SequencedMap<String, FloatTensor> own = initial();
    Path file =
        file(
            own.entrySet().stream()
                .collect(Collectors.toMap(e -> other(e.getKey()), Map.Entry::getValue)));
    SequencedMap<String, FloatTensor> read = load(file, small());
    assertEquals(List.copyOf(own.keySet()), List.copyOf(read.keySet()));
    own.forEach((name, t) -> assertArrayEquals(t.values(), read.get(name).values(), name));
  }

  @Test
  void aLayerThatIsThereTwiceIsRefused() {
    SequencedMap<String, FloatTensor> weights = initial();
    weights.put("features.3.bias", weights.get("conv2.bias"));
    Path file = file(weights);
    AlexNetException e = assertThrows(AlexNetException.class, () -> load(file, small()));
    assertTrue(e.getMessage().contains("features.3.bias"), e.getMessage());
  }

  @Test
  void otherModelsKnowOnlyTheirOwnNames() {
    SequencedMap<String, FloatTensor> weights = initial();
    weights.put("features.0.bias", weights.remove("conv1.bias"));
    Path file = file(weights);
    Network renamed = Network.chain("mine", small().input(), small().layers());
    AlexNetException e = assertThrows(AlexNetException.class, () -> load(file, renamed));
    assertTrue(e.getMessage().contains("conv1.bias"), e.getMessage());
  }

  @Test
  void largeParametersAreReadInPieces() {
    Network network =
        Network.chain(
            "large",
            new Input(1, 1500, 1500, 1),
            List.of(
                new FullyConnected("fc1", 2, 1, SPEC, SPEC), new SoftmaxCrossEntropy("softmax")));
    SequencedMap<String, FloatTensor> weights = Weights.initial(network, 3, Weights.Overrides.NONE);
    float[] large = weights.get("fc1.weight").values();
    Path file = file(weights);
    try (WeightSource open = WeightFiles.open(file)) {
      float[] read = new float[large.length];
      Map<String, Integer> count = new HashMap<>();
      Weights.readPieces(
          open,
          network,
          (tensor, piece) -> {
            int at = count.merge(tensor.name(), piece.length, Integer::sum) - piece.length;
            if (tensor.name().equals("fc1.weight")) {
              assertTrue(piece.length < large.length, "all at once");
              System.arraycopy(piece, 0, read, at, piece.length);
            }
          });
      assertEquals(Map.of("fc1.weight", large.length, "fc1.bias", 2), count);
      assertArrayEquals(large, read);
      assertArrayEquals(large, Weights.load(open, network).get("fc1.weight").values());
    }
    large[4_321_000] = Float.NaN;
    file = file(weights);
    try (WeightSource open = WeightFiles.open(file)) {
      AlexNetException e =
          assertThrows(
              AlexNetException.class,
              () -> Weights.readPieces(open, network, (tensor, piece) -> {}));
      assertTrue(e.getMessage().contains("element 4321000 of fc1.weight"), e.getMessage());
    }
  }
}
