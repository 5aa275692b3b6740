package org.alexnet.cuda;

import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.alexnet.backend.ImageMemory;
import org.alexnet.backend.plan.MemoryPlan;
import org.alexnet.backend.plan.MemoryPlanner;
import org.alexnet.cuda.convolution.AlgorithmSearch.Want;
import org.alexnet.cuda.device.Cuda;
import org.alexnet.cuda.device.Device;
import org.alexnet.cuda.step.DeviceImages;
import org.alexnet.data.ImageSource;
import org.alexnet.data.KeptImages;
import org.alexnet.data.ProgressListener;
import org.alexnet.program.CompiledNetwork;
import org.alexnet.program.Op;
import org.alexnet.program.StepProgram.Phase;

/** Images in the memory of GPUs. */
final class CudaImageMemory implements ImageMemory {
  private final CudaBackend backend;
  private final List<DeviceImages> kept = new ArrayList<>();

  CudaImageMemory(CudaBackend backend) {
    this.backend = backend;
  }

  /** Numbers of the devices that read images. */
  private static List<Integer> readers(CompiledNetwork programs) {
    return Stream.of(Phase.values())
        .flatMap(phase -> programs.program(phase).ops().stream())
        .filter(Op.LoadInput.class::isInstance)
        .map(op -> programs.placement().device(((Op.LoadInput) op).data()))
        .distinct()
        .sorted()
        .toList();
  }

  @Override
  public long room(CompiledNetwork programs) {
    backend.nccl().start(programs.placement()); // it takes memory of its own
    MemoryPlan plan = MemoryPlanner.plan(backend.lower(programs, Want.UNTRIED));
    return readers(programs).stream()
        .mapToLong(d -> backend.device(d).freeBytes() - CudaBackend.bytes(programs, plan, d))
        .min()
        .orElse(0);
  }

  @Override
  public KeptImages keep(ImageSource source, CompiledNetwork programs, ProgressListener progress) {
    if (source.format().floats()) {
      throw new IllegalArgumentException(source.description() + " holds no bytes");
    }
    List<Device> devices = readers(programs).stream().map(backend::device).toList();
    try {
      DeviceImages images = new DeviceImages(source, devices, backend.threads(), progress);
      kept.add(images);
      return images;
    } catch (Cuda.Failure e) {
      throw e.explained("This was while images were copied to the device.");
    }
  }

  /** Bytes that images take on a device. */
  long bytes(Device device) {
    return kept.stream().mapToLong(images -> images.bytes(device)).sum();
  }
}
