package org.alexnet.weights.format;

import java.nio.file.Path;
import java.util.List;
import java.util.ServiceLoader;
import java.util.stream.Collectors;
import org.alexnet.AlexNetException;
import org.alexnet.file.DurableFiles;
import org.alexnet.file.FileStart;

/** The one place where files of weights are opened. */
public final class WeightFiles {
  private WeightFiles() {}

  /**
   * Opens a file by its content, whatever it is called.
   *
   * @param file of a format that a {@link WeightFormat} recognizes
   * @return the file, open until it is closed
   * @throws AlexNetException if it cannot be read, no format recognizes it, or it is damaged
   */
  public static WeightSource open(Path file) {
    DurableFiles.requireNoFolder(file, "model.safetensors");
    FileStart start = FileStart.of(file);
    List<WeightFormat> formats = formats();
    return formats.stream()
        .filter(format -> format.recognizes(start))
        .findFirst()
        .orElseThrow(
            () ->
                new AlexNetException(
                    "%s is no file of weights that can be read: it %s; known formats: %s."
                        .formatted(
                            file,
                            start,
                            formats.stream()
                                .map(WeightFormat::name)
                                .sorted()
                                .collect(Collectors.joining(", ")))))
        .open(file);
  }

  private static List<WeightFormat> formats() {
    return ServiceLoader.load(WeightFormat.class, WeightFormat.class.getClassLoader()).stream()
        .map(ServiceLoader.Provider::get)
        .toList();
  }

  /**
   * {@return whether {@link #open} would take a file for one of weights, whole or damaged}
   *
   * @param file to look at
   * @throws AlexNetException if it cannot be read
   */
  public static boolean recognizes(Path file) {
    FileStart start = FileStart.of(file);
    return formats().stream().anyMatch(format -> format.recognizes(start));
  }
}
