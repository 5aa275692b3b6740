package org.alexnet.cpu;

import java.util.Set;
import org.alexnet.UsageException;
import org.alexnet.backend.Availability;
import org.alexnet.backend.Backend;
import org.alexnet.backend.BackendOptions;
import org.alexnet.backend.BackendProvider;
import org.alexnet.backend.DeviceInfo;
import org.alexnet.cpu.kernel.Kernels;
import org.alexnet.cpu.kernel.ScalarKernels;
import org.alexnet.cpu.kernel.VectorKernels;

/**
 * Offers the multithreaded CPU backend. It runs on the Vector API where the JVM was started with
 * it, else on plain loops, and says which.
 */
public final class CpuProvider implements BackendProvider {
  /** Logical devices, for columns and shards; nothing is computed faster on more. */
  private static final int DEVICES = 8;

  private static final String BITS = "alexnet.vector.bits";
  private static final Set<String> WIDTHS = Set.of("128", "256", "512", "scalar");
  private static final String MODULE = "jdk.incubator.vector";

  @Override
  public String name() {
    return "cpu";
  }

  @Override
  public int rank() {
    return 50;
  }

  @Override
  public Availability probe() {
    Kernels kernels = kernels();
    String reason =
        kernels instanceof ScalarKernels && !vectorModule()
            ? "scalar kernels, for the Vector API is absent; start java with --add-modules %s."
                .formatted(MODULE)
            : kernels.description() + ".";
    String description =
        "%d cores, %s".formatted(Runtime.getRuntime().availableProcessors(), kernels.description());
    return new Availability(
        true,
        reason,
        DeviceInfo.logical(name(), DEVICES, description, Runtime.getRuntime().maxMemory()));
  }

  @Override
  public Backend open(BackendOptions options) {
    options.checkDevices(name(), probe().devices());
    options.checkSinglePrecision(name());
    return new CpuBackend(
        kernels(),
        options.deviceCount(),
        options.threads(),
        options.convolution(),
        options.peers());
  }

  private static boolean vectorModule() {
    return ModuleLayer.boot().findModule(MODULE).isPresent();
  }

  /**
   * The kernels for this JVM. The property {@code alexnet.vector.bits} forces 128, 256, 512 or
   * {@code scalar}. No class that mentions the Vector API is loaded before it is known to be there.
   */
  static Kernels kernels() {
    String bits = System.getProperty(BITS);
    if (bits != null && !WIDTHS.contains(bits)) {
      throw UsageException.value(BITS, bits, "128, 256, 512 or scalar");
    }
    boolean scalar = "scalar".equals(bits);
    return scalar || !vectorModule() ? new ScalarKernels() : new VectorKernels();
  }
}
