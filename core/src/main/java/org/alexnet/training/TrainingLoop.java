package org.alexnet.training;

import java.util.ArrayDeque;
import java.util.Deque;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import java.util.function.Supplier;
import org.alexnet.AlexNetException;
import org.alexnet.Message;
import org.alexnet.Setting;
import org.alexnet.backend.Backend;
import org.alexnet.backend.Executable;
import org.alexnet.backend.StepResult;
import org.alexnet.backend.StepSettings;
import org.alexnet.data.Batch;
import org.alexnet.data.ColourShift;
import org.alexnet.data.DataSet;
import org.alexnet.data.KeptImages;
import org.alexnet.data.loading.BatchLoader;
import org.alexnet.data.loading.LoaderOptions;
import org.alexnet.exchange.TrainedNetwork;
import org.alexnet.inference.Evaluation;
import org.alexnet.inference.Evaluator;
import org.alexnet.inference.Views;
import org.alexnet.program.CompiledNetwork;
import org.alexnet.program.Tensor;
import org.alexnet.run.Checkpoint;
import org.alexnet.run.MemoryRun;
import org.alexnet.run.RunConfig;
import org.alexnet.run.RunLog;
import org.alexnet.run.RunStore;
import org.alexnet.weights.InputStatistics;
import org.alexnet.weights.Weights;
import org.alexnet.weights.format.SafetensorsFormat;
import org.alexnet.worker.Averaging;

/** The loop over epochs and steps of one process. */
final class TrainingLoop {
  /** One batch more than usual is made ahead: the last one that was trained on is held back. */
  private static final int DEPTH = LoaderOptions.DEPTH + 1;

  private static final StepResult NOTHING = new StepResult(0, 0, 0);

  private final Training training;
  private final RunConfig config;
  private final DataSet data;
  private final Backend backend;
  private final Executable executable;
  private final CompiledNetwork programs;
  private final KeptData kept;
  private final RunStore store;
  private final RunState state;
  private final Deque<Begun> begun = new ArrayDeque<>(); // steps under way, the first first
  private Begun trained; // the last step that was done; its batch is not released yet
  private final StepLog log;
  private final Averaging averaging;

  /**
   * What tensors are read into for a checkpoint, by their elements. Arrays that were made anew for
   * each would lie about until they are collected, and are hundreds of megabytes.
   */
  private final Map<Long, float[]> arrays = new HashMap<>();

  private boolean arraysServe;

  private long lastCheckpoint;
  private EpochMetrics lastMetrics;

  TrainingLoop(
      Training training,
      RunConfig config,
      DataSet data,
      Backend backend,
      Executable executable,
      CompiledNetwork programs,
      KeptData kept,
      RunStore store,
      RunState state) {
    this.training = training;
    this.config = config;
    this.data = data;
    this.backend = backend;
    this.executable = executable;
    this.programs = programs;
    this.kept = kept;
    this.store = store;
    this.state = state;
    this.log = StepLog.of(training.logEvery, store, executable, programs, state);
    this.averaging =
        new Averaging(training.peers, config.sync(), programs.placement(), config.recipe().batch());
  }

  TrainingResult run(InputStatistics input) {
    executable.write(programs.persistent().get(CompiledNetwork.MEAN), input.mean());
    if (store.checkpoint() == 0) {
      commit(false);
      training.peers.agreed(true); // the others wait for a run that they can open
    }
    lastMetrics = EpochMetrics.last(store);
    training.listener.begin(store.dir(), state.step);
    lastCheckpoint = System.nanoTime();
    try (BatchLoader loader = new BatchLoader(data.train(), loading(input), this::newBatch)) {
      while (state.epoch < state.epochs && epoch(loader)) {
        // Each pass is one epoch; a stop ends the loop with the rest of the epoch still to do.
      }
    }
    return new TrainingResult(
        store.dir(),
        state.epoch,
        state.step,
        lastMetrics,
        backend.name(),
        state.epoch < state.epochs,
        store instanceof MemoryRun run
            ? TrainedNetwork.of(programs.network(), config.classNames(), input, run.weights())
            : null);
  }

  /** Each image is looked at in one place. */
  private Batch newBatch() {
    KeptImages images = kept.of(data.train());
    if (images != null) {
      return executable.newBatch(images);
    }
    Batch.Format stored = data.train().format();
    int size = programs.network().input().size();
    return executable.newBatch(stored, stored.window(size, size));
  }

