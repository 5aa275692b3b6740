package org.alexnet.formats.onnx;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ai.onnxruntime.OrtException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Map;
import java.util.stream.Stream;
import org.alexnet.LongTest;
import org.alexnet.UsageException;
import org.alexnet.backend.TestNetworks;
import org.alexnet.exchange.Export;
import org.alexnet.exchange.ModelWriter;
import org.alexnet.exchange.TrainedNetwork;
import org.alexnet.formats.Networks;
import org.alexnet.formats.Trained;
import org.alexnet.model.Model;
import org.alexnet.model.Models;
import org.alexnet.network.Network;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** What is written is computed by ONNX Runtime, from pixels to scores. */
class OnnxWriterTest {
  @TempDir Path dir;

  static Stream<Network> small() {
    return Stream.concat(TestNetworks.small().stream(), Networks.all());
  }

  static Stream<Network> catalogue() {
    return Models.all().stream().map(Model::network);
  }

  private Path export(Trained trained, ModelWriter.Options options) {
    Path file = dir.resolve("network.onnx");
    try (TrainedNetwork network = trained.open()) {
      Export.writer(file).write(network, file, options);
    }
    return file;
  }

  private static float[][] run(Path file, float[] pixels, long[] shape) throws OrtException {
    Map<String, float[][]> outputs = OnnxRuntime.run(file, pixels, shape);
    for (float[] image : outputs.get("probabilities")) {
      double sum = 0;
      for (float probability : image) {
        sum += probability;
      }
      assertEquals(1, sum, 1e-4);
    }
    return outputs.get("logits");
  }

  private void check(Network network) throws IOException, OrtException {
    Trained trained = new Trained(network, dir);
    Path file = export(trained, ModelWriter.Options.DEFAULT);
    OnnxRuntime.assertClose(
        trained.scores(), run(file, trained.pixels(), trained.shape()), network.name());
  }

  @ParameterizedTest
  @MethodSource("small")
  void onnxRuntimeHasTheSameScores(Network network) throws IOException, OrtException {
    check(network);
  }

  @LongTest
  @ParameterizedTest
  @MethodSource("catalogue")
  void onnxRuntimeHasTheSameScoresOfTheCatalogue(Network network) throws IOException, OrtException {
    check(network);
  }

  /** Without what becomes of pixels, and for one number of images alone. */
  @Test
  void rawAndForAFixedNumberOfImages() throws IOException, OrtException {
    Trained trained = new Trained(Networks.columns(), dir);
    ModelWriter.Options raw = new ModelWriter.Options(ModelWriter.ParameterNames.USUAL, 3, true);
    float[] pixels = trained.pixels();
    try (TrainedNetwork network = trained.open()) {
      float[] mean = network.requireMean().values(); // 23 x 23, of which the network sees 19 x 19
      for (int i = 0; i < pixels.length; i++) {
        int row = i / 19 % 19 + 2;
        int at = (i / (19 * 19) % 3 * 23 + row) * 23 + i % 19 + 2;
        pixels[i] = 0.5f * pixels[i] - mean[at];
      }
    }
    Path file = export(trained, raw);
    OnnxRuntime.assertClose(trained.scores(), run(file, pixels, trained.shape()), "raw");
    long[] one = trained.shape();
    one[0] = 1;
    float[] first = Arrays.copyOf(pixels, pixels.length / 3);
    assertThrows(OrtException.class, () -> run(file, first, one), "made for three images");
  }

  @Test
  void weightsWithoutAMeanAreWrittenRaw() throws IOException {
    Trained trained = new Trained(Networks.columns(), dir);
    Path file = dir.resolve("network.onnx");
    try (TrainedNetwork network = TrainedNetwork.open(trained.model, trained.file, null)) {
      ModelWriter writer = Export.writer(file);
      UsageException e =
          assertThrows(
              UsageException.class, () -> writer.write(network, file, ModelWriter.Options.DEFAULT));
      assertTrue(e.getMessage().contains("(input)"), e.getMessage());
      assertTrue(Files.notExists(file));
      writer.write(network, file, new ModelWriter.Options(ModelWriter.ParameterNames.OWN, 0, true));
      assertTrue(Files.exists(file));
    }
  }

  /** Equal networks make equal files. */
  @Test
  void theFileFollowsFromTheNetwork() throws IOException {
    Trained trained = new Trained(Networks.columns(), dir);
    byte[] first = Files.readAllBytes(export(trained, ModelWriter.Options.DEFAULT));
    assertArrayEquals(first, Files.readAllBytes(export(trained, ModelWriter.Options.DEFAULT)));
  }
}
