package org.alexnet.program;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * What a column or shard reads that another made. A tensor is transferred to a device once, and the
 * parts of a tensor are concatenated there once, however many columns or shards the device has;
 * what is at hand already costs nothing.
 */
final class PartInputs {
  private final Placement placement;
  private final List<Op> ops;
  private final Map<Tensor, Map<Integer, Tensor>> copies = new HashMap<>(); // by device
  private final Map<List<Tensor>, Map<Integer, Tensor>> wholes = new HashMap<>();
  private final Set<Tensor> moved = new HashSet<>();

  /**
   * @param ops receives the operations that are needed
   */
  PartInputs(Placement placement, List<Op> ops) {
    this.placement = placement;
    this.ops = ops;
  }

  /** What was made by this: copies on devices, and parts joined. */
  Set<Tensor> moved() {
    return moved;
  }

  /** Makes known that a whole tensor is a copy of the one of this name on the first device. */
  void copy(Tensor tensor) {
    copies
        .computeIfAbsent(tensor.in(Part.WHOLE), t -> new HashMap<>())
        .put(placement.device(tensor), tensor);
  }

  /**
   * A tensor as it is on a device.
   *
   * @param layer the layer that wants it
   */
  Tensor on(int device, String layer, Tensor tensor) {
    if (device == placement.device(tensor)) {
      return tensor;
    }
    return copies
        .computeIfAbsent(tensor, t -> new HashMap<>())
        .computeIfAbsent(
            device,
            d -> {
              String name = tensor.name() + ".from." + tensor.part().letter();
              Tensor copy = Tensor.step(name, tensor.shape()).in(placement.home(d));
              ops.add(new Op.Transfer(layer, tensor, copy));
              moved.add(copy);
              return copy;
            });
  }

  /** Parts that follow one another, or all, as one tensor on a device. */
  Tensor joined(int device, String layer, List<Tensor> parts) {
    if (parts.size() == 1) {
      return on(device, layer, parts.getFirst());
    }
    Map<Integer, Tensor> byDevice = wholes.computeIfAbsent(parts, p -> new HashMap<>());
    Tensor known = byDevice.get(device);
    if (known != null) {
      return known;
    }
    List<Tensor> near = new ArrayList<>();
    for (Tensor part : parts) {
      near.add(on(device, layer, part));
    }
    Tensor first = parts.getFirst();
    Part.Axis axis = first.part().axis();
    int size = parts.stream().mapToInt(part -> part.shape().along(axis)).sum();
    Tensor joined =
        Tensor.step(name(parts), first.shape().withSize(axis, size)).in(placement.home(device));
    ops.add(new Op.Concatenate(layer, axis, near, joined));
    moved.add(joined);
    byDevice.put(device, joined);
    return joined;
  }

  /** Some of the parts are called by the letters of the first and the last. */
  private static String name(List<Tensor> parts) {
    Tensor first = parts.getFirst();
    String name = first.name() + ".joined";
    return parts.size() == first.part().count()
        ? name
        : "%s.%s-%s".formatted(name, first.part().letter(), parts.getLast().part().letter());
  }
}
