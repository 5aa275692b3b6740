package org.alexnet.backend;

import java.lang.foreign.ValueLayout;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Random;
import org.alexnet.data.Batch;
import org.alexnet.network.Input;
import org.alexnet.program.CompiledNetwork;
import org.alexnet.program.Op;
import org.alexnet.program.Shape;
import org.alexnet.program.StepProgram.Phase;
import org.alexnet.program.Tensor;

/** A whole network on a backend, its parameters and images drawn from fixed seeds. */
public final class NetworkRig implements AutoCloseable {
  /** Step at which the learning rate falls. */
  static final int FALL = 3;

  public final CompiledNetwork programs;
  public final Executable executable;
  private final Batch batch;

  public NetworkRig(Backend backend, CompiledNetwork programs) {
    this(backend, programs, false);
  }

  /**
   * @param floats whether images are floating-point numbers
   */
  public NetworkRig(Backend backend, CompiledNetwork programs, boolean floats) {
    this.programs = programs;
    this.executable = backend.compile(programs);
    try {
      this.batch = start(floats);
    } catch (RuntimeException e) {
      executable.close();
      throw e;
    }
    fill(0, programs.batch());
  }

  /** Draws parameters and momentum. */
  private Batch start(boolean floats) {
    Input input = programs.network().input();
    Batch made =
        executable.newBatch(
            new Batch.Format(input.channels(), input.stored(), input.stored(), floats));
    Random random = new Random(5);
    for (Tensor tensor : programs.persistent().values()) {
      double sigma =
          switch (tensor.role()) {
            case PARAMETER ->
                tensor.name().endsWith(".bias") ? 0.1 : Math.sqrt(2.0 / fanIn(tensor.shape()));
            case MOMENTUM -> 0.001;
            case CONSTANT, STEP, GRADIENT -> 0.5;
          };
      float[] values = new float[(int) tensor.shape().elements()];
      for (int i = 0; i < values.length; i++) {
        values[i] = (float) (sigma * random.nextGaussian());
      }
      executable.write(tensor, values);
    }
    return made;
  }

  private static int fanIn(Shape weight) {
    return weight.imageElements();
  }

  public Batch batch() {
    return batch;
  }

  /** Another batch with the same images. */
  public Batch copyOfBatch() {
    Batch copy = executable.newBatch(batch.format());
    copy.pixels().copyFrom(batch.pixels());
    System.arraycopy(batch.labels(), 0, copy.labels(), 0, copy.capacity());
    copy.setCount(batch.count());
    return copy;
  }

  /** Another batch that carries of the same images only the windows that are read. */
  Batch windows() {
    int size = programs.network().input().size();
    Batch.Format window = batch.format().window(size, size);
    Batch made = executable.newBatch(batch.format(), window);
    takeWindows(made);
    return made;
  }

  /** Puts the windows of the images, as they are now, into a batch made for them. */
  void takeWindows(Batch to) {
    long value = batch.format().bytes() / batch.format().values();
    long row = to.format().width() * value;
    for (int i = 0; i < batch.capacity(); i++) {
      for (int r = 0; r < to.format().channels() * to.format().height(); r++) {
        int c = r / to.format().height();
        int y = batch.cropY()[i] + r % to.format().height();
        long from = ((long) c * batch.format().height() + y) * batch.format().width();
        from = (from + batch.cropX()[i]) * value;
        to.image(i).asSlice(r * row, row).copyFrom(batch.image(i).asSlice(from, row));
      }
    }
    System.arraycopy(batch.labels(), 0, to.labels(), 0, to.capacity());
    System.arraycopy(batch.cropY(), 0, to.cropY(), 0, to.capacity());
    System.arraycopy(batch.cropX(), 0, to.cropX(), 0, to.capacity());
    System.arraycopy(batch.mirror(), 0, to.mirror(), 0, to.capacity());
    System.arraycopy(batch.shift(), 0, to.shift(), 0, to.shift().length);
    to.setCount(batch.count());
  }

  /** Draws images, labels and how the images are brought to size; those behind are left. */
  public void fill(int seed, int count) {
    Input input = programs.network().input();
    for (int i = 0; i < count; i++) {
      Random random = new Random(1000L * seed + i);
      for (int p = 0; p < batch.format().values(); p++) {
        if (batch.format().floats()) {
          batch.image(i).setAtIndex(ValueLayout.JAVA_FLOAT_UNALIGNED, p, random.nextFloat() - 0.5f);
        } else {
          batch.image(i).set(ValueLayout.JAVA_BYTE, p, (byte) random.nextInt(256));
        }
      }
      batch.labels()[i] = random.nextInt(programs.network().classes());
      batch.cropY()[i] = random.nextInt(input.stored() - input.size() + 1);
      batch.cropX()[i] = random.nextInt(input.stored() - input.size() + 1);
      batch.mirror()[i] = random.nextBoolean();
      for (int c = 0; c < input.channels(); c++) {
        batch.shift()[i * input.channels() + c] = (random.nextInt(64) - 32) / 256f;
      }
    }
    batch.setCount(count);
  }

