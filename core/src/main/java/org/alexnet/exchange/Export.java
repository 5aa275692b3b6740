package org.alexnet.exchange;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.ServiceLoader;
import java.util.stream.Collectors;
import org.alexnet.Message;
import org.alexnet.Setting;
import org.alexnet.UsageException;

/** Writes trained networks in the format that a file's name asks for. */
public final class Export {
  private Export() {}

  /**
   * {@return the writer of a file}
   *
   * @param out a name with the extension of a format
   * @throws UsageException listing the formats, if none has this extension
   */
  public static ModelWriter writer(Path out) {
    List<ModelWriter> writers = new ArrayList<>(List.of(new SafetensorsModelWriter()));
    ServiceLoader.load(ModelWriter.class, ModelWriter.class.getClassLoader()).forEach(writers::add);
    String name = out.getFileName() == null ? "" : out.getFileName().toString();
    return writers.stream()
        .filter(writer -> name.endsWith(writer.extension()))
        .findFirst()
        .orElseThrow(
            () ->
                new UsageException(
                    Message.of(
                        "%s does not say which format to write: give %s with one of the endings"
                            + " %s.",
                        out,
                        Setting.OUT,
                        writers.stream()
                            .map(ModelWriter::extension)
                            .sorted()
                            .collect(Collectors.joining(", ")))));
  }
}
