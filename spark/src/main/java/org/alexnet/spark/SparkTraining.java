package org.alexnet.spark;

import java.nio.file.Path;
import java.security.SecureRandom;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.stream.IntStream;
import org.alexnet.AlexNetException;
import org.alexnet.UsageException;
import org.alexnet.Words;
import org.alexnet.cli.TrainingArguments;
import org.alexnet.cli.output.ExitStatus;
import org.alexnet.cli.output.ProgressView;
import org.alexnet.cli.output.Terminal;
import org.alexnet.cli.spark.SparkMaster;
import org.alexnet.cli.spark.SparkSubmit;
import org.alexnet.run.RunLog;
import org.apache.spark.SparkConf;
import org.apache.spark.api.java.JavaFutureAction;
import org.apache.spark.api.java.JavaRDD;
import org.apache.spark.api.java.JavaSparkContext;
import org.apache.spark.rdd.RDD;
import org.apache.spark.ui.SparkUI;
import scala.reflect.ClassTag;

/**
 * Trains a network on Spark: {@code spark-submit alexnet-spark.jar train OPTIONS --workers N}. The
 * options are those of the command {@code train}. The folder of the run, and the images, must be
 * where all workers reach them under the same name.
 */
public final class SparkTraining {
  /** Between looks at the master while workers do not start. */
  private static final int MASTER_SECONDS = 10;

  private SparkTraining() {}

  /**
   * Runs one training and ends the process.
   *
   * @param arguments {@code train}, its options, and the number of workers
   */
  public static void main(String[] arguments) {
    System.exit(run(List.of(arguments), Terminal.ofProcess()));
  }

  /** The exit status: 0, 2 for wrong usage, 1 for any other failure. */
  static int run(List<String> arguments, Terminal terminal) {
    try {
      Request request = Request.of(arguments, terminal);
      Answer answer = shown(request);
      if (answer.failure() != null) {
        terminal.fail(answer.failure(), null);
        return answer.usage() ? ExitStatus.WRONG_USAGE : ExitStatus.FAILED;
      }
      request.arguments.answer(answer.result(), request.again());
      return ExitStatus.SUCCESS;
    } catch (AlexNetException e) {
      if (!isEnding()) { // else Spark is taken down, and whoever asked for the end knows
        terminal.fail(TrainingArguments.sentence(e), null);
      }
      return e instanceof UsageException ? ExitStatus.WRONG_USAGE : ExitStatus.FAILED;
    }
  }

  /**
   * What is asked for.
   *
   * @param options of {@code train}, with whole paths and the folder of the run
   * @param arguments the same as they are understood
   */
  private record Request(List<String> options, TrainingArguments arguments) {

    /** Refuses what cannot be before Spark is asked for anything. */
    static Request of(List<String> words, Terminal terminal) {
      if (words.isEmpty() || !words.getFirst().equals("train")) {
        throw new UsageException(
            "The first word must be train, as in: spark-submit alexnet-spark.jar train --workers"
                + " 2");
      }
      FileNames.requireWhole(words, FileNames.encoding());
      List<String> options = new ArrayList<>(words.subList(1, words.size()));
      TrainingArguments parsed = TrainingArguments.parse(options);
      parsed.workers();
      if (parsed.run().isEmpty()) {
        options.addAll(List.of("--out", parsed.defaultRun().toString()));
      }
      List<String> whole = TrainingArguments.absolute(options);
      TrainingArguments arguments = TrainingArguments.parse(whole, terminal);
      arguments.training(); // is refused if it cannot be
      arguments.requireUnused();
      return new Request(whole, arguments);
    }

    int workers() {
      return arguments.workers();
    }

    /** Options of {@code alexnet train} that train on by the same workers. */
    String again() {
      String master = new SparkConf().get("spark.master", "");
      try {
        SparkMaster.of(master);
        return "--spark '%s' --workers %d".formatted(master, workers());
      } catch (UsageException e) { // it takes spark-submit
        return "";
      }
    }

    /** What Spark's own pages call it. */
    String name() {
      return "Training by %s: %s".formatted(Words.count(workers(), "worker"), run());
    }

    Path run() {
      return arguments.run().orElseThrow();
    }
  }

  /** Trains, and shows how far it is. */
  private static Answer shown(Request request) {
    SparkConf conf = new SparkConf().setAppName("alexnet train " + request.run().getFileName());
    MasterCheck.require(conf);
    ProgressView view = request.arguments.progress();
    try {
      TrainingProgress progress = new TrainingProgress(view);
      ProgressPlugin.install(conf, progress);
      return train(request, conf, progress);
    } finally {
      ProgressPlugin.uninstall();
      view.end();
    }
  }

