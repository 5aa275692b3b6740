package org.alexnet.cpu;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.awt.image.BufferedImage;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.alexnet.AlexNetException;
import org.alexnet.UsageException;
import org.alexnet.data.ProgressListener;
import org.alexnet.data.TestImages;
import org.alexnet.data.source.MemoryImages;
import org.alexnet.inference.Classifier;
import org.alexnet.inference.Evaluation;
import org.alexnet.inference.Prediction;
import org.alexnet.inference.Views;
import org.alexnet.tensor.FloatTensor;
import org.alexnet.training.Training;
import org.alexnet.training.TrainingRig;
import org.alexnet.weights.Weights;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ClassifierTest {
  @TempDir Path dir;

  private static Classifier.Options options(String backend, int threads, int batch) {
    return new Classifier.Options(
        backend, List.of(), threads, batch, text -> {}, null, ProgressListener.NONE);
  }

  private Path trained() {
    return Training.of(TrainingRig.MODEL)
        .backend("cpu")
        .threads(2)
        .data("shapes:40")
        .batch(16)
        .epochs(2)
        .out(dir.resolve("run"))
        .run()
        .run();
  }

  @Test
  void aRunAndItsFilesJudgeAlike() {
    Path run = trained();
    Path weights = run.resolve("model.safetensors");
    Path input = run.resolve("input.safetensors");
    Path floats = TrainingRig.floats(dir.resolve("floats.safetensors"), 5, 3, 0, 1);
    try (Classifier whole = Classifier.open(run, options("cpu", 1, 7));
        Classifier files =
            Classifier.open(TrainingRig.MODEL, weights, input, List.of(), options("cpu", 3, 7));
        Classifier bare =
            Classifier.open(TrainingRig.MODEL, weights, null, List.of(), options("cpu", 2, 7))) {
      Evaluation evaluation = whole.evaluate("shapes:40");
      assertEquals(10, evaluation.images());
      assertEquals(evaluation, files.evaluate("shapes:40"));
      assertArrayEquals(logits(whole, "shapes:40"), logits(files, "shapes:40"));
      assertThrows(UsageException.class, () -> logits(bare, "shapes:40"));

      // Floating-point images are used as they are: the mean of the run does not touch them.
      float[] logits = logits(bare, floats.toString());
      assertArrayEquals(logits, logits(whole, floats.toString()));
      assertCloseToReference(weights, floats, logits);

      Prediction best = whole.predict("shapes:40", 3).getFirst();
      assertEquals(3, best.top().size());
      Prediction.Guess first = best.top().getFirst();
      assertEquals(whole.classNames().get(first.index()), first.className());
      assertTrue(first.probability() >= best.top().get(1).probability());
      // The file of the weights carries the names of the classes.
      assertEquals(whole.classNames(), files.classNames());
      assertEquals(best, files.predict("shapes:40", 3).getFirst());
    }
  }

  private static float[] logits(Classifier classifier, String source) {
    List<Float> all = new ArrayList<>();
    classifier.score(
        source,
        image -> {
          for (float value : image.logits()) {
            all.add(value);
          }
        });
    float[] logits = new float[all.size()];
    for (int i = 0; i < logits.length; i++) {
      logits[i] = all.get(i);
    }
    return logits;
  }

  private static void assertCloseToReference(Path weights, Path data, float[] logits) {
    try (Classifier reference =
        Classifier.open(TrainingRig.MODEL, weights, null, List.of(), options("reference", 1, 2))) {
      float[] expected = logits(reference, data.toString());
      double scale = 0;
      for (float value : expected) {
        scale = Math.max(scale, Math.abs(value));
      }
      for (int i = 0; i < expected.length; i++) {
        assertEquals(expected[i], logits[i], 2e-5 * scale, "logit " + i);
      }
    }
  }

  @Test
  void trainingFromOtherClassesKeepsAllButTheLastLayer() {
    Path init = TrainingRig.initial(dir.resolve("init.safetensors"), 7, 5);
    Path fresh = TrainingRig.initial(dir.resolve("fresh.safetensors"), 10, 42);
    Path run = dir.resolve("run");
    TrainingRig.Ear ear = new TrainingRig.Ear();
    Training.of(TrainingRig.MODEL)
        .backend("cpu")
        .data("shapes:10")
        .init(init)
        .epochs(0)
        .out(run)
        .listener(ear)
        .run();
    Path got = run.resolve("model.safetensors");
    for (String name : List.of("conv1.weight", "conv3.bias", "fc1.weight", "fc1.bias")) {
      assertArrayEquals(TrainingRig.tensor(init, name), TrainingRig.tensor(got, name), name);
    }
    for (String name : List.of("fc2.weight", "fc2.bias")) {
      assertArrayEquals(TrainingRig.tensor(fresh, name), TrainingRig.tensor(got, name), name);
    }
    assertTrue(
        ear.messages.stream().anyMatch(m -> m.contains("7 classes") && m.contains("fc2")),
        ear.messages.toString());
  }

  @Test
  void weightsOfTheSameClassesAreTakenWhole() {
    Path init = TrainingRig.initial(dir.resolve("init.safetensors"), 10, 5);
    Path data = TrainingRig.floats(dir.resolve("data.safetensors"), 2, 1, 0, 1);
    TrainingRig.plain("cpu", data, dir.resolve("run")).init(init).epochs(0).run();
    Path got = dir.resolve("run/model.safetensors");
    for (String name : List.of("conv1.weight", "fc2.weight", "fc2.bias")) {
      assertArrayEquals(TrainingRig.tensor(init, name), TrainingRig.tensor(got, name), name);
    }
  }

  @Test
  void weightsOfAnotherNetworkAreRefusedNamingTheFirstTensorThatDiffers() {
    LinkedHashMap<String, FloatTensor> tensors = new LinkedHashMap<>();
    Weights.initial(TrainingRig.MODEL.network(), 1, Weights.Overrides.NONE).forEach(tensors::put);
    tensors.put("conv2.weight", new FloatTensor(List.of(8L, 4L, 5L, 5L), new float[800]));
    tensors.put("conv3.bias", new FloatTensor(List.of(8L), new float[8]));
    String message = refused(tensors);
    assertTrue(message.contains("conv2.weight"), message);
    assertTrue(message.contains("[8, 4, 5, 5]") && message.contains("[8, 4, 3, 3]"), message);

    tensors.clear();
    Weights.initial(TrainingRig.MODEL.network(), 1, Weights.Overrides.NONE).forEach(tensors::put);
    tensors.put("conv4.weight", new FloatTensor(List.of(1L), new float[1]));
    assertTrue(refused(tensors).contains("conv4.weight"));
    tensors.remove("conv4.weight");
    tensors.remove("fc1.bias");
    assertTrue(refused(tensors).contains("fc1.bias [64], and there is none"), refused(tensors));
    tensors.remove("fc2.weight");
    assertTrue(refused(tensors).contains("fc2.weight"), refused(tensors));
  }

  private String refused(LinkedHashMap<String, FloatTensor> tensors) {
    Path file = dir.resolve("other.safetensors");
    Weights.save(file, tensors);
    Path data = TrainingRig.floats(dir.resolve("data.safetensors"), 2, 1, 0, 1);
    Training training = TrainingRig.plain("cpu", data, dir.resolve("run")).init(file);
    String message = assertThrows(AlexNetException.class, training::run).getMessage();
    assertFalse(Files.exists(dir.resolve("run")));
    assertTrue(message.contains(file.toString()), message);
    assertThrows(
        AlexNetException.class,
        () ->
            Classifier.open(TrainingRig.MODEL, file, null, List.of(), options("cpu", 1, 1))
                .close());
    return message;
  }

  @Test
  void severalThreadsAskOneClassifier() throws Exception {
    Path run = trained();
    try (Classifier classifier = Classifier.open(run, options("cpu", 2, 4));
        ExecutorService pool = Executors.newFixedThreadPool(4)) {
      float[] alone = logits(classifier, "shapes:40");
      Evaluation evaluation = classifier.evaluate("shapes:40");
      List<Future<float[]>> scores = new ArrayList<>();
      List<Future<Evaluation>> evaluations = new ArrayList<>();
      for (int i = 0; i < 6; i++) {
        scores.add(pool.submit(() -> logits(classifier, "shapes:40")));
        evaluations.add(pool.submit(() -> classifier.evaluate("shapes:40")));
      }
      for (Future<float[]> score : scores) {
        assertArrayEquals(alone, score.get());
      }
      for (Future<Evaluation> other : evaluations) {
        assertEquals(evaluation, other.get());
      }
    }
  }

  @Test
  void aClassifierIsClosedOnceAndForAll() {
    Classifier classifier = Classifier.open(trained(), options("cpu", 2, 4));
    assertThrows(
        IllegalStateException.class,
        () -> classifier.score("shapes:40", image -> classifier.predict("shapes:40", 1)));
    assertThrows(
        IllegalStateException.class,
        () -> classifier.score("shapes:40", image -> classifier.close()));
    assertEquals(10, classifier.predict("shapes:40", 1).size());
    classifier.close();
    classifier.close();
    assertEquals(
        "the classifier is closed",
        assertThrows(IllegalStateException.class, () -> classifier.predict("shapes:40", 1))
            .getMessage());
  }

  @Test
  void aPictureInMemoryIsThatOfItsFile() throws IOException {
    BufferedImage picture =
        TestImages.image(BufferedImage.TYPE_INT_ARGB, 50, 41, p -> 0xFF000000 | p * 7919);
    Path file = dir.resolve("picture.png");
    TestImages.write(file, TestImages.bytes(picture, "png"));
    try (Classifier classifier = Classifier.open(trained(), options("cpu", 2, 1))) {
      Prediction ofFile = classifier.predict(List.of(file), 3).getFirst();
      assertEquals(ofFile.top(), classifier.predict(picture, 3).top());
      MemoryImages grey = MemoryImages.pixels(1, 32, 32, List.of(new byte[32 * 32]));
      String refused =
          assertThrows(AlexNetException.class, () -> classifier.predict(grey, 1)).getMessage();
      assertTrue(refused.contains("3 x 32 x 32 are required"), refused);
      MemoryImages unknown =
          MemoryImages.pictures(3, 40, false, List.of(picture))
              .labelled(new int[] {0}, List.of("zebra"));
      String strange =
          assertThrows(AlexNetException.class, () -> classifier.evaluate(unknown, Views.CENTRE))
              .getMessage();
      assertTrue(strange.contains("zebra"), strange);
    }
  }
}
