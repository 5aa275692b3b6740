package org.alexnet.engine;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.SequencedMap;
import org.alexnet.AlexNetException;
import org.alexnet.backend.Backend;
import org.alexnet.backend.BackendOptions;
import org.alexnet.backend.BackendProvider;
import org.alexnet.backend.Backends;
import org.alexnet.backend.Executable;
import org.alexnet.backend.Kernel;
import org.alexnet.backend.Lowered;
import org.alexnet.backend.MemoryPlanner;
import org.alexnet.data.DataSet;
import org.alexnet.data.DataSets;
import org.alexnet.data.ImageSource;
import org.alexnet.data.OpenOptions;
import org.alexnet.data.Sources;
import org.alexnet.model.Model;
import org.alexnet.network.Input;
import org.alexnet.network.Network;
import org.alexnet.program.Placement;
import org.alexnet.program.Programs;
import org.alexnet.run.RunFolder;
import org.alexnet.safetensors.FloatTensor;
import org.alexnet.safetensors.SafetensorsFile;

/**
 * Brings together what a run needs, in an order that refuses bad input before anything is written.
 */
final class Trainer {
  private final Training training;
  private final TrainingListener listener;

  Trainer(Training training) {
    this.training = training;
    this.listener = training.listener;
  }

  TrainingResult run() {
    return training.resumed == null ? fresh() : resume();
  }

  private TrainingResult fresh() {
    Path out = training.outOrDefault();
    refuseUsed(out);
    BackendProvider provider = Backends.choose(training.backend, listener::message);
    Network plain = training.model.network();
    // The backend comes first: it may compile its kernels while the data is read.
    BackendOptions options =
        new BackendOptions(
            training.threads,
            training.devices,
            training.precision,
            training.deterministic,
            training.graphs);
    try (Backend backend = provider.open(options);
        DataSet data =
            open(
                training.data,
                training.validation,
                training.validationFraction,
                training.seed,
                plain.input(),
                training.skipBad)) {
      RunConfig config = config(data.train());
      Model model = config.resolve();
      check(data, config, model.network());
      SequencedMap<String, FloatTensor> weights = startingWeights(model);
      InputStatistics mean =
          InputStatistics.of(
              data.train(), plain.input(), config.recipe().augmentation(), training.threads);
      say(config);
      Programs programs = config.programs(training.devices);
      sayTraffic(programs);
      Lowered lowered = backend.lower(programs);
      try (Executable executable = backend.bind(lowered, MemoryPlanner.plan(lowered));
          RunFolder folder = RunFolder.create(out, record(config, backend, lowered))) {
        folder.writeInput(mean.tensors(), InputStatistics.metadata(plain.input()));
        Weights.put(executable, programs, weights);
        RunState state = RunState.start(config);
        Session session =
            new Session(training, config, data, backend, executable, programs, folder, state);
        return session.run(mean);
      }
    }
  }

  private TrainingResult resume() {
    try (RunFolder folder = RunFolder.openForTraining(training.resumed)) {
      RunConfig config = RunConfig.fromJson(folder.runJson());
      Model model = config.resolve();
      BackendProvider provider = Backends.choose(training.backend, listener::message);
      Input input = model.network().input();
      BackendOptions options =
          config.backendOptions(training.threads, training.devices, training.graphs);
      try (Backend backend = provider.open(options);
          DataSet data =
              open(
                  config.data(),
                  config.validation(),
                  config.validationFraction(),
                  config.seed(),
                  input,
                  config.skipBad())) {
        check(data, config, model.network());
        Programs programs = config.programs(training.devices);
        sayTraffic(programs);
        try (Executable executable = backend.compile(programs)) {
          InputStatistics mean = restore(folder, executable, programs, input);
          RunState state = RunState.restore(config, folder.state());
          if (training.epochs != null) {
            state.epochs = training.epochs;
          }
          if (state.images > data.train().size()) {
            throw new AlexNetException(
                "%s: the checkpoint is %d images into an epoch, but %s has %d; resume with the data the run began with."
                    .formatted(folder.dir(), state.images, config.data(), data.train().size()));
          }
          listener.message(
              "Resuming %s at epoch %d, step %d."
                  .formatted(folder.dir(), state.epoch + 1, state.step));
          Session session =
              new Session(training, config, data, backend, executable, programs, folder, state);
          return session.run(mean);
        }
      }
    }
  }

  private static InputStatistics restore(
      RunFolder folder, Executable executable, Programs programs, Input input) {
    try (SafetensorsFile weights = folder.openWeights();
        SafetensorsFile momentum = folder.openMomentum();
        SafetensorsFile mean =
            folder
                .openInput()
                .orElseThrow(
                    () ->
                        new AlexNetException(
                            "%s: input.safetensors, the mean image, is missing."
                                .formatted(folder.dir())))) {
      Network network = programs.network();
      Weights.put(executable, programs, Weights.read(weights, network, programs.parameters()));
      var values = Weights.read(momentum, network, programs.parameters());
      programs
          .parameters()
          .forEach(t -> executable.write(t.momentum(), values.get(t.name()).values()));
      return InputStatistics.load(mean, input);
    }
  }

  /** The run's settings, and beside them what the backend chose by measuring. */
  private static ObjectNode record(RunConfig config, Backend backend, Lowered lowered) {
    ObjectNode json = config.toJson();
    json.put("backend", backend.name());
    ObjectNode choices = json.putObject("choices");
    for (Kernel kernel : lowered.train()) {
      if (!kernel.choice().isEmpty()) {
        choices.put(kernel.label(), kernel.choice());
      }
    }
    return json;
  }

