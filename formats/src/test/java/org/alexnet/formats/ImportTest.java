package org.alexnet.formats;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.io.InputStream;
import java.lang.foreign.MemorySegment;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.SequencedMap;
import java.util.stream.Stream;
import org.alexnet.AlexNetException;
import org.alexnet.UsageException;
import org.alexnet.data.Augmentation;
import org.alexnet.exchange.Import;
import org.alexnet.exchange.TrainedNetwork;
import org.alexnet.inference.Classifier;
import org.alexnet.inference.TrainedWeights;
import org.alexnet.inference.Views;
import org.alexnet.model.Model;
import org.alexnet.network.Normalization;
import org.alexnet.safetensors.SafetensorsWriter;
import org.alexnet.tensor.DType;
import org.alexnet.tensor.FloatTensor;
import org.alexnet.tensor.TensorInfo;
import org.alexnet.training.Training;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Weights of another program become a run. */
class ImportTest {
  private static final List<String> NAMES = List.of("cat", "dog", "newt");

  @TempDir Path dir;

  private Path saved(String name) throws IOException {
    try (InputStream in = ImportTest.class.getResourceAsStream("/pytorch/" + name + ".pt")) {
      return Files.write(dir.resolve(name), in.readAllBytes());
    }
  }

  private Path images() {
    float[] values = new float[2 * 3 * 3 * 3];
    for (int i = 0; i < values.length; i++) {
      values[i] = (i * 37 % 64 - 32) / 16f;
    }
    SequencedMap<String, FloatTensor> images = new LinkedHashMap<>();
    images.put("images", new FloatTensor(List.of(2L, 3L, 3L, 3L), values));
    Path file = dir.resolve("images.safetensors");
    SafetensorsWriter.save(file, Map.of(), images);
    return file;
  }

  private List<float[]> scores(Classifier classifier) {
    List<float[]> scores = new ArrayList<>();
    classifier.score(images().toString(), image -> scores.add(image.logits()));
    return scores;
  }

  private List<String> files(Path folder) throws IOException {
    try (Stream<Path> files = Files.list(folder)) {
      return files.map(file -> file.getFileName().toString()).sorted().toList();
    }
  }

  @Test
  void aRunLikeAnyOther() throws IOException {
    Path weights = saved("checkpoint-zip");
    Path run = dir.resolve("run");
    Import.Result result = Import.of(List.of(weights)).model(Tiny.model()).names(NAMES).run(run);
    assertEquals(2 * 3 * 2 * 2 + 2 + 3 * 8 + 3, result.parameters());
    try (Classifier ours = Classifier.open(run);
        Classifier theirs =
            Classifier.open(Tiny.model(), weights, null, NAMES, Classifier.Options.defaults());
        TrainedWeights kept = TrainedWeights.open(run)) {
      assertEquals(NAMES, ours.classNames());
      assertTrue(kept.initial("conv1.weight").isEmpty(), "they did not start from a seed");
      List<float[]> expected = scores(theirs);
      List<float[]> got = scores(ours);
      for (int i = 0; i < expected.size(); i++) {
        assertArrayEquals(expected.get(i), got.get(i));
      }
      AlexNetException e = assertThrows(AlexNetException.class, () -> ours.evaluate(Views.CENTRE));
      assertTrue(e.getMessage().startsWith("The weights were imported, and nothing is known of"));
    }
    AlexNetException e =
        assertThrows(AlexNetException.class, () -> Training.resume(run).epochs(1).run());
    assertTrue(e.getMessage().contains("imported and not trained; begin a run with them (init("));
  }

  @Test
  void trainingBeginsWithThem() throws IOException {
    Path run = dir.resolve("run");
    Import.of(List.of(saved("plain-stream"))).model(Tiny.model()).names(NAMES).run(run);
    SequencedMap<String, TensorInfo> data = new LinkedHashMap<>();
    data.put("images", new TensorInfo(DType.F32, List.of(3L, 3L, 3L, 3L)));
    data.put("labels", new TensorInfo(DType.U8, List.of(3L)));
    Path file = dir.resolve("data.safetensors");
    try (SafetensorsWriter writer = SafetensorsWriter.create(file, Map.of(), data)) {
      writer.write("images", new float[81]);
      writer.write("labels", MemorySegment.ofArray(new byte[] {0, 1, 2}));
    }
    Path next = dir.resolve("next");
    Training.of(Tiny.model())
        .data(file.toString())
        .init(run)
        .epochs(0)
        .augmentation(Augmentation.NONE)
        .out(next)
        .run();
    try (TrainedWeights before = TrainedWeights.open(run);
        TrainedWeights after = TrainedWeights.open(next)) {
      for (String name : List.of("conv1.weight", "fc2.bias")) {
        assertArrayEquals(before.read(name).values(), after.read(name).values(), name);
      }
    }
  }

