package org.alexnet.cuda.device;

import static jcuda.driver.JCudaDriver.cuEventRecord;
import static jcuda.driver.JCudaDriver.cuEventSynchronize;
import static jcuda.driver.JCudaDriver.cuMemcpyDtoHAsync;
import static jcuda.driver.JCudaDriver.cuMemcpyHtoDAsync;

import java.lang.foreign.MemorySegment;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Queue;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.BooleanSupplier;
import jcuda.driver.CUevent;
import org.alexnet.AlexNetException;
import org.alexnet.backend.Peers;
import org.alexnet.backend.plan.PeerMessage;
import org.alexnet.cuda.device.Device.EventUse;

/**
 * Messages between this worker's devices and other workers, by way of page-locked memory. The
 * thread that puts a step into streams goes on when it has put in the copy of what is sent; another
 * waits for the copy and sends, in the order in which messages were put in. What is received is
 * waited for by the first thread: the streams have all by then that does not depend on it.
 *
 * <p>What goes wrong with a message that is sent is thrown to whoever comes next.
 */
public final class Mail implements AutoCloseable {
  /** Messages of a device that are under way each way, if they are not large. */
  private static final int LETTERS = 8;

  /** Bytes of page-locked memory of a device each way, if one message does not take more. */
  private static final long MOST = 32L << 20;

  /** Nanoseconds of waiting between two looks at the devices. */
  private static final long LOOK = 50_000_000;

  private final Peers peers;
  private final Watch watch;
  private final Owned owned = new Owned();
  private final Map<Device, Box> sent = new HashMap<>();
  private final Map<Device, Box> received = new HashMap<>();
  private final ReentrantLock touching = new ReentrantLock(); // of page-locked memory by the sender
  private final ReentrantLock lock = new ReentrantLock();
  private final Condition changed = lock.newCondition();
  private final Queue<Outgoing> waiting = new ArrayDeque<>();
  private final float[] arrived;
  private long putIn;
  private long done;
  private Throwable failure;
  private boolean closed;

  /** Page-locked memory for one message, and the copy to it or from it that was put in last. */
  private static final class Letter {
    final Addresses.Host host;
    final MemorySegment memory;
    final CUevent copied;
    boolean used;
    boolean kept; // until the sender has read it

    Letter(Addresses.Host host, long bytes, CUevent copied) {
      this.host = host;
      this.memory = host.memory(bytes);
      this.copied = copied;
    }
  }

  /** The letters of a device, which are used in turn. */
  private static final class Box {
    final List<Letter> letters = new ArrayList<>();
    int next;

    Letter next() {
      Letter letter = letters.get(next);
      next = (next + 1) % letters.size();
      return letter;
    }
  }

  /** A message that goes when it has been copied. */
  private record Outgoing(
      Device device, Letter letter, int count, Storage storage, PeerMessage message) {}

  /**
   * @param devices of this worker
   * @param peers the other workers
   * @param watch over the devices while others are waited for
   * @param largest bytes of the largest message on a device
   * @param most numbers of the longest message
   */
  public Mail(List<Device> devices, Peers peers, Watch watch, long largest, int most) {
    this.peers = peers;
    this.watch = watch;
    this.arrived = new float[most];
    int letters = Math.clamp(MOST / Math.max(1, largest), 1, LETTERS);
    try {
      for (Device device : devices) {
        sent.put(device, box(device, letters, largest));
        received.put(device, box(device, letters, largest));
      }
    } catch (RuntimeException e) {
      owned.close();
      throw e;
    }
    Thread.ofPlatform().daemon().name("cuda-mail").start(() -> sendAll(new float[most]));
  }

  private Box box(Device device, int letters, long bytes) {
    Box box = new Box();
    while (box.letters.size() < letters) {
      Addresses.Host host = owned.take(device.allocateHost(bytes));
      box.letters.add(new Letter(host, bytes, owned.take(device.event(EventUse.WAIT))));
    }
    return box;
  }

  /**
   * Sends what a device has, once its stream is that far.
   *
   * @param device whose context is current
   * @param address on the device
   * @param count of numbers
   * @param storage of them on the device
   * @throws RuntimeException what has gone wrong with a message before
   */
  public void send(Device device, long address, int count, Storage storage, PeerMessage message) {
    Letter letter = sent.get(device).next();
    awaitSender(() -> !letter.kept, "fetch what is for another worker");
    device.use();
    Cuda.check(
        cuMemcpyDtoHAsync(
            letter.host,
            Addresses.onDevice(address),
            (long) count * storage.bytes(),
            device.compute()),
        "fetch what is for another worker");
    Cuda.check(cuEventRecord(letter.copied, device.compute()), "record an event");
    lock.lock();
    try {
      letter.kept = true;
      waiting.add(new Outgoing(device, letter, count, storage, message));
      putIn++;
      changed.signalAll();
    } finally {
      lock.unlock();
    }
  }

