package org.alexnet.training;

import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.SequencedMap;
import org.alexnet.AlexNetException;
import org.alexnet.Message;
import org.alexnet.Setting;
import org.alexnet.UsageException;
import org.alexnet.Words;
import org.alexnet.backend.Backend;
import org.alexnet.backend.BackendOptions;
import org.alexnet.backend.BackendProvider;
import org.alexnet.backend.Backends;
import org.alexnet.backend.Executable;
import org.alexnet.backend.Sync;
import org.alexnet.backend.plan.Kernel;
import org.alexnet.backend.plan.Lowered;
import org.alexnet.backend.plan.MemoryPlanner;
import org.alexnet.data.Augmentation;
import org.alexnet.data.DataSet;
import org.alexnet.data.ImageSource;
import org.alexnet.data.source.Data;
import org.alexnet.data.source.DataSets;
import org.alexnet.data.source.OpenOptions;
import org.alexnet.data.source.Sources;
import org.alexnet.model.Model;
import org.alexnet.model.Models;
import org.alexnet.model.Recipe;
import org.alexnet.network.Initial;
import org.alexnet.network.Input;
import org.alexnet.network.Network;
import org.alexnet.network.Parameter;
import org.alexnet.network.Resize;
import org.alexnet.program.CompiledNetwork;
import org.alexnet.program.Op;
import org.alexnet.program.Parallelism;
import org.alexnet.program.Placement;
import org.alexnet.program.Traffic;
import org.alexnet.run.DataIdentity;
import org.alexnet.run.Environment;
import org.alexnet.run.MemoryRun;
import org.alexnet.run.RunConfig;
import org.alexnet.run.RunFolder;
import org.alexnet.run.RunStore;
import org.alexnet.safetensors.SafetensorsFile;
import org.alexnet.tensor.FloatTensor;
import org.alexnet.weights.InputStatistics;
import org.alexnet.weights.Weights;
import org.alexnet.weights.format.SafetensorsFormat;
import org.alexnet.weights.format.WeightSource;
import org.alexnet.worker.WorkerCheck;

/**
 * Brings together what a run needs, in an order that refuses bad input before anything is decoded
 * or written.
 */
final class TrainingSetup {
  private final Training training;
  private final TrainingListener listener;

  TrainingSetup(Training training) {
    this.training = training;
    this.listener = training.listener;
  }

  TrainingResult run() {
    return training.resumed == null ? fresh() : resume();
  }

  private BackendOptions options() {
    return new BackendOptions(
            training.threads,
            training.devices,
            training.precision,
            training.deterministic,
            training.graphs)
        .with(training.convolution)
        .with(training.peers);
  }

  private TrainingResult fresh() {
    if (training.out != null && training.peers.worker().first()) {
      RunFolder.requireUnused(training.out);
    }
    Input input = training.model.network().input();
    checkAugmentation(input);
    checkSizes();
    InitialWeights init = training.init == null ? null : InitialWeights.load(training);
    BackendProvider provider = Backends.choose(training.backend, listener::message);
    // The backend comes before the data: it may compile its kernels while images are read.
    try (Backend backend = provider.open(options());
        DataSet data =
            open(
                training.data,
                training.validation,
                training.validationFraction,
                training.seed,
                input,
                training.skipBad)) {
      RunConfig config = config(data, init);
      Network network = config.network();
      sayOtherwise(config, data);
      check(data, network);
      KeptData.check(training, backend, data, config.recipe().augmentation());
      SequencedMap<String, FloatTensor> weights =
          init == null
              ? Weights.initial(network, training.seed, Weights.Overrides.NONE)
              : init.fitted(network, training.seed, listener);
      InputStatistics statistics =
          InputStatistics.of(
              data.train(),
              input,
              config.recipe().augmentation(),
              training.threads,
              (done, all) -> listener.progress(Activity.AVERAGING, done, all));
      WorkerCheck check = new WorkerCheck(training.peers, provider, config, data.train());
      check.requireSame(weights, statistics);
      say(config);
      CompiledNetwork programs = programs(config);
      sayTraffic(programs, config.sync());
      try (KeptData kept = KeptData.of(training, backend, programs, data)) {
        listener.progress(Activity.COMPILING, 0, 0);
        Lowered lowered = backend.lower(programs);
        try (Executable executable = backend.bind(lowered, MemoryPlanner.plan(lowered));
            RunStore store = begin(record(config, provider, backend, lowered))) {
          if (store.writable()) {
            store.writeInput(statistics.tensors(), statistics.metadata(input));
          }
          Weights.put(executable, programs, weights);
          RunState state = RunState.start(config);
          return new TrainingLoop(
                  training, config, data, backend, executable, programs, kept, store, state)
              .run(statistics);
        }
      }
    }
  }

