package org.alexnet.formats.caffe;

import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.alexnet.UsageException;
import org.alexnet.exchange.ModelWriter;
import org.alexnet.exchange.TrainedNetwork;
import org.alexnet.formats.OutputFile;
import org.alexnet.formats.protobuf.ProtobufWriter;
import org.alexnet.network.Input;
import org.alexnet.network.Network;
import org.alexnet.network.Parameter;
import org.alexnet.tensor.FloatTensor;

/**
 * Writes {@code NAME.caffemodel}, of Caffe's second generation of layers, with {@code
 * NAME.prototxt}, the network as it is deployed, and {@code NAME.binaryproto}, the mean image,
 * where pixels have one. The filters of the first layer and the mean are turned to blue, green, red
 * as Caffe's tools read pictures.
 */
public final class CaffeWriter implements ModelWriter {
  private static final int COLOURS = 3;

  /** For {@link java.util.ServiceLoader}. */
  public CaffeWriter() {}

  @Override
  public String name() {
    return "Caffe";
  }

  @Override
  public String extension() {
    return ".caffemodel";
  }

  @Override
  public List<Path> files(Path out) {
    return List.of(out, beside(out, ".prototxt"), beside(out, ".binaryproto"));
  }

  private Path beside(Path out, String extension) {
    String name = out.getFileName().toString();
    return out.resolveSibling(name.substring(0, name.length() - extension().length()) + extension);
  }

  @Override
  public List<String> write(TrainedNetwork trained, Path out, Options options) {
    if (options.names() == ParameterNames.TORCHVISION) {
      throw new UsageException(
          "Layers of a Caffe network have names of their own, not torchvision's.");
    }
    Network network = trained.network();
    String text = new NetworkText(trained, options.batch(), options.raw()).write();
    FloatTensor mean = options.raw() ? null : trained.mean().orElse(null);
    String first = turned(trained);
    ProtobufWriter net = new ProtobufWriter().text(1, network.name());
    String before = "";
    ProtobufWriter layer = null;
    for (Parameter parameter : trained.parameters()) {
      if (!parameter.layer().equals(before)) {
        if (layer != null) {
          net.message(100, layer);
        }
        before = parameter.layer();
        layer =
            new ProtobufWriter()
                .text(1, before)
                .text(2, parameter.shape().size() == 4 ? "Convolution" : "InnerProduct");
      }
      layer.message(7, blob(trained, parameter, parameter.name().equals(first)));
    }
    net.message(100, layer);
    try (OutputFile weights = new OutputFile(out);
        OutputFile prototxt = new OutputFile(beside(out, ".prototxt"))) {
      net.write(weights);
      prototxt.write(text.getBytes(StandardCharsets.UTF_8));
      if (mean != null) {
        try (OutputFile image = new OutputFile(beside(out, ".binaryproto"))) {
          mean(trained, mean).write(image);
          image.complete();
        }
      }
      weights.complete();
      prototxt.complete();
    }
    return lost(trained, first, mean);
  }

  private static List<String> lost(TrainedNetwork trained, String first, FloatTensor mean) {
    List<String> lost = new ArrayList<>();
    if (first != null) {
      lost.add("The filters of %s are in the order blue, green, red.".formatted(first));
    }
    Input input = trained.network().input();
    if (mean == null) {
      lost.add("What becomes of pixels is not kept.");
    } else if (NetworkText.scale(input).isPresent()) {
      lost.add(
          "Pixels of 0..255 have the mean in the .binaryproto subtracted; the network scales"
              + " them.");
    } else {
      lost.add(
          "Pixels have the mean in the .binaryproto subtracted, and are then multiplied by %s."
              .formatted(input.scales()));
    }
    lost.add("Learning rates, initial values, columns and the names of classes are not kept.");
    return lost;
  }

  /** The weights whose second axis are the colours of the image; null where there are none. */
  private static String turned(TrainedNetwork trained) {
    Parameter first = trained.parameters().getFirst();
    return first.shape().size() == 4 && first.shape().get(1) == COLOURS ? first.name() : null;
  }

  private static ProtobufWriter blob(TrainedNetwork trained, Parameter parameter, boolean turned) {
    List<Long> shape = parameter.shape().stream().map(Integer::longValue).toList();
    return new ProtobufWriter()
        .floats(
            5,
            parameter.elements(),
            () -> {
              float[] values = trained.read(parameter.name()).values();
              if (turned) {
                Colours.turn(values, shape.get(2) * shape.get(3));
              }
              return values;
            })
        .message(7, new ProtobufWriter().integers(1, shape));
  }

  /** On the scale of 0..255, before pixels are multiplied. */
  private static ProtobufWriter mean(TrainedNetwork trained, FloatTensor mean) {
    Input input = trained.network().input();
    List<Long> shape = mean.shape();
    int plane = (int) (shape.get(1) * shape.get(2));
    float[] values = mean.values().clone();
    for (int i = 0; i < values.length; i++) {
      values[i] /= input.scales().get(i / plane);
    }
    if (shape.getFirst() == COLOURS) {
      Colours.turn(values, plane);
    }
    return new ProtobufWriter()
        .integer(1, 1)
        .integer(2, shape.get(0))
        .integer(3, shape.get(1))
        .integer(4, shape.get(2))
        .floats(5, values.length, () -> values);
  }
}
