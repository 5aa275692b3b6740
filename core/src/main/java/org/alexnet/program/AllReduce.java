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
 * done need not be kept; and the order does not depend on which shards share a device. A large
 * gradient goes between devices in slices, which follow one another from device to device.
 */
final class AllReduce {
  private final Placement placement;
  private final List<Op> ops;
  private final List<Op> atTheEnd;

  /**
   * @param ops receives what makes sums, as soon as there is something to sum up
   * @param atTheEnd receives what brings sums to devices, for which nobody waits before the end
   */
  AllReduce(Placement placement, List<Op> ops, List<Op> atTheEnd) {
    this.placement = placement;
    this.ops = ops;
    this.atTheEnd = atTheEnd;
  }

  /**
   * Adds the operations that make a sum and bring it to all devices.
   *
   * @param layer the layer of the parameter
   * @param terms contributions in the order of the shards, at least two
   * @param gradient what the sum is called
   * @param rows outputs of a slice
   * @return the sum on each device, by its number
   */
  List<Tensor> sums(String layer, List<Tensor> terms, Tensor gradient, int rows) {
    int height = placement.deviceCount() > 1 ? rows : Integer.MAX_VALUE;
    List<Tensor> sums = slices(layer, terms.getFirst(), height);
    for (int i = 1; i < terms.size(); i++) {
      Tensor term = terms.get(i);
      List<Tensor> own = slices(layer, term, height);
      boolean last = i + 1 == terms.size();
      Part part = last ? placement.home(placement.device(term)) : term.part();
      String to = last ? "" : ".to." + term.part().letter();
      List<Tensor> next = new ArrayList<>();
      for (int slice = 0; slice < own.size(); slice++) {
        String name = named(gradient, slice, own.size()) + to;
        Tensor sum = like(own.get(slice), name, part);
        next.add(added(layer, sums.get(slice), own.get(slice), sum));
      }
      sums = next;
    }
    return spread(layer, sums, gradient);
  }

  private Tensor added(String layer, Tensor before, Tensor term, Tensor sum) {
    Tensor near = before;
    if (placement.device(before) != placement.device(term)) {
      String name = "%s.from.%s".formatted(before.name(), before.part().letter());
      near = like(before, name, term.part());
      ops.add(new Op.Transfer(layer, before, near));
    }
    ops.add(new Op.Add(layer, List.of(near, term), sum));
    return sum;
  }

  /** From the last device to the one before it, and so on. */
  private List<Tensor> spread(String layer, List<Tensor> sums, Tensor gradient) {
    List<Tensor> gradients = new ArrayList<>();
    int last = placement.device(sums.getFirst());
    List<Tensor> from = sums;
    gradients.add(joined(layer, sums, gradient.in(placement.home(last)), ops));
    for (int device = placement.deviceCount() - 1; device >= 0; device--) {
      if (device == last) {
        continue;
      }
      Part home = placement.home(device);
      List<Tensor> copies = from.stream().map(sum -> sum.in(home)).toList();
      for (int slice = 0; slice < copies.size(); slice++) {
        atTheEnd.add(new Op.Transfer(layer, from.get(slice), copies.get(slice)));
      }
      gradients.add(joined(layer, copies, gradient.in(home), atTheEnd));
      from = copies;
    }
    gradients.sort(Comparator.comparingInt(placement::device));
    return gradients;
  }

  private static Tensor joined(String layer, List<Tensor> slices, Tensor whole, List<Op> ops) {
    if (slices.size() > 1) {
      ops.add(new Op.Concatenate(layer, Part.Axis.IMAGES, slices, whole));
    }
    return whole;
  }

  /** The rows of a gradient, so many at a time; itself if it has no more. */
  private List<Tensor> slices(String layer, Tensor gradient, int rows) {
    int all = gradient.shape().n();
    if (all <= rows) {
      return List.of(gradient);
    }
    List<Tensor> slices = new ArrayList<>();
    int count = Math.ceilDiv(all, rows);
    for (int slice = 0; slice < count; slice++) {
      int first = slice * rows;
      Shape shape = gradient.shape().withN(Math.min(rows, all - first));
      Tensor own =
          new Tensor(named(gradient, slice, count), shape, gradient.role(), gradient.part());
      ops.add(new Op.Slice(layer, Part.Axis.IMAGES, gradient, first, own));
      slices.add(own);
    }
    return slices;
  }

  private static String named(Tensor gradient, int slice, int count) {
    return count == 1 ? gradient.name() : gradient.name() + ".slice." + slice;
  }

  private static Tensor like(Tensor tensor, String name, Part part) {
    return new Tensor(name, tensor.shape(), tensor.role(), part);
  }
}
