package org.alexnet.formats.caffe;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.alexnet.AlexNetException;
import org.alexnet.backend.TestNetworks;
import org.alexnet.exchange.Export;
import org.alexnet.exchange.Import;
import org.alexnet.exchange.ModelWriter;
import org.alexnet.exchange.TrainedNetwork;
import org.alexnet.formats.Hostile;
import org.alexnet.formats.Networks;
import org.alexnet.formats.Trained;
import org.alexnet.model.Model;
import org.alexnet.model.Models;
import org.alexnet.network.Input;
import org.alexnet.network.Network;
import org.alexnet.network.Normalization;
import org.alexnet.weights.format.WeightFiles;
import org.alexnet.weights.format.WeightSource;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Networks as Caffe's text, and there and back: {@code benchmarks/peers/check_formats.py} has
 * OpenCV compute them.
 */
class CaffeWriterTest {
  /** Layers of the second generation, one that is for training, and values of the data layer. */
  static final String FOR_TRAINING =
      """
      # for training
      name: "Small Net"
      layer { name: "data" type: "Data" top: "data" top: "label"
        include { phase: TRAIN } transform_param { crop_size: 9 } }
      layer {
        name: 'data' type: "Data" top: "data" top: "label" include { phase: TEST }
        transform_param { crop_size: 8; scale: 0.5 mean_value: [1, 2, 3] }
      }
      layer { name: "conv/1" type: "Convolution" bottom: "data" top: "conv"
        param { lr_mult: 1 decay_mult: 1 } param { lr_mult: 2 decay_mult: 0 }
        convolution_param { num_output: 4 kernel_size: 3 stride: 2 pad: 1
          weight_filler { type: "xavier" } bias_filler { type: "constant" value: .1 } } }
      layer { name: "relu" type: "ReLU" bottom: "conv" top: "conv" }
      layer { name: "fc" type: "InnerProduct" bottom: "conv" top: "fc"
        inner_product_param { num_output: 2 weight_filler { type: "gaussian" std: 1e-2 } } }
      layer { name: "accuracy" type: "Accuracy" bottom: "fc" bottom: "label" top: "a" }
      layer { name: "loss" type: "SoftmaxWithLoss" bottom: "fc" bottom: "label" top: "loss" }
      """;

  @TempDir Path dir;

  /** Caffe's windows over a padded image, of the paper's averages and of its own norms differ. */
  static Stream<Network> networks() {
    return Stream.of(
        Networks.columns(), Networks.withinMaps(), Networks.branches(), TestNetworks.shallow());
  }

  private Path export(Trained trained) {
    Path file = dir.resolve("x.caffemodel");
    try (TrainedNetwork network = trained.open()) {
      Export.writer(file).write(network, file, ModelWriter.Options.DEFAULT);
    }
    return file;
  }

  @Test
  void channelsByAListAreRefused() throws IOException {
    Trained trained = new Trained(Networks.selections(), dir);
    AlexNetException e = assertThrows(AlexNetException.class, () -> export(trained));
    assertEquals(
        "Layer colours cannot be exported: Caffe has no selection of channels by a list.",
        e.getMessage());
    assertTrue(Files.notExists(dir.resolve("x.caffemodel")));
    assertTrue(Files.notExists(dir.resolve("x.prototxt")));
  }

  @ParameterizedTest
  @MethodSource("networks")
  void thereAndBack(Network network) throws IOException {
    Trained trained = new Trained(network, dir);
    Path weights = export(trained);
    Path text = dir.resolve("x.prototxt");
    Model back = Models.named(text.toString());
    assertEquals(network.input().size(), back.network().input().size());
    // What becomes of pixels is no part of a deployed network; the rest computes the same bits.
    Model same =
        new Model(
            new Network(network.name(), network.input(), back.network().nodes()),
            trained.model.recipe(),
            "back");
    List<float[]> expected = trained.scores();
    List<float[]> got = trained.scores(same, weights, trained.input);
    for (int i = 0; i < expected.size(); i++) {
      assertArrayEquals(expected.get(i), got.get(i), network.name());
    }
  }