  /** The first worker makes the run; the others open it when there is a checkpoint. */
  private RunStore begin(ObjectNode settings) {
    if (training.peers.worker().first() || training.inMemory) {
      return create(settings);
    }
    training.peers.agreed(true);
    return RunFolder.openForReading(training.out);
  }

  private CompiledNetwork programs(RunConfig config) {
    return config.programs(training.devices, listener.wantsGradients(), training.peers.worker());
  }

  private RunStore create(ObjectNode settings) {
    if (training.inMemory) {
      return new MemoryRun(settings);
    }
    return training.out != null
        ? RunFolder.create(training.out, settings)
        : RunFolder.createUnique(Training.defaultOut(training.model.name()), settings);
  }

  /** What can be said of sizes before the data is seen: it may still bring more classes. */
  private void checkSizes() {
    Model model = training.model;
    Model fitted = training.classes == null ? model : model.withClasses(training.classes);
    int batch = training.recipe(fitted).batch();
    CompiledNetwork.requireSizes(fitted.network(), batch);
    place(fitted.network(), batch).requireShards(batch);
    Weights.requireMemory(fitted.network());
    if (training.init == null) {
      requireVaried(fitted.network());
    }
  }

  /** Layers whose weights all start from one value go on having one. */
  private static void requireVaried(Network network) {
    List<Parameter> weights =
        CompiledNetwork.declared(network).values().stream()
            .filter(parameter -> parameter.kind() == Parameter.Kind.WEIGHT)
            .toList();
    if (weights.size() > 1
        && weights.stream().allMatch(w -> w.spec().initial() instanceof Initial.Constant)) {
      throw new AlexNetException(
          Message.of(
              "The weights of every layer of %s start from one value, so that it cannot learn;"
                  + " files that are not for training, such as a deploy.prototxt, do not say how"
                  + " weights start: give the file that it is trained by, or weights (%s).",
              network.name(), Setting.INIT));
    }
  }

  /** What can be said of an augmentation before the data is seen. */
  private void checkAugmentation(Input input) {
    if (training.recipe(training.model).augmentation() == Augmentation.SHAPES
        && input.stored() != input.size()) {
      throw new AlexNetException(
          "Augmentation shapes is for networks that take images as they are stored; %s stores %d x %d and takes %d x %d: use paper or none."
              .formatted(
                  training.model.name(),
                  input.stored(),
                  input.stored(),
                  input.size(),
                  input.size()));
    }
  }

  private TrainingResult resume() {
    try (RunFolder folder = reopen()) {
      RunConfig saved = RunConfig.fromJson(folder.runJson(), folder.dir());
      if (saved.data() == null) {
        throw new AlexNetException(
            Message.of(
                "%s holds weights that were imported and not trained; begin a run with them (%s).",
                folder.dir(), Setting.INIT.to(folder.dir())));
      }
      checkValidation(saved, folder);
      RunState before = RunState.restore(saved, folder.state());
      if (before.epoch >= (training.epochs == null ? before.epochs : training.epochs)) {
        return nothingToDo(folder, before);
      }
      RunConfig config = saved.withSources(name(training.data), name(training.validation));
      Data trainedOn = chosen(training.data, config.data(), Setting.DATA);
      Data validatedWith = chosen(training.validation, config.validation(), Setting.VALIDATION);
      requireOneShard(config.sync(), config.shards());
      CompiledNetwork programs = programs(config);
      BackendProvider provider = Backends.choose(training.backend, listener::message);
      Input input = config.network().input();
      BackendOptions options =
          config
              .backendOptions(training.threads, training.devices, training.graphs)
              .with(choices(folder.runJson()))
              .with(training.peers);
      try (Backend backend = provider.open(options);
          DataSet data =
              open(
                  trainedOn,
                  validatedWith,
                  config.validationFraction(),
                  config.seed(),
                  input,
                  config.skipBad())) {
        config.identity().requireSame(DataIdentity.of(data), folder.dir().toString(), data);
        check(data, config.network());
        KeptData.check(training, backend, data, config.recipe().augmentation());
        new WorkerCheck(training.peers, provider, config, data.train())
            .requireSame(folder.state().toString());
        if (folder.writable()) {
          recordResumption(folder, config, before, provider);
        }
        sayTraffic(programs, config.sync());
        try (KeptData kept = KeptData.of(training, backend, programs, data);
            Executable executable = compiled(backend, programs)) {
          InputStatistics statistics = restore(folder, executable, programs, input);
          RunState state = restoreState(config, folder);
          return new TrainingLoop(
                  training, config, data, backend, executable, programs, kept, folder, state)
              .run(statistics);
        }
      }
    }
  }

