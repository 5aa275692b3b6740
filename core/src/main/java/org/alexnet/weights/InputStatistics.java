package org.alexnet.weights;

import java.nio.file.Path;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.SequencedMap;
import java.util.stream.Collectors;
import org.alexnet.AlexNetException;
import org.alexnet.InvalidNetworkException;
import org.alexnet.data.Augmentation;
import org.alexnet.data.ColourAxes;
import org.alexnet.data.ImageSource;
import org.alexnet.data.PixelStatistics;
import org.alexnet.data.ProgressListener;
import org.alexnet.network.Input;
import org.alexnet.network.Normalization;
import org.alexnet.safetensors.SafetensorsFile;
import org.alexnet.tensor.FloatTensor;
import org.alexnet.tensor.TensorInfo;
import org.alexnet.weights.format.WeightSource;

/**
 * What a run keeps of its training images' pixels.
 *
 * @param mean subtracted from byte pixels, [channels, stored, stored], on the scale of the
 *     network's input
 * @param colour axes of the colour shift, on the scale of 0..255; null where none is drawn
 * @param floats whether the training images were floating-point numbers, used as given: there is no
 *     saying how pixels would become such
 */
public record InputStatistics(List<Long> shape, float[] mean, ColourAxes colour, boolean floats) {
  private static final String SCALE = "scale";
  private static final String KIND = "images";
  private static final String FLOATS = "float";
  private static final String PIXELS = "pixels";
  private static final String MEAN = "mean";
  private static final String AXES = "colour.axes";
  private static final String DEVIATIONS = "colour.deviations";

  /** Colour axes are found where the augmentation shifts colours. */
  public static InputStatistics of(
      ImageSource source,
      Input input,
      Augmentation augmentation,
      int threads,
      ProgressListener progress) {
    List<Long> shape = shape(input);
    if (source.format().floats()) {
      return new InputStatistics(
          shape, new float[input.channels() * input.stored() * input.stored()], null, true);
    }
    boolean colour = augmentation == Augmentation.PAPER;
    return switch (input.normalization()) {
      case Normalization.MeanImage image -> {
        PixelStatistics pixels = PixelStatistics.of(source, threads, colour, progress);
        float[] mean = pixels.mean().clone();
        for (int i = 0; i < mean.length; i++) {
          mean[i] *= image.scale();
        }
        yield new InputStatistics(shape, mean, colour ? pixels.colour() : null, false);
      }
      case Normalization.Channels _, Normalization.ChannelMeans _ -> {
        ColourAxes axes =
            colour ? PixelStatistics.of(source, threads, true, progress).colour() : null;
        yield new InputStatistics(shape, constantMean(input), axes, false);
      }
    };
  }

  /** What is known of the input of weights alone; null where that is the run's own mean image. */
  public static InputStatistics constant(Input input) {
    return input.normalization().offset(0).isPresent()
        ? new InputStatistics(shape(input), constantMean(input), null, false)
        : null;
  }

  /**
   * The mean that another program kept: one value a pixel, or one a channel, on the scale of 0..255
   * and in the order red, green, blue.
   *
   * @param source with a tensor {@code mean}
   * @throws AlexNetException if it is of another size than images are stored in
   */
  public static InputStatistics mean(WeightSource source, Input input) {
    List<Long> shape = shape(input);
    List<Long> got = source.tensors().get(MEAN).shape();
    long channels = shape.getFirst();
    boolean image = got.equals(shape);
    if (!image && !got.equals(List.of(channels, 1L, 1L)) && !got.equals(List.of(channels))) {
      throw new AlexNetException(
          "%s: the mean has shape %s; the network stores images of %s, and needs a mean of that shape or one value a channel."
              .formatted(source.path(), got, shape));
    }
    float[] values = source.floats(MEAN);
    int plane = input.stored() * input.stored();
    float[] mean = new float[(int) channels * plane];
    for (int i = 0; i < mean.length; i++) {
      mean[i] = values[image ? i : i / plane] * input.normalization().scale(i / plane);
    }
    return new InputStatistics(shape, mean, null, false);
  }

