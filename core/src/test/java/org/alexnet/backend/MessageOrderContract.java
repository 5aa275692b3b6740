package org.alexnet.backend;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.alexnet.LongTest;
import org.alexnet.backend.plan.Kernel;
import org.alexnet.backend.plan.Lowered;
import org.alexnet.backend.plan.PeerMessage;
import org.alexnet.model.Model;
import org.alexnet.model.Models;
import org.alexnet.network.Network;
import org.alexnet.program.CompiledNetwork;
import org.alexnet.program.Parallelism;
import org.alexnet.program.Placement;
import org.alexnet.program.StepProgram.Phase;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;

/**
 * Workers never wait for each other, whatever the network and however many they are. A backend's
 * tests extend this.
 */
public abstract class MessageOrderContract {
  private static final int[] WORKERS = {2, 3, 4, 8};
  private static final int[] SHARDS = {1, 2, 4}; // of each
  private static final int MOST = LongTest.RUN ? 32 : 12; // of all
  private static final int BATCH = 32;
  private static final int STEPS = 3;

  /** A way of one connection. */
  private record Way(int from, int to) {}

  /**
   * The kernels of the backend under test, which need not be those that it finds the fastest.
   *
   * @param programs on two devices at most
   */
  protected abstract Lowered lower(CompiledNetwork programs);

  /** Whole models, with as many slices as they have. */
  protected Stream<Network> networks() {
    return Stream.concat(Models.all().stream().map(Model::network), TestNetworks.small().stream());
  }

  private void check(Network network, int workers, int each, int devicesOfEach) {
    List<Lowered> lowered =
        IntStream.range(0, workers)
            .mapToObj(
                worker ->
                    lower(network, new Placement.Worker(worker, workers), each, devicesOfEach))
            .toList();
    for (Phase phase : Phase.values()) {
      check(lowered.stream().map(of -> order(of, phase)).toList());
    }
  }

  /** What one worker computes; its shards take turns on its devices. */
  private Lowered lower(Network network, Placement.Worker worker, int each, int devicesOfEach) {
    List<Integer> devices =
        IntStream.range(0, worker.count() * each)
            .mapToObj(shard -> shard % each % devicesOfEach)
            .toList();
    Placement placement = new Placement(devices, Parallelism.DATA, worker);
    return lower(CompiledNetwork.of(network, BATCH, placement, List.of()));
  }

  /** The messages of a worker in its own order. */
  private static List<PeerMessage> order(Lowered lowered, Phase phase) {
    return lowered.kernels(phase).stream().map(Kernel::message).filter(Objects::nonNull).toList();
  }

  @TestFactory
  Stream<DynamicTest> noWorkersWaitForEachOther() {
    return networks()
        .map(
            network ->
                DynamicTest.dynamicTest(
                    network.name(),
                    () -> {
                      for (int workers : WORKERS) {
                        for (int each : SHARDS) {
                          int most = workers * each <= MOST ? Math.min(each, 2) : 0;
                          for (int devices = 1; devices <= most; devices++) {
                            check(network, workers, each, devices);
                          }
                        }
                      }
                    }));
  }

  private static void check(List<List<PeerMessage>> orders) {
    orders.forEach(order -> assertTrue(sendsHigherNumbersAfterWaiting(order), order.toString()));
    Map<Way, Integer> step = new HashMap<>();
    for (int worker = 0; worker < orders.size(); worker++) {
      for (PeerMessage message : orders.get(worker)) {
        if (!message.arrives()) {
          step.merge(new Way(worker, message.worker()), 1, Integer::sum);
        }
      }
    }
    assertFalse(step.isEmpty());
    // Nobody who sends waits either, where a connection holds what one step sends.
    assertEquals(List.of(), stuck(orders, step));
  }

  /** The rule: a worker that waits for a message has sent all that have lower numbers. */
  private static boolean sendsHigherNumbersAfterWaiting(List<PeerMessage> order) {
    int awaited = -1;
    for (PeerMessage message : order) {
      if (message.arrives()) {
        awaited = Math.max(awaited, message.number());
      } else if (message.number() < awaited) {
        return false;
      }
    }
    return true;
  }

  /**
   * Runs some steps of all workers as far as they go.
   *
   * @param bounds messages that each way holds; who sends more waits
   * @return what workers wait for that do not get to the end
   */
  private static List<PeerMessage> stuck(List<List<PeerMessage>> orders, Map<Way, Integer> bounds) {
    int[] done = new int[orders.size()];
    Map<Way, List<Integer>> arrived = new HashMap<>();
    boolean moved = true;
    while (moved) {
      moved = false;
      for (int worker = 0; worker < done.length; worker++) {
        List<PeerMessage> order = orders.get(worker);
        while (done[worker] < STEPS * order.size()
            && goes(worker, order.get(done[worker] % order.size()), arrived, bounds)) {
          done[worker]++;
          moved = true;
        }
      }
    }
    List<PeerMessage> waiting = new ArrayList<>();
    for (int worker = 0; worker < done.length; worker++) {
      List<PeerMessage> order = orders.get(worker);
      if (done[worker] < STEPS * order.size()) {
        waiting.add(order.get(done[worker] % order.size()));
      }
    }
    assertTrue(!waiting.isEmpty() || arrived.values().stream().allMatch(List::isEmpty));
    return waiting;
  }

  private static boolean goes(
      int worker, PeerMessage message, Map<Way, List<Integer>> arrived, Map<Way, Integer> bounds) {
    Way way =
        message.arrives() ? new Way(message.worker(), worker) : new Way(worker, message.worker());
    List<Integer> there = arrived.computeIfAbsent(way, w -> new ArrayList<>());
    if (message.arrives()) {
      return there.remove((Integer) message.number());
    }
    return there.size() < bounds.getOrDefault(way, 0) && there.add(message.number());
  }

  @Test
  void thoseThatWaitForEachOtherAreFound() {
    List<PeerMessage> first =
        Arrays.asList(new PeerMessage(1, 1, false, 0), new PeerMessage(1, 2, true, 0));
    List<PeerMessage> second =
        Arrays.asList(new PeerMessage(0, 1, true, 0), new PeerMessage(0, 2, false, 0));
    Map<Way, Integer> bounds = Map.of(new Way(0, 1), 1, new Way(1, 0), 1);
    assertEquals(List.of(), stuck(List.of(first, second), bounds));
    Collections.reverse(first); // both wait first
    assertEquals(2, stuck(List.of(first, second), bounds).size());
    assertFalse(sendsHigherNumbersAfterWaiting(first));
    assertTrue(sendsHigherNumbersAfterWaiting(second));
  }
}
