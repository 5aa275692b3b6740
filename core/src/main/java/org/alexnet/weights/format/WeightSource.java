package org.alexnet.weights.format;

import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Consumer;
import org.alexnet.tensor.FloatTensor;
import org.alexnet.tensor.TensorInfo;

/** The tensors of an open file of weights. For one thread at a time; to be closed after use. */
public interface WeightSource extends AutoCloseable {

  /** {@return the file, for messages} */
  Path path();

  /**
   * {@return every tensor by its name in the file} The shape is the file's; the type is that in
   * which {@link #floats} gives the values, or the file's where that is not F32 and the tensor
   * cannot be read.
   */
  Map<String, TensorInfo> tensors();

  /**
   * Reads the values of one tensor, last extent fastest; nothing is read before that.
   *
   * @param name of a tensor of F32
   * @return the values, as many as the shape says
   * @throws org.alexnet.AlexNetException naming the file and the tensor if it cannot be read
   */
  float[] floats(String name);

  /**
   * Reads the values of one parameter in pieces, so that a large one is never in memory as a whole.
   *
   * @param stored how the file keeps it
   * @param shape of the parameter, which the file's tensor has once its axes are in order
   * @param receiver receives the values in order, last extent fastest; the array of one piece may
   *     be that of the next
   * @throws org.alexnet.AlexNetException as {@link #floats} does
   */
  default void read(StoredAs stored, List<Long> shape, Consumer<float[]> receiver) {
    receiver.accept(stored.reordered(floats(stored.tensor()), shape));
  }

  /**
   * {@return what the file keeps otherwise than under a parameter's own name and with its axes in
   * order, by the parameter's name, such as {@code fc6.weight}} What is not named here is found by
   * its own name.
   */
  default Map<String, StoredAs> stored() {
    return Map.of();
  }

  /**
   * {@return the model of the catalogue that the file says its network is; empty where it does not
   * say}
   */
  default Optional<String> networkName() {
    return Optional.empty();
  }

  /**
   * {@return what the file says is subtracted from pixels that were scaled, [channels, stored,
   * stored]; empty where it does not say}
   */
  default Optional<FloatTensor> mean() {
    return Optional.empty();
  }

  /** {@return what a user should know of how the file is read, a sentence each} */
  default List<String> remarks() {
    return List.of();
  }

  /** {@return names of the classes in the order of their numbers; empty where the file has none} */
  default List<String> classNames() {
    return List.of();
  }

  @Override
  void close();
}
