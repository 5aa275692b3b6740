package org.alexnet.formats.caffe;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.alexnet.AlexNetException;
import org.alexnet.exchange.Export;
import org.alexnet.exchange.Import;
import org.alexnet.exchange.ModelWriter;
import org.alexnet.exchange.TrainedNetwork;
import org.alexnet.formats.Hostile;
import org.alexnet.formats.Mutations;
import org.alexnet.formats.Networks;
import org.alexnet.formats.Trained;
import org.alexnet.formats.protobuf.ProtobufTree;
import org.alexnet.model.Models;
import org.alexnet.tensor.DType;
import org.alexnet.tensor.FloatTensor;
import org.alexnet.weights.format.WeightFiles;
import org.alexnet.weights.format.WeightSource;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Damaged files of Caffe: weights, mean images and networks. */
class CaffeFuzzTest {
  private static final List<String> NAMES =
      List.of(
          "a", "conv1", "data", "mean", "AlexNet", "Convolution", "InnerProduct", "", "\u001b[31m");
  private static final List<String> WORDS =
      Stream.of(
              "layer layers { } name: type: bottom: top: \"data\" \"Convolution\" \"Pooling\" LRN"
                  + " \"LRN\" \"ReLU\" \"TanH\" \"Concat\" \"Eltwise\" \"Split\" \"Slice\""
                  + " \"Dropout\" \"Softmax\" \"SoftmaxWithLoss\" \"Input\" \"InnerProduct\""
                  + " \"Sigmoid\" \"AbsVal\" \"Power\" kernel_size: kernel_h: stride: pad: group:"
                  + " num_output: pool: MAX AVE local_size: alpha: beta: k: norm_region:"
                  + " WITHIN_CHANNEL ACROSS_CHANNELS dim: input: input_dim: input_param shape"
                  + " transform_param mean_value: mean_file: crop_size: scale: include phase: TRAIN"
                  + " TEST exclude dropout_ratio: eltwise_param operation: SUM PROD coeff:"
                  + " concat_param axis: bias_term: false true 1e30 1e-46 nan inf -1 0.5 0x10 '")
          .flatMap(words -> Stream.of(words.split(" ")))
          .toList();

  @TempDir Path dir;

  private static List<byte[]> words() {
    return NAMES.stream().map(name -> name.getBytes(StandardCharsets.UTF_8)).toList();
  }

  private static void readAll(Path file) {
    try (WeightSource source = WeightFiles.open(file)) {
      source
          .tensors()
          .forEach(
              (name, info) -> {
                if (info.dtype() == DType.F32) {
                  source.floats(name);
                }
              });
    }
  }

  @Test
  void weights() throws IOException {
    FloatTensor small = new FloatTensor(List.of(2L, 3L, 2L, 2L), new float[24]);
    FloatTensor product = new FloatTensor(List.of(2L, 3L), new float[6]);
    FloatTensor bias = new FloatTensor(List.of(2L), new float[2]);
    Map<String, FloatTensor> two = new LinkedHashMap<>();
    two.put("a.weight", small);
    two.put("a.bias", bias);
    two.put("b.weight", product);
    two.put("b.bias", bias);
    List<byte[]> good = new ArrayList<>();
    for (CaffeBytes.Way way : CaffeBytes.Way.values()) {
      good.add(CaffeBytes.network("Any", two, way, dir));
    }
    Hostile.fuzz(
        random -> ProtobufTree.mutate(good.get(random.nextInt(good.size())), words(), random),
        dir.resolve("hostile.caffemodel"),
        CaffeFuzzTest::readAll);
  }

  @Test
  void meanImages() throws IOException {
    FloatTensor image = new FloatTensor(List.of(1L, 3L, 2L, 2L), new float[12]);
    List<byte[]> good = new ArrayList<>();
    for (CaffeBytes.Way way : CaffeBytes.Way.values()) {
      good.add(CaffeBytes.bytes(CaffeBytes.blob(image, way), dir));
    }
    Hostile.fuzz(
        random -> ProtobufTree.mutate(good.get(random.nextInt(good.size())), words(), random),
        dir.resolve("hostile.binaryproto"),
        CaffeFuzzTest::readAll);
  }

  /** A network that is still one is imported with the weights that it had. */
  @Test
  void networks() throws IOException {
    Trained trained = new Trained(Networks.branches(), dir);
    Path weights = dir.resolve("x.caffemodel");
    try (TrainedNetwork network = trained.open()) {
      Export.writer(weights).write(network, weights, ModelWriter.Options.DEFAULT);
    }
    Path other = dir.resolve("y.caffemodel");
    try (TrainedNetwork network = new Trained(Networks.columns(), dir).open()) {
      Export.writer(other).write(network, other, ModelWriter.Options.DEFAULT);
    }
    List<byte[]> good =
        List.of(
            Files.readAllBytes(dir.resolve("x.prototxt")),
            Files.readAllBytes(dir.resolve("y.prototxt")),
            CaffeWriterTest.FOR_TRAINING.getBytes(StandardCharsets.UTF_8));
    Path mean = dir.resolve("x.binaryproto");
    Hostile.fuzz(
        random -> Mutations.text(good.get(random.nextInt(good.size())), WORDS, random),
        dir.resolve("hostile.prototxt"),
        file -> {
          if (Models.inFile(file).isEmpty()) {
            return;
          }
          Path run = dir.resolve("run");
          try {
            Import.of(List.of(file, weights, mean)).run(run);
          } catch (AlexNetException e) {
            // The fault of the weights as often as of the network.
            Hostile.requireNothing(run);
            return;
          }
          Hostile.remove(run);
        });
  }
}
