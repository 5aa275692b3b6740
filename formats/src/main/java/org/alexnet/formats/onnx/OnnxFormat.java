package org.alexnet.formats.onnx;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SequencedMap;
import java.util.function.Consumer;
import org.alexnet.AlexNetException;
import org.alexnet.InvalidNetworkException;
import org.alexnet.data.ClassNames;
import org.alexnet.file.FileStart;
import org.alexnet.formats.MappedFile;
import org.alexnet.formats.MappedTensors;
import org.alexnet.formats.StridedTensor;
import org.alexnet.formats.onnx.message.OnnxFile;
import org.alexnet.tensor.FloatTensor;
import org.alexnet.tensor.TensorInfo;
import org.alexnet.weights.format.StoredAs;
import org.alexnet.weights.format.WeightFormat;
import org.alexnet.weights.format.WeightSource;

/**
 * Weights of graphs. Where the graph is understood, they are the parameters of its layers, and else
 * all given tensors under their own names.
 */
public final class OnnxFormat implements WeightFormat {
  private static final ObjectMapper JSON = new ObjectMapper();

  /** For {@link java.util.ServiceLoader}. */
  public OnnxFormat() {}

  @Override
  public String name() {
    return "ONNX";
  }

  @Override
  public boolean recognizes(FileStart start) {
    return isOnnx(start.bytes());
  }

  /** Its version, a small number, and then its producer, a text, or a graph or an operator set. */
  static boolean isOnnx(byte[] start) {
    return start.length > 3
        && start[0] == 0x08
        && start[1] > 0
        && (start[2] == 0x12 || start[2] == 0x3a || start[2] == 0x42);
  }

  @Override
  public WeightSource open(Path path) {
    OnnxFile onnx = OnnxFile.of(MappedFile.open(path));
    try {
      SequencedMap<String, StridedTensor> held = new LinkedHashMap<>(onnx.tensors);
      Map<String, StoredAs> stored = Map.of();
      Optional<FloatTensor> mean = Optional.empty();
      List<String> remarks = List.of();
      try {
        GraphReader graph = new GraphReader(onnx);
        graph.network("onnx");
        held = graph.held;
        stored = graph.stored;
        mean = graph.pixels() == null ? mean : graph.pixels().image();
        if (graph.readsPixelsOfOne()) {
          remarks =
              List.of("Its graph reads pixels of 0..1: those of 0..255 are divided by 255 before.");
        }
      } catch (InvalidNetworkException e) {
        remarks =
            List.of(
                "Its graph is not understood (%s); tensors are taken by their names."
                    .formatted(e.getMessage()));
      }
      return new Source(
          onnx, new MappedTensors(onnx.file, held, stored), mean, classNames(onnx), remarks);
    } catch (RuntimeException | Error e) {
      onnx.close();
      throw e;
    }
  }

  private static List<String> classNames(OnnxFile onnx) {
    String text = onnx.metadata.get(OnnxWriter.CLASS_NAMES);
    if (text == null) {
      return List.of();
    }
    try {
      return ClassNames.requireDistinct(
          List.of(JSON.readValue(text, String[].class)), onnx.file.path().toString());
    } catch (JsonProcessingException | NullPointerException e) {
      throw new AlexNetException(
          "%s: its property %s must be a JSON list of names."
              .formatted(onnx.file.path(), OnnxWriter.CLASS_NAMES),
          e);
    }
  }

  private record Source(
      OnnxFile onnx,
      MappedTensors mapped,
      Optional<FloatTensor> mean,
      List<String> classNames,
      List<String> remarks)
      implements WeightSource {
    @Override
    public Path path() {
      return mapped.path();
    }

    @Override
    public Map<String, TensorInfo> tensors() {
      return mapped.tensors();
    }

    @Override
    public float[] floats(String name) {
      return mapped.floats(name);
    }

    @Override
    public void read(StoredAs as, List<Long> shape, Consumer<float[]> receiver) {
      mapped.read(as, shape, receiver);
    }

    @Override
    public Map<String, StoredAs> stored() {
      return mapped.stored();
    }

    @Override
    public void close() {
      onnx.close();
    }
  }
}
