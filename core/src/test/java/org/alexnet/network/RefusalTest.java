package org.alexnet.network;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.util.Collections;
import java.util.List;
import org.alexnet.InvalidNetworkException;
import org.alexnet.network.LocalResponseNorm.Convention;
import org.alexnet.network.LocalResponseNorm.Region;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.function.Executable;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Networks that cannot be, and the words that say so. */
class RefusalTest {
  private static final ParameterSpec SPEC = ParameterSpec.of(new Initial.Constant(0));
  private static final Input INPUT = new Input(3, 8, 8, 1);

  private static void refused(String words, Executable make) {
    assertEquals(words, assertThrows(InvalidNetworkException.class, make).getMessage());
  }

  private static Convolution conv(int filters, int groups, int columns) {
    return new Convolution(
        "conv1", filters, new Window(3, 1, 1), Rounding.FLOOR, groups, columns, SPEC, SPEC);
  }

  private static LocallyConnected local(int filters, int groups, int columns) {
    return new LocallyConnected(
        "conv1", filters, new Window(3, 1, 1), Rounding.FLOOR, groups, columns, SPEC, SPEC);
  }

  private static LocalResponseNorm norm(int size, float alpha, float beta, float k, int groups) {
    return new LocalResponseNorm(
        "norm1", Region.ACROSS_MAPS, size, alpha, beta, k, Convention.SUM, groups);
  }

  /** Whoever reads networks from files needs the parts of the sentence. */
  @Test
  void theLayerAndTheFieldAreApart() {
    InvalidNetworkException e =
        assertThrows(
            InvalidNetworkException.class, () -> new FullyConnected("x", 0, 1, SPEC, SPEC));
    assertEquals("layer x: outputs is 0, must be at least 1", e.getMessage());
    assertEquals("x", e.layer());
    assertEquals("outputs", e.field());
    assertEquals("outputs is 0, must be at least 1", e.problem());
  }

  @Test
  void textsOfAnyLengthAndKindAreShortened() {
    assertEquals("a".repeat(40), InvalidNetworkException.shortened("a".repeat(40)));
    assertEquals("a".repeat(40) + "...", InvalidNetworkException.shortened("a".repeat(41)));
    assertEquals("a?b?", InvalidNetworkException.shortened("a\nb\u001b"));
  }

  @ParameterizedTest
  @ValueSource(ints = {-1, 0, 32_769})
  void windows(int pixels) {
    refused(
        "kernel is %d, must be from 1 to 32,768".formatted(pixels), () -> new Window(pixels, 1, 0));
    refused(
        "stride is %d, must be from 1 to 32,768".formatted(pixels), () -> new Window(3, pixels, 1));
  }

  @ParameterizedTest
  @ValueSource(ints = {-1, 3})
  void paddings(int pad) {
    refused(
        "pad is %d, must be at least 0 and below the kernel, 3".formatted(pad),
        () -> new Window(3, 1, pad));
  }

  @Test
  void filters() {
    refused("layer conv1: filters is 0, must be at least 1", () -> conv(0, 1, 1));
    refused("layer conv1: filters is 0, must be at least 1", () -> local(0, 1, 1));
  }

  @ParameterizedTest
  @ValueSource(ints = {0, 3, 8})
  void groups(int groups) {
    String words = "layer conv1: groups is %d, must be a divisor of the 4 filters";
    refused(words.formatted(groups), () -> conv(4, groups, 1));
    refused(words.formatted(groups), () -> local(4, groups, 1));
  }

  /** A column has whole groups, or all of one. */
  @ParameterizedTest
  @CsvSource({"4, 1, 3", "12, 3, 2", "6, 2, 3"})
  void columnsOfConvolutions(int filters, int groups, int columns) {
    String words =
        ("layer conv1: columns is %d, must be a divisor of the %d filters, and a divisor or a"
                + " multiple of the %d groups")
            .formatted(columns, filters, groups);
    refused(words, () -> conv(filters, groups, columns));
    refused(words, () -> local(filters, groups, columns));
  }