  @Test
  void theMeanImageIsWrittenBeside() throws IOException {
    Trained trained = new Trained(Networks.branches(), dir); // scale 1
    export(trained);
    try (WeightSource mean = WeightFiles.open(dir.resolve("x.binaryproto"));
        WeightSource own = WeightFiles.open(trained.input)) {
      assertArrayEquals(own.floats("mean"), mean.floats("mean"));
    }
    Path run = dir.resolve("run");
    Import.of(
            List.of(
                dir.resolve("x.prototxt"),
                dir.resolve("x.caffemodel"),
                dir.resolve("x.binaryproto")))
        .run(run);
    List<float[]> expected = trained.scores();
    List<float[]> got = trained.scores(run);
    for (int i = 0; i < expected.size(); i++) {
      assertArrayEquals(expected.get(i), got.get(i));
    }
  }

  /**
   * Without it, the network would read pixels that are 255 times as large as those it learned of.
   */
  @Test
  void theScaleOfPixelsIsALayer() throws IOException {
    Network one = Networks.branches();
    Input in = one.input();
    Input scaled =
        new Input(
            in.channels(),
            in.size(),
            in.stored(),
            in.resize(),
            new Normalization.MeanImage(1 / 255f));
    Trained trained = new Trained(new Network("scaled", scaled, one.nodes()), dir);
    Path weights = export(trained);
    Path text = dir.resolve("x.prototxt");
    Network back = Models.named(text.toString()).network();
    assertEquals(new Normalization.MeanImage(1 / 255f), back.input().normalization());
    assertEquals(one.nodes().size(), back.nodes().size());
    Path run = dir.resolve("run");
    Import.of(List.of(text, weights, dir.resolve("x.binaryproto"))).run(run);
    List<float[]> expected = trained.scores();
    List<float[]> got = trained.scores(run);
    for (int i = 0; i < expected.size(); i++) {
      assertArrayEquals(expected.get(i), got.get(i), 1e-5f); // the mean is divided and multiplied
    }
    Path raw = dir.resolve("raw.caffemodel");
    try (TrainedNetwork network = trained.open()) {
      ModelWriter.Options options =
          new ModelWriter.Options(ModelWriter.ParameterNames.USUAL, 0, true);
      Export.writer(raw).write(network, raw, options);
    }
    assertTrue(!Files.readString(dir.resolve("raw.prototxt")).contains("power_param"));
  }

  /** Where the images are read beside it, a multiple of them is a layer. */
  @Test
  void aMultipleOfTheImagesBesideThem() throws IOException {
    String text =
        """
        layer { name: "data" type: "Input" top: "data"
          input_param { shape { dim: 1 dim: 3 dim: 4 dim: 4 } } }
        layer { name: "half" type: "Power" bottom: "data" top: "half" power_param { scale: 0.5 } }
        layer { name: "sum" type: "Eltwise" bottom: "data" bottom: "half" top: "sum" }
        layer { name: "fc" type: "InnerProduct" bottom: "sum" top: "fc"
          inner_product_param { num_output: 2 } }
        """;
    Network network = read(text).network();
    assertEquals(new Normalization.MeanImage(1), network.input().normalization());
    assertEquals("half", network.nodes().getFirst().layer().name());
    Network alone =
        read(text.replace("bottom: \"data\" bottom: \"half\"", "bottom: \"half\"")).network();
    assertEquals(new Normalization.MeanImage(0.5f), alone.input().normalization());
  }

  private Model read(String text) throws IOException {
    return Models.named(Files.writeString(dir.resolve("net.prototxt"), text).toString());
  }