  private Executable compiled(Backend backend, CompiledNetwork programs) {
    listener.progress(Activity.COMPILING, 0, 0);
    return backend.compile(programs);
  }

  /** What the backend chose when the run began, which its bits depend on. */
  private static Map<String, String> choices(ObjectNode settings) {
    Map<String, String> choices = new HashMap<>();
    settings
        .path("choices")
        .properties()
        .forEach(e -> choices.put(e.getKey(), e.getValue().asText()));
    return choices;
  }

  private static String name(Data data) {
    return data == null ? null : data.name();
  }

  /** The images of a resumed run: those that are given now, or those of its settings. */
  private static Data chosen(Data now, String name, Setting setting) {
    if (now != null && now.given() != null) {
      return now;
    }
    RunConfig.requireSource(name, setting);
    return name == null ? null : Data.named(name);
  }

  /** The first worker mends the run where it was interrupted; then the others read it. */
  private RunFolder reopen() {
    if (!training.peers.worker().first()) {
      training.peers.agreed(true);
      return RunFolder.openForReading(training.resumed);
    }
    RunFolder folder = RunFolder.openForTraining(training.resumed);
    try {
      training.peers.agreed(true);
      return folder;
    } catch (RuntimeException e) {
      folder.close();
      throw e;
    }
  }

  /** Adds where the run goes on, and where the sources are now. */
  private void recordResumption(
      RunFolder folder, RunConfig config, RunState state, BackendProvider provider) {
    ObjectNode settings = folder.runJson();
    settings.setAll(config.toJson());
    settings
        .withArray("resumed")
        .addObject()
        .put("step", state.step)
        .put("backend", provider.name())
        .setAll(Environment.of(provider, training.devices, training.threads).toJson());
    folder.replaceSettings(settings);
  }

  private void checkValidation(RunConfig saved, RunFolder folder) {
    if (training.validation != null && saved.validationFraction() > 0) {
      throw new UsageException(
          Message.of(
              "%s holds out a fraction of %s (%s) to validate with, so that %s cannot be given with"
                  + " it; leave %s out.",
              folder.dir(),
              Setting.DATA,
              saved.validationFraction(),
              Setting.VALIDATION,
              Setting.VALIDATION));
    }
  }

  /** The answer for a run that is trained as far as is asked for. */
  private TrainingResult nothingToDo(RunFolder folder, RunState state) {
    listener.message(
        Message.of(
            "The run has already trained %s; nothing to do (give %s or more to train on).",
            Words.count(state.epoch, "epoch"), Setting.EPOCHS.to(state.epoch + 1)));
    return new TrainingResult(
        folder.dir(),
        state.epoch,
        state.step,
        EpochMetrics.last(folder),
        folder.runJson().path("backend").asText(),
        false,
        null);
  }

  /** Where the run stands, with the epochs and the schedule that are asked for now. */
  private RunState restoreState(RunConfig config, RunFolder folder) {
    RunState state = RunState.restore(config, folder.state());
    if (training.epochs != null) {
      state.epochs = training.epochs;
    }
    if (training.schedule != null) {
      state.reschedule(training.schedule, config.recipe().rate());
    }
    listener.message(
        "Resuming %s at epoch %d of %d, step %,d: rate %s, schedule %s."
            .formatted(
                folder.dir(),
                Math.min(state.epoch + 1, state.epochs),
                state.epochs,
                state.step,
                LearningRate.text(state.rate.at(state.epoch, state.epochs)),
                state.rate.describe(state.epochs)));
    return state;
  }

  private static InputStatistics restore(
      RunFolder folder, Executable executable, CompiledNetwork programs, Input input) {
    try (WeightSource weights = SafetensorsFormat.source(folder.openWeights());
        WeightSource momentum = SafetensorsFormat.source(folder.openMomentum());
        SafetensorsFile statistics = folder.requireInput()) {
      Network network = programs.network();
      Weights.read(weights, network, executable::write);
      Weights.read(
          momentum, network, (tensor, values) -> executable.write(tensor.momentum(), values));
      return InputStatistics.load(statistics, input);
    }
  }