  /** Columns are called by letters. */
  @ParameterizedTest
  @ValueSource(ints = {0, 27})
  void columns(int columns) {
    String words = ": columns is %d, must be from 1 to 26".formatted(columns);
    refused("layer conv1" + words, () -> conv(27, 1, columns));
    refused("layer conv1" + words, () -> local(27, 1, columns));
    refused("layer fc2" + words, () -> new FullyConnected("fc2", 27, columns, SPEC, SPEC));
  }

  @Test
  void fullyConnectedLayers() {
    refused(
        "layer fc2: outputs is 0, must be at least 1",
        () -> new FullyConnected("fc2", 0, 1, SPEC, SPEC));
    refused(
        "layer fc2: columns is 2, must be a divisor of the 5 outputs",
        () -> new FullyConnected("fc2", 5, 2, SPEC, SPEC));
  }

  @Test
  void boundsOfFilters() {
    FilterBounds.Measure norm = FilterBounds.Measure.NORM;
    refused("least is -1.0, must be finite, at least 0", () -> new FilterBounds(norm, -1, 1));
    refused("least is NaN, must be finite, at least 0", () -> new FilterBounds(norm, Float.NaN, 1));
    refused(
        "most is 0.0, must be finite, above 0 and at least 0.0",
        () -> new FilterBounds(norm, 0, 0));
    refused(
        "most is 1.0, must be finite, above 0 and at least 2.0",
        () -> new FilterBounds(norm, 2, 1));
    refused(
        "most is Infinity, must be finite, above 0 and at least 1.0",
        () -> new FilterBounds(norm, 1, Float.POSITIVE_INFINITY));
    Initial initial = new Initial.Constant(0);
    refused(
        "momentum is 1.5, must be from 0 to 1", () -> new ParameterSpec(initial, 1, 1, 1.5f, null));
    refused(
        "momentum is NaN, must be from 0 to 1",
        () -> new ParameterSpec(initial, 1, 1, Float.NaN, null));
  }

  @ParameterizedTest
  @ValueSource(ints = {-1, 0, 4, 32_769})
  void sizesOfNorms(int size) {
    String words = "layer norm1: size is %d, must be odd, from 1 to 32,767".formatted(size);
    refused(words, () -> norm(size, 1e-4f, 0.75f, 2, 1));
    refused(words, () -> new ContrastNorm("norm1", size, 1e-3f, 0.75f, 1));
    refused(words, () -> new Blur("norm1", size, 4));
  }

  @ParameterizedTest
  @ValueSource(floats = {-1, Float.NaN, Float.POSITIVE_INFINITY})
  void constantsOfNorms(float value) {
    refused(
        "layer norm1: alpha is %s, must be finite, at least 0".formatted(value),
        () -> norm(5, value, 0.75f, 2, 1));
    refused(
        "layer norm1: beta is %s, must be finite, at least 0".formatted(value),
        () -> norm(5, 1e-4f, value, 2, 1));
    refused(
        "layer norm1: k is %s, must be finite, above 0".formatted(value),
        () -> norm(5, 1e-4f, 0.75f, value, 1));
    refused(
        "layer norm1: alpha is %s, must be finite, at least 0".formatted(value),
        () -> new ContrastNorm("norm1", 5, value, 0.75f, 1));
    refused(
        "layer norm1: beta is %s, must be finite, at least 0".formatted(value),
        () -> new ContrastNorm("norm1", 5, 1e-3f, value, 1));
    refused(
        "layer norm1: k is %s, must be finite, above 0".formatted(value),
        () -> new ContrastNorm("norm1", 5, 1e-3f, 0.75f, value));
  }

