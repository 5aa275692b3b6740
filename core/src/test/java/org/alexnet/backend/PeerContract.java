package org.alexnet.backend;

import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.alexnet.LongTest;
import org.alexnet.model.Models;
import org.alexnet.network.Network;
import org.alexnet.program.CompiledNetwork;
import org.alexnet.program.Placement;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;

/**
 * Two backends train the same networks side by side: the models of the catalogue, on the same
 * images and with the same dropout. A backend's tests extend this.
 */
public abstract class PeerContract {
  /** At half of them the rate falls. */
  private static final int STEPS = LongTest.RUN ? 20 : 2;

  private static final int BATCH = 2;

  /**
   * Seeds of images from here on, for which no two values of a pooling's window are so near that
   * rounding decides which of them has the gradient: one such window moves conv1 by a hundredth.
   */
  private static final int IMAGES = 100;

  /** What the steps may differ by of what they change, in the Euclidean norm. */
  private static final double STEPS_BOUND = 1e-3;

  /** The backend under test. */
  protected abstract Backend open(int devices);

  /** The one that it is held to. */
  protected abstract Backend peer();

  @TestFactory
  Stream<DynamicTest> stepsOfEveryModel() {
    return Models.all().stream()
        .map(
            model ->
                DynamicTest.dynamicTest(
                    model.name(),
                    () -> {
                      Network network = model.withClasses(10).network();
                      compare(Narrow.eighth(network), Placement.WHOLE, STEPS);
                    }));
  }

  @Test
  void stepsInTwoColumnsOnTwoDevices() {
    Network network = Models.named("alexnet-2012").withClasses(10).network();
    compare(Narrow.eighth(network), new Placement(List.of(0, 1)), STEPS);
  }

  @LongTest
  @Test
  void oneStepOfTheWholeNetworkOf2012() {
    compare(Models.named("alexnet-2012").network(), Placement.WHOLE, 1);
  }

  /** At a rate that none of the models diverges at. */
  private static NetworkRig train(NetworkRig rig, int steps) {
    for (int step = 0; step < steps; step++) {
      rig.fill(IMAGES + step, BATCH);
      float rate = step < steps / 2 ? 2e-3f : 2e-4f;
      rig.executable.train(rig.batch(), new StepSettings(11, step, rate, 0.9f, 5e-4f)).await();
    }
    return rig;
  }

  /** On floating-point images near 0, so that the steps neither vanish nor explode. */
  private void compare(Network network, Placement placement, int steps) {
    Map<String, float[]> start = new LinkedHashMap<>();
    Map<String, float[]> expected;
    try (Backend peer = peer();
        NetworkRig rig = new NetworkRig(peer, CompiledNetwork.of(network, BATCH), true)) {
      start.putAll(rig.learned());
      expected = train(rig, steps).learned();
      expected.putAll(rig.evaluate());
    }
    CompiledNetwork programs = CompiledNetwork.of(network, BATCH, placement, List.of());
    try (Backend backend = open(placement.deviceCount());
        NetworkRig rig = new NetworkRig(backend, programs, true)) {
      Map<String, float[]> got = train(rig, steps).learned();
      got.putAll(rig.evaluate());
      expected.forEach(
          (name, values) -> {
            double off = distance(values, got.get(name), start.get(name));
            assertTrue(off <= STEPS_BOUND, "%s is off by %.1e".formatted(name, off));
          });
    }
  }

  /** |got - expected| / |expected - start|, with a start of zeros where there is none. */
  static double distance(float[] expected, float[] got, float[] start) {
    double difference = 0;
    double change = 0;
    for (int i = 0; i < expected.length; i++) {
      difference += Math.pow((double) got[i] - expected[i], 2);
      change += Math.pow(expected[i] - (start == null ? 0.0 : start[i]), 2);
    }
    return difference == 0 ? 0 : Math.sqrt(difference / change);
  }
}
