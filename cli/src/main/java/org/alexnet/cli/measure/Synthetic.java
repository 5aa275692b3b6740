package org.alexnet.cli.measure;

import java.lang.foreign.ValueLayout;
import java.util.Arrays;
import java.util.Map;
import java.util.Random;
import org.alexnet.backend.Executable;
import org.alexnet.data.Batch;
import org.alexnet.network.Input;
import org.alexnet.network.Network;
import org.alexnet.program.CompiledNetwork;
import org.alexnet.program.Tensor;
import org.alexnet.tensor.FloatTensor;
import org.alexnet.weights.Weights;

/** Networks with their initial weights and images of noise, the same every time. */
final class Synthetic {
  private static final long SEED = 42;
  private static final int GREY = 128;

  private Synthetic() {}

  /** The initial weights of a network. */
  static Map<String, FloatTensor> weights(Network network) {
    return Weights.initial(network, SEED, Weights.Overrides.NONE);
  }

  /** Puts weights in, with no momentum and a grey mean. */
  static void prepare(
      Executable executable, CompiledNetwork programs, Map<String, FloatTensor> weights) {
    for (Tensor tensor : programs.persistent().values()) {
      float[] values = new float[Math.toIntExact(tensor.shape().elements())];
      switch (tensor.role()) {
        case PARAMETER -> values = weights.get(tensor.name()).values();
        case CONSTANT ->
            Arrays.fill(values, GREY * programs.network().input().normalization().scale(0));
        case MOMENTUM, STEP, GRADIENT -> {}
      }
      executable.write(tensor, values);
    }
  }

  /** A full batch of noise, carried as in training; labels in turn. */
  static Batch batch(Executable executable, CompiledNetwork programs) {
    Input input = programs.network().input();
    Batch.Format stored = new Batch.Format(input.channels(), input.stored(), input.stored(), false);
    Batch batch = executable.newBatch(stored, stored.window(input.size(), input.size()));
    Random random = new Random(SEED);
    int count = programs.batch();
    int edge = (input.stored() - input.size()) / 2;
    for (int i = 0; i < count; i++) {
      byte[] pixels = new byte[batch.format().values()];
      random.nextBytes(pixels);
      for (int p = 0; p < pixels.length; p++) {
        batch.image(i).set(ValueLayout.JAVA_BYTE, p, pixels[p]);
      }
      batch.labels()[i] = i % programs.network().classes();
      batch.cropY()[i] = edge;
      batch.cropX()[i] = edge;
    }
    batch.setCount(count);
    return batch;
  }
}