  public static StepSettings settings(int step) {
    return new StepSettings(11, step, step < FALL ? 0.05f : 0.005f, 0.9f, 0.01f);
  }

  /** Settings that leave the parameters as they are. */
  static StepSettings standing() {
    return new StepSettings(11, 0, 0, 0, 0);
  }

  /** Takes one image of another rig as the first of this one. */
  void copyImage(NetworkRig other, int image) {
    Batch from = other.batch;
    int channels = batch.format().channels();
    batch.image(0).copyFrom(from.image(image));
    batch.labels()[0] = from.labels()[image];
    batch.cropY()[0] = from.cropY()[image];
    batch.cropX()[0] = from.cropX()[image];
    batch.mirror()[0] = from.mirror()[image];
    System.arraycopy(from.shift(), image * channels, batch.shift(), 0, channels);
    batch.setCount(1);
  }

  StepResult train(int step) {
    return executable.train(batch, settings(step)).await();
  }

  /** Trains steps 0 to {@code steps - 1}, each on images of its own. */
  public NetworkRig trainSteps(int steps) {
    for (int step = 0; step < steps; step++) {
      fill(step, programs.batch());
      train(step);
    }
    return this;
  }

  float[] read(String name) {
    Tensor persistent = programs.persistent().get(name);
    return executable.read(persistent != null ? persistent : programs.tensor(Phase.TRAIN, name));
  }

  /** Parameters and momentum by name. */
  public Map<String, float[]> learned() {
    Map<String, float[]> all = new LinkedHashMap<>();
    for (Tensor tensor : programs.parameters()) {
      all.put(tensor.name(), executable.read(tensor));
      all.put(tensor.momentum().name(), executable.read(tensor.momentum()));
    }
    return all;
  }

  /**
   * What the last training step computed, as far as it is observed; where maxima stood left out,
   * and the sums of gradients, which are others where a network is cut.
   */
  Map<String, float[]> observed() {
    Map<String, float[]> all = new LinkedHashMap<>();
    for (Op op : programs.train().ops()) {
      for (Tensor tensor : op.writes()) {
        if (programs.train().observes(tensor)
            && !tensor.role().persistent()
            && !tensor.name().endsWith(".argmax")
            && !tensor.name().endsWith(".squares")) {
          all.put(tensor.name(), executable.read(tensor));
        }
      }
    }
    return all;
  }

  /** The sum of the squares of each layer's gradient in the last training step. */
  public Map<String, Double> gradientSquares() {
    Map<String, Double> all = new LinkedHashMap<>();
    programs
        .gradientSquares()
        .forEach(
            (layer, parts) ->
                all.put(layer, parts.stream().mapToDouble(part -> executable.read(part)[0]).sum()));
    return all;
  }

  /** The scores of the evaluation program on the batch. */
  public Map<String, float[]> evaluate() {
    executable.evaluate(batch).await();
    return evaluated();
  }

  /** The scores of the last evaluation. */
  public Map<String, float[]> evaluated() {
    Map<String, float[]> all = new LinkedHashMap<>();
    for (String name :
        new String[] {
          CompiledNetwork.LOGITS, CompiledNetwork.PROBABILITIES, CompiledNetwork.LOSS
        }) {
      all.put("evaluated " + name, executable.read(programs.tensor(Phase.EVALUATE, name)));
    }
    return all;
  }

  /** Numbers that differ in their bits from those expected, -0 from 0 too. */
  public static String difference(Map<String, float[]> expected, Map<String, float[]> got) {
    for (var entry : expected.entrySet()) {
      int[] want = bits(entry.getValue());
      int[] have = bits(got.get(entry.getKey()));
      int at = Arrays.mismatch(want, have);
      if (at >= 0) {
        return "%s element %d: %s instead of %s"
            .formatted(entry.getKey(), at, got.get(entry.getKey())[at], entry.getValue()[at]);
      }
    }
    return "";
  }

  private static int[] bits(float[] values) {
    int[] bits = new int[values.length];
    for (int i = 0; i < bits.length; i++) {
      bits[i] = Float.floatToRawIntBits(values[i]);
    }
    return bits;
  }

  @Override
  public void close() {
    executable.close();
  }
}
