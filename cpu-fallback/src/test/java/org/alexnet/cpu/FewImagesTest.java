package org.alexnet.cpu;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.lang.foreign.ValueLayout;
import java.util.List;
import java.util.Random;
import java.util.stream.Stream;
import org.alexnet.LongTest;
import org.alexnet.backend.Backend;
import org.alexnet.backend.BackendOptions;
import org.alexnet.backend.Backends;
import org.alexnet.backend.Executable;
import org.alexnet.backend.Narrow;
import org.alexnet.data.Batch;
import org.alexnet.model.Models;
import org.alexnet.network.Input;
import org.alexnet.network.Network;
import org.alexnet.program.CompiledNetwork;
import org.alexnet.program.Placement;
import org.alexnet.weights.Weights;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Where there are fewer images than threads, the threads share each image; the bits stay. */
class FewImagesTest {
  private static final int[] THREADS =
      LongTest.RUN ? new int[] {2, 3, 4, 5, 6, 7, 8} : new int[] {2, 5, 8};

  static Stream<Network> networks() {
    return Models.all().stream().map(model -> Narrow.eighth(model.network()));
  }

  @ParameterizedTest
  @MethodSource("networks")
  void threadsShareAnImage(Network network) {
    for (int images : new int[] {1, 3}) {
      float[] alone = logits(network, images, 1);
      for (int threads : THREADS) {
        assertArrayEquals(alone, logits(network, images, threads), threads + " threads");
      }
    }
  }

  private static float[] logits(Network network, int images, int threads) {
    CompiledNetwork programs = CompiledNetwork.forInference(network, images, Placement.WHOLE);
    try (Backend backend = Backends.named("cpu").open(new BackendOptions(threads, List.of()));
        Executable executable = backend.compile(programs)) {
      var weights = Weights.initial(network, 3, Weights.Overrides.NONE);
      programs.parameters().forEach(t -> executable.write(t, weights.get(t.name()).values()));
      Input input = network.input();
      Batch batch =
          executable.newBatch(
              new Batch.Format(input.channels(), input.stored(), input.stored(), false));
      Random random = new Random(5);
      for (int i = 0; i < images; i++) {
        for (int p = 0; p < batch.format().values(); p++) {
          batch.image(i).set(ValueLayout.JAVA_BYTE, p, (byte) random.nextInt(256));
        }
      }
      batch.setCount(images);
      executable.evaluate(batch).await();
      float[] logits = executable.read(programs.evaluate().tensor(CompiledNetwork.LOGITS));
      assertTrue(logits[0] != logits[1], "something is computed");
      return logits;
    }
  }
}