  /**
   * The run's settings, and beside them what it began with and where, and what the backend chose by
   * measuring.
   */
  private ObjectNode record(
      RunConfig config, BackendProvider provider, Backend backend, Lowered lowered) {
    ObjectNode json = config.toJson();
    json.put("init", training.init == null ? null : training.init.toAbsolutePath().toString());
    json.put("backend", backend.name());
    json.set("environment", Environment.of(provider, training.devices, training.threads).toJson());
    ObjectNode choices = json.putObject("choices");
    for (Kernel kernel : lowered.train()) {
      if (!kernel.choice().isEmpty()) {
        choices.put(kernel.label(), kernel.choice());
      }
    }
    return json;
  }

  private DataSet open(
      Data data, Data validation, double fraction, long seed, Input input, boolean skipBad) {
    OpenOptions opening =
        new OpenOptions(
                input.channels(),
                input.stored(),
                input.stored(),
                input.size(),
                training.threads,
                seed,
                skipBad,
                (done, all) -> listener.progress(Activity.READING, done, all))
            .stretched(input.resize() == Resize.STRETCH);
    DataSet set = DataSets.open(data, validation, fraction, opening);
    String network = training.model == null ? "the network" : training.model.name();
    DataSets.otherwiseResized(set.train(), opening, network).ifPresent(listener::message);
    List<String> skipped = set.train().skipped();
    if (!skipped.isEmpty()) {
      listener.message(
          "Left out %s that cannot be read%s: %s"
              .formatted(
                  Words.count(skipped.size(), "file"),
                  skipped.size() == 1 ? "" : ", the first",
                  skipped.getFirst()));
    }
    return set;
  }

  private RunConfig config(DataSet data, InitialWeights init) {
    Model model = training.model;
    ImageSource train = data.train();
    List<String> names = train.classNames();
    int classes = model.network().classes();
    if (!names.isEmpty()) {
      classes = names.size();
    } else if (init != null) {
      classes = init.classes();
    }
    if (training.classes != null) {
      if (names.size() > training.classes) {
        throw new UsageException(
            "%s has %d classes, more than the %d asked for."
                .formatted(train.description(), names.size(), training.classes));
      }
      classes = training.classes;
    }
    if (names.isEmpty() && init != null && init.classNames().size() == classes) {
      names = init.classNames();
    }
    Model fitted = model.withClasses(classes);
    Recipe recipe = recipe(train, fitted);
    Network network = training.dropout ? fitted.network() : fitted.network().withoutDropout();
    Placement placement = place(network, recipe.batch());
    return new RunConfig(
        network,
        names,
        DataSets.absolute(training.data.name()),
        training.validation == null ? null : DataSets.absolute(training.validation.name()),
        training.validationFraction,
        DataIdentity.of(data),
        training.seed,
        recipe,
        training.shuffle,
        training.dropout,
        training.skipBad,
        training.deterministic,
        training.precision,
        training.convolution,
        placement.parallelism(),
        placement.shards(),
        training.sync);
  }

  /** The recipe for a source. Floating-point images are used as given unless that is overruled. */
  private Recipe recipe(ImageSource train, Model fitted) {
    Recipe recipe = training.recipe(fitted);
    boolean asGiven = recipe.augmentation() == Augmentation.NONE;
    if (!train.format().floats() || asGiven) {
      return recipe;
    }
    if (training.augmentation != null) {
      throw new AlexNetException(
          "%s holds floating-point images, which are used as they are: augmentation must be none, not %s."
              .formatted(train.description(), training.augmentation));
    }
    return recipe.with(Augmentation.NONE);
  }

  private Placement place(Network network, int batch) {
    Placement.Worker worker = training.peers.worker();
    if (worker.hasPeers()) {
      Parallelism way = training.parallelism;
      if (way != null && way != Parallelism.AUTO && way != Parallelism.DATA) {
        throw UsageException.value(Setting.PARALLEL, way, "data, with several workers");
      }
      int shards = worker.count() * Math.max(1, training.devices.size());
      requireOneShard(training.sync, shards);
      return Placement.shards(
          Parallelism.DATA, shards, training.devices, worker.apart(training.sync.averages()));
    }
    requireOneShard(training.sync, 1);
    return Traffic.place(
        training.parallelism, network, batch, training.devices, training.deterministic);
  }

