package org.alexnet.spark;

import java.io.Serializable;
import org.alexnet.AlexNetException;
import org.alexnet.UsageException;
import org.alexnet.training.EpochMetrics;
import org.alexnet.training.TrainingResult;

/**
 * What a task says at its end.
 *
 * @param failure why nothing came of it; null if something did
 * @param usage whether the failure is one of usage
 * @param epochs finished in all
 * @param steps in all
 * @param trainLoss of the last epoch; NaN if none was finished
 * @param trainError likewise
 * @param validationLoss likewise, and where there is nothing to validate with
 * @param validationError likewise
 * @param imagesPerSecond in the last epoch
 * @param backend what each worker ran on
 */
record Answer(
    String failure,
    boolean usage,
    int epochs,
    long steps,
    double trainLoss,
    double trainError,
    double validationLoss,
    double validationError,
    double imagesPerSecond,
    String backend)
    implements Serializable {

  static Answer of(TrainingResult result) {
    EpochMetrics last = result.last();
    boolean validated = last != null && last.validation() != null;
    return new Answer(
        null,
        false,
        result.epochs(),
        result.steps(),
        last == null ? Double.NaN : last.trainLoss(),
        last == null ? Double.NaN : last.trainError(),
        validated ? last.validation().loss() : Double.NaN,
        validated ? last.validation().top1Error() : Double.NaN,
        last == null ? Double.NaN : last.imagesPerSecond(),
        result.backend());
  }

  static Answer refused(AlexNetException why) {
    double none = Double.NaN;
    return new Answer(
        why.getMessage(), why instanceof UsageException, 0, 0, none, none, none, none, none, "");
  }
}
