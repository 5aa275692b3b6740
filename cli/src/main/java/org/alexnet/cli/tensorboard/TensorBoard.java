package org.alexnet.cli.tensorboard;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.SequencedMap;
import java.util.function.Consumer;
import org.alexnet.AlexNetException;
import org.alexnet.UsageException;
import org.alexnet.file.DurableFiles;
import org.alexnet.inference.Evaluation;
import org.alexnet.run.RunFolder;
import org.alexnet.safetensors.SafetensorsFile;
import org.alexnet.tensor.FloatTensor;
import org.alexnet.tensor.TensorInfo;
import org.alexnet.training.EpochMetrics;
import org.alexnet.training.StepMetrics;
import org.alexnet.training.TrainingListener;

/**
 * Writes what a training run tells into a folder for TensorBoard: scalars of each recorded step and
 * each epoch, and an epoch's filters of the first convolution and histograms of weights and
 * gradients. If the folder fails while the run trains, the run goes on without it.
 */
public final class TensorBoard implements TrainingListener, AutoCloseable {
  private final Path folder;
  private final Consumer<String> say;
  private EventFile file; // null before training, and after a failure
  private Path run;

  /**
   * Checks the folder; nothing is written before the run has begun, in whose folder it may be.
   *
   * @param resumed whether the run goes on, so that there may be events of it
   * @param say is told of a failure
   * @throws AlexNetException if the folder cannot be written
   * @throws UsageException if it holds events of another run
   */
  public TensorBoard(Path folder, boolean resumed, Consumer<String> say) {
    this.folder = folder;
    this.say = say;
    Path there = folder.toAbsolutePath();
    while (!Files.exists(there)) {
      there = there.getParent();
    }
    if (!Files.isDirectory(there) || !Files.isWritable(there)) {
      String why = Files.isDirectory(there) ? "permission denied" : there + " is a file";
      throw new AlexNetException(
          "Events for TensorBoard cannot be written to %s: %s; give another folder (--tensorboard)"
              .formatted(folder, why));
    }
    try {
      if (!resumed && EventFile.isIn(folder)) {
        throw UsageException.value(
            "--tensorboard",
            folder,
            "a folder without events of another run, or all would be one curve");
      }
    } catch (IOException e) {
      throw failed(e);
    }
  }

  @Override
  public void begin(Path runFolder, long step) {
    run = runFolder;
    try {
      file = EventFile.create(folder);
      file.start(step + 1); // also after 0: a run may be killed before its first checkpoint
    } catch (IOException e) {
      throw failed(e);
    }
  }

  private AlexNetException failed(IOException e) {
    return new AlexNetException(
        "%s; mend that or give another folder (--tensorboard)".formatted(failure(e)), e);
  }

  private String failure(IOException e) {
    return "Events for TensorBoard cannot be written to %s: %s"
        .formatted(folder, DurableFiles.reason(e));
  }

  @Override
  public boolean wantsGradients() {
    return true;
  }

  @Override
  public void logged(StepMetrics metrics) {
    Summary summary =
        new Summary()
            .scalar("train/loss", metrics.loss())
            .scalar("train/error", metrics.error())
            .scalar("train/rate", metrics.rate())
            .scalar("train/images_per_second", metrics.imagesPerSecond())
            .scalar("train/data_wait", metrics.dataWait());
    metrics.gradientNorm().forEach((layer, norm) -> summary.scalar("gradient_norm/" + layer, norm));
    write(metrics.time(), metrics.step(), summary);
  }

  @Override
  public void gradients(long step, SequencedMap<String, FloatTensor> gradients) {
    Summary summary = new Summary();
    gradients.forEach((name, tensor) -> summary.histogram("gradients/" + name, tensor.values()));
    write(Instant.now(), step, summary);
  }

  @Override
  public void epoch(EpochMetrics metrics) {
    Summary summary =
        new Summary()
            .scalar("epoch/train_loss", metrics.trainLoss())
            .scalar("epoch/train_error", metrics.trainError())
            .scalar("epoch/images_per_second", metrics.imagesPerSecond());
    Evaluation validation = metrics.validation();
    if (validation != null) {
      summary
          .scalar("validation/loss", validation.loss())
          .scalar("validation/error", validation.top1Error())
          .scalar("validation/top5_error", validation.top5Error());
    }
    try {
      weights(summary);
    } catch (IOException e) {
      giveUp(e);
    }
    write(Instant.now(), metrics.step(), summary);
  }

  /** The checkpoint that the epoch ended with holds its weights. */
  private void weights(Summary summary) throws IOException {
    try (RunFolder reader = RunFolder.openForReading(run);
        SafetensorsFile weights = reader.openWeights()) {
      boolean drawn = false;
      for (Map.Entry<String, TensorInfo> tensor : weights.tensors().entrySet()) {
        float[] values = weights.floats(tensor.getKey());
        summary.histogram("weights/" + tensor.getKey(), values);
        List<Integer> shape = tensor.getValue().shape().stream().map(Math::toIntExact).toList();
        if (!drawn && shape.size() == 4) {
          drawn = true;
          summary.image(
              "filters/" + tensor.getKey(),
              FilterSheet.draw(values, shape.get(0), shape.get(1), shape.get(2), shape.get(3)));
        }
      }
    }
  }

  private void write(Instant time, long step, Summary summary) {
    if (file == null) {
      return;
    }
    try {
      file.write(time, step, summary.message());
    } catch (IOException e) {
      giveUp(e);
    }
  }

  private void giveUp(IOException e) {
    say.accept(failure(e) + "; the run goes on without them.");
    close();
  }

  @Override
  public void close() {
    EventFile open = file;
    file = null;
    if (open == null) {
      return;
    }
    try {
      open.close();
    } catch (IOException e) {
      say.accept(failure(e));
    }
  }
}
