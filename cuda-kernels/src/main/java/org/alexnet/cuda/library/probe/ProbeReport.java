package org.alexnet.cuda.library.probe;

import java.util.ArrayList;
import java.util.List;
import org.alexnet.backend.Availability;
import org.alexnet.backend.DeviceInfo;
import org.alexnet.backend.LibraryInfo;
import org.alexnet.cuda.library.file.CudaLibrary;

/**
 * What a probing process says, line by line: {@code @alexnet}, a word, and fields between tabs. All
 * else on its output comes from libraries or from the JVM.
 *
 * @param step the last step that was begun
 * @param clause the failure in a few words, or an empty string
 * @param failure what a step answered, or an empty string
 * @param done whether all steps were taken
 * @param noise lines that others wrote
 */
public record ProbeReport(
    String step,
    String clause,
    String failure,
    boolean done,
    List<DeviceInfo> devices,
    List<LibraryInfo> libraries,
    List<String> noise) {
  private static final String MARK = "@alexnet";

  static String stepLine(String step) {
    return line("step", step);
  }

  static String failureLine(String clause, String sentence) {
    return line("failure", clause, sentence);
  }

  static String deviceLine(DeviceInfo device) {
    return line(
        "device",
        device.name(),
        device.description(),
        device.memoryBytes() + "",
        device.obstacle());
  }

  static String libraryLine(LibraryInfo library) {
    return line("library", library.name(), library.file(), library.version(), library.note());
  }

  static String doneLine() {
    return line("done");
  }

  private static String line(String... fields) {
    StringBuilder line = new StringBuilder(MARK);
    for (String field : fields) {
      line.append('\t').append(field.replaceAll("\\s+", " "));
    }
    return line.toString();
  }

  /** Reads what a process printed; half a line, as a crash leaves it, is noise. */
  public static ProbeReport parse(List<String> lines) {
    String step = "starting Java";
    String clause = "";
    String failure = "";
    boolean done = false;
    List<DeviceInfo> devices = new ArrayList<>();
    List<LibraryInfo> libraries = new ArrayList<>();
    List<String> noise = new ArrayList<>();
    for (String line : lines) {
      // A library that printed something without a line's end does not hide what follows.
      int start = line.indexOf(MARK + "\t");
      String[] f = line.substring(Math.max(0, start)).split("\t", -1);
      String word = start < 0 ? "" : f[1];
      if (word.equals("step") && f.length == 3) {
        step = f[2];
      } else if (word.equals("failure") && f.length == 4) {
        clause = f[2];
        failure = f[3];
      } else if (word.equals("device") && f.length == 6 && f[4].matches("\\d{1,18}")) {
        devices.add(new DeviceInfo(f[2], f[3], Long.parseLong(f[4]), f[5]));
      } else if (word.equals("library") && f.length == 6) {
        libraries.add(new LibraryInfo(f[2], f[3], f[4], f[5]));
      } else if (word.equals("done") && f.length == 2) {
        done = true;
      } else {
        noise.add(line);
      }
    }
    return new ProbeReport(step, clause, failure, done, devices, libraries, noise);
  }

  /** The result of a run that took every step. */
  Availability result() {
    StringBuilder words = new StringBuilder();
    for (LibraryInfo library : libraries) {
      if (!library.version().isEmpty()) {
        words.append(words.isEmpty() ? "" : ", ");
        words.append(
            library.name().equals(CudaLibrary.DRIVER.label) ? "driver for CUDA" : library.name());
        words.append(' ').append(library.version());
      }
    }
    return new Availability(words.append('.').toString(), devices, libraries, null);
  }
}
