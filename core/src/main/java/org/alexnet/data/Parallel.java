package org.alexnet.data;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.IntConsumer;
import org.alexnet.AlexNetException;

/**
 * A loop over numbered pieces of work on several threads, with one failure whatever their order.
 */
public final class Parallel {
  private final int n;
  private final IntConsumer body;
  private final AtomicInteger taken = new AtomicInteger();
  private volatile int limit;
  private RuntimeException failure;

  private Parallel(int n, IntConsumer body) {
    this.n = n;
    this.body = body;
    this.limit = n;
  }

  /**
   * Calls {@code body} with 0 to {@code n - 1}, on {@code threads} threads of which the caller is
   * one.
   *
   * <p>Pieces are begun in order and none behind a failed one is begun, so that of several failures
   * the one of the lowest number is thrown, with any number of threads.
   *
   * @param n how often {@code body} is called
   * @param threads at least 1
   * @param body takes the number of its call; calls may overlap
   */
  public static void forEach(int n, int threads, IntConsumer body) {
    if (threads < 1) {
      throw new IllegalArgumentException(threads + " threads: at least one is needed");
    }
    Parallel loop = new Parallel(n, body);
    List<Thread> helpers = new ArrayList<>();
    for (int i = 1; i < Math.min(threads, n); i++) {
      helpers.add(Thread.ofPlatform().daemon().name("data-open-" + i).start(loop::work));
    }
    loop.work();
    for (Thread helper : helpers) {
      loop.join(helper);
    }
    if (loop.failure != null) {
      throw loop.failure;
    }
  }

  private void work() {
    for (int i = taken.getAndIncrement(); i < limit; i = taken.getAndIncrement()) {
      try {
        body.accept(i);
      } catch (RuntimeException e) {
        failed(i, e);
      } catch (Error e) {
        failed(i, new IllegalStateException("failed at piece %d of %d: %s".formatted(i, n, e), e));
      }
    }
  }

  private synchronized void failed(int i, RuntimeException e) {
    if (i < limit) {
      limit = i;
      failure = e;
    }
  }

  private void join(Thread helper) {
    try {
      helper.join();
    } catch (InterruptedException e) {
      failed(-1, new AlexNetException("interrupted while reading images"));
      Thread.currentThread().interrupt();
    }
  }
}
