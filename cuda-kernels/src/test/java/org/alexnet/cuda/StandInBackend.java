package org.alexnet.cuda;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.List;
import java.util.Optional;
import java.util.stream.IntStream;
import org.alexnet.backend.Backend;
import org.alexnet.backend.BackendOptions;
import org.alexnet.backend.Executable;
import org.alexnet.backend.ImageMemory;
import org.alexnet.backend.Peers;
import org.alexnet.backend.Precision;
import org.alexnet.backend.plan.Lowered;
import org.alexnet.backend.plan.MemoryPlan;
import org.alexnet.cuda.device.Contexts;
import org.alexnet.cuda.device.Resource;
import org.alexnet.cuda.library.CudaLibraries;
import org.alexnet.cuda.library.load.Loaded;
import org.alexnet.program.CompiledNetwork;
import org.alexnet.program.Placement.Worker;
import org.junit.jupiter.api.Assumptions;

/**
 * The backend on the stand-in for a GPU. Closeables it fails if anything was done that a GPU may
 * punish, or if anything was not given back. With the property {@code alexnet.test.gpu} it is the
 * backend on a real GPU, and a test that wants more of them than there are is skipped.
 */
public final class StandInBackend implements Backend {
  /** Whether there is a GPU to test on. */
  static final boolean GPU = Boolean.getBoolean("alexnet.test.gpu");

  private final CudaBackend backend;
  private final int before = Resource.live();

  private StandInBackend(BackendOptions options) {
    backend = unchecked(options);
  }

  /** The backend alone, of which several may be open at once; whoever opens it checks. */
  static CudaBackend unchecked(BackendOptions options) {
    return unchecked(options, 0, options.deviceCount(), true);
  }

  /** That of one of several workers, which share devices. */
  static CudaBackend sharing(Precision precision, int devices, Peers peers) {
    return unchecked(options(precision, devices, true, true).with(peers));
  }

  /**
   * That of one of several workers, each of which has devices of its own.
   *
   * @param nccl whether there is NCCL for it
   */
  static CudaBackend ofWorker(BackendOptions options, boolean nccl) {
    int each = options.deviceCount();
    Worker worker = options.peers().worker();
    return unchecked(options, worker.index() * each, worker.count() * each, nccl);
  }

  /**
   * @param first of its devices
   * @param all devices that there must be
   */
  static CudaBackend unchecked(BackendOptions options, int first, int all, boolean nccl) {
    int end = first + options.deviceCount();
    List<Integer> ordinals = IntStream.range(first, end).boxed().toList();
    if (GPU) {
      List<String> there = CudaProvider.usable(CudaLibraries.probe(CudaLibraries.find()));
      Assumptions.assumeTrue(there.size() >= all, there.size() + " GPUs");
      ordinals = CudaProvider.ordinals(there.subList(first, end));
    } else {
      System.setProperty("alexnet.cuda.path", StandIn.folder(12).toString());
    }
    Loaded loaded = CudaLibraries.load(CudaLibraries.find());
    if (!GPU) {
      StandIn.devices(Math.max(StandIn.DEVICES, all));
    }
    return new CudaBackend(ordinals, options, nccl ? loaded : withoutNccl(loaded));
  }

  private static Loaded withoutNccl(Loaded all) {
    return new Loaded(
        all.nvrtc(),
        all.blasLt(),
        null,
        all.architectures(),
        all.driverVersion(),
        all.libraries(),
        all.cache());
  }

  static StandInBackend open(BackendOptions options) {
    return new StandInBackend(options);
  }

  /** In a mode that gives the same bits every time, on the first devices. */
  public static StandInBackend deterministic(Precision precision, int devices) {
    return open(options(precision, devices, true, true));
  }

  static BackendOptions options(
      Precision precision, int devices, boolean deterministic, boolean graphs) {
    List<String> names = IntStream.range(0, devices).mapToObj(i -> "cuda:" + i).toList();
    return new BackendOptions(1, names, precision, deterministic, graphs);
  }

  public CudaBackend backend() {
    return backend;
  }

  @Override
  public String name() {
    return backend.name();
  }

  @Override
  public Lowered lower(CompiledNetwork programs) {
    return backend.lower(programs);
  }

  @Override
  public Executable bind(Lowered lowered, MemoryPlan plan) {
    return backend.bind(lowered, plan);
  }

  @Override
  public Optional<ImageMemory> imageMemory() {
    return backend.imageMemory();
  }

  @Override
  public void close() {
    backend.close();
    check(before);
  }

  /** Fails if anything was done that a GPU may punish, or if more is left than there was before. */
  static void check(int before) {
    assertEquals(before, Resource.live(), "resources not given back");
    if (GPU) {
      return;
    }
    assertEquals(List.of(), StandIn.violations(), "what a GPU may punish");
    if (before == 0) {
      assertEquals(List.of(), StandIn.left(Contexts.held()));
    }
    StandIn.devices(StandIn.DEVICES);
  }
}
