package org.alexnet.cuda.library;

import java.util.List;
import org.alexnet.backend.DeviceInfo;
import org.alexnet.backend.LibraryInfo;

/**
 * What the libraries answered when they were tried.
 *
 * @param available whether everything worked, a small convolution on the first device included
 * @param reason one sentence: the versions it works with, or what went wrong and what to do
 * @param devices {@code cuda:0} and so on, with name, compute capability and memory
 * @param libraries each library with its version
 */
public record ProbeResult(
    boolean available, String reason, List<DeviceInfo> devices, List<LibraryInfo> libraries) {
  public ProbeResult {
    devices = List.copyOf(devices);
    libraries = List.copyOf(libraries);
  }
}
