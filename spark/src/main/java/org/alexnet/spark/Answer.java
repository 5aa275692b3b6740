package org.alexnet.spark;

import java.io.Serializable;
import java.nio.file.Path;
import org.alexnet.AlexNetException;
import org.alexnet.Setting;
import org.alexnet.UsageException;
import org.alexnet.cli.TrainingArguments;
import org.alexnet.cli.option.Flags;
import org.alexnet.training.EpochMetrics;
import org.alexnet.training.TrainingResult;
import org.apache.spark.SparkEnv;

/**
 * What a task says at its end.
 *
 * @param failure why nothing came of it; null if something did
 * @param usage whether the failure is one of usage
 * @param said what came of it; null if nothing did
 */
record Answer(String failure, boolean usage, Said said) implements Serializable {
  private static final String OF_ANOTHER = "Worker ";

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
      String run, int epochs, long steps, EpochMetrics last, String backend, boolean stopped)
      implements Serializable {}

  static Answer of(TrainingResult result) {
    return new Answer(
        null,
        false,
        new Said(
            result.run().toString(),
            result.epochs(),
            result.steps(),
            result.last(),
            result.backend(),
            result.stopped()));
  }

  static Answer refused(AlexNetException why) {
    return new Answer(sentence(why), why instanceof UsageException, null);
  }

  /**
   * What a worker says that fails. The memory of an executor is Spark's to say, and what is there
   * and may be read depends on the machine and the user.
   */
  static String sentence(AlexNetException why) {
    String failure = TrainingArguments.sentence(why);
    if (ProgressPlugin.isDriver()) {
      return failure;
    }
    String own =
        failure.replace(
            Flags.of(Setting.MEMORY, ""),
            "spark.executor.memory, or the MB of local-cluster[N,CORES,MB]");
    return why instanceof UsageException || own.startsWith(OF_ANOTHER)
        ? own
        : "On %s, as user %s: %s"
            .formatted(
                SparkEnv.get().blockManager().blockManagerId().host(),
                System.getProperty("user.name"),
                own);
  }

  /** Whether it only repeats what another worker said. */
  boolean isOfAnother() {
    return failure.startsWith(OF_ANOTHER);
  }

  /** What came of it, if something did. */
  TrainingResult result() {
    return new TrainingResult(
        Path.of(said.run), said.epochs, said.steps, said.last, said.backend, said.stopped, null);
  }
}