  private LoaderOptions loading(InputStatistics input) {
    int size = programs.network().input().size();
    int[] own = programs.placement().images(config.recipe().batch());
    return new LoaderOptions(
            config.recipe().batch(),
            size,
            size,
            config.seed(),
            config.shuffle(),
            config.recipe().augmentation(),
            training.threads,
            DEPTH,
            input.colour() == null
                ? null
                : new ColourShift(input.colour(), programs.network().input().scales()))
        .places(own[0], own[1]);
  }

  /** Trains to the end of the epoch under way and validates; false if it was stopped before. */
  private boolean epoch(BatchLoader loader) {
    loader.start(state.epoch, state.step, state.batch);
    Stopwatch watch = new Stopwatch(loader);
    boolean together = training.peers.worker().hasPeers() && !averaging.apart();
    for (Batch batch = loader.next(); batch != null; batch = loader.next()) {
      Turn turn = together ? told(turn()) : null;
      begin(batch);
      if (averaging.apart()) {
        finishAll(loader, watch);
        if (!averaging.due(state.batch, loader.batchesPerEpoch())) {
          continue; // nothing is said or saved of what is not that of all
        }
        average();
      } else if (log.due(state.step + begun.size())) {
        finishAll(loader, watch); // a step begun after it would replace its gradients
      } else if (begun.size() >= executable.stepsAhead()) {
        finish(loader, watch);
      }
      turn = heard(turn == null ? told(turn()) : turn);
      if (turn == Turn.STOP) {
        finishAll(loader, watch);
        checkpoint(watch);
        releaseTrained(loader);
        return false;
      }
      if (turn == Turn.SAVE && state.batch + begun.size() < loader.batchesPerEpoch()) {
        finishAll(loader, watch);
        checkpoint(watch);
        watch.lap();
      }
    }
    finishAll(loader, watch);
    tellGradients();
    boolean done = finishEpoch(watch);
    releaseTrained(loader);
    return done && !stopping();
  }

  /** What comes after a step. */
  private enum Turn {
    GO_ON,
    SAVE,
    STOP
  }

  private Turn turn() {
    if (training.stopping()) {
      return Turn.STOP;
    }
    double minutes = (System.nanoTime() - lastCheckpoint) / 60e9;
    return minutes >= training.checkpointMinutes ? Turn.SAVE : Turn.GO_ON;
  }

  /**
   * The first worker says what comes after a step before it begins with it, so that the others,
   * which may be done with theirs before, need not wait for it.
   */
  private Turn told(Turn own) {
    training.peers.decide(own.ordinal());
    return own;
  }

  private Turn heard(Turn own) {
    return Turn.values()[training.peers.decided(own.ordinal())];
  }

  /** Whether to stop, which the first worker says for all. */
  private boolean stopping() {
    return training.peers.agreed(training.stopping());
  }

  /** A step that the device works on. */
  private record Begun(Batch batch, StepSettings settings, Executable.Pending pending) {}

  private void begin(Batch batch) {
    StepSettings settings =
        new StepSettings(
            config.seed(),
            (int) state.step + begun.size(),
            state.rate.at(state.epoch, state.epochs),
            config.recipe().momentum(),
            config.recipe().decay());
    StepSettings own = averaging.settings(settings, batch.count());
    begun.add(new Begun(batch, own, saved(() -> executable.train(batch, own))));
  }

  private void finishAll(BatchLoader loader, Stopwatch watch) {
    while (!begun.isEmpty()) {
      finish(loader, watch);
    }
  }

  /** Waits for the first step under way and counts it. */
  private void finish(BatchLoader loader, Stopwatch watch) {
    Begun step = begun.remove();
    StepResult result = saved(step.pending::await);
    if (!Double.isFinite(result.lossSum())) {
      throw notFinite(step.batch, step.settings, result);
    }
    releaseTrained(loader);
    trained = step;
    watch.count(result.images());
    if (averaging.apart()) {
      averaging.count(result);
      state.countStep();
      log.count(NOTHING, watch.lapSeconds(), watch.lapWait());
      watch.lap();
    } else {
      state.count(result.images(), result.lossSum(), result.errors());
      log.count(result, watch.lapSeconds(), watch.lapWait());
      watch.lap();
      if (log.due(state.step)) {
        training.listener.logged(saved(() -> log.write(1)));
      }
    }
    training.listener.step(progress(watch, loader.batchesPerEpoch()));
  }

  /** Brings together what workers have learned, and counts what all of them have seen. */
  private void average() {
    int steps = averaging.steps();
    double scale = averaging.scale(trained.batch.count());
    StepResult all = saved(() -> averaging.average(executable, programs));
    state.add(all.images(), all.lossSum(), all.errors());
    log.count(all, 0, 0);
    if (log.due(state.step, steps)) {
      training.listener.logged(saved(() -> log.write(scale)));
    }
  }

