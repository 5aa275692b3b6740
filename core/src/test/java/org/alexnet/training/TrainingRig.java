package org.alexnet.training;

import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.alexnet.backend.Narrow;
import org.alexnet.data.Augmentation;
import org.alexnet.model.Model;
import org.alexnet.model.Models;
import org.alexnet.safetensors.SafetensorsFile;
import org.alexnet.safetensors.SafetensorsWriter;
import org.alexnet.tensor.DType;
import org.alexnet.tensor.TensorInfo;
import org.alexnet.weights.Weights;

/** Small data, and runs of a small model. */
public final class TrainingRig {
  /** alexnet-32 with an eighth of its filters. */
  public static final Model MODEL = Narrow.eighth(Models.named("alexnet-32"));

  private TrainingRig() {}

  /** Writes floating-point images of 3 x 32 x 32. */
  public static Path floats(Path file, int images, long seed, int... labels) {
    float[] values = new float[images * 3 * 32 * 32];
    Random random = new Random(seed);
    for (int i = 0; i < values.length; i++) {
      values[i] = (float) random.nextGaussian() * 0.3f;
    }
    var tensors = new LinkedHashMap<String, TensorInfo>();
    tensors.put("images", new TensorInfo(DType.F32, List.of((long) images, 3L, 32L, 32L)));
    tensors.put("labels", new TensorInfo(DType.I64, List.of((long) images)));
    long[] numbers = new long[images];
    for (int i = 0; i < images; i++) {
      numbers[i] = labels[i % labels.length];
    }
    MemorySegment bytes = MemorySegment.ofArray(new byte[images * Long.BYTES]);
    for (int i = 0; i < images; i++) {
      bytes.set(ValueLayout.JAVA_LONG_UNALIGNED, (long) i * Long.BYTES, numbers[i]);
    }
    try (SafetensorsWriter writer = SafetensorsWriter.create(file, Map.of(), tensors)) {
      writer.write("images", values);
      writer.write("labels", bytes);
    }
    return file;
  }

  /** A run on floating-point images, each step the same images and nothing random. */
  public static Training plain(String backend, Path data, Path out) {
    return Training.of(MODEL)
        .backend(backend)
        .threads(2)
        .data(data.toString())
        .out(out)
        .dropout(false)
        .shuffle(false)
        .augmentation(Augmentation.NONE);
  }

  /** Saves the model's initial weights for a number of classes. */
  public static Path initial(Path file, int classes, long seed) {
    Weights.save(
        file, Weights.initial(MODEL.withClasses(classes).network(), seed, Weights.Overrides.NONE));
    return file;
  }

  /** The values of a tensor of a file. */
  public static float[] tensor(Path file, String name) {
    try (SafetensorsFile open = SafetensorsFile.open(file)) {
      return open.floats(name);
    }
  }

  /** The lines of metrics.jsonl without what depends on the time. */
  public static List<String> metrics(Path run) throws IOException {
    return Files.readAllLines(run.resolve("metrics.jsonl")).stream()
        .map(line -> line.replaceAll("\"(images_per_second|data_wait)\":[^,}]*", ""))
        .toList();
  }

  /** Remembers what it is told, and stops a run after some steps. */
  public static final class Ear implements TrainingListener {
    public final List<String> messages = new ArrayList<>();
    public final List<EpochMetrics> epochs = new ArrayList<>();
    private ResumedTraining training;
    private int steps = -1;

    /** Has this run told it everything, and be stopped after so many steps. */
    public Ear stopping(ResumedTraining toStop, int after) {
      training = toStop;
      steps = after;
      toStop.listener(this);
      return this;
    }

    @Override
    public void message(String text) {
      messages.add(text);
    }

    @Override
    public void step(Progress progress) {
      if (--steps == 0) {
        training.stop();
      }
    }

    @Override
    public void epoch(EpochMetrics metrics) {
      epochs.add(metrics);
    }
  }
}
