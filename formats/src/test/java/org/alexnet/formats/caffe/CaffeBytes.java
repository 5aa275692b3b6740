package org.alexnet.formats.caffe;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.alexnet.formats.OutputFile;
import org.alexnet.formats.protobuf.ProtobufWriter;
import org.alexnet.tensor.FloatTensor;

/** Files of Caffe by hand, in each way that its versions have written them. */
final class CaffeBytes {
  /** How numbers and shapes are written. */
  enum Way {
    /** Of 2014: layers of the first generation, four numbers of shape, numbers packed. */
    V1,
    /** The same with a tag before every number. */
    V1_UNPACKED,
    /** Layers of the second generation with a BlobShape. */
    V2,
    /** The same in double precision. */
    V2_DOUBLE
  }

  private static final int CONVOLUTION = 4;
  private static final int INNER_PRODUCT = 14;

  private CaffeBytes() {}

  /** A network of weights, the filters of the first layer in the order that Caffe has. */
  static byte[] network(String name, Map<String, FloatTensor> weights, Way way, Path folder)
      throws IOException {
    boolean old = way == Way.V1 || way == Way.V1_UNPACKED;
    ProtobufWriter net = new ProtobufWriter().text(1, name);
    boolean first = true;
    for (String weight : weights.keySet().stream().filter(n -> n.endsWith(".weight")).toList()) {
      String layer = weight.substring(0, weight.length() - ".weight".length());
      FloatTensor values = weights.get(weight);
      boolean product = values.shape().size() == 2;
      ProtobufWriter message = new ProtobufWriter();
      if (old) {
        message.text(4, layer).integer(5, product ? INNER_PRODUCT : CONVOLUTION);
      } else {
        message.text(1, layer).text(2, product ? "InnerProduct" : "Convolution");
      }
      float[] turned = values.values().clone();
      if (first && values.shape().get(1) == 3) {
        Colours.turn(turned, values.shape().get(2) * values.shape().get(3));
      }
      first = false;
      int field = old ? 6 : 7;
      message.message(field, blob(new FloatTensor(values.shape(), turned), way));
      message.message(field, blob(weights.get(layer + ".bias"), way));
      net.message(old ? 2 : 100, message);
    }
    return bytes(net, folder);
  }

  static byte[] bytes(ProtobufWriter message, Path folder) throws IOException {
    Path file = folder.resolve("bytes");
    try (OutputFile out = new OutputFile(file)) {
      message.write(out);
      out.complete();
    }
    return Files.readAllBytes(file);
  }

  static ProtobufWriter blob(FloatTensor tensor, Way way) {
    ProtobufWriter blob = new ProtobufWriter();
    List<Long> shape = tensor.shape();
    boolean old = way == Way.V1 || way == Way.V1_UNPACKED;
    if (old) {
      for (int field = 1; field <= 4; field++) { // ones come first
        int axis = field - 1 - (4 - shape.size());
        blob.integer(field, axis < 0 ? 1 : shape.get(axis));
      }
    }
    switch (way) {
      case V1, V2 -> blob.floats(5, tensor.values().length, tensor::values);
      case V1_UNPACKED -> {
        for (float value : tensor.values()) {
          blob.real(5, value);
        }
      }
      case V2_DOUBLE -> {
        var bytes = ByteBuffer.allocate(8 * tensor.values().length);
        bytes.order(ByteOrder.LITTLE_ENDIAN);
        for (float value : tensor.values()) {
          bytes.putDouble(value);
        }
        blob.bytes(8, bytes.array());
      }
    }
    if (!old) {
      blob.message(7, new ProtobufWriter().integers(1, shape));
    }
    return blob;
  }
}
