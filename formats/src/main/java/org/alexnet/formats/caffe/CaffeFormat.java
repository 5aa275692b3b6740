package org.alexnet.formats.caffe;

import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SequencedMap;
import java.util.function.Consumer;
import org.alexnet.file.FileStart;
import org.alexnet.formats.MappedFile;
import org.alexnet.formats.MappedTensors;
import org.alexnet.formats.StridedTensor;
import org.alexnet.tensor.TensorInfo;
import org.alexnet.weights.format.StoredAs;
import org.alexnet.weights.format.WeightFormat;
import org.alexnet.weights.format.WeightSource;

/** Caffe's weights, and its mean images as one tensor {@code mean}. */
public final class CaffeFormat implements WeightFormat {
  /** What the catalogue calls networks that Caffe gave a name. */
  private static final Map<String, String> NETWORKS =
      Map.of("AlexNet", "bvlc_alexnet", "CaffeNet", "caffenet");

  private static final String MEAN = "mean";

  /** For {@link java.util.ServiceLoader}. */
  public CaffeFormat() {}

  @Override
  public String name() {
    return "Caffe";
  }

  @Override
  public boolean recognizes(FileStart start) {
    byte[] bytes = start.bytes();
    return FirstFields.isNetwork(bytes) || FirstFields.isBlob(bytes);
  }

  @Override
  public WeightSource open(Path path) {
    boolean network = FirstFields.isNetwork(FileStart.of(path).bytes());
    MappedFile file = MappedFile.open(path);
    try {
      return network ? weights(file) : mean(file);
    } catch (RuntimeException | Error e) {
      file.close();
      throw e;
    }
  }

  private static WeightSource weights(MappedFile file) {
    CaffeModel model = CaffeModel.read(file);
    MappedTensors tensors = new MappedTensors(file, model.tensors(), Map.of());
    String remark =
        "The filters of %s were turned from blue, green, red, which Caffe's networks read, to red, green, blue."
            .formatted(model.first());
    return new Source(
        tensors,
        model.first(),
        Optional.ofNullable(NETWORKS.get(model.name())),
        model.first() == null ? List.of() : List.of(remark));
  }

  private static WeightSource mean(MappedFile file) {
    Blob blob = Blob.read(file, file.bytes());
    List<Long> shape = blob.last(3);
    if (shape.size() != 3) {
      throw file.wrong("its mean has shape %s, must have channels, height, width".formatted(shape));
    }
    SequencedMap<String, StridedTensor> tensors = new LinkedHashMap<>();
    tensors.put(MEAN, blob.tensor(shape));
    return new Source(
        new MappedTensors(file, tensors, Map.of()),
        shape.getFirst() == 3 ? MEAN : null,
        Optional.empty(),
        List.of());
  }

  /** With the colours of one tensor turned; an image has them outermost, filters second. */
  private record Source(
      MappedTensors mapped, String turned, Optional<String> networkName, List<String> remarks)
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
      float[] values = mapped.floats(name);
      if (name.equals(turned)) {
        List<Long> shape = tensors().get(name).shape();
        int axis = shape.size() == 3 ? 0 : 1;
        Colours.turn(values, shape.get(axis + 1) * shape.get(axis + 2));
      }
      return values;
    }

    @Override
    public void read(StoredAs as, List<Long> shape, Consumer<float[]> receiver) {
      if (as.tensor().equals(turned)) {
        WeightSource.super.read(as, shape, receiver);
      } else {
        mapped.read(as, shape, receiver);
      }
    }

    @Override
    public void close() {
      mapped.close();
    }
  }
}
