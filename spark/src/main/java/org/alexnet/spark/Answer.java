package org.alexnet.spark;

import java.io.Serializable;
import java.nio.file.Path;
import org.alexnet.AlexNetException;
import org.alexnet.UsageException;
import org.alexnet.cli.TrainingArguments;
import org.alexnet.inference.Evaluation;
import org.alexnet.training.EpochMetrics;
import org.alexnet.training.TrainingResult;

/**
 * What a task says at its end.
 *
 * @param failure why nothing came of it; null if something did
 * @param usage whether the failure is one of usage
 * @param said what came of it; null if nothing did
 */
record Answer(String failure, boolean usage, Said said) implements Serializable {

  /**
   * A result as it travels.
   *
   * @param run the folder
   * @param epochs finished in all
   * @param steps in all
   * @param last of the last epoch; null if none was finished
   * @param backend what each worker ran on
   * @param stopped whether there is more to do
   */
  private record Said(
      String run, int epochs, long steps, Last last, String backend, boolean stopped)
      implements Serializable {}

  /**
   * The metrics of an epoch.
   *
   * @param images that were validated with; 0 where there are none
   */
  private record Last(
      double loss,
      double error,
      int images,
      double validationLoss,
      double validationError,
      double validationError5,
      double imagesPerSecond,
      double dataWait,
      float rate)
      implements Serializable {

    static Last of(EpochMetrics metrics) {
      Evaluation validation =
          metrics.validation() == null ? new Evaluation(0, 0, 0, 0) : metrics.validation();
      return new Last(
          metrics.trainLoss(),
          metrics.trainError(),
          validation.images(),
          validation.loss(),
          validation.top1Error(),
          validation.top5Error(),
          metrics.imagesPerSecond(),
          metrics.dataWait(),
          metrics.rate());
    }

    EpochMetrics metrics(int epoch, long step) {
      return new EpochMetrics(
          epoch,
          step,
          loss,
          error,
          images == 0
              ? null
              : new Evaluation(images, validationLoss, validationError, validationError5),
          imagesPerSecond,
          dataWait,
          rate);
    }
  }

  static Answer of(TrainingResult result) {
    return new Answer(
        null,
        false,
        new Said(
            result.run().toString(),
            result.epochs(),
            result.steps(),
            result.last() == null ? null : Last.of(result.last()),
            result.backend(),
            result.stopped()));
  }

  static Answer refused(AlexNetException why) {
    return new Answer(TrainingArguments.sentence(why), why instanceof UsageException, null);
  }

  /** What came of it, if something did. */
  TrainingResult result() {
    return new TrainingResult(
        Path.of(said.run),
        said.epochs,
        said.steps,
        said.last == null ? null : said.last.metrics(said.epochs, said.steps),
        said.backend,
        said.stopped,
        null);
  }
}
