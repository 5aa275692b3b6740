package org.alexnet.backend;

import java.util.List;
import org.alexnet.program.Placement.Worker;

/**
 * The other workers of a training, as one of them sees them. Each runs the same steps on its own
 * part of the same programs; what they say to one another are the messages of these programs, and
 * what the first of them decides for all.
 *
 * <p>A message is known by its number. Between two workers, messages of one number arrive in the
 * order in which they were sent; others may overtake them. No call waits forever: where a worker is
 * lost or silent, {@link org.alexnet.AlexNetException} says which.
 */
public interface Peers {

  /** The number of messages of {@link #sum}. */
  int SUM = Integer.MAX_VALUE - 1;

  /** The number of the first worker's decisions. */
  int DECISION = Integer.MAX_VALUE;

  /** The number of the messages by which a backend connects workers in a way of its own. */
  int JOINED = Integer.MAX_VALUE - 2;

  /** Numbers that are added up at a time: 2 MB. */
  int SLICE = 1 << 19;

  /** Of a process that has none. */
  Peers NONE =
      new Peers() {
        @Override
        public Worker worker() {
          return Worker.ALONE;
        }

        @Override
        public void send(int to, int number, float[] values, int from, int count) {
          throw new IllegalArgumentException("there is no worker " + to);
        }

        @Override
        public void receive(
            int from, int number, float[] values, int at, int count, Runnable meanwhile) {
          throw new IllegalArgumentException("there is no worker " + from);
        }

        @Override
        public List<String> gathered(String own) {
          return List.of(own);
        }

        @Override
        public double seconds() {
          return 0;
        }
      };

  /** This worker. */
  Worker worker();

  /**
   * Whether nothing of what workers tell one another may travel unencrypted, so that a backend must
   * not send it in a way of its own.
   */
  default boolean confidential() {
    return false;
  }

  /**
   * Sends values to another worker. It need not be waiting for them; the array may be written again
   * when this returns.
   *
   * @param to index of the other
   * @param number of the message, at least 0
   * @param from where in the array the values begin
   */
  void send(int to, int number, float[] values, int from, int count);

  /**
   * Waits for what another worker sends.
   *
   * @param from index of the other
   * @param number of the message, at least 0
   * @param at where in the array the values go
   * @param count how many must come
   * @param meanwhile called some times a second while nothing has come; what it throws ends the
   *     waiting
   */
  void receive(int from, int number, float[] values, int at, int count, Runnable meanwhile);

  /** Waits with nothing to do meanwhile. */
  default void receive(int from, int number, float[] values, int at, int count) {
    receive(from, number, values, at, count, () -> {});
  }

  /**
   * Throws what {@link #receive} would if a worker is lost or has given up. It is for those who
   * wait for other workers in another way, and may be asked often. A worker that has ended as it
   * should counts as lost only some seconds later, since what it took part in may not be over here.
   */
  default void requireAll() {}

  /**
   * Tells all workers what the first decides, before they come to where they act on it.
   *
   * @param own what this worker decides, which is told only if it is the first
   */
  default void decide(int own) {
    if (worker().first()) {
      float[] number = {own};
      for (int other = 1; other < worker().count(); other++) {
        send(other, DECISION, number, 0, 1);
      }
    }
  }

  /**
   * What the first worker has decided. All workers hear its decisions in their order.
   *
   * @param own what this worker has decided, which counts only if it is the first
   */
  default int decided(int own) {
    float[] number = {own};
    if (!worker().first()) {
      receive(0, DECISION, number, 0, 1);
    }
    return (int) number[0];
  }

  /**
   * What the first worker thinks. All workers ask at the same places.
   *
   * @param own what this worker thinks, which counts only if it is the first
   */
  default boolean agreed(boolean own) {
    int number = own ? 1 : 0;
    decide(number);
    return decided(number) != 0;
  }

  /**
   * What each worker says, in their order. All workers ask at the same places.
   *
   * @param own what this one says
   */
  List<String> gathered(String own);

  /**
   * Adds up what each worker has, in their order, and gives all of them the sum. All workers ask at
   * the same places, with as many values.
   *
   * @param values of this worker, then those of all together
   */
  default void sum(float[] values) {
    int own = worker().index();
    int last = worker().count() - 1;
    float[] before = new float[Math.min(SLICE, values.length)];
    for (int at = 0; at < values.length; at += SLICE) { // slices follow one another
      int count = Math.min(SLICE, values.length - at);
      if (own > 0) {
        receive(own - 1, SUM, before, 0, count);
        for (int i = 0; i < count; i++) {
          values[at + i] = before[i] + values[at + i];
        }
      }
      if (own < last) {
        send(own + 1, SUM, values, at, count);
      }
    }
    for (int at = 0; at < values.length; at += SLICE) {
      int count = Math.min(SLICE, values.length - at);
      if (own < last) {
        receive(own + 1, SUM, values, at, count);
      }
      if (own > 0) {
        send(own - 1, SUM, values, at, count);
      }
    }
  }

  /** What this worker has spent in these calls so far. */
  double seconds();
}