  /**
   * Waits for a message, and puts its copy into the stream of a device.
   *
   * @param device whose context is current
   * @param address on the device
   * @param count of numbers
   * @param storage of them on the device
   * @throws RuntimeException what {@link Peers#receive} throws, or what has gone wrong with a
   *     message that was sent before
   */
  public void receive(
      Device device, long address, int count, Storage storage, PeerMessage message) {
    String what = "hand on what another worker has sent";
    Runnable meanwhile =
        () -> {
          requireNoFailure();
          watch.requireWell(what);
        };
    requireNoFailure();
    try {
      peers.receive(message.worker(), message.number(), arrived, 0, count, meanwhile);
    } catch (RuntimeException e) {
      throw reason(e);
    }
    Letter letter = received.get(device).next();
    if (letter.used) {
      watch.await(letter.copied, what);
    }
    device.use();
    storage.write(arrived, count, letter.memory);
    Cuda.check(
        cuMemcpyHtoDAsync(
            Addresses.onDevice(address),
            letter.host,
            (long) count * storage.bytes(),
            device.compute()),
        what);
    Cuda.check(cuEventRecord(letter.copied, device.compute()), "record an event");
    letter.used = true;
  }

  /** Why nothing came: the other may wait in vain for what could not be sent from here. */
  private RuntimeException reason(RuntimeException unheard) {
    lock.lock();
    try {
      if (failure instanceof Cuda.Failure own && own != unheard) {
        own.addSuppressed(unheard);
        return own;
      }
      return unheard;
    } finally {
      lock.unlock();
    }
  }

  /** How many messages were put in so far. */
  public long putIn() {
    return putIn;
  }

  /**
   * Waits until messages have been sent.
   *
   * @param count as {@link #putIn} said
   * @throws RuntimeException what has gone wrong with one of them
   */
  public void await(long count) {
    awaitSender(() -> done >= count, "send to another worker");
  }

  /** Waits for the thread that sends, and looks after the devices that it waits for. */
  private void awaitSender(BooleanSupplier over, String what) {
    while (!isOver(over)) {
      watch.requireWell(what);
    }
  }

  /** Waits for a moment; whether it is over then. */
  private boolean isOver(BooleanSupplier over) {
    long left = LOOK;
    lock.lock();
    try {
      while (true) {
        requireWell();
        if (over.getAsBoolean()) {
          return true;
        }
        if (left <= 0) {
          return false;
        }
        left = changed.awaitNanos(left);
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new AlexNetException("Interrupted while other workers are sent to.", e);
    } finally {
      lock.unlock();
    }
  }

  private void requireNoFailure() {
    lock.lock();
    try {
      requireWell();
    } finally {
      lock.unlock();
    }
  }

  private void requireWell() {
    switch (failure) {
      case null -> {}
      case Error e -> throw e;
      case RuntimeException e -> throw e;
      default -> throw new IllegalStateException(failure);
    }
  }

  // The thread that sends.

  private void sendAll(float[] values) {
    try {
      for (Outgoing next = next(); next != null; next = next()) {
        if (!read(next, values)) {
          return;
        }
        peers.send(next.message.worker(), next.message.number(), values, 0, next.count);
        lock.lock();
        try {
          done++;
          changed.signalAll();
        } finally {
          lock.unlock();
        }
      }
    } catch (RuntimeException | Error e) {
      lock.lock();
      try {
        failure = e;
        changed.signalAll();
      } finally {
        lock.unlock();
      }
    }
  }

  /** The next message; null when there will be none. */
  private Outgoing next() {
    lock.lock();
    try {
      while (waiting.isEmpty() && !closed) {
        changed.awaitUninterruptibly();
      }
      return closed ? null : waiting.remove();
    } finally {
      lock.unlock();
    }
  }

  /** Takes a message out of its letter, which is free then; false if that is no longer there. */
  private boolean read(Outgoing next, float[] values) {
    touching.lock();
    try {
      if (isClosed()) {
        return false;
      }
      next.device.use();
      Cuda.check(
          cuEventSynchronize(next.letter.copied),
          "fetch what is for another worker from " + next.device.name());
      next.storage.read(next.letter.memory, next.count, values);
    } finally {
      touching.unlock();
    }
    lock.lock();
    try {
      next.letter.kept = false;
      changed.signalAll();
    } finally {
      lock.unlock();
    }
    return true;
  }

  private boolean isClosed() {
    lock.lock();
    try {
      return closed;
    } finally {
      lock.unlock();
    }
  }

  /**
   * Sends nothing any more. It does not wait for another worker: a thread that is at sending holds
   * nothing that is given back here.
   */
  @Override
  public void close() {
    lock.lock();
    try {
      closed = true;
      changed.signalAll();
    } finally {
      lock.unlock();
    }
    touching.lock();
    try {
      owned.close();
    } finally {
      touching.unlock();
    }
  }
}