  private static float[] constantMean(Input input) {
    int plane = input.stored() * input.stored();
    float[] mean = new float[input.channels() * plane];
    for (int c = 0; c < input.channels(); c++) {
      float offset = (float) input.normalization().offset(c).orElseThrow();
      Arrays.fill(mean, c * plane, (c + 1) * plane, offset);
    }
    return mean;
  }

  private static List<Long> shape(Input input) {
    return List.of((long) input.channels(), (long) input.stored(), (long) input.stored());
  }

  public SequencedMap<String, FloatTensor> tensors() {
    SequencedMap<String, FloatTensor> tensors = new LinkedHashMap<>();
    tensors.put(MEAN, new FloatTensor(shape, mean));
    if (colour != null) {
      long axes = colour.axes().length;
      float[] components = new float[(int) (axes * axes)];
      for (int i = 0; i < axes; i++) {
        System.arraycopy(colour.axes()[i], 0, components, (int) (i * axes), (int) axes);
      }
      tensors.put(AXES, new FloatTensor(List.of(axes, axes), components));
      tensors.put(DEVIATIONS, new FloatTensor(List.of(axes), colour.deviations()));
    }
    return tensors;
  }

  public Map<String, String> metadata(Input input) {
    return Map.of(SCALE, scales(input), KIND, floats ? FLOATS : PIXELS);
  }

  /**
   * What a run kept.
   *
   * @param file an {@code input.safetensors}
   * @param input of the network that it is used with
   * @throws AlexNetException if its tensors are of another shape than images are stored in, or its
   *     mean is on the scale of a network that multiplies pixels by another number
   */
  public static InputStatistics load(Path file, Input input) {
    try (SafetensorsFile open = SafetensorsFile.open(file, "input.safetensors")) {
      return load(open, input);
    }
  }

  public static InputStatistics load(SafetensorsFile file, Input input) {
    List<Long> shape = shape(input);
    require(file, MEAN, shape);
    requireScale(file, input);
    ColourAxes colour = null;
    if (file.tensors().containsKey(AXES)) {
      int channels = input.channels();
      require(file, AXES, List.of((long) channels, (long) channels));
      require(file, DEVIATIONS, List.of((long) channels));
      float[] components = file.floats(AXES);
      float[][] axes = new float[channels][channels];
      for (int i = 0; i < channels; i++) {
        System.arraycopy(components, i * channels, axes[i], 0, channels);
      }
      colour = new ColourAxes(axes, file.floats(DEVIATIONS));
    }
    boolean floats = FLOATS.equals(file.metadata().get(KIND));
    return new InputStatistics(shape, file.floats(MEAN), colour, floats);
  }

  private static String scales(Input input) {
    return input.scales().stream().map(String::valueOf).collect(Collectors.joining(","));
  }

  /** A mean on another scale would be subtracted without a word. */
  private static void requireScale(SafetensorsFile file, Input input) {
    String required = scales(input);
    String got = file.metadata().getOrDefault(SCALE, required); // the first files say nothing
    boolean ofAll = input.scales().stream().map(String::valueOf).allMatch(got::equals); // or one
    if (!got.equals(required) && !ofAll) {
      throw new AlexNetException(
          "%s: its mean is of pixels multiplied by %s, and the network multiplies them by %s; give the mean of a run of this network, or one of pixels 0..255 as a .binaryproto."
              .formatted(file.path(), InvalidNetworkException.shortened(got), required));
    }
  }

  private static void require(SafetensorsFile file, String name, List<Long> shape) {
    TensorInfo info = file.tensors().get(name);
    if (info == null || !info.shape().equals(shape)) {
      throw new AlexNetException(
          "%s: needs tensor %s F32 %s, got %s; give the file of a run of this network."
              .formatted(
                  file.path(),
                  name,
                  shape,
                  info == null ? "none" : info.dtype() + " " + info.shape()));
    }
  }
}
