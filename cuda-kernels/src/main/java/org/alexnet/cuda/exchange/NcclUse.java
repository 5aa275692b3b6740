package org.alexnet.cuda.exchange;

import static jcuda.driver.JCudaDriver.cuEventQuery;
import static jcuda.driver.JCudaDriver.cuEventSynchronize;

import java.lang.foreign.SymbolLookup;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.locks.LockSupport;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import jcuda.driver.CUevent;
import jcuda.driver.CUresult;
import org.alexnet.backend.BackendOptions;
import org.alexnet.cuda.device.Cuda;
import org.alexnet.cuda.device.Device;
import org.alexnet.cuda.device.Watch;
import org.alexnet.program.Parallelism;
import org.alexnet.program.Placement;

/**
 * Where the programs of a backend have NCCL add up gradients: where there is something to add up,
 * NCCL is there, and its order may be any. It is started for the first such program. Where its sums
 * are in streams, devices are waited for with an eye on all of them, and on the other workers.
 */
public final class NcclUse implements Watch, AutoCloseable {
  private static final int PAUSE = 20_000; // nanoseconds between two looks at devices

  private final NcclLibrary library; // null where there is none
  private final List<Device> devices;
  private final BackendOptions options;
  private Nccl alone; // for the devices of this process; null until it is needed
  private boolean refused;
  private Nccl joined; // for those of all workers, likewise
  private boolean asked;

  /**
   * @param functions NCCL's; null where there is none
   * @param devices of a backend
   */
  public NcclUse(SymbolLookup functions, List<Device> devices, BackendOptions options) {
    this.library = functions == null ? null : new NcclLibrary(functions);
    this.devices = devices;
    this.options = options;
  }

  /**
   * Starts it for a program that adds up gradients of devices in whatever order. Where the program
   * is one of several workers, all of them ask here.
   */
  public void start(Placement placement) {
    if (placement.talks()) {
      if (!asked && options.peers().worker().hasPeers()) {
        asked = true;
        joined =
            NcclJoining.join(library, devices, refusal(placement), options.peers(), options.say());
      }
      return;
    }
    boolean sums =
        placement.parallelism() != Parallelism.COLUMNS && usesAll(placement) && devices.size() > 1;
    if (sums && library != null && !options.deterministic() && alone == null && !refused) {
      try {
        alone = Nccl.of(library, devices);
      } catch (Cuda.Failure e) {
        refused = true;
        options
            .say()
            .accept(
                "%s; gradients are copied from device to device and added up there."
                    .formatted(e.getMessage()));
      }
    }
  }

  /** Why a worker's program has no use for it; null if it has. */
  private String refusal(Placement placement) {
    if (options.deterministic()) {
      return "must add up gradients in the order of the shards";
    }
    if (options.peers().confidential()) {
      return "must encrypt what it sends";
    }
    return usesAll(placement) ? null : "has devices without a shard";
  }

  /** Whether each worker has shards on as many devices as there are here. */
  private boolean usesAll(Placement placement) {
    int each = placement.devices().size() / placement.worker().count();
    return IntStream.range(0, placement.worker().count())
        .mapToObj(worker -> placement.devices().subList(worker * each, (worker + 1) * each))
        .allMatch(own -> own.stream().distinct().count() == devices.size());
  }

  /**
   * What adds up the gradients of a program; null where that is done in the order of the shards.
   */
  public Nccl of(Placement placement) {
    Nccl own = placement.talks() ? joined : alone;
    return usesAll(placement) ? own : null;
  }

  private Stream<Nccl> started() {
    return Stream.of(alone, joined).filter(Objects::nonNull);
  }

  @Override
  public void requireWell(String what) {
    started().forEach(nccl -> nccl.requireWell(what));
    devices.forEach(device -> device.requireWell(what));
  }

  @Override
  public void await(CUevent event, String what) {
    devices.getFirst().use();
    if (alone == null && joined == null) {
      Cuda.check(cuEventSynchronize(event), what);
      return;
    }
    int code;
    while ((code = cuEventQuery(event)) == CUresult.CUDA_ERROR_NOT_READY) {
      requireWell(what);
      devices.getFirst().use();
      LockSupport.parkNanos(PAUSE);
    }
    Cuda.check(code, what);
  }

  /** Waits for an event, whatever comes of what is before it. */
  public void awaitEnd(CUevent event) {
    try {
      await(event, "end a step");
    } catch (RuntimeException e) {
      // Nobody waits for what comes of it: whoever does has been told.
      giveUpAfterFault();
      devices.getFirst().use();
      cuEventSynchronize(event);
    }
  }

  /** After a fault, before devices are waited for by themselves. */
  public void giveUpAfterFault() {
    started().forEach(Nccl::giveUpAfterFault);
  }

  @Override
  public void close() {
    started().forEach(Nccl::close);
  }
}