  /** The run keeps the mean image of where the weights come from. */
  @Test
  void theMeanImageOfARun() throws IOException {
    Normalization image = new Normalization.MeanImage(0.5f);
    Path weights = saved("plain-zip");
    Path run = dir.resolve("run");
    UsageException e =
        assertThrows(
            UsageException.class,
            () -> Import.of(List.of(weights)).model(Tiny.model(image)).run(run));
    assertEquals(
        "A mean image is subtracted from what this network reads: give its file (mean), or a"
            + " network that says what else becomes of pixels (model).",
        e.getMessage());
    float[] mean = new float[3 * 4 * 4];
    for (int i = 0; i < mean.length; i++) {
      mean[i] = i;
    }
    SequencedMap<String, FloatTensor> tensors = new LinkedHashMap<>();
    tensors.put("mean", new FloatTensor(List.of(3L, 4L, 4L), mean));
    Path input = dir.resolve("mean.safetensors");
    SafetensorsWriter.save(input, Map.of("scale", "0.5,0.5,0.5", "images", "pixels"), tensors);
    Import.of(List.of(weights, input)).model(Tiny.model(image)).run(run);
    assertArrayEquals(
        Files.readAllBytes(input), Files.readAllBytes(run.resolve("input.safetensors")));
    tensors.put("mean", new FloatTensor(List.of(3L, 2L, 2L), new float[12]));
    Path other = dir.resolve("other.safetensors");
    SafetensorsWriter.save(other, Map.of("scale", "0.5,0.5,0.5", "images", "pixels"), tensors);
    AlexNetException unfit =
        assertThrows(
            AlexNetException.class,
            () ->
                Import.of(List.of(weights))
                    .model(Tiny.model(image))
                    .mean(other)
                    .run(dir.resolve("unfit")));
    assertEquals(
        other
            + ": needs tensor mean F32 [3, 4, 4], got F32 [3, 2, 2]; give the file of a run of this"
            + " network.",
        unfit.getMessage());
    assertFalse(Files.exists(dir.resolve("unfit")));
  }

  /** A mean of pixels up to 255 would be subtracted from pixels up to 1. */
  @Test
  void aMeanOnAnotherScaleOrOfAnotherShapeIsRefused() throws IOException {
    Model model = Tiny.model(new Normalization.MeanImage(0.5f));
    Path weights = saved("plain-zip");
    Path run = dir.resolve("run");
    Path input = dir.resolve("mean.safetensors");
    SequencedMap<String, FloatTensor> tensors = new LinkedHashMap<>();
    tensors.put("mean", new FloatTensor(List.of(3L, 4L, 4L), new float[3 * 4 * 4]));
    SafetensorsWriter.save(input, Map.of("scale", "1.0,1.0,1.0"), tensors);
    AlexNetException e =
        assertThrows(
            AlexNetException.class, () -> Import.of(List.of(weights, input)).model(model).run(run));
    assertEquals(
        input
            + ": its mean is of pixels multiplied by 1.0,1.0,1.0, and the network multiplies them"
            + " by 0.5,0.5,0.5; give the mean of a run of this network, or one of pixels 0..255 as"
            + " a .binaryproto.",
        e.getMessage());
    e =
        assertThrows(
            AlexNetException.class,
            () -> TrainedNetwork.open(model, weights, input).close(),
            "weights without a run");
    assertTrue(e.getMessage().contains("its mean is of pixels multiplied by"), e.getMessage());
    tensors.put("mean", new FloatTensor(List.of(3L, 4L, 5L), new float[3 * 4 * 5]));
    SafetensorsWriter.save(input, Map.of("scale", "0.5,0.5,0.5"), tensors);
    e =
        assertThrows(
            AlexNetException.class, () -> Import.of(List.of(weights, input)).model(model).run(run));
    assertEquals(
        input
            + ": needs tensor mean F32 [3, 4, 4], got F32 [3, 4, 5]; give the file of a run of this"
            + " network.",
        e.getMessage());
    assertFalse(Files.exists(run));
  }

  @Test
  void whatDoesNotFitMakesNothing() throws IOException {
    Path weights = saved("plain-zip");
    Path run = dir.resolve("run");
    assertThrows(
        UsageException.class, () -> Import.of(List.of(weights, weights)).run(run), "twice");
    UsageException e =
        assertThrows(UsageException.class, () -> Import.of(List.of(weights)).run(run));
    assertTrue(e.getMessage().contains("has the weights of no network of the catalogue"));
    assertThrows(
        AlexNetException.class,
        () -> Import.of(List.of(weights)).model(Tiny.model()).names(List.of("cat")).run(run));
    assertFalse(Files.exists(run));
    byte[] bytes = Files.readAllBytes(weights);
    for (int at = 0; at < bytes.length - 4; at++) { // -4 becomes infinite
      if (bytes[at + 3] == (byte) 0xc0 && bytes[at + 2] == (byte) 0x80 && bytes[at + 1] == 0) {
        bytes[at + 3] = (byte) 0xff;
      }
    }
    Files.write(weights, bytes);
    AlexNetException damaged =
        assertThrows(
            AlexNetException.class, () -> Import.of(List.of(weights)).model(Tiny.model()).run(run));
    assertTrue(damaged.getMessage().contains("weights must be finite"), damaged.getMessage());
    assertFalse(Files.exists(run), "the folder is removed");
    Files.createDirectory(run);
    assertThrows(
        AlexNetException.class, () -> Import.of(List.of(weights)).model(Tiny.model()).run(run));
    assertEquals(List.of(), files(run), "an empty folder stays so");
  }
}
