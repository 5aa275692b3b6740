package org.alexnet.formats.caffe;

import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.alexnet.AlexNetException;
import org.alexnet.InvalidNetworkException;
import org.alexnet.data.Augmentation;
import org.alexnet.model.Recipe;
import org.alexnet.model.Schedule;

/**
 * A solver of Caffe: how a network is trained by stochastic gradient descent. Caffe's update is
 * that of the networks here: the velocity is momentum times itself plus the learning rate times the
 * gradient and the decay, and is taken off the weights.
 */
final class Solver {
  /** Fields that only a solver has, one of which each has. */
  private static final Set<String> OWN = Set.of("base_lr", "lr_policy", "max_iter", "solver_mode");

  /** Fields of what is done here by other means, or not at all, and changes no result. */
  private static final Set<String> WITHOUT_EFFECT =
      Set.of(
          "test_net",
          "test_iter",
          "test_interval",
          "test_compute_loss",
          "test_initialization",
          "display",
          "average_loss",
          "snapshot",
          "snapshot_prefix",
          "snapshot_diff",
          "snapshot_format",
          "snapshot_after_train",
          "solver_mode",
          "device_id",
          "random_seed",
          "debug_info",
          "layer_wise_reduce");

  /** Images to train on of the data sets that Caffe's networks were made for. */
  private static final int IMAGENET = 1_281_167;

  private static final int CIFAR = 50_000;

  /** Networks that see images of no more than this were made for CIFAR. */
  private static final int LARGEST_CIFAR = 64;

  /** After so many falls by ten a rate is zero. */
  private static final int MOST_FALLS = 40;

  private static final double TENTH = 0.1;

  private final Path file;
  private final Prototxt text;

  Solver(Path file, Prototxt text) {
    this.file = file;
    this.text = text;
  }

  /** Whether a text is that of a solver. */
  static boolean is(Prototxt text) {
    return OWN.stream().anyMatch(text::has);
  }

  Path file() {
    return file;
  }

  /**
   * The file of the network, as it is written or beside the solver.
   *
   * @throws AlexNetException if there is none
   */
  Path net() {
    String name = netName();
    if (name == null) {
      throw new AlexNetException(
          "%s names no network: net, the file of one, is required.".formatted(file));
    }
    try {
      Path written = Path.of(name);
      Path beside = file.toAbsolutePath().resolveSibling(written.getFileName());
      return Stream.of(written, beside)
          .filter(Files::isRegularFile)
          .findFirst()
          .orElseThrow(
              () ->
                  wrong(
                      netField(),
                      "is %s, and there is no such file, and none of its name beside the solver"
                          .formatted(InvalidNetworkException.shortened(name))));
    } catch (InvalidPathException e) {
      throw wrong(netField(), "is %s, no path".formatted(InvalidNetworkException.shortened(name)));
    }
  }

  private String netField() {
    return text.has("net") ? "net" : "train_net";
  }

  private String netName() {
    return text.text(netField(), null);
  }

  /**
   * Checks that a network is the one that the solver names, by the name of its file.
   *
   * @throws AlexNetException naming both
   */
  void requireNet(Path network) {
    String name = netName();
    if (name == null) {
      return;
    }
    String own = name.replaceAll(".*[/\\\\]", "");
    if (!network.getFileName().toString().equals(own)) {
      throw wrong(
          netField(),
          "is %s, and the network is to be %s: give the solver alone, or the network that it names"
              .formatted(InvalidNetworkException.shortened(name), network));
    }
  }

  /** The field where something is wrong, and what. */
  private AlexNetException wrong(String field, String what) {
    return text.wrong(field, field + " " + what);
  }

  /**
   * How it trains a network.
   *
   * @param batch images of a batch of the network's data layer; 0 where it has none
   * @param size rows and columns of the images that the network sees
   * @param augmentation how the data layer varies them
   */
  Recipe recipe(int batch, int size, Augmentation augmentation) {
    requireSgd();
    float rate = text.requireReal("base_lr", 0, Float.MAX_VALUE);
    float momentum = text.real("momentum", 0);
    if (!(momentum >= 0 && momentum < 1)) {
      throw wrong("momentum", "is %s, must be at least 0 and below 1".formatted(momentum));
    }
    float decay = text.has("weight_decay") ? text.requireReal("weight_decay", 0, 1e9f) : 0;
    int iterations = text.requireInteger("max_iter");
    Schedule schedule = schedule(iterations);
    int steps = text.has("iter_size") ? text.requireInteger("iter_size") : 1;
    long images = (long) batch * steps;
    if (images < 1) {
      throw new AlexNetException(
          "%s: the network's data layer says no batch_size, by which %s counts its iterations."
              .formatted(file, file.getFileName()));
    }
    if (images > Integer.MAX_VALUE) {
      throw wrong("iter_size", "is %d, of batches of %d too many".formatted(steps, batch));
    }
    int epochs = epochs(iterations, images, size);
    text.requireRead("", WITHOUT_EFFECT);
    return new Recipe(epochs, (int) images, rate, momentum, decay, schedule, augmentation);
  }