  @Test
  void normsDivideByNoZero() {
    refused("layer norm1: k is 0.0, must be finite, above 0", () -> norm(5, 1e-4f, 0.75f, 0, 1));
    refused("layer norm1: groups is 0, must be at least 1", () -> norm(5, 1e-4f, 0.75f, 2, 0));
  }

  @ParameterizedTest
  @ValueSource(floats = {-1, 0, Float.NaN, Float.POSITIVE_INFINITY})
  void deviations(float value) {
    refused(
        "layer blur1: deviation is %s, must be finite, above 0".formatted(value),
        () -> new Blur("blur1", 9, value));
  }

  @ParameterizedTest
  @ValueSource(ints = {-1, 0, 32_769})
  void stridesOfSubsamples(int stride) {
    refused(
        "layer nails1: stride is %d, must be from 1 to 32,768".formatted(stride),
        () -> new Subsample("nails1", stride));
  }

  @Test
  void selectionsOfChannels() {
    refused(
        "layer chosen1: channels: 0 are chosen; from 1 to 65,536 are required",
        () -> new ChannelSelection("chosen1", List.of()));
    refused(
        "layer chosen1: channels: 65,537 are chosen; from 1 to 65,536 are required",
        () -> new ChannelSelection("chosen1", Collections.nCopies(65_537, 0)));
    refused(
        "layer chosen1: channels[2] is -1, must be at least 0",
        () -> new ChannelSelection("chosen1", List.of(0, 3, -1)));
    ChannelSelection selection = new ChannelSelection("chosen1", List.of(0, 3, 2));
    selection.requireFrom(4);
    refused(
        "layer chosen1: channels[1] is 3, must be below the number of channels of its input, 3",
        () -> selection.requireFrom(3));
  }

  @ParameterizedTest
  @ValueSource(floats = {-1, Float.NaN, Float.POSITIVE_INFINITY})
  void thresholds(float value) {
    refused(
        "layer softplus1: threshold is %s, must be finite, at least 0".formatted(value),
        () -> new Softplus("softplus1", value));
  }

  @ParameterizedTest
  @ValueSource(floats = {-0.1f, 1, Float.NaN})
  void dropouts(float rate) {
    refused(
        "layer drop1: rate is %s, must be at least 0 and below 1".formatted(rate),
        () -> new Dropout("drop1", rate, Dropout.Scaling.TRAINING));
  }

  @ParameterizedTest
  @ValueSource(floats = {-1, Float.NaN, Float.POSITIVE_INFINITY})
  void parameters(float value) {
    String words = " is %s, must be finite, at least 0".formatted(value);
    refused("sigma" + words, () -> new Initial.Gaussian(value));
    refused("gain" + words, () -> new Initial.FanIn(value));
    refused("gain" + words, () -> new Initial.UniformFanIn(value));
    refused("rate" + words, () -> new ParameterSpec(SPEC.initial(), value, 0));
    refused("decay" + words, () -> new ParameterSpec(SPEC.initial(), 1, value));
  }

  @ParameterizedTest
  @ValueSource(floats = {Float.NEGATIVE_INFINITY, Float.NaN, Float.POSITIVE_INFINITY})
  void constants(float value) {
    refused("value is %s, must be finite".formatted(value), () -> new Initial.Constant(value));
  }

  @Test
  void inputs() {
    refused("size is 0, must be from 1 to 32,768", () -> new Input(3, 0, 8, 1));
    refused("size is 32769, must be from 1 to 32,768", () -> new Input(3, 32_769, 32_769, 1));
    for (int stored : List.of(7, 32_769)) {
      refused(
          "stored is %d, must be from the size, 8, to 32,768".formatted(stored),
          () -> new Input(3, 8, stored, 1));
    }
    for (int channels : List.of(0, 2)) {
      refused(
          ("channels is %d, must be from 1 to 1 where images of 32768 x 32768 are stored")
              .formatted(channels),
          () -> new Input(channels, 8, 32_768, 1));
    }
  }

