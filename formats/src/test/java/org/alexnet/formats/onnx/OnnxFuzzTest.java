package org.alexnet.formats.onnx;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
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
import org.alexnet.formats.protobuf.ProtobufTree;
import org.alexnet.model.Models;
import org.alexnet.network.Network;
import org.alexnet.tensor.DType;
import org.alexnet.weights.format.WeightFiles;
import org.alexnet.weights.format.WeightSource;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Damaged graphs of every layer. */
class OnnxFuzzTest {
  private static final List<byte[]> WORDS =
      Stream.of(
              ("Conv Gemm MatMul Relu Tanh Sigmoid Softplus Abs LRN MaxPool AveragePool Flatten"
                      + " Reshape Transpose Concat Split Slice Add Sub Mul Div Pow Where Greater"
                      + " Sum Dropout Identity Softmax Squeeze Unsqueeze ReduceMean Pad Constant"
                      + " GlobalAveragePool kernel_shape strides pads dilations group axis perm"
                      + " auto_pad SAME_UPPER VALID ceil_mode count_include_pad alpha beta bias"
                      + " size transB input logits probabilities stored resize stretch 99999"
                      + " class_names [] conv1 relu1 softmax conv1.weight fc3.bias location"
                      + " ../x offset -1")
                  .split(" "))
          .map(word -> word.getBytes(StandardCharsets.UTF_8))
          .toList();

  @TempDir Path dir;

  private void read(Path file) {
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
    if (Models.inFile(file).isEmpty()) {
      return;
    }
    Path run = dir.resolve("imported");
    try {
      Import.of(List.of(file)).run(run);
    } catch (AlexNetException e) {
      Hostile.requireNothing(run);
      throw e;
    }
    Hostile.remove(run);
  }

  @Test
  void graphs() throws IOException {
    List<byte[]> good = new ArrayList<>();
    List<Network> networks = new ArrayList<>(TestNetworks.small());
    networks.addAll(Networks.all().toList());
    for (Network network : networks) {
      Path file = dir.resolve(network.name() + ".onnx");
      try (TrainedNetwork trained = new Trained(network, dir.resolve("trained")).open()) {
        Export.writer(file).write(trained, file, ModelWriter.Options.DEFAULT);
      }
      good.add(Files.readAllBytes(file));
      Files.delete(file);
    }
    Hostile.fuzz(
        random -> ProtobufTree.mutate(good.get(random.nextInt(good.size())), WORDS, random),
        dir.resolve("hostile.onnx"),
        this::read);
  }
}
