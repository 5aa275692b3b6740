package org.alexnet.weights.format;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.SequencedMap;
import org.alexnet.AlexNetException;
import org.alexnet.data.Augmentation;
import org.alexnet.inference.Classifier;
import org.alexnet.inference.Prediction;
import org.alexnet.model.Model;
import org.alexnet.model.Recipe;
import org.alexnet.model.Schedule;
import org.alexnet.network.Convolution;
import org.alexnet.network.FullyConnected;
import org.alexnet.network.Initial;
import org.alexnet.network.Input;
import org.alexnet.network.Network;
import org.alexnet.network.Normalization;
import org.alexnet.network.ParameterSpec;
import org.alexnet.network.Pooling;
import org.alexnet.network.Rounding;
import org.alexnet.network.SoftmaxCrossEntropy;
import org.alexnet.network.Window;
import org.alexnet.tensor.FloatTensor;
import org.alexnet.training.Training;
import org.alexnet.weights.Weights;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Weights of a format that is added from outside: {@link TextFormat}. */
class WeightFormatTest {
  private static final ParameterSpec SPEC = ParameterSpec.of(new Initial.UniformFanIn(1));
  private static final Model MODEL =
      new Model(
          Network.chain(
              "tiny",
              new Input(
                  3,
                  8,
                  8,
                  new Normalization.Channels(List.of(.4f, .5f, .6f), List.of(.25f, .5f, .125f))),
              List.of(
                  new Convolution(
                      "conv1", 4, new Window(3, 1, 1), Rounding.FLOOR, 1, 1, SPEC, SPEC),
                  new Pooling("pool1", Pooling.Kind.MAX, new Window(2, 2, 0), Rounding.FLOOR),
                  new FullyConnected("fc2", 3, 1, SPEC, SPEC),
                  new SoftmaxCrossEntropy("softmax"))),
          new Recipe(1, 8, 0.01f, 0.9f, 0, new Schedule.Constant(), Augmentation.NONE),
          "as little as there can be");

  private static final SequencedMap<String, FloatTensor> WEIGHTS =
      Weights.initial(MODEL.network(), 5, Weights.Overrides.NONE);

  @TempDir Path dir;

  /** The weights as TensorFlow has them: kernel, kernel, in, out, and in, out. */
  private Path file() throws IOException {
    float[] conv = WEIGHTS.get("conv1.weight").values();
    List<Float> kernel = new ArrayList<>();
    for (int y = 0; y < 3; y++) {
      for (int x = 0; x < 3; x++) {
        for (int in = 0; in < 3; in++) {
          for (int out = 0; out < 4; out++) {
            kernel.add(conv[((out * 3 + in) * 3 + y) * 3 + x]);
          }
        }
      }
    }
    float[] fc = WEIGHTS.get("fc2.weight").values();
    List<Float> dense = new ArrayList<>();
    for (int in = 0; in < 64; in++) {
      for (int out = 0; out < 3; out++) {
        dense.add(fc[out * 64 + in]);
      }
    }
    String text =
        TextFormat.MAGIC
            + "conv1.weight conv/kernel 3,3,3,4 3,2,0,1\n"
            + line(kernel)
            + "conv1.bias conv/bias 4 0\n"
            + line(list("conv1.bias"))
            + "fc2.weight dense/kernel 64,3 1,0\n"
            + line(dense)
            + "fc2.bias fc2.bias 3 0\n"
            + line(list("fc2.bias"));
    return Files.writeString(dir.resolve("weights.safetensors"), text); // its name says nothing
  }

  private static List<Float> list(String name) {
    List<Float> values = new ArrayList<>();
    for (float value : WEIGHTS.get(name).values()) {
      values.add(value);
    }
    return values;
  }

  private static String line(List<Float> values) {
    return String.join(" ", values.stream().map(String::valueOf).toList()) + "\n";
  }

  @Test
  void weightsAreFoundByContentRenamedAndTransposed() throws IOException {
    try (WeightSource source = WeightFiles.open(file())) {
      assertEquals(3, Weights.classes(source, MODEL.network()));
      SequencedMap<String, FloatTensor> read = Weights.load(source, MODEL.network());
      assertEquals(List.copyOf(WEIGHTS.keySet()), List.copyOf(read.keySet()));
      WEIGHTS.forEach(
          (name, tensor) -> {
            assertEquals(tensor.shape(), read.get(name).shape(), name);
            assertArrayEquals(tensor.values(), read.get(name).values(), name);
          });
    }
  }