  @Test
  void normalizations() {
    List<Float> two = List.of(0.5f, 0.5f);
    refused(
        "an input of 3 channels cannot be normalized by 2 means",
        () -> new Input(3, 8, 8, new Normalization.Channels(two, two)));
    refused(
        "an input of 3 channels cannot be normalized by 2 means",
        () -> new Input(3, 8, 8, new Normalization.ChannelMeans(1, two)));
    refused(
        "means is [NaN, 0.5], must be finite",
        () -> new Normalization.ChannelMeans(1, List.of(Float.NaN, 0.5f)));
    refused(
        "deviations is [0.5], must be as many as the means, 2",
        () -> new Normalization.Channels(two, List.of(0.5f)));
    for (float deviation : List.of(0f, Float.NaN, Float.POSITIVE_INFINITY)) {
      refused(
          "deviations is [0.5, %s], must be finite, above 0".formatted(deviation),
          () -> new Normalization.Channels(two, List.of(0.5f, deviation)));
    }
    refused(
        "means is [NaN, 0.5], must be finite",
        () -> new Normalization.Channels(List.of(Float.NaN, 0.5f), two));
    for (float scale : List.of(0f, Float.NaN, Float.POSITIVE_INFINITY)) {
      refused(
          "scale is %s, must be finite, above 0".formatted(scale),
          () -> new Normalization.MeanImage(scale));
      refused(
          "scale is %s, must be finite, above 0".formatted(scale),
          () -> new Normalization.ChannelMeans(scale, two));
    }
  }

  @Test
  void networks() {
    FullyConnected fc = new FullyConnected("fc1", 2, 1, SPEC, SPEC);
    SoftmaxCrossEntropy loss = new SoftmaxCrossEntropy("softmax");
    List<List<Layer>> others =
        List.of(List.of(), List.of(loss), List.of(loss, fc), List.of(new Relu("relu1"), loss));
    for (List<Layer> layers : others) {
      refused(
          "the last two layers must be a fully-connected one, whose outputs are the classes, and"
              + " the softmax loss",
          () -> Network.chain("net", INPUT, layers));
    }
    refused(
        "layer fc1: another layer has this name",
        () -> Network.chain("net", INPUT, List.of(fc, fc, loss)));
    refused(
        "layer first: there is one softmax loss, at the end",
        () -> Network.chain("net", INPUT, List.of(new SoftmaxCrossEntropy("first"), fc, loss)));
  }

  /** Names are those of folders and tensors. */
  @ParameterizedTest
  @ValueSource(strings = {"", "-a", "a b", "../a", "a/b", "\u00e4"})
  void names(String name) {
    FullyConnected fc = new FullyConnected("fc1", 2, 1, SPEC, SPEC);
    SoftmaxCrossEntropy loss = new SoftmaxCrossEntropy("softmax");
    refused(
        ("name is \"%s\", must be up to 64 letters, digits, dots, dashes and underscores, a letter"
                + " or digit first")
            .formatted(name),
        () -> Network.chain(name, INPUT, List.of(fc, loss)));
    refusedName(name);
  }

  @ParameterizedTest
  @ValueSource(strings = {"data", "labels", "logits", "probabilities", "loss", "finite", "a.b"})
  void namesOfOtherTensors(String name) {
    refusedName(name);
  }

  private static void refusedName(String name) {
    FullyConnected fc = new FullyConnected("fc1", 2, 1, SPEC, SPEC);
    SoftmaxCrossEntropy loss = new SoftmaxCrossEntropy("softmax");
    refused(
        ("layer %s: name is \"%s\", must be up to 64 letters, digits, dashes and underscores, a"
                + " letter or digit first, and none of data, labels, logits, probabilities, loss,"
                + " finite")
            .formatted(name, name),
        () -> Network.chain("net", INPUT, List.of(new Relu(name), fc, loss)));
  }
}
