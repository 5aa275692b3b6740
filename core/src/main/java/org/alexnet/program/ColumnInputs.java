package org.alexnet.program;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * What a column reads that another made. A tensor is transferred to a device once, and the parts of
 * a tensor are concatenated there once, however many columns the device has; what is at hand
 * already costs nothing.
 */
final class ColumnInputs {
  private final Placement placement;
  private final List<Op> ops;
  private final Map<Tensor, Map<Integer, Tensor>> copies = new HashMap<>(); // by device
  private final Map<List<Tensor>, Map<Integer, Tensor>> wholes = new HashMap<>();

  /**
   * @param ops receives the operations that are needed
   */
  ColumnInputs(Placement placement, List<Op> ops) {
    this.placement = placement;
    this.ops = ops;
  }

  /** Makes known that a tensor of another column is a copy of the one of this name in the first. */
  void copy(Tensor tensor) {
    copies
        .computeIfAbsent(tensor.in(0), t -> new HashMap<>())
        .put(placement.device(tensor), tensor);
  }

  /**
   * A tensor as it is on the device of a column.
   *
   * @param layer the layer that wants it
   */
  Tensor on(int column, String layer, Tensor tensor) {
    int device = placement.device(column);
    if (device == placement.device(tensor)) {
      return tensor;
    }
    return copies
        .computeIfAbsent(tensor, t -> new HashMap<>())
        .computeIfAbsent(
            device,
            d -> {
              String name = tensor.name() + ".from." + Placement.letter(tensor.column());
              Tensor copy = Tensor.step(name, tensor.shape()).in(placement.firstColumn(d));
              ops.add(new Op.Transfer(layer, tensor, copy));
              return copy;
            });
  }

  /** All parts as one tensor on the device of a column. */
  Tensor whole(int column, String layer, List<Tensor> parts) {
    if (parts.size() == 1) {
      return on(column, layer, parts.getFirst());
    }
    Map<Integer, Tensor> byDevice = wholes.computeIfAbsent(parts, p -> new HashMap<>());
    Tensor known = byDevice.get(placement.device(column));
    if (known != null) {
      return known;
    }
    List<Tensor> near = new ArrayList<>();
    for (Tensor part : parts) {
      near.add(on(column, layer, part));
    }
    Shape shape = parts.getFirst().shape();
    int channels = parts.stream().mapToInt(part -> part.shape().c()).sum();
    int home = placement.firstColumn(placement.device(column));
    Tensor whole =
        Tensor.step(
                parts.getFirst().name() + ".joined",
                new Shape(shape.n(), channels, shape.h(), shape.w()))
            .in(home);
    ops.add(new Op.Concatenate(layer, near, whole));
    byDevice.put(placement.device(column), whole);
    return whole;
  }
}
