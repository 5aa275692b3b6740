package org.alexnet.cli.output;

import java.nio.file.Path;
import java.util.function.Consumer;
import org.alexnet.cli.option.Require;
import org.alexnet.pictures.watch.Watch;
import org.alexnet.training.TrainingListener;

/**
 * The live page about a run that this process trains: it reads the run's files as any other does.
 */
public final class LivePage implements TrainingListener, AutoCloseable {
  /** Where nothing else is asked for. */
  public static final int PORT = 8080;

  private static final int LAST_PORT = 65_535;

  private final Watch watch;

  /**
   * Serves the page.
   *
   * @param port null for the usual one
   */
  public LivePage(Integer port, Consumer<String> say) {
    this.watch = start(port);
    say.accept("Live page: " + watch.address());
  }

  /**
   * Starts to serve a page.
   *
   * @param port null for the usual one
   */
  public static Watch start(Integer port) {
    Require.that(port == null || (port >= 0 && port <= LAST_PORT), "--port", port, "0 to 65535");
    return Watch.start(port == null ? PORT : port);
  }

  @Override
  public void begin(Path run, long step) {
    watch.add(run);
  }

  @Override
  public void close() {
    watch.close();
  }
}
