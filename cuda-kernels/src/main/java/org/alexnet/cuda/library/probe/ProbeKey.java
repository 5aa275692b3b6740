package org.alexnet.cuda.library.probe;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.StringJoiner;
import jcuda.JCudaVersion;
import org.alexnet.cuda.library.file.Folders;
import org.alexnet.cuda.library.file.Library;
import org.alexnet.cuda.library.file.LibrarySearchResult;

/** On what a probe's answer depends: if any of it changes, the libraries are tried again. */
final class ProbeKey {
  /** Raised when the probe tries more than before. */
  private static final int EDITION = 2;

  private static final String[] VARIABLES = {
    "CUDA_VISIBLE_DEVICES", "CUDA_DEVICE_ORDER", "NVIDIA_VISIBLE_DEVICES", "LD_LIBRARY_PATH"
  };

  private ProbeKey() {}

  /** The key in words, one line, to be compared as it is. */
  static String of(LibrarySearchResult found) {
    StringJoiner key = new StringJoiner("; ");
    key.add("probe " + EDITION).add("JCuda " + JCudaVersion.get()).add("CUDA " + found.cudaMajor());
    key.add("Java " + Runtime.version());
    key.add("boot " + text("/proc/sys/kernel/random/boot_id"));
    key.add("driver " + text("/proc/driver/nvidia/version"));
    // A container may see other devices than the one beside it that shares the home.
    Folders.matching(Path.of("/dev"), "nvidia[0-9]*").forEach(d -> key.add(d.toString()));
    for (String variable : VARIABLES) {
      key.add(variable + "=" + System.getenv(variable));
    }
    for (Library library : found.libraries()) {
      library.before().forEach(file -> key.add(file(file)));
      key.add(file(library.file()));
    }
    return key.toString().replaceAll("\\s+", " ");
  }

  private static String file(Path file) {
    try {
      Path real = file.toRealPath();
      return "%s %s %d %s"
          .formatted(file, real, Files.size(real), Files.getLastModifiedTime(real).toMillis());
    } catch (IOException e) {
      return file + " unreadable";
    }
  }

  private static String text(String file) {
    try {
      return Files.readString(Path.of(file)).strip();
    } catch (IOException e) {
      return "";
    }
  }
}
