package org.alexnet.cpu.execution;

import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import java.util.concurrent.locks.LockSupport;

/**
 * Threads that share the tasks of one job at a time; the thread that asks works along as worker 0.
 * Tasks are handed out as workers come free, so nothing may depend on who runs which.
 */
public final class WorkerPool implements AutoCloseable {

  /** What a job does. */
  @FunctionalInterface
  public interface Task {
    public void run(int task, int worker);
  }

  /** One job: every worker takes tasks until none is left. */
  private static final class Job {
    final Task body;
    final int tasks;
    final Thread caller = Thread.currentThread();
    volatile boolean waiting; // whether the caller sleeps
    final AtomicInteger next = new AtomicInteger();
    final AtomicInteger done = new AtomicInteger();
    final AtomicReference<Throwable> failure = new AtomicReference<>();

    Job(Task body, int tasks) {
      this.body = body;
      this.tasks = tasks;
    }

    void work(int worker) {
      for (int task = next.getAndIncrement(); task < tasks; task = next.getAndIncrement()) {
        try {
          body.run(task, worker);
        } catch (Throwable e) {
          failure.compareAndSet(null, e);
        }
        if (done.incrementAndGet() == tasks && waiting) {
          LockSupport.unpark(caller);
        }
      }
    }

    /** Waits for tasks that others run: awake for a moment, then asleep. */
    void await() {
      for (int spins = 0; spins < SPINS; spins++) {
        if (done.get() == tasks) {
          return;
        }
        Thread.onSpinWait();
      }
      waiting = true;
      boolean interrupted = false;
      while (done.get() < tasks) {
        LockSupport.park(this);
        interrupted |= Thread.interrupted(); // or it would not sleep again
      }
      if (interrupted) {
        Thread.currentThread().interrupt();
      }
    }
  }

  /** Polls before a thread sleeps, about 50 microseconds: kernels follow one another closely. */
  private static final int SPINS = 2_000;

  /** Floats of a range that a task takes. */
  private static final int PIECE = 1 << 16;

  private final Thread[] threads;
  private volatile Job job;
  private volatile boolean closed;

  WorkerPool(int workers) {
    threads = new Thread[workers - 1];
    for (int i = 0; i < threads.length; i++) {
      int worker = i + 1;
      threads[i] = new Thread(() -> serve(worker), "cpu-" + worker);
      threads[i].setDaemon(true);
      threads[i].start();
    }
  }

  public int workers() {
    return threads.length + 1;
  }

  /** Runs tasks 0 to {@code tasks - 1} and waits for all. */
  public void run(int tasks, Task body) {
    Job mine = new Job(body, tasks);
    if (tasks > 1 && threads.length > 0) {
      job = mine;
      for (Thread thread : threads) {
        LockSupport.unpark(thread);
      }
    }
    mine.work(0);
    mine.await();
    Throwable failure = mine.failure.get();
    if (failure != null) {
      throw new IllegalStateException("a kernel failed: " + failure, failure);
    }
  }

  /** What is done with a range of floats. */
  @FunctionalInterface
  public interface Range {
    void run(int start, int length);
  }

  /** Tasks of a range of floats. */
  public static int tasks(int floats) {
    return Math.ceilDiv(floats, PIECE);
  }

  /** Shares a range of floats among tasks. */
  public void runRange(int floats, Range body) {
    run(
        tasks(floats),
        (task, worker) -> body.run(task * PIECE, Math.min(PIECE, floats - task * PIECE)));
  }

  private void serve(int worker) {
    Job last = null;
    int idle = 0;
    while (!closed) {
      Job current = job;
      if (current != last) {
        last = current;
        idle = 0;
        current.work(worker);
      } else if (++idle < SPINS) {
        Thread.onSpinWait();
      } else {
        LockSupport.park(this);
        idle = 0;
      }
    }
  }

  @Override
  public void close() {
    closed = true;
    for (Thread thread : threads) {
      LockSupport.unpark(thread);
    }
  }
}
