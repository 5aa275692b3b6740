package org.alexnet.inference;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.alexnet.UsageException;
import org.alexnet.backend.TestNetworks;
import org.alexnet.data.Augmentation;
import org.alexnet.model.Model;
import org.alexnet.model.Recipe;
import org.alexnet.model.Schedule;
import org.alexnet.network.Dropout;
import org.alexnet.network.Layer;
import org.alexnet.network.Network;
import org.alexnet.program.CompiledNetwork;
import org.alexnet.program.Placement;
import org.alexnet.safetensors.SafetensorsWriter;
import org.alexnet.tensor.FloatTensor;
import org.alexnet.weights.Weights;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What a classifier hands on of the layers inside its network. */
class LayerOutputsTest {
  private static final Network NETWORK = TestNetworks.columns();
  private static final Model MODEL =
      new Model(
          NETWORK,
          new Recipe(1, 2, 0.01f, 0.9f, 0, new Schedule.Constant(), Augmentation.NONE),
          "two columns");
  private static final List<String> LAYERS = NETWORK.layers().stream().map(Layer::name).toList();
  private static final int IMAGES = 5;

  @TempDir Path dir;
  private Path weights;
  private Path data;

  @BeforeEach
  void files() {
    weights = dir.resolve("weights.safetensors");
    Weights.save(weights, Weights.initial(NETWORK, 3, Weights.Overrides.NONE));
    data = dir.resolve("data.safetensors");
    int size = NETWORK.input().size();
    float[] values = new float[IMAGES * 3 * size * size];
    Random random = new Random(1);
    for (int i = 0; i < values.length; i++) {
      values[i] = (float) random.nextGaussian();
    }
    var tensors = new LinkedHashMap<String, FloatTensor>();
    tensors.put(
        "images", new FloatTensor(List.of((long) IMAGES, 3L, (long) size, (long) size), values));
    SafetensorsWriter.save(data, Map.of(), tensors);
  }

  private Classifier open(int batch, List<String> layers, String... devices) {
    Classifier.Options plain = Classifier.Options.defaults();
    return Classifier.open(
        MODEL,
        weights,
        null,
        List.of(),
        new Classifier.Options(
                "reference", List.of(devices), 1, batch, plain.say(), null, plain.progress())
            .observing(layers));
  }

  private List<Classifier.Scored> scored(Classifier classifier) {
    List<Classifier.Scored> all = new ArrayList<>();
    classifier.score(data.toString(), all::add);
    assertEquals(IMAGES, all.size());
    return all;
  }

  /** Of every image, however batches fall, and joined where columns are on two devices. */
  @Test
  void everyLayerOfEveryImage() {
    try (Classifier alone = open(1, List.of());
        Classifier whole = open(2, LAYERS);
        Classifier cut = open(3, LAYERS, "reference:0", "reference:1")) {
      assertEquals(LAYERS, whole.layers());
      List<Classifier.Scored> scores = scored(alone);
      List<Classifier.Scored> fromWhole = scored(whole);
      List<Classifier.Scored> fromCut = scored(cut);
      for (int i = 0; i < IMAGES; i++) {
        Map<String, float[]> layers = fromWhole.get(i).outputs();
        assertEquals(LAYERS, List.copyOf(layers.keySet()));
        assertTrue(scores.get(i).outputs().isEmpty());
        assertArrayEquals(scores.get(i).logits(), layers.get("fc7"));
        assertArrayEquals(scores.get(i).probabilities(), layers.get(LAYERS.getLast()));
        checkRelations(layers);
        for (String layer : LAYERS) {
          int elements = whole.outputShape(layer).stream().reduce(1, (a, b) -> a * b);
          assertEquals(elements, layers.get(layer).length, layer);
          assertArrayEquals(layers.get(layer), fromCut.get(i).outputs().get(layer), 1e-5f, layer);
        }
      }
    }
  }

  /** What follows from the layer before, which shows that it is this image and this layer. */
  private static void checkRelations(Map<String, float[]> layers) {
    for (int i = 1; i < LAYERS.size(); i++) {
      float[] in = layers.get(LAYERS.get(i - 1));
      float[] out = layers.get(LAYERS.get(i));
      Layer layer = NETWORK.layers().get(i);
      for (int k = 0; k < out.length; k++) {
        switch (layer.name()) {
          case "relu1", "relu2", "relu3", "relu5", "relu6" ->
              assertEquals(Math.max(0, in[k]), out[k]);
          case "tanh4" -> assertEquals(Math.tanh(in[k]), out[k], 1e-6);
          case "drop2" -> assertEquals(in[k], out[k]);
          case "drop5", "drop6" -> assertEquals((1 - ((Dropout) layer).rate()) * in[k], out[k]);
          default -> {}
        }
      }
    }
  }

  @Test
  void imagesUpToTheFirstFullyConnectedLayer() {
    try (Classifier classifier = open(1, List.of())) {
      assertEquals(List.of(26, 8, 8), classifier.outputShape("conv1"));
      assertEquals(List.of(24, 2, 2), classifier.outputShape("pool4"));
      assertEquals(List.of(34), classifier.outputShape("fc5"));
      assertEquals(List.of(22), classifier.outputShape("drop6"));
    }
  }

  @Test
  void aLayerThatIsNotThereIsAnsweredWithThoseThatAre() {
    String message =
        assertThrows(UsageException.class, () -> open(1, List.of("conv1", "fc9"))).getMessage();
    assertEquals("layer is fc9, must be one of %s.".formatted(String.join(", ", LAYERS)), message);
  }

  @Test
  void otherBatchesKeepTheLayersToo() {
    CompiledNetwork one =
        CompiledNetwork.forInference(NETWORK, 1, Placement.WHOLE, List.of("conv2"));
    assertTrue(one.withBatch(4).evaluate().observed().contains("conv2"));
  }
}
