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
    List<WeightFormat> formats =
        ServiceLoader.load(WeightFormat.class, WeightFormat.class.getClassLoader()).stream()
            .map(ServiceLoader.Provider::get)
            .toList();
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
}
