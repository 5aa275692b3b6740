package org.alexnet.formats;

import java.nio.file.Path;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.SequencedMap;
import java.util.function.Consumer;
import org.alexnet.AlexNetException;
import org.alexnet.tensor.TensorInfo;
import org.alexnet.weights.format.StoredAs;
import org.alexnet.weights.format.WeightSource;

/**
 * Tensors that lie in a mapped file, as a source of weights.
 *
 * @param file which the source closes
 * @param held the tensors by name
 * @param stored what the file keeps under other names than the parameters'
 */
public record MappedTensors(
    MappedFile file, SequencedMap<String, StridedTensor> held, Map<String, StoredAs> stored)
    implements WeightSource {

  @Override
  public Path path() {
    return file.path();
  }

  @Override
  public Map<String, TensorInfo> tensors() {
    Map<String, TensorInfo> tensors = new LinkedHashMap<>();
    held.forEach((name, tensor) -> tensors.put(name, tensor.info()));
    return Collections.unmodifiableMap(tensors);
  }

  @Override
  public float[] floats(String name) {
    StridedTensor tensor = require(name);
    try {
      return tensor.floats();
    } catch (IllegalArgumentException e) {
      throw wrong(name, e);
    }
  }

  @Override
  public void read(StoredAs as, List<Long> shape, Consumer<float[]> receiver) {
    StridedTensor tensor = require(as.tensor()).permuted(as.axes());
    try {
      tensor.requireFloats();
    } catch (IllegalArgumentException e) {
      throw wrong(as.tensor(), e);
    }
    tensor.read(receiver);
  }

  private StridedTensor require(String name) {
    StridedTensor tensor = held.get(name);
    if (tensor == null) {
      throw file.wrong("it has no tensor " + MappedFile.shown(name));
    }
    return tensor;
  }

  private AlexNetException wrong(String name, IllegalArgumentException e) {
    return file.wrong("its tensor %s %s".formatted(MappedFile.shown(name), e.getMessage()));
  }

  @Override
  public void close() {
    file.close();
  }
}
