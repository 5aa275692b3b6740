package org.alexnet.cpu;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Stream;
import java.util.zip.ZipEntry;
import java.util.zip.ZipInputStream;
import org.alexnet.LongTest;
import org.alexnet.model.Model;
import org.alexnet.model.Models;
import org.alexnet.training.Progress;
import org.alexnet.training.Training;
import org.alexnet.training.TrainingListener;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Every model of the catalogue learns by its own recipe, on photographs of 32 x 32 pixels. The
 * whole of it takes ten minutes.
 */
class CatalogueTest {
  private static final int STEPS = 30;
  private static final int CLASSES = 4;

  /** Photographs of each class, the first of which has more. */
  private static final int[] PHOTOS = {12, 4, 4, 4};

  @TempDir Path dir;

  static Stream<String> models() {
    return Models.all().stream().map(Model::name);
  }

  /** As many photographs as are asked for, of which the first class has half. */
  private Path photos(int images) throws IOException {
    Path folder = dir.resolve("photos");
    Map<String, Integer> seen = new TreeMap<>();
    try (InputStream in = getClass().getResourceAsStream("/photos.zip");
        ZipInputStream zip = new ZipInputStream(in)) {
      for (ZipEntry entry = zip.getNextEntry(); entry != null; entry = zip.getNextEntry()) {
        byte[] bytes = zip.readAllBytes();
        Path file = folder.resolve(entry.getName());
        Files.createDirectories(file.getParent());
        int number = seen.merge(file.getParent().toString(), 1, Integer::sum);
        for (int copy = 0; copy < images / 24 && number <= PHOTOS[seen.size() - 1]; copy++) {
          Files.write(file.resolveSibling(copy + "-" + file.getFileName()), bytes);
        }
      }
    }
    return folder;
  }

  /** The loss of each step, out of the means that a listener is told. */
  private static final class Losses implements TrainingListener {
    final List<Double> steps = new ArrayList<>();
    private double sum;

    @Override
    public void step(Progress progress) {
      double now = progress.loss() * progress.batch();
      steps.add(now - sum);
      sum = now;
    }
  }

  /** In every build one of each size. */
  static Stream<String> some() {
    return LongTest.RUN ? models() : Stream.of("alexnet-32", "caffenet");
  }

  /** What once became infinite in the third step. */
  @ParameterizedTest
  @MethodSource("some")
  void beginsByItsOwnRecipe(String model) throws IOException {
    List<Double> losses = losses(model, 8, 6);
    assertEquals(6, losses.size());
    for (double loss : losses) {
      assertTrue(loss < 3 * Math.log(CLASSES), losses.toString());
    }
  }

  @LongTest
  @ParameterizedTest
  @MethodSource("models")
  void learnsByItsOwnRecipe(String model) throws IOException {
    List<Double> losses = losses(model, Models.named(model).recipe().batch(), STEPS);
    assertEquals(STEPS, losses.size());
    assertTrue(losses.stream().allMatch(Double::isFinite), losses.toString());
    double last = losses.subList(20, STEPS).stream().mapToDouble(d -> d).average().orElseThrow();
    System.out.printf(
        "%s: mean loss of the last ten steps %.4f, guessing %.4f%n",
        model, last, Math.log(CLASSES));
    assertTrue(last < Math.log(CLASSES), losses.toString());
  }

  private List<Double> losses(String model, int batch, int steps) throws IOException {
    Losses losses = new Losses();
    Training.of(model)
        .backend("cpu")
        .data(photos(batch * steps).toString())
        .batch(batch)
        .epochs(1)
        .out(dir.resolve("run"))
        .listener(losses)
        .run();
    return losses.steps;
  }
}
