package org.alexnet.spark;

import java.io.IOException;
import java.io.PrintStream;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.nio.file.Path;
import java.security.SecureRandom;
import java.time.LocalDateTime;
import java.time.format.DateTimeFormatter;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.stream.IntStream;
import org.alexnet.AlexNetException;
import org.alexnet.UsageException;
import org.alexnet.cli.TrainingArguments;
import org.apache.spark.SparkConf;
import org.apache.spark.api.java.JavaFutureAction;
import org.apache.spark.api.java.JavaRDD;
import org.apache.spark.api.java.JavaSparkContext;
import org.apache.spark.rdd.RDD;
import scala.reflect.ClassTag;

/**
 * Trains a network on Spark: {@code spark-submit alexnet-spark.jar train OPTIONS --workers N}. The
 * options are those of the command {@code train}. The folder of the run, and the images, must be
 * where all workers reach them under the same name.
 */
public final class SparkTraining {
  /** What inner loops on the Vector API need, as in the flags of the launcher. */
  private static final String JAVA_OPTIONS =
      "--add-modules=jdk.incubator.vector -XX:CompileCommand=quiet"
          + " -XX:CompileCommand=CompileThresholdScaling,org.alexnet.cpu.kernel.Vector*::*,0.1";

  private static final String WORKERS = "--workers";
  private static final int MASTER_MILLISECONDS = 10_000;

  private SparkTraining() {}

  /**
   * Runs one training and ends the process.
   *
   * @param arguments {@code train}, its options, and the number of workers
   */
  public static void main(String[] arguments) {
    System.exit(run(List.of(arguments), System.out, System.err));
  }

  /** The exit status: 0, 2 for wrong usage, 1 for any other failure. */
  static int run(List<String> arguments, PrintStream out, PrintStream err) {
    try {
      Request request = Request.of(arguments);
      Answer answer = train(request);
      if (answer.failure() != null) {
        err.println("alexnet: " + answer.failure());
        return answer.usage() ? 2 : 1;
      }
      out.printf(
          "The run is in %s%n  %d epochs, %,d steps on %d workers (%s): training loss %.4g, error"
              + " %.4g; validation loss %.4g, error %.4g; %.0f images/s%n",
          request.run,
          answer.epochs(),
          answer.steps(),
          request.workers,
          answer.backend(),
          answer.trainLoss(),
          answer.trainError(),
          answer.validationLoss(),
          answer.validationError(),
          answer.imagesPerSecond());
      return 0;
    } catch (AlexNetException e) {
      err.println("alexnet: " + e.getMessage());
      return e instanceof UsageException ? 2 : 1;
    }
  }

  /**
   * What is asked for.
   *
   * @param options of {@code train}, with whole paths and the folder of the run
   * @param run that folder
   */
  record Request(List<String> options, int workers, Path run) {

    /** Refuses what cannot be before Spark is asked for anything. */
    static Request of(List<String> arguments) {
      if (arguments.isEmpty() || !arguments.getFirst().equals("train")) {
        throw new UsageException(
            "The first word must be train, as in: spark-submit alexnet-spark.jar train --workers"
                + " 2");
      }
      List<String> options = new ArrayList<>(arguments.subList(1, arguments.size()));
      int at = options.indexOf(WORKERS);
      if (at < 0 || at + 1 == options.size()) {
        throw new UsageException("Say how many processes train together: --workers N");
      }
      int workers = number(options.get(at + 1));
      options.subList(at, at + 2).clear();
      TrainingArguments parsed = TrainingArguments.parse(options);
      if (parsed.run().isEmpty()) {
        String time = LocalDateTime.now().format(DateTimeFormatter.ofPattern("yyyyMMdd-HHmmss"));
        options.addAll(List.of("--out", Path.of("runs", "spark-" + time).toString()));
      }
      List<String> whole = TrainingArguments.absolute(options);
      return new Request(whole, workers, TrainingArguments.parse(whole).run().orElseThrow());
    }

    private static int number(String word) {
      try {
        int workers = Integer.parseInt(word);
        if (workers >= 1) {
          return workers;
        }
      } catch (NumberFormatException e) {
        // said below
      }
      throw UsageException.value(WORKERS, word, "a whole number from 1");
    }
  }

