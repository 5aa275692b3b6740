package org.alexnet.backend;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.LinkedHashMap;
import java.util.Map;
import java.util.stream.Stream;
import org.alexnet.LongTest;
import org.alexnet.network.Network;
import org.alexnet.program.CompiledNetwork;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.TestFactory;

/**
 * What a step in reduced precision must keep to: the reference's numbers, as far as the arithmetic
 * allows, and the same bits every time. A backend's tests extend this.
 */
public abstract class PrecisionContract {
  private static final int BATCH = 5;
  private static final int STEPS = 3;

  /** The backend under test, in a mode that gives the same bits every time. */
  protected abstract Backend open(Precision precision);

  /** Half the distance of 1 to the next number. */
  private static double unit(Precision precision) {
    return switch (precision) {
      case FP32 -> 0x1p-24;
      case TF32, FP16 -> 0x1p-11;
      case BF16 -> 0x1p-8;
    };
  }

  /**
   * How far what is computed forward may be off in the Euclidean norm. Each operation rounds what
   * it reads or writes once more; independent roundings add up like the square root of their
   * number.
   */
  private static double bound(CompiledNetwork programs, Precision precision) {
    return 4 * Math.sqrt(programs.train().ops().size()) * unit(precision);
  }

  /**
   * The same for gradients and what they change. A ReLU or a maximum falls the other way where it
   * is nearer to its edge than the rounding, which a share of them are that is like the rounding
   * itself; each takes all of its gradient along, so that the norm is off by the root of that
   * share.
   */
  private static double gradientBound(CompiledNetwork programs, Precision precision) {
    return 2 * Math.sqrt(bound(programs, precision) / 4);
  }

  private static Stream<DynamicTest> each(PrecisionTest test) {
    // TF32 differs from single precision in products alone.
    return Stream.of(Precision.TF32, Precision.BF16, Precision.FP16)
        .filter(precision -> LongTest.RUN || precision != Precision.TF32)
        .flatMap(
            precision ->
                StepContract.all()
                    .map(
                        network ->
                            DynamicTest.dynamicTest(
                                precision + " " + network.name(),
                                () -> test.run(precision, network))));
  }

  private interface PrecisionTest {
    void run(Precision precision, Network network);
  }

  @TestFactory
  Stream<DynamicTest> oneStepIsNearTheReference() {
    return each(
        (precision, network) -> {
          // Whether dropout's own numbers are the same is tested in single precision.
          CompiledNetwork programs = CompiledNetwork.observingAll(network.withoutDropout(), BATCH);
          Map<String, float[]> expected;
          try (Backend reference = Backends.named("reference").open(BackendOptions.defaults());
              NetworkRig rig = new NetworkRig(reference, programs)) {
            expected = step(rig);
          }
          try (Backend backend = open(precision);
              NetworkRig rig = new NetworkRig(backend, programs)) {
            step(rig)
                .forEach(
                    (name, got) -> {
                      boolean gradient = name.contains(".grad") || name.contains(".momentum");
                      double bound =
                          gradient
                              ? gradientBound(programs, precision)
                              : bound(programs, precision);
                      double off = PeerContract.distance(expected.get(name), got, null);
                      assertTrue(
                          off <= bound, "%s is off by %.1e of %.1e".formatted(name, off, bound));
                    });
          }
        });
  }

  private static Map<String, float[]> step(NetworkRig rig) {
    rig.trainSteps(1);
    Map<String, float[]> all = new LinkedHashMap<>(rig.observed());
    all.putAll(rig.learned());
    return all;
  }

  @TestFactory
  Stream<DynamicTest> everyRunHasTheSameBits() {
    return each(
        (precision, network) -> {
          CompiledNetwork programs = CompiledNetwork.of(network, BATCH);
          Map<String, float[]> first = learned(programs, precision);
          assertEquals("", NetworkRig.difference(first, learned(programs, precision)));
        });
  }

  private Map<String, float[]> learned(CompiledNetwork programs, Precision precision) {
    try (Backend backend = open(precision);
        NetworkRig rig = new NetworkRig(backend, programs)) {
      Map<String, float[]> all = rig.trainSteps(STEPS).learned();
      all.putAll(rig.evaluate());
      return all;
    }
  }
}