  private static int dataSet(int size) {
    return size <= LARGEST_CIFAR ? CIFAR : IMAGENET;
  }

  private int epochs(int iterations, long images, int size) {
    long epochs = Math.round((double) iterations * images / dataSet(size));
    return Math.clamp(epochs, 1, Integer.MAX_VALUE);
  }

  /** What a user should know of how a recipe was made, a phrase each. */
  List<String> remarks(Recipe recipe, int size) {
    List<String> remarks = new ArrayList<>();
    remarks.add(
        "%,d iterations of %,d images are about %,d passes over %s's %,d"
            .formatted(
                text.integer("max_iter", 0),
                recipe.batch(),
                recipe.epochs(),
                size <= LARGEST_CIFAR ? "CIFAR" : "ImageNet",
                dataSet(size)));
    String idle =
        WITHOUT_EFFECT.stream().filter(text::has).sorted().collect(Collectors.joining(", "));
    if (!idle.isEmpty()) {
      remarks.add("without effect here: " + idle);
    }
    return remarks;
  }

  private void requireSgd() {
    String type = text.text("type", text.text("solver_type", "SGD"));
    if (!type.equalsIgnoreCase("SGD") && !type.equals("0")) {
      throw wrong(
          text.has("type") ? "type" : "solver_type",
          "is %s, must be SGD".formatted(InvalidNetworkException.shortened(type)));
    }
    String regularization = text.text("regularization_type", "L2");
    if (!regularization.equals("L2")) {
      throw wrong(
          "regularization_type",
          "is %s, must be L2".formatted(InvalidNetworkException.shortened(regularization)));
    }
    float clip = text.real("clip_gradients", -1);
    if (!(clip < 0)) {
      throw wrong(
          "clip_gradients",
          "is %s, must be below 0: gradients are not clipped here".formatted(clip));
    }
  }

  private Schedule schedule(int iterations) {
    String policy = text.text("lr_policy", null);
    if (policy == null) {
      throw new AlexNetException(
          "%s says no lr_policy, which must be fixed, step or multistep.".formatted(file));
    }
    List<Integer> falls =
        switch (policy) {
          case "fixed" -> List.of();
          case "step" -> everySo(text.requireInteger("stepsize"), iterations);
          case "multistep" -> at(text.integers("stepvalue"), iterations);
          default ->
              throw wrong(
                  "lr_policy",
                  "is %s, must be fixed, step or multistep"
                      .formatted(InvalidNetworkException.shortened(policy)));
        };
    if (policy.equals("fixed")) {
      return new Schedule.Constant();
    }
    double gamma = text.real("gamma", Float.NaN);
    if (!(Math.abs(gamma - TENTH) <= 1e-6)) {
      if (!text.has("gamma")) {
        throw wrong("lr_policy", "is %s, which needs gamma".formatted(policy));
      }
      throw wrong(
          "gamma",
          "is %s, must be 0.1: rates are divided by ten here".formatted(text.text("gamma", "")));
    }
    return falls.isEmpty()
        ? new Schedule.Constant()
        : new Schedule.Parts(falls.stream().map(fall -> part(fall, iterations)).toList());
  }

  /** A part of the run to as many digits as iterations have. */
  private static double part(int fall, int iterations) {
    return (double) fall / iterations;
  }

  private List<Integer> everySo(int size, int iterations) {
    if ((iterations - 1L) / size > MOST_FALLS) {
      throw wrong(
          "stepsize",
          "is %d, so that in %,d iterations the rate would fall more than %d times"
              .formatted(size, iterations, MOST_FALLS));
    }
    List<Integer> falls = new ArrayList<>();
    for (long fall = size; fall < iterations; fall += size) {
      falls.add((int) fall);
    }
    return falls;
  }

  private List<Integer> at(List<Integer> values, int iterations) {
    int before = 0;
    for (int value : values) {
      if (value <= before) {
        throw wrong("stepvalue", "is %d, must be above %d".formatted(value, before));
      }
      before = value;
    }
    if (values.size() > MOST_FALLS) {
      throw wrong(
          "stepvalue",
          "is given %d times, must be %d at most".formatted(values.size(), MOST_FALLS));
    }
    return values.stream().filter(value -> value < iterations).toList();
  }
}