  /** Where workers average, each has one shard of the batch. */
  private void requireOneShard(Sync sync, int shards) {
    int workers = training.peers.worker().count();
    if (sync.averages() && (workers == 1 || workers != shards || training.devices.size() > 1)) {
      throw new UsageException(
          Message.of(
              "%s is for several workers of one device each, as many as the run has shards (%s);"
                  + " here are %s (%s).",
              Setting.SYNC.to(sync),
              Words.count(shards, "shard"),
              Words.count(workers, "worker"),
              Setting.WORKERS));
    }
  }

  private static void check(DataSet data, Network network) {
    Sources.checkLabels(data.train(), network.classes());
    if (data.validation() != null) {
      Sources.checkLabels(data.validation(), network.classes());
    }
  }

  /** Of a network that is in no catalogue, how it differs from what its file or name says. */
  private void sayOtherwise(RunConfig config, DataSet data) {
    Model model = training.model;
    if (Models.all().contains(model)) {
      return;
    }
    int outputs = model.network().classes();
    int classes = config.network().classes();
    if (outputs != classes && training.classes == null) {
      listener.message(
          "%s has %d outputs, and the images of %s have %d classes: the last layer is given %d outputs."
              .formatted(model.name(), outputs, data.train().description(), classes, classes));
    }
    if (Models.all().stream().anyMatch(known -> known.name().equals(model.name()))
        && !Models.catalogued(config.network(), config.dropout())) {
      listener.message(
          "The network calls itself %s and is not the catalogue's network of that name; give it a name of its own to tell their runs apart."
              .formatted(model.name()));
    }
  }

  private void say(RunConfig config) {
    Recipe recipe = config.recipe();
    DataIdentity data = config.identity();
    if (!Models.all().contains(training.model)) {
      listener.message("%s: %s.".formatted(training.model.name(), training.model.description()));
    }
    listener.message(
        "Training %s (%d classes) on %s: %s%s, %s, batch %d, rate %s, momentum %s, weight decay %s, schedule %s, augmentation %s, seed %d."
            .formatted(
                config.network().name(),
                config.network().classes(),
                training.data.description(),
                Words.count(data.images(), "image"),
                data.validationImages() == 0
                    ? ""
                    : ", %,d to validate".formatted(data.validationImages()),
                Words.count(recipe.epochs(), "epoch"),
                recipe.batch(),
                LearningRate.text(recipe.rate()),
                recipe.momentum(),
                LearningRate.text(recipe.decay()),
                new LearningRate(recipe.schedule(), recipe.rate()).describe(recipe.epochs()),
                recipe.augmentation(),
                config.seed()));
  }

  /** How the work is cut, as the beginning of a sentence. */
  private static String cut(Placement placement) {
    String shards = Words.count(placement.shards(), "shard") + " of the batch";
    return switch (placement.parallelism()) {
      case AUTO -> throw new IllegalStateException("not chosen");
      case COLUMNS -> "Columns";
      case DATA -> shards;
      case HYBRID -> shards + ", and fully-connected layers in columns,";
    };
  }

  private void sayMessages(CompiledNetwork programs, Sync sync) {
    Placement.Worker worker = programs.placement().worker();
    if (worker.apart()) {
      long learned =
          programs.parameters().stream().mapToLong(tensor -> tensor.shape().elements()).sum();
      listener.message(
          "Worker %d of %d, which average parameters and momentum every %s: %.1f MB."
              .formatted(
                  worker.index() + 1,
                  worker.count(),
                  Words.count(sync.every(), "step"),
                  2 * Float.BYTES * learned * 1e-6));
    } else if (worker.hasPeers()) {
      long sent = 0;
      long received = 0;
      for (Op op : programs.train().ops()) {
        switch (op) {
          case Op.Send send -> sent += send.x().shape().elements() * Float.BYTES;
          case Op.Receive receive -> received += receive.y().shape().elements() * Float.BYTES;
          default -> {}
        }
      }
      listener.message(
          "Worker %d of %d, with %s; a training step sends %.1f MB to the others and receives %.1f MB."
              .formatted(
                  worker.index() + 1,
                  worker.count(),
                  Words.count(programs.placement().shards() / worker.count(), "shard"),
                  sent * 1e-6,
                  received * 1e-6));
    }
  }

  private void sayTraffic(CompiledNetwork programs, Sync sync) {
    Placement placement = programs.placement();
    sayMessages(programs, sync);
    if (placement.deviceCount() == 1) {
      return;
    }
    List<String> devices = training.devices.stream().distinct().toList();
    StringBuilder text = new StringBuilder(cut(placement)).append(" on ");
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
}
