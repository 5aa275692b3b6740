package org.alexnet.cpu.parts;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.alexnet.backend.Backend;
import org.alexnet.backend.BackendOptions;
import org.alexnet.backend.Backends;
import org.alexnet.backend.TestNetworks;
import org.alexnet.backend.plan.Lowered;
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

/** Workers never wait for each other, whatever the network and however many they are. */
class MessageOrderTest {
  private static final int[] WORKERS = {2, 3, 4, 8};
  private static final int[] SHARDS = {1, 2, 4}; // of each
  private static final int BATCH = 32;
  private static final int STEPS = 3;

  /**
   * One message in the order of a worker.
   *
   * @param other the worker that it goes to or comes from
   */
  private record Message(int other, int number, boolean arrives) {}

  /** A way of one connection. */
  private record Way(int from, int to) {}

  /** Whole models, with as many slices as they have. */
  private static Stream<Network> networks() {
    return Stream.concat(Models.all().stream().map(Model::network), TestNetworks.small().stream());
  }

  /** The messages of each worker in its own order. */
  private static List<List<Message>> orders(
      Network network, int workers, int each, int devicesOfEach, Phase phase) {
    List<List<Message>> orders = new ArrayList<>();
    try (Backend backend =
        Backends.named("cpu").open(new BackendOptions(1, List.of("cpu:0", "cpu:1")))) {
      for (int worker = 0; worker < workers; worker++) {
        // The shards of a worker take turns on its devices.
        List<Integer> devices =
            Stream.iterate(0, shard -> shard + 1)
                .limit((long) workers * each)
                .map(shard -> shard % each % devicesOfEach)
                .toList();
        Placement placement =
            new Placement(devices, Parallelism.DATA, new Placement.Worker(worker, workers));
        Lowered lowered = backend.lower(CompiledNetwork.of(network, BATCH, placement, List.of()));
        orders.add(
            lowered.kernels(phase).stream()
                .filter(MessageKernel.class::isInstance)
                .map(MessageKernel.class::cast)
                .map(kernel -> new Message(kernel.worker(), kernel.number(), kernel.arrives()))
                .toList());
      }
    }
    return orders;
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
                          for (Phase phase : Phase.values()) {
                            check(orders(network, workers, each, 1, phase));
                            check(orders(network, workers, each, Math.min(each, 2), phase));
                          }
                        }
                      }
                    }));
  }

  private static void check(List<List<Message>> orders) {
    orders.forEach(order -> assertTrue(sendsHigherNumbersAfterWaiting(order), order.toString()));
    Map<Way, Integer> step = new HashMap<>();
    for (int worker = 0; worker < orders.size(); worker++) {
      for (Message message : orders.get(worker)) {
        if (!message.arrives) {
          step.merge(new Way(worker, message.other), 1, Integer::sum);
        }
      }
    }
    assertFalse(step.isEmpty());
    // Nobody who sends waits either, where a connection holds what one step sends.
    assertEquals(List.of(), stuck(orders, step));
  }

  /** The rule: a worker that waits for a message has sent all that have lower numbers. */
  private static boolean sendsHigherNumbersAfterWaiting(List<Message> order) {
    int awaited = -1;
    for (Message message : order) {
      if (message.arrives) {
        awaited = Math.max(awaited, message.number);
      } else if (message.number < awaited) {
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
  private static List<Message> stuck(List<List<Message>> orders, Map<Way, Integer> bounds) {
    int[] done = new int[orders.size()];
    Map<Way, List<Integer>> arrived = new HashMap<>();
    boolean moved = true;
    while (moved) {
      moved = false;
      for (int worker = 0; worker < done.length; worker++) {
        List<Message> order = orders.get(worker);
        while (done[worker] < STEPS * order.size()
            && goes(worker, order.get(done[worker] % order.size()), arrived, bounds)) {
          done[worker]++;
          moved = true;
        }
      }
    }
    List<Message> waiting = new ArrayList<>();
    for (int worker = 0; worker < done.length; worker++) {
      List<Message> order = orders.get(worker);
      if (done[worker] < STEPS * order.size()) {
        waiting.add(order.get(done[worker] % order.size()));
      }
    }
    assertTrue(!waiting.isEmpty() || arrived.values().stream().allMatch(List::isEmpty));
    return waiting;
  }

  private static boolean goes(
      int worker, Message message, Map<Way, List<Integer>> arrived, Map<Way, Integer> bounds) {
    Way way = message.arrives ? new Way(message.other, worker) : new Way(worker, message.other);
    List<Integer> there = arrived.computeIfAbsent(way, w -> new ArrayList<>());
    if (message.arrives) {
      return there.remove((Integer) message.number);
    }
    return there.size() < bounds.getOrDefault(way, 0) && there.add(message.number);
  }

  @Test
  void thoseThatWaitForEachOtherAreFound() {
    List<Message> first = Arrays.asList(new Message(1, 1, false), new Message(1, 2, true));
    List<Message> second = Arrays.asList(new Message(0, 1, true), new Message(0, 2, false));
    Map<Way, Integer> bounds = Map.of(new Way(0, 1), 1, new Way(1, 0), 1);
    assertEquals(List.of(), stuck(List.of(first, second), bounds));
    Collections.reverse(first); // both wait first
    assertEquals(2, stuck(List.of(first, second), bounds).size());
    assertFalse(sendsHigherNumbersAfterWaiting(first));
    assertTrue(sendsHigherNumbersAfterWaiting(second));
  }
}
