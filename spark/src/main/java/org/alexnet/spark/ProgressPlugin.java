package org.alexnet.spark;

import com.codahale.metrics.Gauge;
import java.util.Map;
import java.util.function.Function;
import org.alexnet.training.Progress;
import org.alexnet.training.TrainingListener;
import org.apache.spark.SparkConf;
import org.apache.spark.SparkEnv;
import org.apache.spark.api.plugin.DriverPlugin;
import org.apache.spark.api.plugin.ExecutorPlugin;
import org.apache.spark.api.plugin.PluginContext;
import org.apache.spark.api.plugin.SparkPlugin;

/**
 * Brings what the first worker tells to the driver, over the connection that Spark has between its
 * processes, and makes metrics of Spark's of it. Spark makes both ends itself, so that the one who
 * tells and the one who listens find them here: a process has one training at a time.
 */
public final class ProgressPlugin implements SparkPlugin {
  private static final String DRIVER = "driver"; // as Spark calls the executor that is its thread
  private static final String PLUGINS = "spark.plugins";

  private static volatile TrainingProgress listening; // in the driver
  private static volatile PluginContext driver; // in an executor

  /** Has Spark bring events to the one who listens; called before Spark starts. */
  static void install(SparkConf conf, TrainingProgress listener) {
    String others = conf.get(PLUGINS, "");
    String own = ProgressPlugin.class.getName();
    conf.set(PLUGINS, others.isBlank() ? own : others + "," + own);
    listening = listener;
  }

  /** Nobody listens any more. */
  static void uninstall() {
    listening = null;
  }

  /** What a worker of this process tells. */
  static PluginContext driver() {
    return driver;
  }

  /** Whether this worker is a thread of the driver, and no process of its own. */
  static boolean isDriver() {
    return SparkEnv.get().executorId().equals(DRIVER);
  }

  @Override
  public DriverPlugin driverPlugin() {
    return new DriverEnd();
  }

  @Override
  public ExecutorPlugin executorPlugin() {
    return new ExecutorEnd();
  }

  private static final class DriverEnd implements DriverPlugin {
    @Override
    public Object receive(Object message) {
      TrainingListener listener = listening;
      if (listener != null && message instanceof TrainingEvent event) {
        event.tell(listener);
      }
      return null;
    }

    @Override
    public void registerMetrics(String application, PluginContext context) {
      gauge(context, "epoch", Progress::epoch);
      gauge(context, "epochs", Progress::epochs);
      gauge(context, "step", Progress::batch);
      gauge(context, "steps", Progress::batches);
      gauge(context, "loss", Progress::loss);
      gauge(context, "error", Progress::error);
      gauge(context, "images_per_second", Progress::imagesPerSecond);
      gauge(context, "data_wait", Progress::dataWait);
    }

    /** Null before the first step. */
    private static void gauge(PluginContext context, String name, Function<Progress, Object> of) {
      Gauge<Object> gauge =
          () -> {
            TrainingProgress listener = listening;
            Progress last = listener == null ? null : listener.last();
            return last == null ? null : of.apply(last);
          };
      context.metricRegistry().register("alexnet." + name, gauge);
    }
  }

  private static final class ExecutorEnd implements ExecutorPlugin {
    @Override
    public void init(PluginContext context, Map<String, String> settings) {
      driver = context;
    }
  }
}