  private DataSet open(
      String data, String validation, double fraction, long seed, Input input, boolean skipBad) {
    DataSet set =
        DataSets.open(
            data,
            validation,
            fraction,
            new OpenOptions(
                input.channels(),
                input.stored(),
                input.stored(),
                input.size(),
                training.threads,
                seed,
                skipBad,
                listener::decoded));
    List<String> skipped = set.train().skipped();
    if (!skipped.isEmpty()) {
      listener.message(
          "Left out %d files that cannot be read, the first: %s"
              .formatted(skipped.size(), skipped.getFirst()));
    }
    return set;
  }

  private RunConfig config(ImageSource train) {
    Model model = training.model;
    List<String> names = train.classNames();
    int classes = model.network().classes();
    if (!names.isEmpty()) {
      classes = names.size();
    } else if (training.init != null) {
      classes = Weights.classes(training.init, model.network());
    }
    if (training.classes != null) {
      if (names.size() > training.classes) {
        throw new AlexNetException(
            "%s has %d classes, more than the %d asked for."
                .formatted(train.description(), names.size(), training.classes));
      }
      classes = training.classes;
    }
    return new RunConfig(
        model.name(),
        classes,
        names,
        training.data,
        training.validation,
        training.validationFraction,
        training.seed,
        training.recipe(),
        training.shuffle,
        training.dropout,
        training.skipBad,
        training.deterministic,
        training.precision);
  }

  private void check(DataSet data, RunConfig config, Network network) {
    Sources.checkLabels(data.train(), network.classes());
    if (data.validation() != null) {
      Sources.checkLabels(data.validation(), network.classes());
    }
  }

  private SequencedMap<String, FloatTensor> startingWeights(Model model) {
    Network network = model.network();
    SequencedMap<String, FloatTensor> fresh =
        Weights.initial(network, training.seed, Weights.Overrides.NONE);
    if (training.init == null) {
      return fresh;
    }
    int classes = Weights.classes(training.init, network);
    SequencedMap<String, FloatTensor> loaded =
        Weights.load(training.init, network.withClasses(classes));
    if (classes != network.classes()) {
      String last = network.classifier().name();
      listener.message(
          "%s has %d classes and this run %d: layer %s starts anew."
              .formatted(training.init, classes, network.classes(), last));
      loaded.put(last + ".weight", fresh.get(last + ".weight"));
      loaded.put(last + ".bias", fresh.get(last + ".bias"));
    }
    return loaded;
  }

  private void say(RunConfig config) {
    ObjectNode json = config.toJson();
    listener.message(
        "Training %s (%d classes) on %s: %s epochs, batch %s, rate %s, momentum %s, weight decay %s, schedule %s, augmentation %s, seed %s."
            .formatted(
                config.model(),
                config.classes(),
                config.data(),
                json.get("epochs").asText(),
                json.get("batch").asText(),
                json.get("lr").asText(),
                json.get("momentum").asText(),
                json.get("weight_decay").asText(),
                json.get("schedule").asText(),
                json.get("augment").asText(),
                json.get("seed").asText()));
  }

  private void sayTraffic(Programs programs) {
    Placement placement = programs.placement();
    if (placement.deviceCount() == 1) {
      return;
    }
    List<String> devices = training.devices.stream().distinct().toList();
    StringBuilder text = new StringBuilder("Columns on ");
    text.append(String.join(", ", training.devices)).append("; a training step sends");
    long[][] bytes = programs.traffic();
    String separator = " ";
    for (int from = 0; from < bytes.length; from++) {
      for (int to = 0; to < bytes.length; to++) {
        if (bytes[from][to] > 0) {
          text.append(separator)
              .append("%.1f MB from ".formatted(bytes[from][to] * 1e-6))
              .append(devices.get(from) + " to " + devices.get(to));
          separator = ", ";
        }
      }
    }
    listener.message(text + ".");
  }

  /** Refuses a folder in use before any work is done; creating the run checks again. */
  private static void refuseUsed(Path out) {
    if (Files.exists(out.resolve("run.json"))) {
      throw new AlexNetException(
          "%s already holds a run; continue it with --resume %s, or choose another --out."
              .formatted(out, out));
    }
  }

  /** What a checkpoint keeps beside parameters and momentum. */
  static final class RunState {
    final LearningRate rate;
    int epochs;
    int epoch;
    int batch;
    long step;
    int images;
    double lossSum;
    int errors;

    private RunState(RunConfig config) {
      this.rate = new LearningRate(config.recipe().schedule(), config.recipe().rate());
      this.epochs = config.recipe().epochs();
    }

    static RunState start(RunConfig config) {
      return new RunState(config);
    }

    static RunState restore(RunConfig config, ObjectNode json) {
      RunState state = new RunState(config);
      state.epochs = json.path("epochs").asInt();
      state.epoch = json.path("epoch").asInt();
      state.batch = json.path("batch").asInt();
      state.step = json.path("step").asLong();
      state.images = json.path("images").asInt();
      state.lossSum = json.path("loss_sum").asDouble();
      state.errors = json.path("errors").asInt();
      state.rate.restore(json);
      return state;
    }

    ObjectNode toJson() {
      ObjectNode json = JsonNodeFactory.instance.objectNode();
      json.put("epochs", epochs);
      json.put("epoch", epoch);
      json.put("batch", batch);
      json.put("step", step);
      json.put("images", images);
      json.put("loss_sum", lossSum);
      json.put("errors", errors);
      rate.save(json);
      return json;
    }

    void nextEpoch() {
      epoch++;
      batch = 0;
      images = 0;
      lossSum = 0;
      errors = 0;
    }
  }
}
