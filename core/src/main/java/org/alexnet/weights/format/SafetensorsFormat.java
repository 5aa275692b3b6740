package org.alexnet.weights.format;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;
import org.alexnet.AlexNetException;
import org.alexnet.data.ClassNames;
import org.alexnet.file.FileStart;
import org.alexnet.safetensors.SafetensorsFile;
import org.alexnet.tensor.TensorInfo;

/** The format of this program's own weights. */
public final class SafetensorsFormat implements WeightFormat {
  /** Under which a file keeps the names of its classes, as a JSON list. */
  private static final String CLASS_NAMES = "class_names";

  private static final ObjectMapper JSON = new ObjectMapper();

  /** For {@link java.util.ServiceLoader}. */
  public SafetensorsFormat() {}

  @Override
  public String name() {
    return "safetensors";
  }

  /** Behind eight bytes of length begins an object of JSON. */
  @Override
  public boolean recognizes(FileStart start) {
    return start.bytes().length > 8 && start.bytes()[8] == '{';
  }

  @Override
  public WeightSource open(Path file) {
    return source(SafetensorsFile.open(file));
  }

  /**
   * {@return the weights in a file that is open already; the source closes it}
   *
   * @param file open
   */
  public static WeightSource source(SafetensorsFile file) {
    return new Source(file);
  }

  private record Source(SafetensorsFile file) implements WeightSource {
    @Override
    public Path path() {
      return file.path();
    }

    @Override
    public Map<String, TensorInfo> tensors() {
      return file.tensors();
    }

    @Override
    public float[] floats(String name) {
      return file.floats(name);
    }

    @Override
    public void read(StoredAs stored, List<Long> shape, Consumer<float[]> receiver) {
      if (stored.axes().isEmpty()) {
        file.read(stored.tensor(), receiver);
      } else {
        WeightSource.super.read(stored, shape, receiver);
      }
    }

    /**
     * @throws AlexNetException if they are not a list of different names
     */
    @Override
    public List<String> classNames() {
      String text = file.metadata().get(CLASS_NAMES);
      if (text == null) {
        return List.of();
      }
      try {
        String[] names = JSON.readValue(text, String[].class);
        return ClassNames.requireDistinct(List.of(names), file.path().toString());
      } catch (JsonProcessingException | NullPointerException e) {
        throw new AlexNetException(
            "%s: its note %s must be a JSON list of names, got %s."
                .formatted(file.path(), CLASS_NAMES, text),
            e);
      }
    }

    @Override
    public void close() {
      file.close();
    }
  }

  /**
   * {@return what a file of weights notes: the names of the classes, where they have names}
   *
   * @param classNames in the order of their numbers, or empty
   */
  public static Map<String, String> metadata(List<String> classNames) {
    if (classNames.isEmpty()) {
      return Map.of();
    }
    ArrayNode names = JSON.createArrayNode();
    classNames.forEach(names::add);
    return Map.of(CLASS_NAMES, names.toString());
  }
}