  /** After the last step of an epoch, before anything else runs. */
  private void tellGradients() {
    if (trained != null && training.listener.wantsGradients()) {
      training.listener.gradients(
          state.step, saved(() -> Weights.take(executable, programs, Tensor::gradient)));
    }
  }

  private void releaseTrained(BatchLoader loader) {
    if (trained != null) {
      loader.release(trained.batch);
      trained = null;
    }
  }

  /** What a device does; if it fails, the user is told where the run can be taken up. */
  private <T> T saved(Supplier<T> work) {
    try {
      return work.get();
    } catch (AlexNetException e) {
      if (store.dir() == null || !RunLog.isRun(store.dir())) {
        throw e; // it cannot be taken up again
      }
      throw new AlexNetException(
          Message.of(
              "%s%s The last checkpoint is in %s; resume it with %s.",
              e.message(),
              e.getMessage().endsWith(".") ? "" : ".",
              store.dir(),
              Setting.RESUME.to(store.dir())),
          e);
    }
  }

  private AlexNetException notFinite(Batch batch, StepSettings settings, StepResult result) {
    Object where;
    try {
      where = Diagnosis.of(backend, programs, executable, batch, settings);
    } catch (AlexNetException e) { // keeping every tensor may need more memory than there is
      where = Message.of("not known, for the step cannot be repeated: %s", e.message());
    }
    return new AlexNetException(
        Message.of(
            "The loss is %s in step %d (epoch %d); the first value that is not finite is in %s. %s",
            result.lossSum(), state.step + 1, state.epoch + 1, where, lowerRate(settings.rate())));
  }

  /**
   * Saves the run after the epoch's last step, validates, and saves again with the result. Whoever
   * resumes from the first of the two begins with the validation.
   *
   * @return false if the validation was stopped
   */
  private boolean finishEpoch(Stopwatch watch) {
    Evaluation validation = null;
    if (data.validation() != null) {
      if (trained != null) { // otherwise the checkpoint that was resumed is the same
        checkpoint(watch);
      }
      Optional<Evaluation> result = saved(this::validate);
      if (result.isEmpty()) {
        return false;
      }
      validation = result.get();
      if (!Double.isFinite(validation.loss())) {
        throw diverged("the validation loss is " + validation.loss());
      }
    } else {
      judge();
    }
    float rate = state.rate.at(state.epoch, state.epochs);
    lastMetrics =
        new EpochMetrics(
            state.epoch + 1,
            state.step,
            state.meanLoss(),
            state.errors / (double) state.images,
            validation,
            state.images / Math.max(1e-9, watch.epochSeconds()),
            watch.epochWait() / Math.max(1e-9, watch.epochSeconds()),
            rate);
    boolean best = state.rate.judge(validation == null ? state.meanLoss() : validation.top1Error());
    state.nextEpoch();
    if (store.writable()) {
      store.appendMetrics(lastMetrics.toJson());
    }
    commit(best && validation != null);
    training.listener.epoch(lastMetrics);
    sayExchange(watch);
    return true;
  }

  /** What the epoch spent on other workers, if there are any. */
  private void sayExchange(Stopwatch watch) {
    if (training.peers.worker().hasPeers()) {
      training.listener.message(
          "Epoch %d: %.0f %% of the time went by in the exchange with other workers."
              .formatted(state.epoch, 100 * watch.exchange()));
    }
  }

  private Optional<Evaluation> validate() {
    Evaluator evaluator =
        new Evaluator(
            executable,
            programs,
            new Evaluator.Options(
                training.threads,
                false,
                (done, all) -> training.listener.progress(Activity.VALIDATING, done, all),
                this::stopping));
    evaluator.keeping(kept.of(data.validation()));
    return evaluator.evaluate(data.validation(), Views.CENTRE).map(averaging::evaluation);
  }

  private Progress progress(Stopwatch watch, int batches) {
    double speed = watch.imagesPerSecond();
    long perEpoch = data.train().size();
    double left = (state.epochs - state.epoch) * (double) perEpoch - state.images;
    return new Progress(
        state.epoch + 1,
        state.epochs,
        state.batch,
        batches,
        state.meanLoss(),
        state.errors / (double) state.images,
        speed,
        watch.dataWait(),
        left / speed);
  }

  /** Saves the run within an epoch, or between its last step and its validation. */
  private void checkpoint(Stopwatch watch) {
    judge();
    state.seconds = watch.epochSeconds();
    state.waited = watch.epochWait();
    commit(false);
  }

