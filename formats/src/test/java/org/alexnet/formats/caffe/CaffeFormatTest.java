package org.alexnet.formats.caffe;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.alexnet.AlexNetException;
import org.alexnet.backend.Narrow;
import org.alexnet.exchange.Import;
import org.alexnet.formats.Hostile;
import org.alexnet.formats.Networks;
import org.alexnet.formats.Trained;
import org.alexnet.formats.protobuf.ProtobufWriter;
import org.alexnet.model.Models;
import org.alexnet.tensor.DType;
import org.alexnet.tensor.FloatTensor;
import org.alexnet.weights.Weights;
import org.alexnet.weights.format.WeightFiles;
import org.alexnet.weights.format.WeightSource;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Weights and means of Caffe, of each of its generations. */
class CaffeFormatTest {
  @TempDir Path dir;

  @ParameterizedTest
  @EnumSource
  void weightsOfEveryGeneration(CaffeBytes.Way way) throws IOException {
    Trained trained = new Trained(Networks.columns(), dir);
    Path file = dir.resolve("x.caffemodel");
    Files.write(file, CaffeBytes.network("Any", trained.weights, way, dir));
    try (WeightSource source = WeightFiles.open(file)) {
      var read = Weights.load(source, trained.model.network());
      trained.weights.forEach(
          (name, tensor) -> {
            assertEquals(tensor.shape(), read.get(name).shape(), name);
            assertArrayEquals(tensor.values(), read.get(name).values(), name);
          });
      assertEquals(Optional.empty(), source.networkName());
      assertEquals(
          List.of(
              "The filters of conv1.weight were turned from blue, green, red, which Caffe's"
                  + " networks read, to red, green, blue."),
          source.remarks());
    }
  }

  /** Three networks of the catalogue have the same parameters; Caffe's name tells which it is. */
  @Test
  void theNameTellsWhichNetworkItIs() throws IOException {
    var weights =
        Weights.initial(
            Narrow.eighth(Models.named("caffenet")).network(), 1, Weights.Overrides.NONE);
    for (var name : Map.of("AlexNet", "bvlc_alexnet", "CaffeNet", "caffenet").entrySet()) {
      Path file = dir.resolve("x.caffemodel");
      Files.write(file, CaffeBytes.network(name.getKey(), weights, CaffeBytes.Way.V1, dir));
      try (WeightSource source = WeightFiles.open(file)) {
        assertEquals(Optional.of(name.getValue()), source.networkName());
      }
    }
  }

  @ParameterizedTest
  @EnumSource
  void meansInTheOrderRedGreenBlue(CaffeBytes.Way way) throws IOException {
    float[] blueFirst = {1, 2, 3, 4, 10, 20, 30, 40, 100, 200, 300, 400};
    FloatTensor mean = new FloatTensor(List.of(1L, 3L, 2L, 2L), blueFirst);
    Path file = dir.resolve("mean.binaryproto");
    Files.write(file, CaffeBytes.bytes(CaffeBytes.blob(mean, way), dir));
    try (WeightSource source = WeightFiles.open(file)) {
      assertEquals(List.of(3L, 2L, 2L), source.tensors().get("mean").shape());
      assertEquals(DType.F32, source.tensors().get("mean").dtype());
      assertArrayEquals(
          new float[] {100, 200, 300, 400, 10, 20, 30, 40, 1, 2, 3, 4}, source.floats("mean"));
    }
  }

