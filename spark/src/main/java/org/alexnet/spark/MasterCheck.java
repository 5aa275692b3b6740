package org.alexnet.spark;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.stream.Stream;
import org.alexnet.AlexNetException;
import org.alexnet.UsageException;
import org.apache.spark.SecurityManager;
import org.apache.spark.SparkConf;
import org.apache.spark.SparkContext;
import org.apache.spark.deploy.DeployMessages;
import org.apache.spark.deploy.DeployMessages.MasterStateResponse;
import org.apache.spark.deploy.master.RecoveryState;
import org.apache.spark.rpc.RpcAddress;
import org.apache.spark.rpc.RpcEnv;
import scala.reflect.ClassTag;

/**
 * Whether a standalone master answers. Spark itself tries for a minute and says little; this asks
 * as it does, and gives up after seconds.
 */
final class MasterCheck {
  private static final String STANDALONE = "spark://";
  private static final String PATIENCE = "10s";
  private static final String AUTHENTICATES = "spark.authenticate";

  /** What is left of an attempt that the other side could not read: one or the other. */
  private static final List<String> UNREAD = List.of("Outbox is stopped", "EOFException");

  private MasterCheck() {}

  /**
   * Refuses a master that does not answer.
   *
   * @param conf names it; other kinds of masters are not asked
   */
  static void require(SparkConf conf) {
    String master = conf.get("spark.master", "");
    if (master.isEmpty()) {
      throw new UsageException(
          "Say where Spark is: spark-submit --master local[2], or spark://HOST:7077");
    }
    if (!master.startsWith(STANDALONE)) {
      return;
    }
    List<String> silent = new ArrayList<>();
    boolean secrets = false;
    for (String address : addresses(master)) {
      String why = ask(address, conf);
      if (why == null) {
        return;
      }
      silent.add("%s (%s)".formatted(address, why));
      secrets |= isOfSecrets(why, conf);
    }
    if (secrets) {
      throw new AlexNetException(
          "The Spark master at %s and this job do not authenticate each other: %s is %s here; set it, and spark.authenticate.secret, as they are there."
              .formatted(
                  String.join(", ", silent), AUTHENTICATES, conf.get(AUTHENTICATES, "false")));
    }
    throw new AlexNetException(
        "No Spark master answers at %s; is one of Spark %s running there, and is the port open?"
            .formatted(
                String.join(", ", silent), org.apache.spark.package$.MODULE$.SPARK_VERSION()));
  }

  /**
   * Whether a master answers that has the job; others than standalone ones end with the driver.
   *
   * @throws IllegalStateException if one is at work that does not know it, and never will
   */
  static boolean has(SparkContext spark) {
    if (!spark.master().startsWith(STANDALONE)) {
      return true;
    }
    boolean works = false;
    for (String address : addresses(spark.master())) {
      try {
        MasterStateResponse state = state(spark.env().rpcEnv(), address);
        if (Stream.of(state.activeApps()).anyMatch(job -> job.id().equals(spark.applicationId()))) {
          return true;
        }
        works |= state.status().equals(RecoveryState.ALIVE());
      } catch (Exception e) { // Scala declares none
        continue; // another may answer
      }
    }
    if (works) {
      throw new IllegalStateException(
          "its master does not know the job any more, as after a restart without"
              + " spark.deploy.recoveryMode");
    }
    return false;
  }

  /** Of the masters, of which one is at work and others stand by. */
  private static List<String> addresses(String standalone) {
    return List.of(standalone.substring(STANDALONE.length()).split(","));
  }

  private static MasterStateResponse state(RpcEnv own, String address) {
    return own.setupEndpointRef(RpcAddress.fromSparkURL(STANDALONE + address), "Master")
        .askSync(
            DeployMessages.RequestMasterState$.MODULE$, ClassTag.apply(MasterStateResponse.class));
  }

  /** Whether somebody listens there, and takes or has another secret. */
  private static boolean isOfSecrets(String why, SparkConf conf) {
    return why.toLowerCase(Locale.ROOT).contains("sasl")
        || (conf.getBoolean(AUTHENTICATES, false) && UNREAD.stream().anyMatch(why::contains));
  }

  /** Why one does not answer; null if it does. */
  private static String ask(String address, SparkConf conf) {
    SparkConf brief =
        conf.clone()
            .set("spark.rpc.lookupTimeout", PATIENCE)
            .set("spark.network.timeout", PATIENCE)
            .set("spark.rpc.io.connectionTimeout", PATIENCE)
            .set("spark.port.maxRetries", "0");
    SecurityManager security =
        new SecurityManager(
            brief,
            SecurityManager.$lessinit$greater$default$2(),
            SecurityManager.$lessinit$greater$default$3());
    String host = conf.get("spark.driver.host", "localhost");
    try (SparkLogs.Quiet _ = SparkLogs.quiet(SparkLogs.NETWORK)) {
      return ask(address, RpcEnv.create("alexnet", host, 0, brief, security, true));
    }
  }

  private static String ask(String address, RpcEnv spark) {
    try {
      spark.setupEndpointRef(RpcAddress.fromSparkURL(STANDALONE + address), "Master");
      return null;
    } catch (Exception e) { // Scala declares none
      Throwable why = e;
      while (why.getCause() != null) {
        why = why.getCause();
      }
      return String.valueOf(why.getMessage()).lines().findFirst().orElse("no reason is given");
    } finally {
      spark.shutdown();
    }
  }
}
