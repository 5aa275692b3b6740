package org.alexnet.cli;

import java.util.concurrent.CountDownLatch;
import org.alexnet.engine.ResumedTraining;

/**
 * SIGINT and SIGTERM while a training runs: asks it to finish its step and save, and keeps the JVM
 * alive until it has, and until a failure to do so has been reported. The JVM then ends with 130 or
 * 143 by itself.
 *
 * <p>Before the first step nothing is worth waiting for: what has been saved is good at any moment.
 */
final class Interruption implements AutoCloseable {
  private final CountDownLatch over = new CountDownLatch(1);
  private final Thread hook;

  Interruption(ResumedTraining training, ProgressView view) {
    hook =
        new Thread(
            () -> {
              training.stop();
              if (view.begun()) {
                view.message("Stopping: finishing this step and saving the run first.");
                await();
              }
            },
            "interruption");
    Runtime.getRuntime().addShutdownHook(hook);
  }

  private void await() {
    try {
      over.await();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  /** The run is over and its answer given; whoever waits may go on. */
  @Override
  public void close() {
    over.countDown();
    try {
      Runtime.getRuntime().removeShutdownHook(hook);
    } catch (IllegalStateException e) {
      // The JVM is shutting down already, and the hook no longer waits.
    }
  }
}
