package org.alexnet.pictures;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.awt.image.BufferedImage;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.SequencedMap;
import javax.imageio.ImageIO;
import org.alexnet.UsageException;
import org.alexnet.data.Augmentation;
import org.alexnet.inference.TrainedWeights;
import org.alexnet.model.Model;
import org.alexnet.model.Models;
import org.alexnet.model.Recipe;
import org.alexnet.model.Schedule;
import org.alexnet.network.Concatenation;
import org.alexnet.network.Convolution;
import org.alexnet.network.FullyConnected;
import org.alexnet.network.Initial;
import org.alexnet.network.Input;
import org.alexnet.network.Layer;
import org.alexnet.network.LocallyConnected;
import org.alexnet.network.Network;
import org.alexnet.network.Node;
import org.alexnet.network.ParameterSpec;
import org.alexnet.network.Rounding;
import org.alexnet.network.SoftmaxCrossEntropy;
import org.alexnet.network.Window;
import org.alexnet.pictures.drawing.Panel;
import org.alexnet.pictures.drawing.Picture;
import org.alexnet.safetensors.SafetensorsWriter;
import org.alexnet.tensor.FloatTensor;
import org.alexnet.weights.Weights;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Every pixel of every panel is what the weights say. */
class FiltersTest {
  private static final ParameterSpec SPEC = ParameterSpec.of(new Initial.Constant(0));

  @TempDir private Path dir;

  /** Six filters of 3 x 3 in two columns, of three inputs, and four of one column's outputs. */
  private static Model model() {
    Window window = new Window(3, 1, 1);
    Network network =
        Network.chain(
            "two-columns",
            new Input(3, 8, 8, 1),
            List.of(
                new Convolution("conv1", 6, window, Rounding.FLOOR, 1, 2, SPEC, SPEC),
                new Convolution("conv2", 4, window, Rounding.FLOOR, 2, 2, SPEC, SPEC),
                new FullyConnected("fc3", 2, 1, SPEC, SPEC),
                new SoftmaxCrossEntropy("softmax")));
    Recipe recipe = new Recipe(1, 1, 0.1f, 0, 0, new Schedule.Constant(), Augmentation.NONE);
    return new Model(network, recipe, "a test's");
  }

  private static FloatTensor tensor(long... shape) {
    int count = 1;
    for (long extent : shape) {
      count *= (int) extent;
    }
    float[] values = new float[count];
    for (int i = 0; i < count; i++) {
      values[i] = (float) Math.sin(i * i + 1);
    }
    return new FloatTensor(Arrays.stream(shape).boxed().toList(), values);
  }

  private TrainedWeights weights(FloatTensor conv1) {
    SequencedMap<String, FloatTensor> tensors = new LinkedHashMap<>();
    tensors.put("conv1.weight", conv1);
    tensors.put("conv1.bias", tensor(6));
    tensors.put("conv2.weight", tensor(4, 3, 3, 3));
    tensors.put("conv2.bias", tensor(4));
    tensors.put("fc3.weight", tensor(2, 256));
    tensors.put("fc3.bias", tensor(2));
    Path file = dir.resolve("w.safetensors");
    SafetensorsWriter.save(file, Map.of(), tensors);
    return TrainedWeights.open(model(), file);
  }

  private static BufferedImage decoded(Picture picture) throws IOException {
    return ImageIO.read(new ByteArrayInputStream(picture.png()));
  }

  private static void checkPixels(Picture picture, float[] w) throws IOException {
    BufferedImage image = decoded(picture);
    for (Panel panel : picture.panels()) {
      int from = panel.index() * 27;
      double least = Double.POSITIVE_INFINITY;
      double most = Double.NEGATIVE_INFINITY;
      for (int i = from; i < from + 27; i++) {
        least = Math.min(least, w[i]);
        most = Math.max(most, w[i]);
      }
      int scale = panel.width() / 3;
      assertEquals(3 * scale, panel.width());
      assertEquals(panel.width(), panel.height());
      for (int y = 0; y < panel.height(); y++) {
        for (int x = 0; x < panel.width(); x++) {
          int rgb = image.getRGB(panel.x() + x, panel.y() + y);
          for (int c = 0; c < 3; c++) {
            double weight = w[from + (c * 3 + y / scale) * 3 + x / scale];
            long expected = Math.round(255 * (weight - least) / (most - least));
            assertEquals(expected, rgb >> (16 - 8 * c) & 0xFF);
          }
        }
      }
    }
  }

  @Test
  void threeInputsAreRedGreenAndBlueAndColumnsLieApart() throws IOException {
    FloatTensor conv1 = tensor(6, 3, 3, 3);
    try (TrainedWeights weights = weights(conv1)) {
      Picture picture = Filters.of(weights, null);
      List<Panel> panels = picture.panels();
      assertEquals("filters", picture.kind());
      assertEquals(List.of(0, 1, 2, 3, 4, 5), panels.stream().map(Panel::index).toList());
      assertEquals("conv1 column b filter 3", panels.get(3).title());
      int within = panels.get(1).x() - panels.get(0).x() - panels.get(0).width();
      int apart = panels.get(3).y() - panels.get(2).y() - panels.get(2).height();
      assertTrue(apart > 2 * within, apart + " and " + within);
      checkPixels(picture, conv1.values());
    }
  }

