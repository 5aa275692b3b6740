package org.alexnet.program;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.EnumMap;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.alexnet.InvalidNetworkException;
import org.alexnet.UsageException;
import org.alexnet.network.Network;

/**
 * What a training step in single precision makes devices send, where it is cut in one way.
 *
 * @param placement the way, and the devices
 * @param sent bytes that the device sends which sends the most
 * @param received bytes that the device receives which receives the most
 * @param messages of the device that sends or receives the most of them
 * @param seconds how long a step spends on links of each kind if computing takes no time: each
 *     device sends one message and receives one at a time, when what it holds is there
 */
public record Traffic(
    Placement placement, long sent, long received, int messages, Map<Link, Double> seconds) {

  public Traffic {
    seconds = Map.copyOf(seconds);
  }

  /** Of a network's training program. */
  public static Traffic of(CompiledNetwork programs) {
    Placement placement = programs.placement();
    int devices = placement.deviceCount();
    long[] sent = new long[devices];
    long[] received = new long[devices];
    int[] sends = new int[devices];
    int[] receives = new int[devices];
    for (Op op : programs.train().ops()) {
      if (op instanceof Op.Transfer transfer) {
        int from = placement.device(transfer.x());
        int to = placement.device(transfer.y());
        sent[from] += transfer.bytes();
        sends[from]++;
        received[to] += transfer.bytes();
        receives[to]++;
      }
    }
    long most = 0;
    long mostReceived = 0;
    int messages = 0;
    for (int device = 0; device < devices; device++) {
      most = Math.max(most, sent[device]);
      mostReceived = Math.max(mostReceived, received[device]);
      messages = Math.max(messages, Math.max(sends[device], receives[device]));
    }
    Map<Link, Double> seconds = new EnumMap<>(Link.class);
    for (Link link : Link.values()) {
      seconds.put(link, seconds(programs, link));
    }
    return new Traffic(placement, most, mostReceived, messages, seconds);
  }

  private static double seconds(CompiledNetwork programs, Link link) {
    Placement placement = programs.placement();
    double[] sending = new double[placement.deviceCount()]; // until when
    double[] receiving = new double[placement.deviceCount()];
    Map<Tensor, Double> there = new HashMap<>(); // since when
    double last = 0;
    for (Op op : programs.train().ops()) {
      double ready = 0;
      for (Tensor tensor : op.reads()) {
        ready = Math.max(ready, there.getOrDefault(tensor, 0.0));
      }
      if (op instanceof Op.Transfer transfer) {
        int from = placement.device(transfer.x());
        int to = placement.device(transfer.y());
        ready = Math.max(ready, Math.max(sending[from], receiving[to]));
        ready += link.seconds(transfer.bytes());
        sending[from] = ready;
        receiving[to] = ready;
      }
      for (Tensor tensor : op.writes()) {
        there.put(tensor, ready);
      }
      last = Math.max(last, ready);
    }
    return last;
  }

  /**
   * All ways that a network can be cut for these devices.
   *
   * @param names of the devices, one for each column or shard
   */
  public static List<Traffic> ways(Network network, int batch, List<String> names) {
    List<Traffic> ways = new ArrayList<>();
    if (suits(network, names)) {
      try {
        ways.add(of(network, batch, Placement.of(network, names, true)));
      } catch (InvalidNetworkException e) {
        // Its layers cannot be spread over devices.
      }
    }
    if (batch >= names.size()) {
      for (Parallelism way : List.of(Parallelism.DATA, Parallelism.HYBRID)) {
        ways.add(of(network, batch, Placement.shards(way, names.size(), names)));
      }
    }
    return List.copyOf(ways);
  }

  /** Whether a network has columns for these devices. */
  private static boolean suits(Network network, List<String> names) {
    return network.columns() > 1 && network.columns() % names.size() == 0;
  }

  private static Traffic of(Network network, int batch, Placement placement) {
    return of(CompiledNetwork.of(network, batch, placement, List.of()));
  }

  /**
   * The way that is over first; of equal ones the first.
   *
   * @param ways at least one
   */
  public static Traffic least(List<Traffic> ways, Link link) {
    return ways.stream().min(Comparator.comparingDouble(way -> way.seconds(link))).orElseThrow();
  }

  /**
   * Where to run a network.
   *
   * @param asked how it is to be cut; null for its own columns, if it has such that the devices
   *     divide, and what {@link Parallelism#AUTO} takes otherwise
   * @param batch images a step
   * @param names the devices asked for; the same may be named several times
   * @param deterministic as for {@link Placement#of}
   * @throws UsageException if columns cannot be spread over the devices
   */
  public static Placement place(
      Parallelism asked, Network network, int batch, List<String> names, boolean deterministic) {
    boolean several = names.size() > 1;
    if (asked == null && !several) {
      return Placement.of(network, names, deterministic);
    }
    Parallelism way = asked;
    if (asked == null) {
      way = suits(network, names) ? Parallelism.COLUMNS : Parallelism.AUTO;
    }
    return switch (way) {
      case AUTO -> automatic(network, batch, names, deterministic);
      case COLUMNS -> Placement.of(network, names, deterministic);
      case DATA, HYBRID -> Placement.shards(way, Math.max(1, names.size()), names);
    };
  }

  private static Placement automatic(
      Network network, int batch, List<String> names, boolean deterministic) {
    if (names.size() <= 1) {
      return Placement.of(network, names, deterministic);
    }
    List<Traffic> ways = ways(network, batch, names);
    return ways.isEmpty()
        ? Placement.shards(Parallelism.DATA, names.size(), names) // refused with the batch it needs
        : least(ways, Link.PCIE).placement;
  }

  /** Seconds of a step on links of a kind. */
  public double seconds(Link link) {
    return seconds.get(link);
  }
}
