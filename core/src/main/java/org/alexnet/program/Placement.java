package org.alexnet.program;

import java.util.Collections;
import java.util.List;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.alexnet.Message;
import org.alexnet.Setting;
import org.alexnet.UsageException;
import org.alexnet.Words;
import org.alexnet.network.Network;

/**
 * On which device each column of a network runs, or each shard of its batch. A network that is not
 * cut runs as a whole, its columns as groups.
 *
 * @param devices number of the device of each column or shard; a single one for a network that is
 *     not cut. Every worker numbers its own devices from 0
 * @param parallelism whether these are columns or shards, or shards first and columns after them
 * @param worker which of them this process runs
 */
public record Placement(List<Integer> devices, Parallelism parallelism, Worker worker) {

  /**
   * One of the processes that share the columns or shards: each has as many as the next, one after
   * the other.
   *
   * @param index from 0; the first writes the run
   * @param count of all
   * @param apart whether it makes the updates of its own images alone, so that its parameters are
   *     its own until somebody averages them
   */
  public record Worker(int index, int count, boolean apart) {
    /** A process that runs everything. */
    public static final Worker ALONE = new Worker(0, 1);

    /** One that makes the updates of all workers. */
    public Worker(int index, int count) {
      this(index, count, false);
    }

    public Worker {
      if (count < 1 || index < 0 || index >= count) {
        throw new IllegalArgumentException("worker %d of %d".formatted(index, count));
      }
    }

    /** The same as one that trains apart from the others, or not. */
    public Worker apart(boolean own) {
      return new Worker(index, count, own);
    }

    /** Whether there are others. */
    public boolean hasPeers() {
      return count > 1;
    }

    /** Whether it is the one that writes. */
    public boolean first() {
      return index == 0;
    }
  }

  /** Everything on the first device, uncut. */
  public static final Placement WHOLE = new Placement(List.of(0));

  public Placement {
    devices = List.copyOf(devices);
    if (devices.size() % worker.count != 0) {
      throw new IllegalArgumentException(
          "%d parts on %d workers".formatted(devices.size(), worker.count));
    }
  }

  /** In one process. */
  public Placement(List<Integer> devices, Parallelism parallelism) {
    this(devices, parallelism, Worker.ALONE);
  }

  /** Of columns. */
  public Placement(List<Integer> devices) {
    this(devices, Parallelism.COLUMNS);
  }

  /** The same as one of several workers runs it, whose devices are those that this one names. */
  public Placement on(Worker one) {
    return new Placement(devices, parallelism, one);
  }

  /** The same as a single process would run it on the devices of all workers. */
  Placement undivided() {
    if (!talks()) {
      return this;
    }
    int each = deviceCount();
    return new Placement(
        IntStream.range(0, devices.size())
            .mapToObj(part -> workerOf(part) * each + devices.get(part))
            .toList(),
        parallelism);
  }

  /** Whether what this worker runs sends something to others. */
  public boolean talks() {
    return worker.hasPeers() && !worker.apart;
  }

  /** Whether a shard is in the program of this worker, as far as it is made of shards. */
  boolean runs(int shard) {
    return !worker.apart || workerOf(shard) == worker.index;
  }

  /** The worker that runs a column or shard. */
  int workerOf(int index) {
    return index / (devices.size() / worker.count);
  }

  /**
   * Places the shards of a batch. What is computed depends on how many there are, and not on the
   * workers and devices that they run on.
   *
   * @param shards how many, at least 1
   * @param names the devices, as many as divide the shards: each then has as many as the next, one
   *     after the other. The same may be named for several. No name takes all to one device
   * @throws UsageException if the shards cannot be spread over the devices
   */
  public static Placement shards(Parallelism parallelism, int shards, List<String> names) {
    return shards(parallelism, shards, names, Worker.ALONE);
  }

