package org.alexnet.cpu;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.alexnet.AlexNetException;
import org.alexnet.UsageException;
import org.alexnet.data.Batch;
import org.alexnet.data.ImageSource;
import org.alexnet.data.source.DataSets;
import org.alexnet.data.source.MemoryImages;
import org.alexnet.data.source.OpenOptions;
import org.alexnet.exchange.Export;
import org.alexnet.exchange.ModelWriter;
import org.alexnet.inference.Classifier;
import org.alexnet.inference.Views;
import org.alexnet.training.EpochMetrics;
import org.alexnet.training.Progress;
import org.alexnet.training.Training;
import org.alexnet.training.TrainingListener;
import org.alexnet.training.TrainingResult;
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

  /** The logits of every image that a run was validated with. */
  private static List<float[]> logits(Classifier classifier) {
    List<float[]> logits = new ArrayList<>();
    classifier.score(validation(), image -> logits.add(image.logits()));
    return logits;
  }

  private static void assertSame(List<float[]> expected, List<float[]> got) {
    assertEquals(expected.size(), got.size());
    for (int i = 0; i < expected.size(); i++) {
      assertArrayEquals(expected.get(i), got.get(i));
    }
  }

  @Test
  void aRunInMemoryIsTheSameAndWritesNothing() throws IOException {
    Path whole = dir.resolve("whole");
    small(whole).data(shapes()).validation(validation()).run();
    List<Object> told = new ArrayList<>();
    TrainingListener listener =
        new TrainingListener() {
          @Override
          public void begin(Path run, long step) {
            told.add("begin " + run + " " + step);
          }

          @Override
          public void step(Progress progress) {
            told.add(progress.epoch() + "." + progress.batch());
          }

          @Override
          public void epoch(EpochMetrics metrics) {
            told.add("epoch " + metrics.epoch());
          }
        };
    Path working = Path.of("runs");
    boolean before = Files.exists(working);
    TrainingResult result =
        small(null).data(shapes()).validation(validation()).listener(listener).inMemory().run();
    assertEquals(before, Files.exists(working));
    assertNull(result.run());
    assertEquals(
        List.of(
            "begin null 0",
            "1.1",
            "1.2",
            "1.3",
            "1.4",
            "epoch 1",
            "2.1",
            "2.2",
            "2.3",
            "2.4",
            "epoch 2"),
        told);
    try (Classifier kept = Classifier.open(whole);
        Classifier held = Classifier.open(result.network())) {
      assertSame(logits(kept), logits(held));
      assertEquals(kept.classNames(), held.classNames());
      assertEquals(
          kept.evaluate(validation(), Views.CENTRE), held.evaluate(validation(), Views.CENTRE));
      assertEquals(result.last().validation(), held.evaluate(validation(), Views.CENTRE));
    }
    // What is trained in memory can be written for others.
    Path file = dir.resolve("exported.safetensors");
    Export.writer(file).write(result.network(), file, ModelWriter.Options.DEFAULT);
    assertArrayEquals(
        TrainingRig.tensor(whole.resolve("model.safetensors"), "conv1.weight"),
        TrainingRig.tensor(file, "conv1.weight"));
  }

  @Test
  void aRunInMemoryHasNoFolder() {
    Training both = small(dir.resolve("run")).data(shapes()).inMemory();
    assertThrows(UsageException.class, both::run);
    String diverged =
        assertThrows(
                AlexNetException.class,
                () -> small(null).data(shapes()).rate(1e20f).inMemory().run())
            .getMessage();
    assertTrue(diverged.contains("Train with a lower learning rate than 1e+20."), diverged);
  }

  @Test
  void anInterruptStopsInGoodOrder() throws IOException {
    Path whole = dir.resolve("whole");
    Path parts = dir.resolve("parts");
    small(whole).data(shapes()).run();
    Training first = small(parts).data(shapes());
    Thread waiting = Thread.currentThread();
    first.listener(
        new TrainingListener() {
          private int steps;

          @Override
          public void step(Progress progress) {
            if (++steps == 2) {
              waiting.interrupt();
              // It has asked for the stop once it waits again; else the run might end before.
              while (waiting.isInterrupted() || waiting.getState() != Thread.State.WAITING) {
                Thread.onSpinWait();
              }
            }
          }
        });
    TrainingResult stopped = first.run();
    assertTrue(Thread.interrupted(), "the flag is kept");
    assertTrue(stopped.stopped());
    Training.resume(parts).backend("cpu").data(shapes()).run();
    assertArrayEquals(
        Files.readAllBytes(whole.resolve("model.safetensors")),
        Files.readAllBytes(parts.resolve("model.safetensors")));

    try (Classifier classifier = Classifier.open(whole)) {
      Thread.currentThread().interrupt();
      assertThrows(AlexNetException.class, () -> logits(classifier));
      assertTrue(Thread.interrupted(), "the flag is kept");
      assertEquals(15, logits(classifier).size());
    }
    Thread.currentThread().interrupt();
    String refused =
        assertThrows(AlexNetException.class, () -> Classifier.open(whole)).getMessage();
    assertTrue(Thread.interrupted(), "the flag is kept");
    assertTrue(refused.endsWith("cannot be read: the thread was interrupted"), refused);
  }

  @Test
  void whatAListenerThrowsEndsTheRun() throws IOException {
    Path whole = dir.resolve("whole");
    Path parts = dir.resolve("parts");
    small(whole).data(shapes()).run();
    Training first = small(parts).data(shapes());
    first.listener(
        new TrainingListener() {
          @Override
          public void epoch(EpochMetrics metrics) {
            throw new UnsupportedOperationException("enough");
          }
        });
    assertEquals(
        "enough", assertThrows(UnsupportedOperationException.class, first::run).getMessage());
    Training.resume(parts).backend("cpu").data(shapes()).run();
    assertArrayEquals(
        Files.readAllBytes(whole.resolve("model.safetensors")),
        Files.readAllBytes(parts.resolve("model.safetensors")));
  }

  /** A source whose images cannot be read names the image, and leaves nothing locked. */
  @Test
  void aSourceThatFailsIsNamed() {
    MemoryImages images = shapes();
    ImageSource failing =
        new ImageSource() {
          @Override
          public String description() {
            return "the camera";
          }

          @Override
          public int size() {
            return images.size();
          }

          @Override
          public Batch.Format format() {
            return images.format();
          }

          @Override
          public List<String> classNames() {
            return List.of();
          }

          @Override
          public boolean labelled() {
            return true;
          }

          @Override
          public int label(int i) {
            return i % 10;
          }

          @Override
          public String name(int i) {
            return "frame " + i;
          }

          @Override
          public void read(int i, MemorySegment to) {
            if (i == 7) {
              throw new IllegalStateException("out of film");
            }
            images.read(i, to);
          }
        };
    RuntimeException thrown =
        assertThrows(RuntimeException.class, () -> small(null).data(failing).inMemory().run());
    assertTrue(thrown.getMessage().contains("out of film"), thrown.getMessage());
    try (Classifier classifier =
        Classifier.open(small(null).data(images).inMemory().run().network())) {
      assertThrows(RuntimeException.class, () -> classifier.predict(failing, 1));
      assertEquals(60, classifier.predict(images, 1).size());
    }
  }

  @Test
  void twoRunsAtOnceDisturbNeither() throws Exception {
    Path alone = dir.resolve("alone");
    small(alone).data(shapes()).run();
    List<Path> folders = List.of(dir.resolve("a"), dir.resolve("b"), dir.resolve("c"));
    try (ExecutorService pool = Executors.newFixedThreadPool(folders.size())) {
      List<Future<TrainingResult>> runs =
          folders.stream().map(out -> pool.submit(() -> small(out).data(shapes()).run())).toList();
      for (Future<TrainingResult> run : runs) {
        run.get();
      }
    }
    for (Path folder : folders) {
      assertArrayEquals(
          Files.readAllBytes(alone.resolve("model.safetensors")),
          Files.readAllBytes(folder.resolve("model.safetensors")));
    }
  }
}
