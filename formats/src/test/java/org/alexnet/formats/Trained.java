package org.alexnet.formats;

import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.SequencedMap;
import org.alexnet.data.Augmentation;
import org.alexnet.exchange.TrainedNetwork;
import org.alexnet.inference.Classifier;
import org.alexnet.model.Model;
import org.alexnet.model.Recipe;
import org.alexnet.model.Schedule;
import org.alexnet.network.Input;
import org.alexnet.network.Network;
import org.alexnet.random.Philox;
import org.alexnet.safetensors.SafetensorsWriter;
import org.alexnet.tensor.DType;
import org.alexnet.tensor.FloatTensor;
import org.alexnet.tensor.TensorInfo;
import org.alexnet.weights.Weights;

/** A network with weights, a mean image and pixels, all drawn from a seed. */
public final class Trained {
  private static final int IMAGES = 3;

  public final Model model;
  public final SequencedMap<String, FloatTensor> weights;
  public final Path file;
  public final Path input;
  private final Path dir;
  private final byte[] pixels;

  public Trained(Network network, Path dir) throws IOException {
    this.dir = Files.createDirectories(dir.resolve(network.name()));
    this.model =
        new Model(
            network,
            new Recipe(1, 8, 0.01f, 0.9f, 0, new Schedule.Constant(), Augmentation.NONE),
            "a test");
    this.weights = Weights.initial(network, 3, Weights.Overrides.NONE);
    this.file = this.dir.resolve("weights.safetensors");
    SafetensorsWriter.save(file, Map.of(), weights);
    Input in = network.input();
    Philox random = new Philox(7, 0, 1);
    int stored = in.stored();
    float[] mean = new float[in.channels() * stored * stored];
    for (int i = 0; i < mean.length; i++) {
      mean[i] =
          in.scales().get(i / (stored * stored)) * (float) (100 + 50 * random.uniform((long) i));
    }
    this.input = this.dir.resolve("input.safetensors");
    SequencedMap<String, FloatTensor> tensors = new LinkedHashMap<>();
    long edge = stored;
    for (int c = 0; c < in.channels(); c++) {
      for (int i = 0; i < stored * stored && in.normalization().offset(c).isPresent(); i++) {
        mean[c * stored * stored + i] = (float) in.normalization().offset(c).getAsDouble();
      }
    }
    tensors.put("mean", new FloatTensor(List.of((long) in.channels(), edge, edge), mean));
    SafetensorsWriter.save(input, Map.of("images", "pixels"), tensors);
    this.pixels = new byte[IMAGES * in.channels() * stored * stored];
    for (int i = 0; i < pixels.length; i++) {
      pixels[i] = (byte) (256 * random.uniform(1_000_000L + i));
    }
  }

  public TrainedNetwork open() {
    return TrainedNetwork.open(model, file, input);
  }

  /** The centres of the images, [images, channels, size, size] on the scale of 0..255. */
  public float[] pixels() {
    Input in = model.network().input();
    int stored = in.stored();
    int size = in.size();
    int crop = (stored - size) / 2;
    float[] centre = new float[IMAGES * in.channels() * size * size];
    for (int i = 0; i < centre.length; i++) {
      int plane = i / (size * size);
      int y = i / size % size + crop;
      int x = i % size + crop;
      centre[i] = pixels[(plane * stored + y) * stored + x] & 0xFF;
    }
    return centre;
  }

  public long[] shape() {
    Input in = model.network().input();
    return new long[] {IMAGES, in.channels(), in.size(), in.size()};
  }

  /** Logits of the images by this program. */
  public List<float[]> scores() {
    return scores(model, file, input);
  }

  /** Logits of the same images by other weights. */
  public List<float[]> scores(Model of, Path other, Path otherInput) {
    try (Classifier classifier =
        Classifier.open(of, other, otherInput, List.of(), Classifier.Options.defaults())) {
      return scores(classifier);
    }
  }

  /** Logits of the same images by a run. */
  public List<float[]> scores(Path run) {
    try (Classifier classifier = Classifier.open(run)) {
      return scores(classifier);
    }
  }

  private List<float[]> scores(Classifier classifier) {
    Input in = model.network().input();
    long stored = in.stored();
    SequencedMap<String, TensorInfo> infos = new LinkedHashMap<>();
    infos.put(
        "images",
        new TensorInfo(DType.U8, List.of((long) IMAGES, (long) in.channels(), stored, stored)));
    Path images = dir.resolve("images.safetensors");
    try (SafetensorsWriter writer = SafetensorsWriter.create(images, Map.of(), infos)) {
      writer.write("images", MemorySegment.ofArray(pixels));
    }
    List<float[]> scores = new ArrayList<>();
    classifier.score(images.toString(), image -> scores.add(image.logits()));
    return scores;
  }
}
