package org.alexnet.formats.caffe;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.alexnet.AlexNetException;
import org.alexnet.UsageException;
import org.alexnet.data.Augmentation;
import org.alexnet.data.source.MemoryImages;
import org.alexnet.exchange.TrainedNetwork;
import org.alexnet.formats.Hostile;
import org.alexnet.model.Model;
import org.alexnet.model.ModelRequest;
import org.alexnet.model.Models;
import org.alexnet.model.Recipe;
import org.alexnet.model.Schedule;
import org.alexnet.training.Training;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class SolverTest {
  private static final String SOLVER =
      """
      # As Caffe's own are written.
      net: "models/small/net.prototxt"
      test_iter: 10
      test_interval: 500
      base_lr: 0.1
      momentum: 0.5
      weight_decay: 0.01
      lr_policy: "step"
      gamma: 0.1
      stepsize: 25000
      display: 100
      max_iter: 50000
      snapshot_prefix: "models/small/net"
      solver_mode: GPU
      """;

  private static final String NETWORK =
      """
      name: "small"
      layer { name: "d" type: "Data" top: "data" top: "label" include { phase: TRAIN }
        transform_param { mean_file: "m" MIRROR } data_param { source: "x" batch_size: 2 backend: LMDB } }
      layer { name: "d" type: "Data" top: "data" top: "label" include { phase: TEST }
        transform_param { mean_file: "m" } data_param { source: "y" batch_size: 5 backend: LMDB } }
      layer { name: "ip" type: "InnerProduct" bottom: "data" top: "ip"
        param { lr_mult: 1 decay_mult: 3 } param { lr_mult: 2 decay_mult: 0 }
        inner_product_param { num_output: 2 weight_filler { type: "constant" value: 0.2 }
          bias_filler { type: "constant" value: -0.1 } } }
      layer { name: "accuracy" type: "Accuracy" bottom: "ip" bottom: "label" top: "a"
        include { phase: TEST } }
      layer { name: "loss" type: "SoftmaxWithLoss" bottom: "ip" bottom: "label" top: "loss" }
      """;

  @TempDir Path dir;
  private Path solver;
  private Path network;

  @BeforeEach
  void write() throws IOException {
    solver = Files.writeString(dir.resolve("solver.prototxt"), SOLVER);
    network = Files.writeString(dir.resolve("net.prototxt"), NETWORK.replace("MIRROR", ""));
  }

  private Model both() {
    return Models.named(new ModelRequest(network.toString(), null, 2, solver));
  }

  private String refused() {
    return assertThrows(AlexNetException.class, this::both).getMessage();
  }

  private void change(String from, String to) throws IOException {
    assertTrue(SOLVER.contains(from), from);
    Files.writeString(solver, SOLVER.replace(from, to));
  }

  @Test
  void aSolverIsARecipe() throws IOException {
    Recipe recipe = both().recipe();
    Schedule half = new Schedule.Parts(List.of(0.5));
    assertEquals(new Recipe(2, 2, 0.1f, 0.5f, 0.01f, half, Augmentation.NONE), recipe);
    assertEquals(
        "from solver.prototxt and net.prototxt; 50,000 iterations of 2 images are about 2 passes"
            + " over CIFAR's 50,000; without effect here: display, snapshot_prefix, solver_mode,"
            + " test_interval, test_iter",
        both().description());

    change("max_iter: 50000", "max_iter: 100000 iter_size: 3");
    assertEquals(6, both().recipe().batch());
    assertEquals(12, both().recipe().epochs());
    assertEquals(new Schedule.Parts(List.of(0.25, 0.5, 0.75)), both().recipe().schedule());

    change(
        "lr_policy: \"step\"\ngamma: 0.1\nstepsize: 25000",
        "lr_policy: \"multistep\" gamma: 0.1 stepvalue: 10000 stepvalue: 40000 stepvalue: 50000");
    assertEquals(new Schedule.Parts(List.of(0.2, 0.8)), both().recipe().schedule());

    change("lr_policy: \"step\"\ngamma: 0.1\nstepsize: 25000", "lr_policy: \"fixed\"");
    assertEquals(new Schedule.Constant(), both().recipe().schedule());
    change("max_iter: 50000", "max_iter: 1");
    assertEquals(1, both().recipe().epochs());
    assertEquals(new Schedule.Constant(), both().recipe().schedule());
  }

  @Test
  void theDataLayerSaysHowImagesAreVaried() throws IOException {
    String crop = "crop_size: 227 mirror: true";
    Files.writeString(
        network, NETWORK.replace("MIRROR", crop).replace("\"m\" }", "\"m\" crop_size: 227 }"));
    Model model = Models.named(new ModelRequest(network.toString(), null, null, solver));
    assertEquals(Augmentation.PAPER, model.recipe().augmentation());
    assertEquals(227, model.network().input().size());
    assertEquals(256, model.network().input().stored());
    assertTrue(model.description().endsWith("colours are shifted as well, as in the paper"));
    // 50,000 iterations of 2 images are not a tenth of a pass over ImageNet.
    assertEquals(1, model.recipe().epochs());
    UsageException other =
        assertThrows(
            UsageException.class,
            () -> Models.named(new ModelRequest(network.toString(), null, 224, solver)));
    assertTrue(other.getMessage().contains("size is 224"), other.getMessage());
  }

  @Test
  void aSolverAloneNamesItsNetwork() throws IOException {
    Files.writeString(
        network, NETWORK.replace("MIRROR", "").replace("num_output: 2", "num_output: 10"));
    Model alone = Models.named(solver.toString());
    assertEquals(32, alone.network().input().size());
    assertEquals(alone, Models.named(new ModelRequest(network.toString(), null, null, solver)));
    Files.writeString(network, NETWORK.replace("MIRROR", ""));
    assertEquals(both(), Models.named(new ModelRequest(solver.toString(), null, 2, null)));
    assertEquals(both(), Models.named(new ModelRequest(solver.toString(), null, 2, solver)));

    UsageException twice =
        assertThrows(
            UsageException.class,
            () -> {
              Path copy = Files.copy(solver, dir.resolve("copy.prototxt"));
              Models.named(new ModelRequest(copy.toString(), null, 2, solver));
            });
    assertTrue(twice.getMessage().contains("is a solver, and so is"), twice.getMessage());
    Path moved = Files.move(network, dir.resolve("other.prototxt"));
    String gone =
        assertThrows(AlexNetException.class, () -> Models.named(solver.toString())).getMessage();
    assertTrue(gone.contains("line 2: net is models/small/net.prototxt, and there is no"), gone);
    network = moved;
    assertTrue(refused().contains("line 2: net is models/small/net.prototxt, and"), refused());
    String size =
        assertThrows(
                UsageException.class,
                () -> Models.named(new ModelRequest(moved.toString(), null, null, null)))
            .getMessage();
    assertTrue(size.contains("other.prototxt says nothing of the size of its images"), size);
  }

  @Test
  void whatBelongsToOthersIsRefused() {
    UsageException taken =
        assertThrows(
            UsageException.class,
            () -> Models.named(new ModelRequest("alexnet-32", null, null, solver)));
    assertTrue(taken.getMessage().startsWith("alexnet-32 takes no solver"), taken.getMessage());
    String none =
        assertThrows(
                AlexNetException.class,
                () -> Models.named(new ModelRequest(network.toString(), null, 2, network)))
            .getMessage();
    assertTrue(none.contains("net.prototxt is no solver"), none);
    String absent =
        assertThrows(
                AlexNetException.class,
                () ->
                    Models.named(
                        new ModelRequest(network.toString(), null, 2, dir.resolve("absent"))))
            .getMessage();
    assertTrue(absent.contains("absent cannot be read"), absent);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      textBlock =
          """
          display: 100          | displya: 100           | line 11: displya is not understood.
          display: 100          | weights: "a"           | line 11: weights is not understood.
          base_lr: 0.1          | base_lr: -1            | line 5: base_lr is -1.0, must be finite, at least 0.0.
          base_lr: 0.1          | base_lr: 1e99          | line 5: base_lr is Infinity, must be finite
          base_lr: 0.1          | base_lr: fast          | line 5: base_lr is fast, must be a number.
          base_lr: 0.1          | display: 1             | base_lr is missing.
          momentum: 0.5         | momentum: 1            | line 6: momentum is 1.0, must be at least 0 and below 1.
          weight_decay: 0.01    | weight_decay: nan      | line 7: weight_decay is nan, must be a number.
          lr_policy: "step"     | lr_policy: "inv"       | line 8: lr_policy is inv, must be fixed, step or multistep.
          lr_policy: "step"     | display: 1             | says no lr_policy
          gamma: 0.1            | gamma: 0.5             | line 9: gamma is 0.5, must be 0.1: rates are divided by ten here.
          gamma: 0.1            | display: 1             | line 8: lr_policy is step, which needs gamma.
          stepsize: 25000       | stepsize: 0            | line 10: stepsize is 0, must be at least 1.
          stepsize: 25000       | stepsize: 1            | line 10: stepsize is 1, so that in 50,000 iterations the rate would fall more than 40 times.
          stepsize: 25000       | display: 1             | stepsize is missing.
          max_iter: 50000       | max_iter: 99999999999  | line 12: max_iter is 99999999999, must be a whole number.
          max_iter: 50000       | max_iter: 0            | line 12: max_iter is 0, must be at least 1.
          solver_mode: GPU      | type: "Adam"           | line 14: type is Adam, must be SGD.
          solver_mode: GPU      | solver_type: ADAGRAD   | line 14: solver_type is ADAGRAD, must be SGD.
          solver_mode: GPU      | clip_gradients: 35     | line 14: clip_gradients is 35.0, must be below 0
          solver_mode: GPU      | regularization_type: "L1" | line 14: regularization_type is L1, must be L2.
          solver_mode: GPU      | iter_size: 2000000000  | line 14: iter_size is 2000000000, of batches of 2 too many.
          solver_mode: GPU      | test_state { stage: "a" } | line 14: test_state is not understood.
          """)
  void isRefused(String from, String to, String sentence) throws IOException {
    change(from, to);
    assertTrue(refused().startsWith(solver.toString()), refused());
    assertTrue(refused().contains(sentence), refused());
  }

  /** A field of a layer that is not understood has a meaning that would be passed over. */
  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      textBlock =
          """
          lr_mult: 1       | lr_mult: 1 name: "a" lr_mutl: 2 | line 7: layer ip: param.lr_mutl is not understood.
          num_output: 2    | num_output: 2 sparse: 1     | line 8: layer ip: inner_product_param.sparse is not understood.
          bottom: "label" top: "loss" | bottom: "label" top: "loss" loss_weight: 2 | line 12: layer loss_layer: loss_weight must be 1.
          name: "small"    | name: "small" quantity: 2   | line 1: quantity is not understood.
          batch_size: 2    | batch_size: 0               | line 3: batch_size is 0, must be at least 1.
          batch_size: 2    | prefetch: 2                 | the network's data layer says no batch_size
          """)
  void layersAreReadWhole(String from, String to, String sentence) throws IOException {
    String text = NETWORK.replace("MIRROR", "");
    assertTrue(text.contains(from), from);
    Files.writeString(network, text.replace(from, to));
    assertTrue(refused().contains(sentence), refused());
  }

  @Test
  void damagedSolvers() {
    Hostile.cutEverywhere(
        SOLVER.getBytes(java.nio.charset.StandardCharsets.UTF_8), solver, path -> both());
  }

  /**
   * Softmax regression by Caffe's own rule, in double precision: V = momentum V + rate (gradient +
   * decay W), W = W - V, with the layer's multiples of rate and decay, and a rate that falls while
   * V remembers the one before.
   */
  @Test
  void aStepIsCaffes() {
    int images = 4;
    int inputs = 12;
    Random random = new Random(7);
    List<float[]> values = new ArrayList<>();
    int[] labels = {0, 1, 1, 0};
    for (int i = 0; i < images; i++) {
      float[] image = new float[inputs];
      for (int k = 0; k < inputs; k++) {
        image[k] = (float) random.nextGaussian();
      }
      values.add(image);
    }
    TrainedNetwork trained =
        Training.of(both())
            .backend("reference")
            .data(MemoryImages.floats(3, 2, 2, values).labelled(labels, List.of()))
            .shuffle(false)
            .epochs(4)
            .inMemory()
            .run()
            .network();

    double[][] w = new double[2][inputs];
    double[][] v = new double[2][inputs];
    double[] b = {-0.1f, -0.1f};
    double[] vb = new double[2];
    for (double[] row : w) {
      java.util.Arrays.fill(row, 0.2f);
    }
    for (int step = 0; step < 8; step++) {
      double rate = step < 4 ? 0.1f : 0.01;
      double[][] gw = new double[2][inputs];
      double[] gb = new double[2];
      for (int i = 0; i < 2; i++) {
        int image = 2 * (step % 2) + i;
        double[] scores = new double[2];
        for (int c = 0; c < 2; c++) {
          scores[c] = b[c];
          for (int k = 0; k < inputs; k++) {
            scores[c] += w[c][k] * values.get(image)[k];
          }
        }
        double sum = Math.exp(scores[0]) + Math.exp(scores[1]);
        for (int c = 0; c < 2; c++) {
          double g = (Math.exp(scores[c]) / sum - (labels[image] == c ? 1 : 0)) / 2;
          gb[c] += g;
          for (int k = 0; k < inputs; k++) {
            gw[c][k] += g * values.get(image)[k];
          }
        }
      }
      for (int c = 0; c < 2; c++) {
        vb[c] = 0.5 * vb[c] + 2 * rate * gb[c];
        b[c] -= vb[c];
        for (int k = 0; k < inputs; k++) {
          v[c][k] = 0.5 * v[c][k] + rate * (gw[c][k] + 3 * 0.01f * w[c][k]);
          w[c][k] -= v[c][k];
        }
      }
    }
    float[] weights = trained.read("ip.weight").values();
    float[] biases = trained.read("ip.bias").values();
    for (int c = 0; c < 2; c++) {
      assertEquals(b[c], biases[c], 1e-6);
      for (int k = 0; k < inputs; k++) {
        assertEquals(w[c][k], weights[c * inputs + k], 1e-6);
      }
    }
  }
}
