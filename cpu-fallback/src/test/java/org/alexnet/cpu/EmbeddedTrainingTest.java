package org.alexnet.cpu;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.alexnet.AlexNetException;
import org.alexnet.data.ImageSource;
import org.alexnet.data.source.DataSets;
import org.alexnet.data.source.MemoryImages;
import org.alexnet.data.source.OpenOptions;
import org.alexnet.inference.Classifier;
import org.alexnet.training.Training;
import org.alexnet.training.TrainingRig;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Training by a program that has its images in memory. */
class EmbeddedTrainingTest {
  @TempDir Path dir;

  private static final OpenOptions OPTIONS = new OpenOptions(3, 32, 32, 32, 1, 42, false, null);

  /** The images of a source by their bytes. */
  private static MemoryImages inMemory(ImageSource source) {
    List<byte[]> pixels = new ArrayList<>();
    int[] labels = new int[source.size()];
    for (int i = 0; i < labels.length; i++) {
      MemorySegment to = MemorySegment.ofArray(new byte[3 * 32 * 32]);
      source.read(i, to);
      pixels.add(to.toArray(ValueLayout.JAVA_BYTE));
      labels[i] = source.label(i);
    }
    return MemoryImages.pixels(3, 32, 32, pixels).labelled(labels, source.classNames());
  }

  private static MemoryImages shapes() {
    try (var set = DataSets.open("shapes:60", null, 0, OPTIONS)) {
      return inMemory(set.train());
    }
  }

  private static MemoryImages validation() {
    try (ImageSource source = DataSets.openForEvaluation("shapes:60", OPTIONS)) {
      return inMemory(source);
    }
  }

  private Training small(Path out) {
    return Training.of(TrainingRig.MODEL).backend("cpu").threads(2).batch(16).epochs(2).out(out);
  }

  @Test
  void imagesInMemoryTrainAsNamedOnesDo() throws IOException {
    Path named = dir.resolve("named");
    Path given = dir.resolve("given");
    small(named).data("shapes:60").run();
    small(given).data(shapes()).validation(validation()).run();
    for (String file : List.of("model.safetensors", "optimizer.safetensors")) {
      assertArrayEquals(
          Files.readAllBytes(named.resolve(file)), Files.readAllBytes(given.resolve(file)), file);
    }
    assertEquals(TrainingRig.metrics(named), TrainingRig.metrics(given));
  }

  @Test
  void aRunOfImagesInMemoryIsResumedWithThem() throws IOException {
    Path whole = dir.resolve("whole");
    Path parts = dir.resolve("parts");
    small(whole).data(shapes()).validation(validation()).run();
    Training first = small(parts).data(shapes()).validation(validation());
    new TrainingRig.Ear().stopping(first, 3);
    assertTrue(first.run().stopped());

    String refused =
        assertThrows(AlexNetException.class, () -> Training.resume(parts).run()).getMessage();
    assertTrue(refused.contains("(60 images in memory) were given by a program"), refused);
    assertThrows( // the other way round
        AlexNetException.class,
        () -> Training.resume(parts).data(validation()).validation(shapes()).run());
    Training.resume(parts).backend("cpu").data(shapes()).validation(validation()).run();
    assertArrayEquals(
        Files.readAllBytes(whole.resolve("model.safetensors")),
        Files.readAllBytes(parts.resolve("model.safetensors")));

    // The run is one like others, but that what it held out is not at hand.
    try (Classifier classifier = Classifier.open(whole)) {
      assertEquals(15, classifier.evaluate("shapes:60").images());
      String unknown = assertThrows(AlexNetException.class, classifier::heldOut).getMessage();
      assertTrue(unknown.contains("were given by a program"), unknown);
    }
  }
}
