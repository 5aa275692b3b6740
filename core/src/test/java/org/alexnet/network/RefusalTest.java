package org.alexnet.network;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.util.List;
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
    assertEquals(words, assertThrows(IllegalArgumentException.class, make).getMessage());
  }

  private static Convolution conv(int filters, int groups, int columns) {
    return new Convolution(
        "conv1", filters, new Window(3, 1, 1), Rounding.FLOOR, groups, columns, SPEC, SPEC);
  }

  @ParameterizedTest
  @CsvSource({"0, 1, 0", "1, 0, 0", "1, 1, -1", "3, 1, 3"})
  void windows(int kernel, int stride, int pad) {
    refused(
        "window of kernel %d, stride %d, pad %d: need kernel >= 1, stride >= 1, 0 <= pad < kernel"
            .formatted(kernel, stride, pad),
        () -> new Window(kernel, stride, pad));
  }

  @ParameterizedTest
  @CsvSource({"0, 1", "4, 0", "4, 3"})
  void groups(int filters, int groups) {
    refused(
        "conv1: %d filters cannot be cut into %d groups".formatted(filters, groups),
        () -> conv(filters, groups, 1));
  }

  /** A column has whole groups, or all of one. */
  @ParameterizedTest
  @CsvSource({"4, 1, 0", "4, 1, 3", "12, 3, 2", "6, 2, 3"})
  void columnsOfConvolutions(int filters, int groups, int columns) {
    refused(
        "conv1: %d filters in %d groups cannot be cut into %d columns"
            .formatted(filters, groups, columns),
        () -> conv(filters, groups, columns));
  }

  @ParameterizedTest
  @CsvSource({"0, 1", "5, 0", "5, 2"})
  void columnsOfFullyConnectedLayers(int outputs, int columns) {
    refused(
        "fc2: %d outputs in %d columns".formatted(outputs, columns),
        () -> new FullyConnected("fc2", outputs, columns, SPEC, SPEC));
  }

  @ParameterizedTest
  @CsvSource({"0, 2, 1", "4, 2, 1", "5, 0, 1", "5, NaN, 1", "5, 2, 0"})
  void norms(int size, float k, int groups) {
    refused(
        "norm1: size %d, k %s, %d groups; size must be odd, k above 0, groups at least 1"
            .formatted(size, k, groups),
        () ->
            new LocalResponseNorm(
                "norm1", Region.ACROSS_MAPS, size, 1e-4f, 0.75f, k, Convention.SUM, groups));
  }

  @ParameterizedTest
  @ValueSource(floats = {-0.1f, 1, Float.NaN})
  void dropouts(float rate) {
    refused(
        "drop1: dropout rate %s, must be at least 0 and below 1".formatted(rate),
        () -> new Dropout("drop1", rate, Dropout.Scaling.TRAINING));
  }

  @ParameterizedTest
  @CsvSource({"0, 8, 8", "3, 0, 8", "3, 8, 7"})
  void inputs(int channels, int size, int stored) {
    refused(
        "input of %d channels, size %d, stored %d".formatted(channels, size, stored),
        () -> new Input(channels, size, stored, 1));
  }

  @Test
  void normalizations() {
    List<Float> two = List.of(0.5f, 0.5f);
    refused(
        "input of 3 channels, normalized by 2 means",
        () -> new Input(3, 8, 8, new Normalization.Channels(two, two)));
    String words =
        "means %s and deviations %s: as many of each, and deviations above 0, are required";
    for (List<Float> deviations : List.of(List.of(0.5f), List.of(0.5f, 0f))) {
      refused(words.formatted(two, deviations), () -> new Normalization.Channels(two, deviations));
    }
  }

  @Test
  void networks() {
    FullyConnected fc = new FullyConnected("fc1", 2, 1, SPEC, SPEC);
    SoftmaxCrossEntropy loss = new SoftmaxCrossEntropy("softmax");
    refused(
        "net: the last layer must be a softmax loss", () -> new Network("net", INPUT, List.of()));
    refused(
        "net: the last layer must be a softmax loss",
        () -> new Network("net", INPUT, List.of(loss, fc)));
    refused(
        "net: two layers are called fc1", () -> new Network("net", INPUT, List.of(fc, fc, loss)));
    Network none = new Network("net", INPUT, List.of(new Relu("relu1"), loss));
    refused("net has no fully-connected layer", none::classifier);
    refused("net has no fully-connected layer", none::classes);
  }
}