  /**
   * Places the shards of a batch on workers, of which each has as many as the next.
   *
   * @param shards how many all workers have
   * @param names the devices of each worker
   * @throws UsageException if the shards cannot be spread over the workers and their devices
   */
  public static Placement shards(
      Parallelism parallelism, int shards, List<String> names, Worker worker) {
    if (shards % worker.count != 0) {
      throw new UsageException(
          Message.of(
              "%s cannot be spread over %d workers; take %s (%s).",
              Words.count(shards, "shard"),
              worker.count,
              shards == 1 ? "one" : "one, or " + divisors(shards),
              Setting.WORKERS));
    }
    int each = shards / worker.count;
    List<Integer> devices = spreadShards(each, names);
    return new Placement(
        IntStream.range(0, shards).mapToObj(shard -> devices.get(shard % each)).toList(),
        parallelism,
        worker);
  }

  private static List<Integer> spreadShards(int shards, List<String> names) {
    if (!names.isEmpty() && shards % names.size() != 0) {
      throw new UsageException(
          Message.of(
              "%s cannot be spread over the %s %s; name %s (%s).",
              Words.count(shards, "shard"),
              Words.count(names.size(), "device"),
              String.join(",", names),
              shards == 1 ? "one device" : "one device, or " + divisors(shards),
              Setting.DEVICES));
    }
    return spread(shards, names);
  }

  /** The number of the device of each column or shard, numbered in the order of first mention. */
  private static List<Integer> spread(int parts, List<String> names) {
    if (names.isEmpty()) {
      return Collections.nCopies(parts, 0);
    }
    List<String> distinct = names.stream().distinct().toList();
    int each = parts / names.size();
    return IntStream.range(0, parts)
        .mapToObj(part -> distinct.indexOf(names.get(part / each)))
        .toList();
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
    return new Placement(spread(columns, names));
  }

  /** All numbers of devices, above one, that columns or shards spread over evenly. */
  private static String divisors(int parts) {
    return IntStream.rangeClosed(2, parts)
        .filter(devices -> parts % devices == 0)
        .mapToObj(String::valueOf)
        .collect(Collectors.joining(" or "));
  }

  /** Whether the network is cut. */
  public boolean cut() {
    return devices.size() > 1;
  }

  /**
   * Refuses a batch that has fewer images than shards.
   *
   * @throws UsageException saying what to change
   */
  public void requireShards(int batch) {
    if (batch < shards()) {
      throw new UsageException(
          Message.of(
              "A batch of %d cannot be cut into %d shards: each has one image at least; use a"
                  + " larger batch (%s) or fewer devices (%s).",
              batch, shards(), Setting.BATCH, Setting.DEVICES));
    }
  }

  /** Whether it is the columns of layers that are spread. */
  boolean inColumns() {
    return cut() && !parallelism.shards();
  }

  /** Number of shards of the batch, 1 if it is not cut. */
  public int shards() {
    return parallelism.shards() ? devices.size() : 1;
  }

  /**
   * The size of a part of something that is cut as evenly as it can be: the first parts have one
   * more where it does not divide.
   *
   * @param size of all parts together
   * @param part number of one of them
   */
  public int share(int size, int part) {
    int parts = devices.size();
    return size / parts + (part < size % parts ? 1 : 0);
  }

  /**
   * Place in the batch of the first image of a shard.
   *
   * @param batch images of all shards
   */
  public int firstImage(int batch, int shard) {
    return new Part(Part.Axis.IMAGES, shard, devices.size()).begin(batch);
  }

  /**
   * The images of a batch that this worker reads: from where and to where, not included.
   *
   * @param batch images of all workers
   */
  public int[] images(int batch) {
    if (shards() == 1) {
      return new int[] {0, batch};
    }
    int each = devices.size() / worker.count;
    int end = (worker.index + 1) * each;
    return new int[] {
      firstImage(batch, worker.index * each), end == shards() ? batch : firstImage(batch, end)
    };
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
  int first(int device) {
    return devices.indexOf(device);
  }

  /** The part of what all columns or shards of a device share: it belongs to their first. */
  Part home(int device) {
    return Part.whole(first(device));
  }

  /** Number of devices. */
  public int deviceCount() {
    return Collections.max(devices) + 1;
  }
}
