package org.alexnet.run;

import java.util.concurrent.ExecutionException;
import java.util.concurrent.FutureTask;
import java.util.function.Supplier;

/**
 * Work that takes its time and ends in good order when whoever waits for it is interrupted. It has
 * a thread of its own, for an interrupt closes the file that the interrupted thread is writing.
 */
public final class OwnThread {
  private OwnThread() {}

  /**
   * Waits for work to end.
   *
   * @param name of its thread
   * @param work to be done
   * @param stop asks the work to end soon; called once for each interrupt
   * @return what the work returns, with the interrupt flag set if there was an interrupt
   */
  public static <T> T run(String name, Supplier<T> work, Runnable stop) {
    FutureTask<T> task = new FutureTask<>(work::get);
    Thread.ofPlatform().name(name).start(task);
    boolean interrupted = false;
    try {
      while (true) {
        try {
          return task.get();
        } catch (InterruptedException e) {
          interrupted = true;
          stop.run();
        }
      }
    } catch (ExecutionException e) {
      if (e.getCause() instanceof Error error) {
        throw error;
      }
      throw (RuntimeException) e.getCause(); // a Supplier throws nothing else
    } finally {
      if (interrupted) {
        Thread.currentThread().interrupt();
      }
    }
  }
}
