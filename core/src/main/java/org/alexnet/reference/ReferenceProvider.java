package org.alexnet.reference;

import java.util.List;
import org.alexnet.backend.Availability;
import org.alexnet.backend.Backend;
import org.alexnet.backend.BackendOptions;
import org.alexnet.backend.BackendProvider;
import org.alexnet.backend.DeviceInfo;

/** Offers the scalar reference, which can always serve and is chosen only by name or for want. */
public final class ReferenceProvider implements BackendProvider {
  private static final int DEVICES = 8;

  @Override
  public String name() {
    return "reference";
  }

  @Override
  public int rank() {
    return 0;
  }

  @Override
  public Availability probe() {
    return new Availability(true, "plain loops on one thread, slow.", devices());
  }

  static List<DeviceInfo> devices() {
    return DeviceInfo.logical(
        "reference", DEVICES, "one thread, double accumulators", Runtime.getRuntime().maxMemory());
  }

  @Override
  public Backend open(BackendOptions options) {
    options.checkDevices(name(), devices());
    options.checkSinglePrecision(name());
    return new ReferenceBackend(options.peers());
  }
}