  @Test
  void valuesAreReadWhenTheyAreNeeded() throws IOException {
    Path file = file();
    String text = Files.readString(file);
    Files.writeString(file, text.replace(line(list("conv1.bias")), "no numbers\n"));
    try (WeightSource source = WeightFiles.open(file)) {
      assertEquals(3, Weights.classes(source, MODEL.network()));
      AlexNetException e =
          assertThrows(AlexNetException.class, () -> Weights.load(source, MODEL.network()));
      assertEquals(file + ": tensor conv/bias has no numbers", e.getMessage());
    }
  }

  @Test
  void anotherShapeIsRefusedInTheOrderOfTheFile() throws IOException {
    Path file = file();
    Files.writeString(file, Files.readString(file).replace("3,3,3,4", "3,3,4,3"));
    try (WeightSource source = WeightFiles.open(file)) {
      AlexNetException e =
          assertThrows(AlexNetException.class, () -> Weights.load(source, MODEL.network()));
      assertTrue(
          e.getMessage()
              .contains("tensor conv/kernel is F32 [3, 3, 4, 3], but tiny needs F32 [3, 3, 3, 4];"),
          e.getMessage());
    }
  }

  /** Fine-tuning begins with them, and they classify as a run that has them does. */
  @Test
  void theyServeWhereverWeightsAreTaken() throws IOException {
    Path file = file();
    Path run = dir.resolve("run");
    Training.of(MODEL)
        .backend("reference")
        .data("shapes:20")
        .classes(10)
        .init(file)
        .epochs(0)
        .out(run)
        .run();
    try (WeightSource started = WeightFiles.open(run.resolve("model.safetensors"))) {
      for (String name : List.of("conv1.weight", "conv1.bias")) {
        assertArrayEquals(WEIGHTS.get(name).values(), started.floats(name), name);
      }
      assertEquals(10, started.classNames().size());
    }
    Path own = dir.resolve("own.safetensors");
    Weights.save(own, WEIGHTS);
    List<String> names = List.of("one", "two", "three");
    try (Classifier words = Classifier.open(MODEL, file, null, List.of(), options());
        Classifier tensors = Classifier.open(MODEL, own, null, names, options())) {
      assertEquals(names, words.classNames());
      List<Prediction> predicted = words.predict("shapes:20", 3);
      assertEquals(5, predicted.size());
      assertEquals(tensors.predict("shapes:20", 3), predicted);
    }
  }

  private static Classifier.Options options() {
    Classifier.Options some = Classifier.Options.defaults();
    return new Classifier.Options("reference", List.of(), 1, 5, some.say(), null, some.progress());
  }

  @Test
  void aFileOfNoKnownFormatIsRefusedByItsFirstBytes() throws IOException {
    Path file = Files.write(dir.resolve("w.pth"), new byte[] {'P', 'K', 3, 4, 0, (byte) 0xff});
    AlexNetException e = assertThrows(AlexNetException.class, () -> WeightFiles.open(file));
    assertEquals(
        file
            + " is no file of weights that can be read: it begins with"
            + " \"PK\\x03\\x04\\x00\\xff\"; known formats: safetensors, words.",
        e.getMessage());
    Files.write(file, new byte[0]);
    e = assertThrows(AlexNetException.class, () -> WeightFiles.open(file));
    assertTrue(e.getMessage().contains(": it is empty; known"), e.getMessage());
    Path nowhere = dir.resolve("nowhere");
    e = assertThrows(AlexNetException.class, () -> WeightFiles.open(nowhere));
    assertEquals(nowhere + " cannot be read: no such file or folder", e.getMessage());
  }

  @Test
  void axesThatAreNoOrderAreRefused() {
    for (List<Integer> axes : List.of(List.of(0, 0), List.of(1, 2), List.of(-1, 0))) {
      assertThrows(IllegalArgumentException.class, () -> new StoredAs("w", axes));
    }
    StoredAs matrix = new StoredAs("w", List.of(1, 0));
    assertEquals(List.of(3L, 2L), matrix.inFile(List.of(2L, 3L)));
    assertThrows(IllegalArgumentException.class, () -> matrix.inFile(List.of(2L)));
  }
}
