package org.alexnet.cuda;

import java.util.List;
import org.alexnet.backend.Availability;
import org.alexnet.backend.Backend;
import org.alexnet.backend.BackendOptions;
import org.alexnet.backend.BackendProvider;
import org.alexnet.backend.DeviceInfo;
import org.alexnet.cuda.library.CudaLibraries;
import org.alexnet.cuda.library.file.LibrarySearchResult;
import org.alexnet.cuda.library.load.Loaded;

/** Offers NVIDIA GPUs, where the driver and CUDA's libraries are there. */
public final class CudaProvider implements BackendProvider {
  private static final String PREFIX = "cuda:";

  @Override
  public String name() {
    return "cuda";
  }

  @Override
  public int rank() {
    return 100;
  }

  @Override
  public Availability probe() {
    return CudaLibraries.probe(CudaLibraries.find());
  }

  @Override
  public Backend open(BackendOptions options) {
    LibrarySearchResult found = CudaLibraries.find();
    Availability availability = CudaLibraries.probe(found);
    availability.require(name());
    options.checkDevices(name(), availability.devices());
    Loaded loaded = CudaLibraries.load(found);
    List<String> names =
        options.devices().isEmpty() ? usable(availability).subList(0, 1) : options.devices();
    return new CudaBackend(ordinals(names), options, loaded);
  }

  /** The devices that are not too old; there is one, or the backend cannot serve. */
  static List<String> usable(Availability availability) {
    return availability.devices().stream()
        .filter(DeviceInfo::usable)
        .map(DeviceInfo::name)
        .toList();
  }

  /** Their numbers, as CUDA counts. */
  static List<Integer> ordinals(List<String> devices) {
    return devices.stream()
        .distinct()
        .map(name -> Integer.parseInt(name.substring(PREFIX.length())))
        .toList();
  }
}
