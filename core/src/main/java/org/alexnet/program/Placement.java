package org.alexnet.program;

import java.util.Collections;
import java.util.List;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.alexnet.UsageException;
import org.alexnet.network.Network;

/**
 * On which device each column of a network runs, or each shard of its batch. A network that is not
 * cut runs as a whole, its columns as groups.
 *
 * @param devices number of the device of each column or shard; a single one for a network that is
 *     not cut
 */
public record Placement(List<Integer> devices) {

  /** Everything on the first device, uncut. */
  public static final Placement WHOLE = new Placement(List.of(0));

  public Placement {
    devices = List.copyOf(devices);
  }

  /**
   * Places a network on as many devices as there are.
   *
   * @param names the devices asked for, one a column, or as many as divide the columns: each then
   *     has as many columns as the next, one after the other. The same may be named for several.
   *     One name, or none, takes all columns to one device
   * @param deterministic cut the network even for one device, so that the bits are those that two
   *     devices give
   * @throws UsageException if the columns cannot be spread over the devices
   */
  public static Placement of(Network network, List<String> names, boolean deterministic) {
    int columns = network.columns();
    if (names.size() <= 1) {
      boolean cut = columns > 1 && deterministic;
      return cut ? new Placement(Collections.nCopies(columns, 0)) : WHOLE;
    }
    if (columns % names.size() != 0) {
      throw new UsageException(
          "%s has %d %s and cannot be spread over the %d devices %s; give one device%s."
              .formatted(
                  network.name(),
                  columns,
                  columns == 1 ? "column" : "columns",
                  names.size(),
                  String.join(",", names),
                  columns == 1 ? "" : ", or " + divisors(columns)));
    }
    List<String> distinct = names.stream().distinct().toList();
    int each = columns / names.size();
    return new Placement(
        IntStream.range(0, columns)
            .mapToObj(column -> distinct.indexOf(names.get(column / each)))
            .toList());
  }

  /** All numbers of devices, above one, that columns spread over evenly. */
  private static String divisors(int columns) {
    return IntStream.rangeClosed(2, columns)
        .filter(devices -> columns % devices == 0)
        .mapToObj(String::valueOf)
        .collect(Collectors.joining(" or "));
  }

  /** Whether the network is cut. */
  public boolean cut() {
    return devices.size() > 1;
  }

  /** The device of the column or shard of an index. */
  public int device(int index) {
    return devices.get(index);
  }

  /** The device that a tensor is made on. */
  public int device(Tensor tensor) {
    return device(tensor.part().index());
  }

  /** Index of the first column or shard of a device. */
  public int first(int device) {
    return devices.indexOf(device);
  }

  /** Number of devices. */
  public int deviceCount() {
    return Collections.max(devices) + 1;
  }
}
