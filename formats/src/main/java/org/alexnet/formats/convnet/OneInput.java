package org.alexnet.formats.convnet;

import java.util.Optional;
import org.alexnet.formats.convnet.Graph.Output;
import org.alexnet.network.Blur;
import org.alexnet.network.ContrastNorm;
import org.alexnet.network.Dropout;
import org.alexnet.network.HorizontalFlip;
import org.alexnet.network.Layer;
import org.alexnet.network.LocalResponseNorm;
import org.alexnet.network.Pooling;
import org.alexnet.network.Rounding;
import org.alexnet.network.Subsample;
import org.alexnet.network.Window;

/** A layer without weights that reads one other. */
final class OneInput {
  private final Section section;
  private final Output input;
  private final LearningFile learning;
  private int size;

  OneInput(Section section, Output input, LearningFile learning) {
    this.section = section;
    this.input = input;
    this.learning = learning;
    this.size = input.size();
  }

  /** What a type of layer may have. */
  static String[] keys(Section section, String type) {
    return switch (type) {
      case "pool" ->
          new String[] {"pool", "channels", "size", "sizeX", "stride", "start", "outputsX"};
      case "rnorm", "cnorm", "cmrnorm" ->
          new String[] {"channels", "size", "sizeX", "scale", "pow", "minDiv", "blocked"};
      case "hs" -> new String[] {"keep", "enable"};
      case "blur" -> new String[] {"channels", "filterSize", "stdev"};
      case "nailbed" -> new String[] {"channels", "stride"};
      case "href" -> new String[] {"channels"};
      case "neuron" -> new String[] {};
      default ->
          throw section.wrong(
              "type",
              "is %s, must be data, conv, local, fc, pool, cmrnorm, rnorm, cnorm, neuron, hs,"
                      .formatted(ConfigFile.shown(type))
                  + " concat, eltsum, blur, nailbed, href, softmax or cost.logreg");
    };
  }

  Layer layer(String type) {
    String name = section.name();
    if (type.equals("hs")) {
      return dropout(name);
    }
    section.whole("channels"); // all others have it, and it was checked
    return switch (type) {
      case "pool" -> pooling(name);
      case "blur" -> new Blur(name, section.whole("filterSize"), section.number("stdev"));
      case "nailbed" -> subsample(name);
      case "href" -> new HorizontalFlip(name);
      default -> norm(type, name);
    };
  }

  /** What it gives, by no name yet. */
  Output output() {
    return new Output("", input.channels(), size, input.flat());
  }

  private Layer dropout(String name) {
    boolean enabled =
        learning.of(section).map(own -> own.flag("enable", true)).orElse(true)
            && section.flag("enable", true);
    if (!enabled) {
      throw section.wrong("enable", "is false, must be true; a run can be trained without dropout");
    }
    section.number("keep");
    double keep = Double.parseDouble(section.text("keep"));
    return new Dropout(name, (float) (1 - keep), Dropout.Scaling.TESTING);
  }

  private int edge() {
    if (section.has("size") && section.has("sizeX")) {
      throw section.wrong("size", "and sizeX are both there, which are two words for one value");
    }
    return section.whole(section.has("size") ? "size" : "sizeX");
  }

  private Layer pooling(String name) {
    String kind = section.text("pool");
    if (!kind.equals("max") && !kind.equals("avg")) {
      throw section.wrong("pool", "is %s, must be max or avg".formatted(ConfigFile.shown(kind)));
    }
    int edge = edge();
    int start = section.whole("start", 0);
    if (start > 0 || start <= -edge) {
      throw section.wrong("start", "is %d, must be at most 0 and above -%d".formatted(start, edge));
    }
    Window window = new Window(edge, section.whole("stride"), -start);
    int stated = section.whole("outputsX", 0);
    int theirs =
        stated > 0 ? stated : 1 + Math.ceilDiv(Math.max(0, size - start - edge), window.stride());
    size = counted(section, window, size, theirs);
    return new Pooling(
        name, kind.equals("max") ? Pooling.Kind.MAX : Pooling.Kind.AVERAGE, window, Rounding.CEIL);
  }

  /** The windows along an edge, if they are as many here as in the authors' program. */
  static int counted(Section section, Window window, int size, int theirs) {
    int ours = window.ceil(size);
    if (ours != theirs) {
      throw section.wrong(
          "it has %d windows along an edge of %d pixels, of which %d begin in the image or before"
              .formatted(theirs, size, ours));
    }
    return theirs;
  }

  private Layer subsample(String name) {
    Subsample layer = new Subsample(name, section.whole("stride"));
    size = layer.outputs(size);
    return layer;
  }

  private Layer norm(String type, String name) {
    float scale = constant("scale", null);
    float power = constant("pow", null);
    if (type.equals("cmrnorm")) {
      float least = constant("minDiv", 1f);
      return response(name, LocalResponseNorm.Region.ACROSS_MAPS, scale, power, least);
    }
    return type.equals("rnorm")
        ? response(name, LocalResponseNorm.Region.WITHIN_MAP, scale, power, 1)
        : new ContrastNorm(name, edge(), scale, power, 1);
  }

  private Layer response(
      String name, LocalResponseNorm.Region region, float alpha, float beta, float k) {
    return new LocalResponseNorm(
        name, region, edge(), alpha, beta, k, LocalResponseNorm.Convention.MEAN, 1);
  }

  /** A constant of a norm: of the second file or, as the first release had it, of the first. */
  private float constant(String key, Float otherwise) {
    Optional<Section> own = learning.of(section).filter(second -> second.has(key));
    if (own.isPresent() && section.has(key)) {
      throw section.wrong(key, "is in both files, must be in one");
    }
    if (own.isEmpty() && !section.has(key) && otherwise != null) {
      return otherwise;
    }
    return own.orElse(section).number(key);
  }
}
