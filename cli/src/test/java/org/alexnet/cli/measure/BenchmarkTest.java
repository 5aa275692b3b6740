package org.alexnet.cli.measure;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.util.List;
import org.alexnet.backend.Backend;
import org.alexnet.backend.BackendOptions;
import org.alexnet.backend.Backends;
import org.alexnet.backend.Precision;
import org.alexnet.cli.output.CommonOptions;
import org.alexnet.cli.output.ProgressView;
import org.alexnet.cli.output.Terminal;
import org.alexnet.network.FullyConnected;
import org.alexnet.network.Initial;
import org.alexnet.network.Input;
import org.alexnet.network.Network;
import org.alexnet.network.ParameterSpec;
import org.alexnet.network.SoftmaxCrossEntropy;
import org.alexnet.program.CompiledNetwork;
import org.junit.jupiter.api.Test;

class BenchmarkTest {
  @Test
  void aProfileWithoutTimeHasTwoStepsAfterTheFirst() {
    ParameterSpec spec = ParameterSpec.of(new Initial.UniformFanIn(1));
    Network network =
        Network.chain(
            "tiny",
            new Input(3, 8, 8, 1 / 255f),
            List.of(
                new FullyConnected("fc1", 2, 1, spec, spec), new SoftmaxCrossEntropy("softmax")));
    PrintStream nowhere = new PrintStream(new ByteArrayOutputStream());
    ProgressView view =
        new ProgressView(new Terminal(nowhere, nowhere, false, 80), new CommonOptions());
    try (Backend backend = Backends.named("reference").open(BackendOptions.defaults());
        Benchmark benchmark =
            new Benchmark(backend, Precision.FP32, CompiledNetwork.of(network, 2), null, view)) {
      double[][] steps = benchmark.profile(0);
      assertEquals(2, steps.length, "of which a report shows the second");
    } finally {
      view.end();
    }
  }
}
