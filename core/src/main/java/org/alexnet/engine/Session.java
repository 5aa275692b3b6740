package org.alexnet.engine;

import org.alexnet.AlexNetException;
import org.alexnet.backend.Backend;
import org.alexnet.backend.Executable;
import org.alexnet.backend.StepResult;
import org.alexnet.backend.StepSettings;
import org.alexnet.data.Batch;
import org.alexnet.data.BatchLoader;
import org.alexnet.data.ColourShift;
import org.alexnet.data.DataSet;
import org.alexnet.data.LoaderOptions;
import org.alexnet.engine.Trainer.RunState;
import org.alexnet.program.Programs;
import org.alexnet.program.Tensor;
import org.alexnet.run.Checkpoint;
import org.alexnet.run.RunFolder;

/** The loop over epochs and steps of one process. */
final class Session {
  private final Training training;
  private final RunConfig config;
  private final DataSet data;
  private final Backend backend;
  private final Executable executable;
  private final Programs programs;
  private final RunFolder folder;
  private final RunState state;
  private long lastCheckpoint;
  private EpochMetrics lastMetrics;

  Session(
      Training training,
      RunConfig config,
      DataSet data,
      Backend backend,
      Executable executable,
      Programs programs,
      RunFolder folder,
      RunState state) {
    this.training = training;
    this.config = config;
    this.data = data;
    this.backend = backend;
    this.executable = executable;
    this.programs = programs;
    this.folder = folder;
    this.state = state;
  }

  TrainingResult run(InputStatistics input) {
    executable.write(programs.persistent().get(Programs.MEAN), input.mean());
    if (folder.checkpoint() == 0) {
      commit(false);
    }
    if (!folder.metrics().isEmpty()) {
      lastMetrics = EpochMetrics.fromJson(folder.metrics().getLast());
    }
    lastCheckpoint = System.nanoTime();
    int size = programs.network().input().size();
    LoaderOptions options =
        new LoaderOptions(
            config.recipe().batch(),
            size,
            size,
            config.seed(),
            config.shuffle(),
            config.recipe().augmentation(),
            training.threads,
            LoaderOptions.DEPTH,
            input.colour() == null
                ? null
                : new ColourShift(input.colour(), programs.network().input().scale()));
    try (BatchLoader loader =
        new BatchLoader(data.train(), options, () -> executable.newBatch(data.train().format()))) {
      while (state.epoch < state.epochs && epoch(loader)) {
        // Each pass is one epoch; a stop ends the loop with the rest of the epoch still to do.
      }
    }
    return new TrainingResult(
        folder.dir(),
        state.epoch,
        state.step,
        lastMetrics,
        backend.name(),
        state.epoch < state.epochs);
  }

  /** Trains to the end of the epoch under way; false if it was stopped before. */
  private boolean epoch(BatchLoader loader) {
    loader.start(state.epoch, state.step, state.batch);
    Stopwatch watch = new Stopwatch(loader);
    for (Batch batch = loader.next(); batch != null; batch = loader.next()) {
      step(batch);
      loader.release(batch);
      watch.count(batch.count());
      training.listener.step(progress(watch, loader.batchesPerEpoch()));
      if (training.stopping()) {
        // Also after an epoch's last step: whoever resumes begins with its validation.
        commit(false);
        return false;
      }
      boolean whole = state.batch == loader.batchesPerEpoch();
      if (!whole && System.nanoTime() - lastCheckpoint >= training.checkpointMinutes * 60e9) {
        commit(false);
      }
    }
    finishEpoch(watch);
    return !training.stopping();
  }

  private void step(Batch batch) {
    float rate = state.rate.at(state.epoch);
    StepSettings settings =
        new StepSettings(
            config.seed(),
            (int) state.step,
            rate,
            config.recipe().momentum(),
            config.recipe().decay());
    StepResult result = executable.train(batch, settings).await();
    if (!Double.isFinite(result.lossSum())) {
      throw notFinite(batch, settings, result);
    }
    state.step++;
    state.batch++;
    state.images += result.images();
    state.lossSum += result.lossSum();
    state.errors += result.errors();
  }

  private AlexNetException notFinite(Batch batch, StepSettings settings, StepResult result) {
    String where = Diagnosis.of(backend, programs, executable, batch, settings);
    return new AlexNetException(
        "The loss is %s in step %d (epoch %d); not finite first is %s. The last good checkpoint is in %s; resume from it with a lower learning rate than %s in a new run (--init %s)."
            .formatted(
                result.lossSum(),
                state.step + 1,
                state.epoch + 1,
                where,
                folder.dir(),
                settings.rate(),
                folder.dir().resolve("model.safetensors")));
  }

  private void finishEpoch(Stopwatch watch) {
    Evaluation validation =
        data.validation() == null
            ? null
            : new Evaluator(executable, programs, training.threads)
                .evaluate(data.validation(), Views.CENTRE);
    double loss = state.lossSum / state.images;
    lastMetrics =
        new EpochMetrics(
            state.epoch + 1,
            state.step,
            loss,
            state.errors / (double) state.images,
            validation,
            watch.imagesPerSecond(),
            watch.dataWait());
    boolean best = state.rate.judge(validation == null ? loss : validation.top1Error());
    state.nextEpoch();
    folder.appendMetrics(lastMetrics.toJson());
    commit(best && validation != null);
    training.listener.epoch(lastMetrics);
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
        state.lossSum / state.images,
        state.errors / (double) state.images,
        speed,
        watch.dataWait(),
        left / speed);
  }

  private void commit(boolean best) {
    folder.commit(
        new Checkpoint(
            Weights.take(executable, programs, t -> t),
            Weights.take(executable, programs, Tensor::momentum),
            state.toJson(),
            best));
    lastCheckpoint = System.nanoTime();
  }

  /** Time and images of an epoch, or of what is left of one. */
  private static final class Stopwatch {
    private final BatchLoader loader;
    private final long start = System.nanoTime();
    private final long waited;
    private long images;
    private long last = start;

    Stopwatch(BatchLoader loader) {
      this.loader = loader;
      this.waited = loader.waitNanos();
    }

    void count(int count) {
      images += count;
      last = System.nanoTime();
    }

    double imagesPerSecond() {
      return images / Math.max(1e-9, (last - start) * 1e-9);
    }

    double dataWait() {
      return Math.min(1, (loader.waitNanos() - waited) / Math.max(1.0, last - start));
    }
  }
}
