package org.alexnet.formats.convnet;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.alexnet.AlexNetException;
import org.alexnet.LongTest;
import org.alexnet.backend.Backend;
import org.alexnet.backend.BackendOptions;
import org.alexnet.backend.Backends;
import org.alexnet.backend.NetworkRig;
import org.alexnet.backend.StepSettings;
import org.alexnet.model.Model;
import org.alexnet.model.ModelRequest;
import org.alexnet.model.Models;
import org.alexnet.model.Recipe;
import org.alexnet.network.Network;
import org.alexnet.program.CompiledNetwork;
import org.alexnet.program.Op;
import org.alexnet.program.Tensor;
import org.alexnet.weights.Weights;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;
import org.junit.jupiter.api.io.TempDir;

/**
 * Every layer file of the release by the Computer History Museum, whose folder the system property
 * {@value #FOLDER} names: what {@code docs/layer-files.md} says of it holds, and each that loads
 * trains.
 */
@LongTest
class ReleaseTest {
  static final String FOLDER = "alexnet.release";

  private static final Path TABLE = Path.of("../docs/layer-files.md");
  private static final int BATCH = 2;

  /**
   * A row of the table.
   *
   * @param layers the file, from the folder of the release
   * @param params the second file, in the same folder
   * @param parameters learned numbers; empty where it does not load
   * @param columns GPUs
   * @param reason why it does not load, as the message begins behind the line; empty where it does
   */
  private record Row(
      String layers, String params, String parameters, String columns, String reason) {
    static Row of(String line) {
      List<String> cells = Stream.of(line.split("\\|", -1)).map(String::strip).toList();
      return new Row(cells.get(1), cells.get(2), cells.get(3), cells.get(4), cells.get(5));
    }

    boolean loads() {
      return reason.isEmpty();
    }

    Model read() {
      Path file = folder().resolve(layers);
      return Models.named(new ModelRequest(file.toString(), file.resolveSibling(params), null));
    }

    @Override
    public String toString() {
      return "| %s | %s | %s | %s | %s |"
          .formatted(layers, params, parameters, columns, reason)
          .replaceAll(" +\\|", " |");
    }
  }

  @TempDir Path dir;

  private static Path folder() {
    String folder = System.getProperty(FOLDER);
    assumeTrue(
        folder != null,
        "the authors' layer files are not here; -D%s=FOLDER says where they are".formatted(FOLDER));
    return Path.of(folder).toAbsolutePath();
  }

  private static List<Row> table() throws IOException {
    return Files.readAllLines(TABLE).stream()
        .filter(line -> line.matches("\\| [\\w-]+/layers.*\\.cfg \\|.*"))
        .map(Row::of)
        .toList();
  }

  @Test
  void theTableSaysWhichLoadAndWhyOthersDoNot() throws IOException {
    try (Stream<Path> files = Files.walk(folder())) {
      List<String> all =
          files
              .filter(file -> file.getFileName().toString().matches("layers.*\\.cfg"))
              .map(file -> folder().relativize(file).toString())
              .sorted()
              .toList();
      assertEquals(all, table().stream().map(Row::layers).toList());
    }
    String found =
        table().stream().map(row -> found(row).toString()).collect(Collectors.joining("\n"));
    assertEquals(table().stream().map(Row::toString).collect(Collectors.joining("\n")), found);
  }

  private static Row found(Row row) {
    try {
      Network network = row.read().network();
      return new Row(
          row.layers,
          row.params,
          "%,d".formatted(parameters(network)),
          Integer.toString(network.columns()),
          "");
    } catch (AlexNetException e) {
      // The table may leave out what else is allowed.
      String reason = e.getMessage().replaceAll("^.*\\.cfg(, line \\d+)?: ", "");
      boolean said = !row.loads() && reason.startsWith(row.reason);
      return new Row(row.layers, row.params, "", "", said ? row.reason : reason);
    }
  }

  private static long parameters(Network network) {
    return CompiledNetwork.of(network, 1).parameters().stream()
        .mapToLong(parameter -> parameter.shape().elements())
        .sum();
  }

  @TestFactory
  Stream<DynamicTest> whatLoadsTrains() throws IOException {
    folder();
    List<Row> rows = table().stream().filter(Row::loads).toList();
    assertTrue(rows.size() >= 60, rows.size() + " load");
    return rows.stream()
        .map(row -> DynamicTest.dynamicTest(row.layers(), () -> assertTrains(row.read())));
  }

  /** One step of the recipe, from the weights that the file starts with. */
  private static void assertTrains(Model model) {
    Recipe recipe = model.recipe();
    try (Backend backend = Backends.named("cpu").open(BackendOptions.defaults());
        NetworkRig rig = new NetworkRig(backend, CompiledNetwork.of(model.network(), BATCH))) {
      Weights.initial(model.network(), 1, Weights.Overrides.NONE)
          .forEach(
              (name, values) ->
                  rig.executable.write(rig.programs.persistent().get(name), values.values()));
      for (Tensor parameter : rig.programs.parameters()) {
        rig.executable.write(parameter.momentum(), new float[(int) parameter.shape().elements()]);
      }
      Tensor moving = lastThatLearns(rig.programs);
      float[] before = rig.executable.read(moving);
      StepSettings settings =
          new StepSettings(1, 0, recipe.rate(), recipe.momentum(), recipe.decay());
      double loss = rig.executable.train(rig.batch(), settings).await().lossSum() / BATCH;
      assertTrue(Double.isFinite(loss), "the loss is " + loss);
      for (Tensor parameter : rig.programs.parameters()) {
        float sum = 0; // not finite if a summand is not
        for (float value : rig.executable.read(parameter)) {
          sum += 0 * value;
        }
        assertEquals(0, sum, parameter + " is not finite");
      }
      assertFalse(Arrays.equals(before, rig.executable.read(moving)), moving + " is as before");
    }
  }

  /** Many files are of the end of a training, when the first layers had stopped learning. */
  private static Tensor lastThatLearns(CompiledNetwork programs) {
    List<Tensor> learning =
        programs.train().ops().stream()
            .filter(op -> op instanceof Op.Update update && update.how().rate() > 0)
            .map(op -> ((Op.Update) op).w())
            .toList();
    return programs.parameters().reversed().stream()
        .filter(learning::contains)
        .findFirst()
        .orElseThrow();
  }

  /** In full, where {@link ConvnetTrainingTest} has it at an eighth of the width. */
  @Test
  void theFileOfTheNetworkOf2012IsThatOfTheCatalogue() throws IOException {
    Model original = Models.named("alexnet-2012-original");
    Path layers = folder().resolve("layers/layers-145.cfg");
    String ended = Files.readString(layers.resolveSibling("layer-params-145.cfg"));
    // The rates that it ended with; those of biases are twice what those of weights began with.
    String began =
        ended
            .replaceAll("epsW=[0-9.]+,[0-9.]+", "epsW=0.01,0.01")
            .replaceAll("epsW=[0-9.]+", "epsW=0.01")
            .replaceAll("epsB=[0-9.]+", "epsB=0.02");
    Path params = Files.writeString(dir.resolve("layer-params-145.cfg"), began);
    Model file = Models.named(new ModelRequest(layers.toString(), params, null, null));
    assertEquals(parameters(original.network()), parameters(file.network()));
    assertNotEquals(original.network(), file.network(), "its halves are layers of their own");
    ConvnetTrainingTest.assertSameBits(dir, original, file, "cpu");
  }
}
