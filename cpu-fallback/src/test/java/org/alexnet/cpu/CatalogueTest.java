package org.alexnet.cpu;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import java.util.zip.ZipEntry;
import java.util.zip.ZipInputStream;
import org.alexnet.engine.Progress;
import org.alexnet.engine.Training;
import org.alexnet.engine.TrainingListener;
import org.alexnet.model.Model;
import org.alexnet.model.Models;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Every model of the catalogue learns by its own recipe. */
class CatalogueTest {
  private static final int STEPS = 30;
  private static final int BATCH = 16;

  @TempDir Path dir;

  static Stream<String> models() {
    return Models.all().stream().map(Model::name);
  }

  /** Photographs of 32 x 32 pixels, four classes of twelve, often enough for all steps. */
  private Path photos() throws IOException {
    Path folder = dir.resolve("photos");
    try (InputStream in = getClass().getResourceAsStream("/photos.zip");
        ZipInputStream zip = new ZipInputStream(in)) {
      for (ZipEntry entry = zip.getNextEntry(); entry != null; entry = zip.getNextEntry()) {
        byte[] bytes = zip.readAllBytes();
        Path file = folder.resolve(entry.getName());
        Files.createDirectories(file.getParent());
        for (int copy = 0; copy < STEPS * BATCH / 48; copy++) {
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

  /** Only the batch is smaller, so that it does not take minutes. */
  @ParameterizedTest
  @MethodSource("models")
  void learnsByItsOwnRecipe(String model) throws IOException {
    Losses losses = new Losses();
    Training.of(model)
        .backend("cpu")
        .data(photos().toString())
        .batch(BATCH)
        .epochs(1)
        .out(dir.resolve("run"))
        .listener(losses)
        .run();
    assertEquals(STEPS, losses.steps.size());
    double guessing = Math.log(4);
    double last = losses.steps.subList(20, 30).stream().mapToDouble(d -> d).average().orElseThrow();
    assertTrue(losses.steps.stream().allMatch(Double::isFinite), losses.steps.toString());
    assertTrue(
        last < guessing,
        "%s: the last ten steps had %.4f of %s".formatted(model, last, losses.steps));
  }
}
