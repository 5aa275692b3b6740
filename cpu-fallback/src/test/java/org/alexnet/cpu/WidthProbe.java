package org.alexnet.cpu;

import java.util.List;
import org.alexnet.backend.Backend;
import org.alexnet.backend.BackendOptions;
import org.alexnet.backend.Fingerprint;

/** A program for {@link VectorWidthTest} to run in a JVM of its own. */
final class WidthProbe {
  private WidthProbe() {}

  /** Prints what the provider says of itself and the fingerprints of what it computes. */
  public static void main(String[] args) {
    CpuProvider provider = new CpuProvider();
    System.out.println("reason " + provider.probe().reason());
    try (Backend backend = provider.open(new BackendOptions(2, List.of()))) {
      System.out.println("operations " + Fingerprint.ofOperations(backend));
      System.out.println("training " + Fingerprint.ofTraining(backend));
    }
  }
}