  /** Both generations of layers, one that is for training, and values of the data layer. */
  @Test
  void aNetworkForTraining() throws IOException {
    String v2 = FOR_TRAINING;
    Network network = read(v2).network();
    assertEquals("Small_Net", network.name());
    Input input = network.input();
    assertEquals(8, input.size());
    assertEquals(new Normalization.ChannelMeans(0.5f, List.of(3f, 2f, 1f)), input.normalization());
    assertEquals(
        List.of("conv_1", "relu", "fc", "loss_layer"),
        network.layers().stream().map(layer -> layer.name()).toList());
    String v1 =
        v2.replace("layer {", "layers {")
            .replace("\"Convolution\"", "CONVOLUTION")
            .replace("\"ReLU\"", "RELU")
            .replace("\"InnerProduct\"", "INNER_PRODUCT")
            .replace("\"SoftmaxWithLoss\"", "SOFTMAX_LOSS")
            .replace("\"Accuracy\"", "ACCURACY")
            .replace("\"Data\"", "DATA")
            .replace(
                "param { lr_mult: 1 decay_mult: 1 } param { lr_mult: 2 decay_mult: 0 }",
                "blobs_lr: 1 blobs_lr: 2 weight_decay: 1 weight_decay: 0");
    assertEquals(network, read(v1).network());
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      textBlock =
          """
          type: "ReLU"       | type: "PReLU"     | layer relu: type PReLU; a layer that this program has is required.
          bottom: "conv"     | bottom: "x"       | layer relu: it reads x, which no layer before it makes.
          kernel_size: 3     | kernel_h: 3 kernel_w: 2 | layer conv: kernel_size of 3 by 2; a square is required.
          kernel_size: 3     | kernel_size: 3 dilation: 2 | layer conv: dilation; none is required.
          kernel_size: 3     | kernel_size: x    | , line 5: kernel_size is x, must be a whole number.
          kernel_size: 3     | kernel_size: 3 bias_term: false | layer conv: no biases; bias_term: true is required.
          dim: 8 }           | dim: 9 }          | its images have 8 rows and 9 columns; squares are required.
          dim: 8 }           | dim: 8            | line 9
          top: "fc"          | top: "fc          | a text has no closing quote.
          num_output: 2      | num_output 2      | a colon or a brace is expected behind num_output.
          num_output: 2      | num_output: 2 }   | a field's name is expected, not }.
          """)
  void isRefused(String from, String to, String sentence) throws IOException {
    String text =
        """
        name: "n"
        input: "data"
        input_shape { dim: 1 dim: 3 dim: 8 dim: 8 }
        layer { name: "conv" type: "Convolution" bottom: "data" top: "conv"
          convolution_param { num_output: 4 kernel_size: 3 } }
        layer { name: "relu" type: "ReLU" bottom: "conv" top: "relu" }
        layer { name: "fc" type: "InnerProduct" bottom: "relu" top: "fc"
          inner_product_param { num_output: 2 } }
        """;
    read(text);
    assertTrue(text.contains(from), from);
    AlexNetException e =
        assertThrows(
            AlexNetException.class, () -> read(text.replaceFirst(Pattern.quote(from), to)));
    assertTrue(e.getMessage().startsWith(dir.resolve("net.prototxt").toString()), e.getMessage());
    assertTrue(e.getMessage().contains(sentence), e.getMessage());
  }

  @Test
  void marksBeforeTheTextOtherEncodingsAndHugeFiles() throws IOException {
    assertEquals(read(FOR_TRAINING).network(), read("\uFEFF" + FOR_TRAINING).network());
    Path file = dir.resolve("net.prototxt");
    Files.write(file, ("# Stra\u00dfe\n" + FOR_TRAINING).getBytes(StandardCharsets.ISO_8859_1));
    AlexNetException e = assertThrows(AlexNetException.class, () -> Models.inFile(file));
    assertEquals(file + " is not UTF-8 text; save it in that encoding.", e.getMessage());
    e = assertThrows(AlexNetException.class, () -> read(FOR_TRAINING + " ".repeat(1_000_000)));
    assertTrue(e.getMessage().contains("has more than 1,000,000 bytes"), e.getMessage());
  }

  @Test
  void damagedTexts() throws IOException {
    export(new Trained(Networks.columns(), dir));
    byte[] good = Files.readAllBytes(dir.resolve("x.prototxt"));
    Path file = dir.resolve("hostile.prototxt");
    Hostile.cutEverywhere(good, file, path -> Models.inFile(path));
    Hostile.change(good, file, path -> Models.inFile(path));
    String deep = "layer { ".repeat(100_000);
    AlexNetException e = assertThrows(AlexNetException.class, () -> read(deep));
    assertTrue(e.getMessage().contains("nested deeper than 16"), e.getMessage());
  }
}
