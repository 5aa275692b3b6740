package org.alexnet.pictures.report;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;
import org.alexnet.data.ImageSource;
import org.alexnet.data.source.Sources;
import org.alexnet.inference.Classifier;
import org.alexnet.network.Activation;
import org.alexnet.network.Layer;
import org.alexnet.network.Network;
import org.alexnet.network.Relu;
import org.alexnet.network.Tanh;

/**
 * What the units of a layer give over some images. A unit is a channel, wherever in the image, or
 * an output of a fully-connected layer.
 *
 * @param layer its name
 * @param units how many it has
 * @param dead units that give the same for every image and everywhere
 * @param zeros share of the values that are zero
 * @param least the smallest value
 * @param mean of all values
 * @param most the largest value
 */
public record LayerActivity(
    String layer, int units, int dead, double zeros, double least, double mean, double most) {
  private static final int IMAGES = 256;

  /**
   * The layers of a network worth looking at: its nonlinearities, and its scores.
   *
   * @param network any
   * @return their names, in the order of the network
   */
  public static List<String> layers(Network network) {
    List<String> names = new ArrayList<>();
    for (Layer layer : network.layers()) {
      boolean nonlinearity =
          layer instanceof Relu || layer instanceof Tanh || layer instanceof Activation;
      if (nonlinearity || layer == network.classifier()) {
        names.add(layer.name());
      }
    }
    return names;
  }

  /**
   * Looks at up to 256 images of a source, spread evenly over it.
   *
   * @param classifier which {@linkplain Classifier.Options#observing keeps} the outputs of layers
   * @param layers those layers
   * @param images to look at
   * @return one a layer, in the order of {@code layers}
   */
  public static List<LayerActivity> of(
      Classifier classifier, List<String> layers, ImageSource images) {
    int count = Math.min(IMAGES, images.size());
    int[] chosen =
        IntStream.range(0, count).map(i -> (int) ((long) i * images.size() / count)).toArray();
    List<Sums> sums =
        layers.stream().map(l -> new Sums(classifier.outputShape(l).getFirst())).toList();
    classifier.score(
        Sources.subset(images, chosen, images.description()),
        image -> {
          for (int i = 0; i < layers.size(); i++) {
            sums.get(i).add(image.outputs().get(layers.get(i)));
          }
        });
    return IntStream.range(0, layers.size())
        .mapToObj(i -> sums.get(i).activity(layers.get(i)))
        .toList();
  }

  /** Of one layer, unit by unit. */
  static final class Sums {
    private final float[] least;
    private final float[] most;
    private double sum;
    private long zeros;
    private long count;

    Sums(int units) {
      least = new float[units];
      most = new float[units];
      Arrays.fill(least, Float.POSITIVE_INFINITY);
      Arrays.fill(most, Float.NEGATIVE_INFINITY);
    }

    void add(float[] outputs) {
      int each = outputs.length / least.length;
      for (int i = 0; i < outputs.length; i++) {
        float value = outputs[i];
        int unit = i / each;
        least[unit] = Math.min(least[unit], value);
        most[unit] = Math.max(most[unit], value);
        sum += value;
        zeros += value == 0 ? 1 : 0;
      }
      count += outputs.length;
    }

    LayerActivity activity(String layer) {
      int units = least.length;
      int dead = (int) IntStream.range(0, units).filter(u -> least[u] == most[u]).count();
      double smallest = IntStream.range(0, units).mapToDouble(u -> least[u]).min().orElse(0);
      double largest = IntStream.range(0, units).mapToDouble(u -> most[u]).max().orElse(0);
      return new LayerActivity(
          layer, units, dead, (double) zeros / count, smallest, sum / count, largest);
    }
  }
}
