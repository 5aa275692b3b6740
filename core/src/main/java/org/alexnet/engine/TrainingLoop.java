package org.alexnet.engine;

import java.util.ArrayDeque;
import java.util.Deque;
import java.util.function.Supplier;
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
  private final Deque<Begun> begun = new ArrayDeque<>(); // steps under way, the first first
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
      begin(batch);
      if (begun.size() >= executable.stepsAhead()) {
        finish(loader, watch);
      }
      if (training.stopping()) {
        // Also after an epoch's last step: whoever resumes begins with its validation.
        finishAll(loader, watch);
        commit(false);
        return false;
      }
      boolean due = System.nanoTime() - lastCheckpoint >= training.checkpointMinutes * 60e9;
      if (due && state.batch + begun.size() < loader.batchesPerEpoch()) {
        finishAll(loader, watch);
        commit(false);
      }
    }
    finishAll(loader, watch);
    finishEpoch(watch);
    return !training.stopping();
  }

  /** A step that the device works on. */
  private record Begun(Batch batch, StepSettings settings, Executable.Pending pending) {}

  private void begin(Batch batch) {
    StepSettings settings =
        new StepSettings(
            config.seed(),
            (int) state.step + begun.size(),
            state.rate.at(state.epoch),
            config.recipe().momentum(),
            config.recipe().decay());
    begun.add(new Begun(batch, settings, saved(() -> executable.train(batch, settings))));
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
    loader.release(step.batch);
    watch.count(result.images());
    state.step++;
    state.batch++;
    state.images += result.images();
    state.lossSum += result.lossSum();
    state.errors += result.errors();
    training.listener.step(progress(watch, loader.batchesPerEpoch()));
  }

  /** What a device does; if it fails, the user is told where the run can be taken up. */
  private <T> T saved(Supplier<T> work) {
    try {
      return work.get();
    } catch (AlexNetException e) {
      throw new AlexNetException(
          "%s The last checkpoint is in %s; go on from it with --resume %s."
              .formatted(e.getMessage(), folder.dir(), folder.dir()),
          e);
    }
  }

  private AlexNetException notFinite(Batch batch, StepSettings settings, StepResult result) {
    String where;
    try {
      where = Diagnosis.of(backend, programs, executable, batch, settings);
    } catch (AlexNetException e) { // keeping every tensor may need more memory than there is
      where = "not known, for the step cannot be repeated: " + e.getMessage();
    }
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
            : saved(
                () ->
                    new Evaluator(executable, programs, training.threads)
                        .evaluate(data.validation(), Views.CENTRE));
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
