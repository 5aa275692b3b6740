package org.alexnet.cuda;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.alexnet.backend.BackendOptions;
import org.alexnet.backend.NetworkRig;
import org.alexnet.backend.Precision;
import org.alexnet.backend.TestNetworks;
import org.alexnet.backend.plan.Kernel;
import org.alexnet.backend.plan.Lowered;
import org.alexnet.cuda.StandIn.BlasLtFault;
import org.alexnet.cuda.convolution.AlgorithmSearch.Want;
import org.alexnet.program.CompiledNetwork;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Products of fully-connected layers with their biases, and what is done where none serves. */
@Tag(StandInCount.STAND_IN)
class CudaFusedProductsTest {
  private static final String APART = "cuBLAS, and what follows by a kernel of its own";
  private static final int STEPS = 3;

  private static CompiledNetwork programs() {
    return CompiledNetwork.of(TestNetworks.columns(), 4);
  }

  @AfterEach
  void heal() {
    if (!StandInBackend.GPU) {
      StandIn.reset();
      StandIn.heal();
    }
  }

  private static StandInBackend open(Precision precision) {
    return StandInBackend.open(StandInBackend.options(precision, 1, true, true));
  }

  /** How the kernels of fully-connected layers compute, by label. */
  private static Map<String, String> choices(Lowered lowered) {
    Map<String, String> choices = new TreeMap<>();
    for (Kernel kernel : lowered.train()) {
      if (kernel.label().startsWith("fc") && !kernel.choice().isEmpty()) {
        choices.put(kernel.label(), kernel.choice());
      }
    }
    return choices;
  }

  private static Map<String, String> choices(Precision precision, BlasLtFault fault) {
    StandIn.spoilBlasLt(fault);
    try (StandInBackend backend = open(precision)) {
      return choices(backend.lower(programs()));
    }
  }

  @ParameterizedTest
  @EnumSource(Precision.class)
  void aBiasAndItsGradientAreComputedWithTheProduct(Precision precision) {
    Assumptions.assumeFalse(StandInBackend.GPU, "the stand-in has all of it");
    Map<String, String> choices = choices(precision, BlasLtFault.NONE);
    assertTrue(choices.size() >= 4, choices.toString());
    choices.forEach(
        (label, choice) -> {
          String with =
              label.endsWith("filter")
                  ? "bias gradient"
                  : label.endsWith("relu") ? "bias + ReLU" : "bias";
          assertEquals("cuBLASLt algorithm 41408 (answer 1) + " + with, choice, label);
        });
    assertTrue(choices.containsKey("fc7 backward filter"), choices.toString());
  }

  @ParameterizedTest
  @EnumSource(Precision.class)
  void whatIsRefusedOrWrongIsNotTaken(Precision precision) {
    Assumptions.assumeFalse(StandInBackend.GPU, "the stand-in fails");
    for (BlasLtFault fault :
        new BlasLtFault[] {BlasLtFault.FIRST_REFUSES, BlasLtFault.FIRST_IS_WRONG}) {
      Map<String, String> second = choices(precision, fault);
      assertTrue(second.size() >= 4, second.toString());
      second.forEach(
          (label, choice) -> assertTrue(choice.contains("algorithm 41409 (answer 2) +"), choice));
    }
    Map<String, String> none = choices(precision, BlasLtFault.HAS_NONE);
    assertTrue(none.size() >= 4, none.toString());
    none.forEach((label, choice) -> assertEquals(APART, choice, label));
  }

  /** What a run began with, the second way or none, is taken again though another passes too. */
  @Test
  void aResumedRunTakesWhatItBeganWith() {
    Assumptions.assumeFalse(StandInBackend.GPU, "the stand-in has two ways");
    for (String before : List.of("cuBLASLt algorithm 41409 (answer 2) + bias", APART)) {
      Map<String, String> kept = new TreeMap<>();
      choices(Precision.BF16, BlasLtFault.NONE).keySet().forEach(label -> kept.put(label, before));
      BackendOptions options = StandInBackend.options(Precision.BF16, 1, false, true).with(kept);
      try (StandInBackend backend = StandInBackend.open(options)) {
        Map<String, String> again = choices(backend.lower(programs()));
        assertEquals(kept.keySet(), again.keySet());
        again.forEach((label, choice) -> assertTrue(choice.startsWith(before), choice));
      }
    }
  }

  /**
   * Where runs need not repeat, that which is measured to be the fastest: any of those there are.
   */
  @Test
  void theFastestIsTaken() {
    Assumptions.assumeFalse(StandInBackend.GPU, "the stand-in has two ways");
    BackendOptions options = StandInBackend.options(Precision.BF16, 1, false, true);
    try (StandInBackend backend = StandInBackend.open(options)) {
      Map<String, String> choices = choices(backend.lower(programs()));
      assertTrue(choices.size() >= 4, choices.toString());
      choices.forEach(
          (label, choice) ->
              assertTrue(choice.matches("cuBLASLt algorithm 4140[89] [(].*"), choice));
    }
  }

  /** What is not a number must be found in the loss, so that no ReLU may lose it. */
  @Test
  void aReluThatLosesWhatIsNoNumberIsNotTaken() {
    Assumptions.assumeFalse(StandInBackend.GPU, "the stand-in fails");
    choices(Precision.BF16, BlasLtFault.LOSES_NAN)
        .forEach(
            (label, choice) -> assertEquals(label.endsWith("relu"), choice.equals(APART), choice));
  }

  /** One rounding less is all that differs. */
  @ParameterizedTest
  @EnumSource(
      value = Precision.class,
      names = {"FP32", "BF16"})
  void togetherIsAsApart(Precision precision) {
    Assumptions.assumeFalse(StandInBackend.GPU, "the stand-in does without");
    Map<String, float[]> together = results(precision, BlasLtFault.NONE);
    Map<String, float[]> apart = results(precision, BlasLtFault.HAS_NONE);
    assertFalse(NetworkRig.difference(together, apart).isEmpty(), "nothing was done together");
    together.forEach(
        (name, values) -> {
          double difference = 0;
          double norm = 0;
          for (int i = 0; i < values.length; i++) {
            difference += Math.pow((double) values[i] - apart.get(name)[i], 2);
            norm += Math.pow(values[i], 2);
          }
          double bound = precision == Precision.FP32 ? 1e-5 : 0.02;
          assertTrue(Math.sqrt(difference / norm) < bound, name + ": " + difference / norm);
        });
  }

  private static Map<String, float[]> results(Precision precision, BlasLtFault fault) {
    StandIn.spoilBlasLt(fault);
    try (StandInBackend backend = open(precision);
        NetworkRig rig = new NetworkRig(backend, programs())) {
      Map<String, float[]> all = rig.evaluate();
      rig.trainSteps(STEPS);
      if (precision == Precision.FP32) { // in others a ReLU soon falls the other way
        all.putAll(rig.learned());
      }
      return all;
    }
  }

  /** What is only looked at has nothing tried. */
  @Test
  void aPlanThatIsOnlyLookedAtRunsNothing() {
    Assumptions.assumeFalse(StandInBackend.GPU, "the stand-in counts");
    try (StandInBackend backend = open(Precision.BF16)) {
      long before = StandIn.counts().launches();
      Lowered lowered = backend.backend().lower(programs(), Want.UNTRIED);
      choices(lowered).forEach((label, choice) -> assertEquals(APART, choice, label));
      assertEquals(before, StandIn.counts().launches());
    }
  }
}
