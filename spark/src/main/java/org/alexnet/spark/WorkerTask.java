package org.alexnet.spark;

import java.io.Serializable;
import java.net.InetSocketAddress;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.stream.Stream;
import org.alexnet.AlexNetException;
import org.alexnet.UsageException;
import org.alexnet.cli.TrainingArguments;
import org.alexnet.data.ProgressListener;
import org.alexnet.program.Placement.Worker;
import org.alexnet.run.RunFolder;
import org.alexnet.run.RunLog;
import org.alexnet.training.Activity;
import org.alexnet.training.ResumedTraining;
import org.alexnet.training.TrainingResult;
import org.alexnet.worker.LostWorkerException;
import org.alexnet.worker.Meeting;
import org.alexnet.worker.SocketPeers;
import org.apache.hadoop.conf.Configuration;
import org.apache.spark.BarrierTaskContext;
import org.apache.spark.SparkEnv;
import org.apache.spark.deploy.SparkHadoopUtil;
import scala.collection.Iterator;
import scala.jdk.javaapi.CollectionConverters;
import scala.runtime.AbstractFunction1;

/**
 * What a task of the stage does. Tasks meet by way of Spark, which carries their addresses and the
 * secret, and then talk over connections of their own. A task whose peer is lost fails, so that
 * Spark starts the stage again; whatever else is wrong would be so again, and is an answer.
 */
final class WorkerTask extends AbstractFunction1<Iterator<Integer>, Iterator<Answer>>
    implements Serializable {
  private static final long serialVersionUID = 1;

  /** Begin what a worker says that cannot train. */
  private static final String WRONG = "?";

  private static final String FAILED = "!";

  /** Spark's setting to encrypt what its processes send one another. */
  private static final String ENCRYPTS = "spark.network.crypto.enabled";

  private final Settings settings;

  /**
   * What all tasks are told.
   *
   * @param arguments options of {@code train}, which name the folder of the run
   * @param secret that the tasks of this job share
   * @param port that a worker opens, 0 for any
   * @param tries ports after it that are tried where it is in use
   * @param patience seconds that a worker waits for another
   * @param data where copies of images are kept that workers do not share
   */
  record Settings(
      List<String> arguments, byte[] secret, int port, int tries, int patience, String data)
      implements Serializable {}

  WorkerTask(Settings settings) {
    this.settings = settings;
  }

  @Override
  public Iterator<Answer> apply(Iterator<Integer> partition) {
    BarrierTaskContext context = BarrierTaskContext.get();
    Worker worker = new Worker(context.partitionId(), context.getTaskInfos().length);
    Answer answer;
    try (Readiness own = prepare(context)) {
      String[] all = context.allGather(own.said());
      answer = firstRefused(all);
      if (answer == null) {
        Duration patience = Duration.ofSeconds(settings.patience);
        try (SocketPeers peers =
            own.meeting.connect(worker, addresses(all), settings.secret, patience)) {
          if (SparkEnv.get().conf().getBoolean(ENCRYPTS, false)) {
            peers.keepConfidential();
          }
          answer = train(context, peers, own.options);
        }
      }
    } catch (LostWorkerException e) {
      throw new IllegalStateException(e.getMessage(), e);
    } catch (AlexNetException e) {
      answer = Answer.refused(e);
    }
    return CollectionConverters.asScala(
        (worker.first() || answer.failure() != null ? List.of(answer) : List.<Answer>of())
            .iterator());
  }

  /**
   * What a worker has before it meets the others.
   *
   * @param options of {@code train}, with its own images
   * @param refused why it cannot train; null if it can
   */
  private record Readiness(
      List<String> options, Meeting meeting, String host, AlexNetException refused)
      implements AutoCloseable {

    /** What the others are told. A worker that said nothing would be waited for. */
    String said() {
      return refused == null
          ? "%s %d".formatted(host, meeting.port())
          : (refused instanceof UsageException ? WRONG : FAILED) + Answer.sentence(refused);
    }

    @Override
    public void close() {
      if (meeting != null) {
        meeting.close();
      }
    }
  }

  private Readiness prepare(BarrierTaskContext context) {
    String host = WorkerDevices.host(context.getTaskInfos()[context.partitionId()].address());
    try {
      FileNames.requireEncodable(settings.arguments, FileNames.encoding());
      Configuration hadoop = SparkHadoopUtil.get().newConfiguration(SparkEnv.get().conf());
      List<String> options =
          new RemoteData(hadoop, Path.of(settings.data), fetching()).local(settings.arguments);
      return new Readiness(options, Meeting.at(host, settings.port, settings.tries), host, null);
    } catch (AlexNetException e) {
      return new Readiness(null, null, host, e);
    }
  }

  /**
   * Copying takes its time before workers know of each other: whichever copies tells the driver.
   */
  private static ProgressListener fetching() {
    DriverListener listener = new DriverListener(true);
    return (done, all) ->
        listener.progress(Activity.FETCHING, done >> 20, Math.ceilDiv(all, 1 << 20));
  }

  /** What the first worker says that cannot train; null if all can. */
  private static Answer firstRefused(String... all) {
    for (String said : all) {
      if (said.startsWith(WRONG) || said.startsWith(FAILED)) {
        return new Answer(said.substring(1), said.startsWith(WRONG), null);
      }
    }
    return null;
  }

  private static List<InetSocketAddress> addresses(String... all) {
    return Stream.of(all)
        .map(one -> one.split(" "))
        .map(one -> new InetSocketAddress(one[0], Integer.parseInt(one[1])))
        .toList();
  }

  private Answer train(BarrierTaskContext context, SocketPeers peers, List<String> options) {
    try {
      TrainingArguments arguments = TrainingArguments.parse(options);
      Path run = arguments.run().orElseThrow();
      boolean again = context.stageAttemptNumber() > 0;
      boolean begun = peers.agreed(again && hasCheckpoint(run));
      ResumedTraining training = begun ? arguments.continued() : arguments.training();
      DriverListener listener = new DriverListener(peers.worker().first());
      WorkerDevices.of(context, arguments)
          .ifPresent(
              devices -> {
                training.devices(devices);
                listener.message(
                    "Worker %d takes %s."
                        .formatted(peers.worker().index() + 1, String.join(", ", devices)));
              });
      TrainingResult result =
          training.peers(peers).threads(context.cpus()).listener(listener).run();
      listener.end();
      return Answer.of(result);
    } catch (RuntimeException e) {
      for (Throwable cause = e; cause != null; cause = cause.getCause()) {
        if (cause instanceof LostWorkerException) { // what is around it says how to resume alone
          throw new IllegalStateException(cause.getMessage(), e);
        }
      }
      peers.fail(String.valueOf(e.getMessage()));
      throw e;
    }
  }

  private static boolean hasCheckpoint(Path run) {
    if (!RunLog.isRun(run)) {
      return false;
    }
    try (RunFolder folder = RunFolder.openForReading(run)) {
      return folder.checkpoint() > 0;
    } catch (AlexNetException e) {
      return false; // it was interrupted before the first one
    }
  }
}
