package org.alexnet.program;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;

/**
 * Sums up what shards contribute to the gradient of a parameter, always in the order of the shards,
 * and gives the sum to every device.
 *
 * <p>A running sum goes from shard to shard: each adds its own contribution and passes it on, and
 * the last one's sum goes back from device to device. So each device sends and receives a gradient
 * at most twice, however many there are, no more than in a ring; contributions of shards that are
 * done need not be kept; and the order does not depend on which shards share a device.
 */
final class AllReduce {
  private final Placement placement;

  AllReduce(Placement placement) {
    this.placement = placement;
  }

  /**
   * Adds the operations that make the sum where the last shard runs.
   *
   * @param layer the layer of the parameter
   * @param terms contributions in the order of the shards, at least two
   * @param gradient what the sum is called
   * @param ops receives the operations
   * @return the sum
   */
  Tensor sum(String layer, List<Tensor> terms, Tensor gradient, List<Op> ops) {
    Tensor sum = terms.getFirst();
    for (int i = 1; i < terms.size(); i++) {
      Tensor term = terms.get(i);
      int device = placement.device(term);
      Tensor before = sum;
      if (placement.device(sum) != device) {
        before = renamed(sum, "%s.from.%s".formatted(sum.name(), sum.part().letter()), term.part());
        ops.add(new Op.Transfer(layer, sum, before));
      }
      sum =
          i + 1 == terms.size()
              ? gradient.in(placement.home(device))
              : renamed(gradient, gradient.name() + ".to." + term.part().letter(), term.part());
      ops.add(new Op.Add(layer, List.of(before, term), sum));
    }
    return sum;
  }

  /**
   * Adds the operations that bring a sum to all devices, the last to join in first.
   *
   * @param ops receives the operations
   * @return the sum on each device, by its number
   */
  List<Tensor> spread(String layer, Tensor sum, List<Op> ops) {
    List<Tensor> copies = new ArrayList<>();
    Tensor from = sum;
    for (int device = placement.deviceCount() - 1; device >= 0; device--) {
      Tensor copy = sum.in(placement.home(device));
      if (!copy.equals(sum)) {
        ops.add(new Op.Transfer(layer, from, copy));
        from = copy;
      }
      copies.add(copy);
    }
    copies.sort(Comparator.comparingInt(placement::device));
    return copies;
  }

  private static Tensor renamed(Tensor tensor, String name, Part part) {
    return new Tensor(name, tensor.shape(), tensor.role(), part);
  }
}