  private static Answer train(Request request, SparkConf conf, TrainingProgress progress) {
    String options = conf.get("spark.executor.extraJavaOptions", "");
    conf.set(
        "spark.executor.extraJavaOptions",
        (String.join(" ", SparkSubmit.vectorFlags()) + " " + options).strip());
    conf.setIfMissing("spark.log.level", "WARN");
    // As the launcher has it: names of files and classes in other scripts would be lost without.
    conf.setIfMissing("spark.executorEnv.LC_ALL", "C.UTF-8");
    conf.setIfMissing("spark.scheduler.barrier.maxConcurrentTasksCheck.interval", "2s");
    // Executors need their time to come; the threads of this process are there.
    String most = conf.get("spark.master").matches("local(\\[.*)?") ? "1" : "150";
    conf.setIfMissing("spark.scheduler.barrier.maxConcurrentTasksCheck.maxFailures", most);
    byte[] secret = new byte[32];
    new SecureRandom().nextBytes(secret);
    WorkerTask.Settings settings =
        new WorkerTask.Settings(
            request.options,
            secret,
            conf.getInt("spark.alexnet.port", 0),
            conf.getInt("spark.port.maxRetries", 16),
            (int) conf.getTimeAsSeconds("spark.alexnet.timeout", "600s"),
            conf.get(
                "spark.alexnet.data",
                Path.of(System.getProperty("java.io.tmpdir"), "alexnet-data").toString()));
    try (JavaSparkContext spark = new JavaSparkContext(conf)) {
      SparkLogs.errorsOnly(SparkLogs.SCHEDULER);
      Runtime.getRuntime().addShutdownHook(new Thread(() -> end(spark, progress)));
      spark.setJobDescription(request.name());
      spark.sc().addSparkListener(new Restarts(progress));
      spark.sc().ui().foreach(ui -> attach(ui, request, progress));
      List<Integer> indices = IntStream.range(0, request.workers()).boxed().toList();
      RDD<Integer> tasks = spark.parallelize(indices, request.workers()).rdd();
      ClassTag<Answer> tag = ClassTag.apply(Answer.class);
      RDD<Answer> answers = tasks.barrier().mapPartitions(new WorkerTask(settings), false, tag);
      // Spark starts a barrier stage again only if another stage comes after it.
      JavaFutureAction<List<Answer>> job =
          JavaRDD.fromRDD(answers, tag).repartition(1).collectAsync();
      return worst(await(spark, job, progress, new RoomCheck(request.workers())));
    } catch (Exception e) {
      Throwable why = e instanceof ExecutionException ? e.getCause() : e;
      String whole = String.valueOf(why.getMessage());
      String reason = whole.lines().findFirst().orElse("");
      if (whole.contains("UnsupportedClassVersionError")) {
        throw new AlexNetException(
            "A worker runs on an older Java than the driver's, %s; have Spark start its executors with that one (spark.executorEnv.JAVA_HOME)."
                .formatted(Runtime.version().feature()),
            e);
      }
      if (reason.contains("SPARK-24819")) {
        throw new AlexNetException(
            "Spark has no room for %s at once; start more of its workers, give them more cores, or train with fewer (%s)."
                .formatted(Words.count(request.workers(), "worker"), "--workers"),
            e);
      }
      String saved =
          RunLog.isRun(request.run())
              ? " What has been saved is in %s; go on from there with --resume."
                  .formatted(request.run())
              : " Nothing has been saved.";
      throw new AlexNetException(
          "Spark has given up: %s%s%s".formatted(reason, reason.endsWith(".") ? "" : ".", saved),
          e);
    }
  }

  /** What Spark says of a process that ends would bury the one line that matters. */
  private static void end(JavaSparkContext spark, TrainingProgress progress) {
    spark.setLogLevel("OFF");
    progress.end();
    if (spark.master().startsWith("local-cluster")) {
      ExecutorFolders.ofSpark(System.getenv()).clear(spark.sc().applicationId());
    }
  }

  /** Whether the process is ending, as when it was interrupted. */
  static boolean isEnding() {
    Thread none = new Thread(() -> {});
    try {
      Runtime.getRuntime().addShutdownHook(none);
      Runtime.getRuntime().removeShutdownHook(none);
      return false;
    } catch (IllegalStateException e) {
      return true;
    }
  }

  private static Void attach(SparkUI ui, Request request, TrainingProgress progress) {
    TrainingTab.attach(ui, request.name(), progress);
    return null;
  }

  /** A job that Spark's master has ended says nothing of its own. */
  private static List<Answer> await(
      JavaSparkContext spark,
      JavaFutureAction<List<Answer>> job,
      TrainingProgress progress,
      RoomCheck room)
      throws Exception {
    boolean answers = true;
    for (int second = 1; ; second++) {
      try {
        return job.get(1, TimeUnit.SECONDS);
      } catch (TimeoutException e) {
        if (spark.sc().isStopped()) {
          throw new IllegalStateException("its master has ended the job.", e);
        }
        room.sentence(progress.starting(), () -> RoomCheck.room(spark.sc()))
            .ifPresent(progress::say);
        if (room.waits() && second % MASTER_SECONDS == 0) {
          boolean now = MasterCheck.has(spark.sc());
          if (answers && !now) {
            progress.say("Spark's master does not answer, and starts no worker; start it again.");
          }
          answers = now;
        }
      }
    }
  }

  /** That of the first worker, unless one was refused for a reason of its own. */
  private static Answer worst(List<Answer> answers) {
    return answers.stream()
        .filter(answer -> answer.failure() != null)
        .min(Comparator.comparing(Answer::isOfAnother))
        .orElseGet(answers::getFirst);
  }
}
