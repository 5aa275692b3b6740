package org.alexnet.spark;

import org.apache.logging.log4j.Level;
import org.apache.logging.log4j.core.LoggerContext;
import org.apache.logging.log4j.core.config.Configurator;

/** Keeps quiet in Spark's log what this program says itself, in one sentence. */
final class SparkLogs {
  /** Counts every two seconds how often it will look for room yet. */
  static final String SCHEDULER = "org.apache.spark.scheduler.DAGScheduler";

  /** Says why a connection fails by a page of stack traces. */
  static final String NETWORK = "org.apache.spark.network";

  private SparkLogs() {}

  /** Ends the quiet of one logger. */
  interface Quiet extends AutoCloseable {
    @Override
    void close();
  }

  /** Has a logger say errors only, unless somebody has set it up. */
  static void errorsOnly(String logger) {
    set(logger, Level.ERROR);
  }

  /** Has a logger say nothing until that is closed, unless somebody has set it up. */
  static Quiet quiet(String logger) {
    if (!set(logger, Level.OFF)) {
      return () -> {};
    }
    return () -> {
      LoggerContext context = LoggerContext.getContext(false);
      context.getConfiguration().removeLogger(logger);
      context.updateLoggers();
    };
  }

  private static boolean set(String logger, Level level) {
    if (LoggerContext.getContext(false).getConfiguration().getLoggers().containsKey(logger)) {
      return false;
    }
    Configurator.setLevel(logger, level);
    return true;
  }
}
