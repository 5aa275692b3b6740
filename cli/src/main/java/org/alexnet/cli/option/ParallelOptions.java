package org.alexnet.cli.option;

import java.util.List;
import org.alexnet.network.Network;
import org.alexnet.program.CompiledNetwork;
import org.alexnet.program.Parallelism;
import org.alexnet.program.Traffic;
import picocli.CommandLine.Option;

/** On what a command trains, and how a step is cut for several devices. */
public final class ParallelOptions extends ComputeOptions {
  /** How a step is cut; null where that is left to the program. */
  @Option(
      names = "--parallel",
      paramLabel = "P",
      converter = Way.class,
      description =
          "How several --devices share a step: columns, those of the network; data, each a part of"
              + " the batch; hybrid, fully-connected layers by outputs and what is before them by"
              + " the batch; or auto, whichever sends least. What is computed depends on how many"
              + " are named, not on which. Default: columns if the devices divide those of the"
              + " network, else auto.")
  public Parallelism parallel;

  @Override
  public CompiledNetwork programs(Network network, int batch) {
    return CompiledNetwork.of(
        network, batch, Traffic.place(parallel, network, batch, devices, false), List.of());
  }

  /** Reads a way to cut a step. */
  static final class Way extends Named<Parallelism> {
    Way() {
      super(Parallelism::named);
    }
  }
}