  private static Answer train(Request request) {
    SparkConf conf = new SparkConf().setAppName("alexnet train " + request.run.getFileName());
    requireMaster(conf.get("spark.master", ""));
    String options = conf.get("spark.executor.extraJavaOptions", "");
    conf.set("spark.executor.extraJavaOptions", (JAVA_OPTIONS + " " + options).strip());
    conf.setIfMissing("spark.scheduler.barrier.maxConcurrentTasksCheck.interval", "2s");
    conf.setIfMissing("spark.scheduler.barrier.maxConcurrentTasksCheck.maxFailures", "150");
    byte[] secret = new byte[32];
    new SecureRandom().nextBytes(secret);
    WorkerTask.Settings settings =
        new WorkerTask.Settings(
            request.options,
            secret,
            conf.getInt("spark.alexnet.port", 0),
            conf.getInt("spark.port.maxRetries", 16),
            (int) conf.getTimeAsSeconds("spark.alexnet.timeout", "600s"));
    try (JavaSparkContext spark = new JavaSparkContext(conf)) {
      List<Integer> indices = IntStream.range(0, request.workers).boxed().toList();
      RDD<Integer> tasks = spark.parallelize(indices, request.workers).rdd();
      ClassTag<Answer> tag = ClassTag.apply(Answer.class);
      RDD<Answer> answers = tasks.barrier().mapPartitions(new WorkerTask(settings), false, tag);
      // Spark starts a barrier stage again only if another stage comes after it.
      return worst(await(spark, JavaRDD.fromRDD(answers, tag).repartition(1).collectAsync()));
    } catch (Exception e) {
      Throwable why = e instanceof ExecutionException ? e.getCause() : e;
      String reason = String.valueOf(why.getMessage()).lines().findFirst().orElse("");
      if (reason.contains("SPARK-24819")) {
        throw new AlexNetException(
            "Spark has not had room for %d tasks at once for five minutes: start more workers there, or give them more cores."
                .formatted(request.workers),
            e);
      }
      throw new AlexNetException(
          "Spark has given up: %s What has been saved is in %s; go on from there with --resume."
              .formatted(reason, request.run),
          e);
    }
  }

  /** A job that Spark's master has ended says nothing of its own. */
  private static List<Answer> await(JavaSparkContext spark, JavaFutureAction<List<Answer>> job)
      throws Exception {
    while (true) {
      try {
        return job.get(1, TimeUnit.SECONDS);
      } catch (TimeoutException e) {
        if (spark.sc().isStopped()) {
          throw new IllegalStateException("its master has ended the job.", e);
        }
      }
    }
  }

  /** That of the first worker, unless one was refused for a reason of its own. */
  private static Answer worst(List<Answer> answers) {
    return answers.stream()
        .filter(answer -> answer.failure() != null)
        .min((a, b) -> Boolean.compare(isOfAnother(a), isOfAnother(b)))
        .orElseGet(answers::getFirst);
  }

  /** Whether it only repeats what another worker said. */
  private static boolean isOfAnother(Answer answer) {
    return answer.failure().startsWith("Worker ");
  }

  /** Spark itself tries for a minute and says little. */
  private static void requireMaster(String master) {
    if (master.isEmpty()) {
      throw new UsageException(
          "Say where Spark is: spark-submit --master local[2], or spark://HOST:7077");
    }
    if (!master.startsWith("spark://")) {
      return;
    }
    String first = master.substring("spark://".length()).split(",")[0];
    int colon = first.lastIndexOf(':');
    try (Socket socket = new Socket()) {
      int port = Integer.parseInt(first.substring(colon + 1));
      socket.connect(
          new InetSocketAddress(first.substring(0, Math.max(0, colon)), port), MASTER_MILLISECONDS);
    } catch (IOException | IllegalArgumentException e) {
      throw new AlexNetException(
          "No Spark master answers at %s (%s); is it running there, and is the port open?"
              .formatted(first, e.getMessage()),
          e);
    }
  }
}