  /** Scale, mean image and colours become those of the run. */
  @Test
  void theMeanBecomesTheRuns() throws IOException {
    Trained trained = new Trained(Networks.columns(), dir); // scale 0.5, stored 23
    Path weights = dir.resolve("x.caffemodel");
    Files.write(weights, CaffeBytes.network("Any", trained.weights, CaffeBytes.Way.V1, dir));
    float[] mean;
    try (WeightSource own = WeightFiles.open(trained.input)) {
      mean = own.floats("mean");
    }
    for (int i = 0; i < mean.length; i++) {
      mean[i] *= 2;
    }
    Colours.turn(mean, 23 * 23);
    Path image = dir.resolve("mean.binaryproto");
    FloatTensor blob = new FloatTensor(List.of(3L, 23L, 23L), mean);
    Files.write(image, CaffeBytes.bytes(CaffeBytes.blob(blob, CaffeBytes.Way.V1), dir));
    Path run = dir.resolve("run");
    List<String> said = new ArrayList<>();
    Import.of(List.of(weights, image))
        .model(trained.model)
        .say(message -> said.add(message.toString()))
        .run(run);
    assertTrue(said.toString().contains("were turned from blue, green, red"), said.toString());
    List<float[]> expected = trained.scores();
    List<float[]> got = trained.scores(run);
    for (int i = 0; i < expected.size(); i++) {
      assertArrayEquals(expected.get(i), got.get(i));
    }
  }

  private static void readAll(Path file) {
    try (WeightSource source = WeightFiles.open(file)) {
      source
          .tensors()
          .forEach((name, info) -> assertEquals(info.elements(), source.floats(name).length));
    }
  }

  private String refused(byte[] bytes) throws IOException {
    Path file = Files.write(dir.resolve("bad.caffemodel"), bytes);
    AlexNetException e = assertThrows(AlexNetException.class, () -> readAll(file));
    assertTrue(e.getMessage().startsWith(file.toString()), e.getMessage());
    return e.getMessage().substring(file.toString().length());
  }

  @Test
  void shapesThatLie() throws IOException {
    for (List<Long> shape :
        List.of(
            List.of(1L, 7L),
            List.of(-1L, -6L),
            List.of(1L << 62, 4L),
            List.of(1L << 32, 1L << 32),
            List.of(1L << 62, 0L),
            List.of(0L, 3L, 1L << 32, 1L << 32),
            List.<Long>of())) {
      ProtobufWriter blob =
          new ProtobufWriter()
              .floats(5, 6, () -> new float[6])
              .message(7, new ProtobufWriter().integers(1, shape));
      ProtobufWriter layer =
          new ProtobufWriter().text(1, "a").text(2, "Convolution").message(7, blob);
      byte[] bytes = CaffeBytes.bytes(new ProtobufWriter().message(100, layer), dir);
      String said = refused(bytes);
      assertTrue(said.contains("a BlobProto has shape"), said);
    }
    String said =
        refused(
            CaffeBytes.bytes(
                new ProtobufWriter()
                    .text(1, "x")
                    .message(100, new ProtobufWriter().text(1, "a").text(2, "ReLU")),
                dir));
    assertEquals(": it is a network of Caffe without weights.", said);
  }

  /** Colours of images without pixels are nothing to turn. */
  @Test
  void nothingIsReadOfEmptyTensors() throws IOException {
    ProtobufWriter blob = new ProtobufWriter().integer(1, 1).integer(2, 3).integer(3, 0);
    byte[] bytes = CaffeBytes.bytes(blob.integer(4, 5).floats(5, 0, () -> new float[0]), dir);
    try (WeightSource source = WeightFiles.open(Files.write(dir.resolve("m.binaryproto"), bytes))) {
      assertEquals(0, source.floats("mean").length);
    }
  }

  @ParameterizedTest
  @EnumSource
  void damagedFiles(CaffeBytes.Way way) throws IOException {
    Trained trained = new Trained(Networks.columns(), dir);
    byte[] whole = CaffeBytes.network("Any", trained.weights, way, dir);
    FloatTensor small = new FloatTensor(List.of(2L, 3L, 2L, 2L), new float[24]);
    Map<String, FloatTensor> two =
        Map.of("a.weight", small, "a.bias", new FloatTensor(List.of(2L), new float[2]));
    byte[] good = CaffeBytes.network("Any", two, way, dir);
    Path file = dir.resolve("hostile.caffemodel");
    Hostile.cutEverywhere(good, file, CaffeFormatTest::readAll);
    Hostile.change(good, file, CaffeFormatTest::readAll);
    Hostile.cutEverywhere(Arrays.copyOf(whole, 600), file, CaffeFormatTest::readAll);
  }
}
