package org.alexnet.cuda.exchange;

import static java.lang.foreign.ValueLayout.ADDRESS;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.locks.LockSupport;
import java.util.function.Consumer;
import org.alexnet.backend.Peers;
import org.alexnet.cuda.device.Cuda;
import org.alexnet.cuda.device.Device;
import org.alexnet.cuda.device.Storage;
import org.alexnet.cuda.kernel.CudaKernel.Group;

/**
 * NCCL: sums over all devices of this process, or of all workers, along whatever links there are
 * between them, in an order of its own.
 *
 * <p>Between workers its calls do not block: a worker that is lost would be waited for in any of
 * them. Whoever calls asks until it is over, and looks after the other workers meanwhile.
 */
public final class Nccl implements AutoCloseable {
  private static final int PAUSE = 20_000; // nanoseconds between two looks
  private static final Duration PATIENCE = Duration.ofSeconds(1); // for NCCL to give up

  /** For NCCL to end as it should, for which it may wait for other workers. */
  private static final Duration FAREWELL = Duration.ofSeconds(10);

  private final NcclLibrary library;
  private final List<Device> devices;
  private final Peers peers; // whose devices it connects too
  private final MemorySegment made; // NCCL may write here as long as ranks are being connected
  private final MemorySegment[] ranks; // null where one is given up

  private Nccl(NcclLibrary library, List<Device> devices, Peers peers) {
    this.library = library;
    this.devices = List.copyOf(devices);
    this.peers = peers;
    this.made = Arena.ofAuto().allocate(ADDRESS, devices.size());
    this.ranks = new MemorySegment[devices.size()];
  }

  /**
   * Connects devices of this process.
   *
   * @throws Cuda.Failure if it does not start
   */
  static Nccl of(NcclLibrary library, List<Device> devices) {
    Nccl nccl = new Nccl(library, devices, Peers.NONE);
    try {
      library.initAll(nccl.made, devices.stream().mapToInt(Device::ordinal).toArray());
    } finally {
      devices.getFirst().use(); // NCCL goes from one to the next
    }
    nccl.takeRanks();
    return nccl;
  }

  /**
   * Begins to connect the devices of all workers, of which each has as many as the next; {@link
   * #state} says when they are.
   *
   * @param id what ranks find each other by
   * @throws Cuda.Failure if it does not start
   */
  static Nccl between(NcclLibrary library, List<Device> devices, Peers peers, byte[] id) {
    Nccl nccl = new Nccl(library, devices, peers);
    int count = devices.size() * peers.worker().count();
    int first = devices.size() * peers.worker().index();
    library.check(library.groupStart(), "connect the workers");
    try {
      for (int i = 0; i < devices.size(); i++) {
        devices.get(i).use();
        library.initRank(nccl.made.asSlice(i * ADDRESS.byteSize()), count, id, first + i);
      }
    } finally {
      int status = library.groupEnd();
      devices.getFirst().use();
      library.checkBegun(status, "connect the workers");
    }
    nccl.takeRanks();
    return nccl;
  }

  private void takeRanks() {
    for (int i = 0; i < ranks.length; i++) {
      ranks[i] = made.getAtIndex(ADDRESS, i);
    }
  }

  private boolean joinsWorkers() {
    return peers.worker().hasPeers();
  }

  /** {@link NcclLibrary#IN_PROGRESS}, success, or what has gone wrong with one of the ranks. */
  int state() {
    int all = 0;
    for (MemorySegment rank : ranks) {
      int state = rank == null ? 0 : library.state(rank);
      if (state != 0 && state != NcclLibrary.IN_PROGRESS) {
        return state;
      }
      all = Math.max(all, state);
    }
    return all;
  }

  /**
   * What the sums of one tensor have in common: NCCL is told of all of them before the first
   * begins, since each waits for the others.
   */
  Group group() {
    return new Group() {
      @Override
      public void begin() {
        library.check(library.groupStart(), "begin a sum");
      }

      @Override
      public void end() {
        library.checkBegun(library.groupEnd(), "add up gradients");
        settle();
      }
    };
  }

  /** Waits until sums are in the streams, where they wait for those of other workers. */
  private void settle() {
    if (joinsWorkers()) {
      while (state() == NcclLibrary.IN_PROGRESS) {
        requireWell("add up gradients");
        LockSupport.parkNanos(PAUSE);
      }
      requireWell("add up gradients");
    }
  }

  /** Puts a device's part of a sum into its stream. */
  void sum(int device, long from, long to, long count, Storage storage) {
    if (ranks[device] == null) {
      throw new Cuda.Failure(-1, "NCCL was given up");
    }
    long stream = devices.get(device).computeAddress();
    library.checkBegun(
        library.sum(from, to, count, storage, ranks[device], stream), "add up gradients");
  }

  /**
   * Gives up all sums if a device has failed, or another worker is lost: the others wait for its
   * part and would forever.
   *
   * @throws Cuda.Failure what is wrong with a device or NCCL
   * @throws org.alexnet.AlexNetException which worker is lost
   */
  void requireWell(String what) {
    try {
      devices.forEach(device -> device.requireWell(what));
      peers.requireAll();
      int state = joinsWorkers() ? state() : 0;
      if (state != 0 && state != NcclLibrary.IN_PROGRESS) {
        giveUp();
        peers.requireAll(); // NCCL may have noticed it first
        library.check(state, what);
      }
    } catch (RuntimeException e) {
      giveUp();
      throw e;
    }
  }

  /** After a fault of this worker: its part of a sum may never come, nor what is awaited. */
  void giveUpAfterFault() {
    if (joinsWorkers() || !devices.stream().allMatch(Device::isWell)) {
      giveUp();
    }
  }

  /**
   * Ends what waits for others. NCCL frees the devices at once, but does not return before the
   * graphs are gone that hold its kernels, which their owners give back after this.
   */
  void giveUp() {
    end(library::abort, PATIENCE);
  }

  private void end(Consumer<MemorySegment> how, Duration most) {
    List<Thread> threads = new ArrayList<>();
    for (int i = 0; i < ranks.length; i++) {
      MemorySegment rank = ranks[i];
      ranks[i] = null;
      if (rank != null) {
        threads.add(Thread.ofPlatform().daemon().start(() -> how.accept(rank)));
      }
    }
    long end = System.nanoTime() + most.toNanos();
    for (Thread thread : threads) {
      try {
        thread.join(Duration.ofNanos(Math.max(1, end - System.nanoTime())));
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
        return;
      }
    }
  }

  @Override
  public void close() {
    end(library::destroy, FAREWELL);
  }
}