  /**
   * Refuses to save a network that is ruined, so that the last checkpoint stays a good one: by its
   * mean loss, and by what the weights as they are now make of the batch they learned from last.
   */
  private void judge() {
    if (trained == null) {
      return;
    }
    int classes = programs.network().classes();
    if (Divergence.in(state.meanLoss(), state, classes)) {
      throw diverged("the mean loss of the epoch is %.4g".formatted(state.meanLoss()));
    }
    double scale = averaging.scale(trained.batch.count());
    if (scale == 0) {
      return; // others have its images
    }
    StepResult result = saved(() -> executable.evaluate(trained.batch).await());
    double loss = scale * result.lossSum() / result.images();
    if (!Double.isFinite(loss)) {
      throw notFinite(trained.batch, trained.settings, result);
    }
    if (Divergence.in(loss, state, classes)) {
      throw diverged("the loss is %.4g after the last step".formatted(loss));
    }
  }

  private AlexNetException diverged(String how) {
    float rate = state.rate.at(state.epoch, state.epochs);
    return new AlexNetException(
        Message.of(
            "Training has diverged in epoch %d, step %d: %s, where guessing has %.4g. %s",
            state.epoch + 1,
            state.step,
            how,
            Math.log(programs.network().classes()),
            lowerRate(rate)));
  }

  /** What to do about a network that is ruined. */
  private Message lowerRate(float rate) {
    return store.dir() == null
        ? Message.of("Train with a lower learning rate than %s.", LearningRate.text(rate))
        : Message.of(
            "The last good checkpoint is kept in %s; train from its weights with a lower learning"
                + " rate than %s in a new run (%s).",
            store.dir(),
            LearningRate.text(rate),
            Setting.INIT.to(store.dir().resolve("model.safetensors")));
  }

  /** The worker that has the run folder writes it; for the others only the time goes on. */
  private void commit(boolean best) {
    if (!store.writable()) {
      lastCheckpoint = System.nanoTime();
      return;
    }
    training.listener.progress(Activity.SAVING, 0, 0);
    // Reading waits for the device, and may be what finds that it is lost.
    store.commit(
        new Checkpoint(
            Weights.deferred(programs, t -> saved(() -> read(t))),
            Weights.deferred(programs, t -> saved(() -> read(t.momentum()))),
            SafetensorsFormat.metadata(config.classNames()),
            state.toJson(),
            best));
    if (!arraysServe) {
      arrays.clear();
    }
    lastCheckpoint = System.nanoTime();
  }

  /** Into the array that held the last tensor of this size, if the backend can. */
  private float[] read(Tensor tensor) {
    long elements = tensor.shape().elements();
    float[] array = arrays.get(elements);
    float[] values = executable.read(tensor, array);
    arraysServe |= array != null && values == array;
    arrays.put(elements, values);
    return values;
  }

  /** Time and images of an epoch: of this process, and with what an earlier one did of it. */
  private final class Stopwatch {
    private final BatchLoader loader;
    private final long start = System.nanoTime();
    private final long waited;
    private long images;
    private long last = start;
    private long lapStart = start;
    private long lapWaited;
    private final double exchangedBefore = training.peers.seconds();
    private double exchanged;
    private final double earlierSeconds = state.seconds;
    private final double earlierWait = state.waited;

    Stopwatch(BatchLoader loader) {
      this.loader = loader;
      this.waited = loader.waitNanos();
      this.lapWaited = waited;
    }

    /** Begins a lap: the time from one step to the next. */
    void lap() {
      lapStart = System.nanoTime();
      lapWaited = loader.waitNanos();
    }

    double lapSeconds() {
      return (last - lapStart) * 1e-9;
    }

    double lapWait() {
      return (loader.waitNanos() - lapWaited) * 1e-9;
    }

    void count(int count) {
      images += count;
      last = System.nanoTime();
      exchanged = training.peers.seconds() - exchangedBefore;
    }

    private double seconds() {
      return (last - start) * 1e-9;
    }

    private double waiting() {
      return Math.min(seconds(), (loader.waitNanos() - waited) * 1e-9);
    }

    double imagesPerSecond() {
      return images / Math.max(1e-9, seconds());
    }

    double dataWait() {
      return waiting() / Math.max(1e-9, seconds());
    }

    /** The share that was spent sending to other workers and waiting for what they send. */
    double exchange() {
      return exchanged / Math.max(1e-9, seconds());
    }

    double epochSeconds() {
      return earlierSeconds + seconds();
    }

    double epochWait() {
      return earlierWait + waiting();
    }
  }
}