  @Test
  void columnsThatAreLayersOfTheirOwnLieApart() throws IOException {
    Network network =
        new Network(
            "forked",
            new Input(3, 8, 8, 1),
            List.of(
                node(convolution("left", 4, 3), Network.DATA),
                node(convolution("right", 2, 5), Network.DATA),
                node(new Concatenation("join"), "left", "right"),
                node(convolution("after", 2, 3), "join"),
                new Node(local()),
                new Node(new FullyConnected("fc3", 2, 1, SPEC, SPEC)),
                new Node(new SoftmaxCrossEntropy("softmax"))));
    Recipe recipe = new Recipe(1, 1, 0.1f, 0, 0, new Schedule.Constant(), Augmentation.NONE);
    Path file = dir.resolve("forked.safetensors");
    var initial = Weights.initial(network, 3, new Weights.Overrides(0.1f, null));
    Weights.save(file, initial);
    try (TrainedWeights weights = TrainedWeights.open(new Model(network, recipe, ""), file)) {
      Picture picture = Filters.of(weights, null);
      List<Panel> panels = picture.panels();
      assertEquals(List.of(0, 1, 2, 3, 4, 5), panels.stream().map(Panel::index).toList());
      assertEquals("left filter 3", panels.get(3).title());
      assertEquals("right filter 1", panels.get(5).title());
      assertTrue(panels.get(4).y() > panels.get(3).y() + panels.get(3).height() + 10);
      Panel last = panels.getLast();
      assertTrue(last.y() + last.height() < picture.height(), "all of it is in the picture");
      Range range = Range.of(initial.get("right.weight").values(), 75, 75);
      float[] w = initial.get("right.weight").values();
      int rgb = decoded(picture).getRGB(last.x(), last.y());
      for (int c = 0; c < 3; c++) {
        long level = Math.round(255 * range.share(w[75 + 25 * c]));
        assertEquals(level, rgb >> (16 - 8 * c) & 0xFF);
      }
      assertEquals(2, Filters.of(weights, "right").panels().size());
      assertEquals(12, Filters.of(weights, "after").panels().size());
      UsageException e = assertThrows(UsageException.class, () -> Filters.of(weights, "local"));
      assertEquals(
          "Layer local has other filters at every position, which are not drawn; those that have"
              + " filters are left, right, after.",
          e.getMessage());
    }
  }

  private static Node node(Layer layer, String... inputs) {
    return new Node(layer, List.of(inputs));
  }

  private static Convolution convolution(String name, int filters, int kernel) {
    Window window = new Window(kernel, 1, kernel / 2);
    return new Convolution(name, filters, window, Rounding.FLOOR, 1, 1, SPEC, SPEC);
  }

  private static LocallyConnected local() {
    return new LocallyConnected("local", 2, new Window(3, 1, 1), Rounding.FLOOR, 1, 1, SPEC, SPEC);
  }

  @Test
  void eachOfOtherInputsIsGrey() throws IOException {
    Path file = dir.resolve("alexnet-32.safetensors");
    Model model = Models.named("alexnet-32");
    var initial = Weights.initial(model.network(), 3, Weights.Overrides.NONE);
    Weights.save(file, initial);
    try (TrainedWeights weights = TrainedWeights.open(model, file)) {
      Picture picture = Filters.of(weights, "conv2");
      assertEquals(64 * 32, picture.panels().size());
      Panel panel = picture.panels().get(32 + 7);
      assertEquals("conv2 filter 1 input 7", panel.title());
      int rgb = decoded(picture).getRGB(panel.x(), panel.y()) & 0xFFFFFF;
      float[] w = initial.get("conv2.weight").values();
      Range range = Range.of(w, 32 * 9, 32 * 9);
      long level = Math.round(255 * range.share(w[(32 + 7) * 9]));
      assertEquals(level * 0x010101, rgb);
    }
  }

  @Test
  void aFilterOfEqualWeightsIsGrey() throws IOException {
    FloatTensor zeros = new FloatTensor(List.of(6L, 3L, 3L, 3L), new float[6 * 27]);
    try (TrainedWeights weights = weights(zeros)) {
      Picture picture = Filters.of(weights, "conv1");
      Panel panel = picture.panels().getLast();
      assertEquals(0x808080, decoded(picture).getRGB(panel.x(), panel.y()) & 0xFFFFFF);
    }
  }

  @Test
  void layersWithoutFilters() {
    try (TrainedWeights weights = weights(tensor(6, 3, 3, 3))) {
      UsageException e = assertThrows(UsageException.class, () -> Filters.of(weights, "fc3"));
      assertEquals(
          "Layer fc3 has no filters; those that have filters are conv1, conv2.", e.getMessage());
      e = assertThrows(UsageException.class, () -> Filters.of(weights, "conv9"));
      assertEquals(
          "There is no layer conv9; those that have filters are conv1, conv2.", e.getMessage());
    }
  }
}
