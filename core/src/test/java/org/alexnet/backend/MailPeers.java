package org.alexnet.backend;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.Callable;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.function.Function;
import org.alexnet.program.Placement.Worker;

/** Workers that are threads of one process and leave each other arrays. */
public final class MailPeers implements Peers {
  private static final int ASKED = -1;
  private static final int LOOKS = 600; // half a minute

  private record Address(int from, int to, int number) {}

  private final Worker worker;
  private final Map<Address, BlockingQueue<Object>> mail;

  private MailPeers(Worker worker, Map<Address, BlockingQueue<Object>> mail) {
    this.worker = worker;
    this.mail = mail;
  }

  /** Runs as many workers at once, each with its peers, and returns what each of them says. */
  public static <T> List<T> together(int workers, Function<Peers, T> work) {
    Map<Address, BlockingQueue<Object>> mail = new ConcurrentHashMap<>();
    List<T> all =
        all(workers, index -> work.apply(new MailPeers(new Worker(index, workers), mail)));
    mail.forEach(
        (address, queue) -> {
          if (!queue.isEmpty()) {
            throw new AssertionError("nobody took " + address);
          }
        });
    return all;
  }

  /** What each of several threads returns, that of a number of its own. */
  public static <T> List<T> all(int threads, Function<Integer, T> work) {
    List<T> results = new ArrayList<>();
    try (ExecutorService pool = Executors.newFixedThreadPool(threads)) {
      List<Future<T>> pending = new ArrayList<>();
      for (int i = 0; i < threads; i++) {
        int index = i;
        Callable<T> task = () -> work.apply(index);
        pending.add(pool.submit(task));
      }
      Throwable first = null;
      for (Future<T> one : pending) {
        try {
          results.add(one.get());
        } catch (ExecutionException e) {
          if (first == null) {
            first = e.getCause();
          } else {
            first.addSuppressed(e.getCause());
          }
        }
      }
      if (first != null) {
        throw new AssertionError(first);
      }
      return results;
    } catch (InterruptedException e) {
      throw new AssertionError(e);
    }
  }

  private BlockingQueue<Object> box(int from, int to, int number) {
    return mail.computeIfAbsent(
        new Address(from, to, number), address -> new LinkedBlockingQueue<>());
  }

  private Object take(int from, int number, Runnable meanwhile) {
    try {
      for (int look = 0; look < LOOKS; look++) {
        Object letter = box(from, worker.index(), number).poll(50, TimeUnit.MILLISECONDS);
        if (letter != null) {
          return letter;
        }
        meanwhile.run();
      }
      throw new AssertionError(
          "worker %d waits for %d from %d".formatted(worker.index(), number, from));
    } catch (InterruptedException e) {
      throw new AssertionError(e);
    }
  }

  @Override
  public Worker worker() {
    return worker;
  }

  @Override
  public void send(int to, int number, float[] values, int from, int count) {
    box(worker.index(), to, number).add(Arrays.copyOfRange(values, from, from + count));
  }

  @Override
  public void receive(int from, int number, float[] values, int at, int count, Runnable meanwhile) {
    float[] letter = (float[]) take(from, number, meanwhile);
    if (letter.length != count) {
      throw new AssertionError("%d values instead of %d".formatted(letter.length, count));
    }
    System.arraycopy(letter, 0, values, at, count);
  }

  @Override
  public List<String> gathered(String own) {
    List<String> all = new ArrayList<>();
    for (int other = 0; other < worker.count(); other++) {
      box(worker.index(), other, ASKED).add(own);
    }
    for (int other = 0; other < worker.count(); other++) {
      all.add((String) take(other, ASKED, () -> {}));
    }
    return all;
  }

  @Override
  public double seconds() {
    return 0;
  }
}
