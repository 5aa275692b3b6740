package org.alexnet.formats.caffe;

import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.SequencedMap;
import org.alexnet.formats.MappedFile;
import org.alexnet.formats.StridedTensor;
import org.alexnet.formats.protobuf.ProtobufReader;

/**
 * The weights of a NetParameter, of both generations of layers.
 *
 * @param name what Caffe calls the network; empty where it says nothing
 * @param tensors by our names, {@code conv1.weight} and {@code conv1.bias}
 * @param first the weights whose second axis are the colours of the image; null where there are
 *     none
 */
record CaffeModel(String name, SequencedMap<String, StridedTensor> tensors, String first) {
  private static final int NAME = 1;
  private static final int LAYERS_V1 = 2;
  private static final int LAYERS = 100;
  private static final int COLOURS = 3;
  private static final int INNER_PRODUCT_V1 = 14;
  private static final String INNER_PRODUCT = "InnerProduct";

  /** In which fields a generation of layers keeps what. */
  private enum Generation {
    V1(4, 5, 6),
    V2(1, 2, 7);

    private final int name;
    private final int type;
    private final int blobs;

    Generation(int name, int type, int blobs) {
      this.name = name;
      this.type = type;
      this.blobs = blobs;
    }
  }

  static CaffeModel read(MappedFile file) {
    ProtobufReader reader = new ProtobufReader(file, "a NetParameter", file.bytes());
    String name = "";
    SequencedMap<String, StridedTensor> tensors = new LinkedHashMap<>();
    while (reader.next()) {
      switch (reader.field()) {
        case NAME -> name = reader.text();
        case LAYERS_V1 -> layer(file, reader.bytes(), Generation.V1, tensors);
        case LAYERS -> layer(file, reader.bytes(), Generation.V2, tensors);
        default -> {} // what else a network says of itself
      }
    }
    if (tensors.isEmpty()) {
      throw file.wrong("it is a network of Caffe without weights");
    }
    String first = tensors.firstEntry().getKey();
    List<Long> shape = tensors.firstEntry().getValue().shape();
    boolean colours = shape.size() == 4 && shape.get(1) == COLOURS;
    return new CaffeModel(name, tensors, colours ? first : null);
  }

  private static void layer(
      MappedFile file,
      MemorySegment message,
      Generation generation,
      SequencedMap<String, StridedTensor> tensors) {
    ProtobufReader reader = new ProtobufReader(file, "a layer", message);
    String name = "";
    boolean product = false;
    List<Blob> blobs = new ArrayList<>();
    while (reader.next()) {
      int field = reader.field();
      if (field == generation.name) {
        name = reader.text();
      } else if (field == generation.type) {
        product =
            reader.isBytes()
                ? reader.text().equals(INNER_PRODUCT)
                : reader.integer() == INNER_PRODUCT_V1;
      } else if (field == generation.blobs) {
        blobs.add(Blob.read(file, reader.bytes()));
      }
    }
    for (int i = 0; i < blobs.size(); i++) {
      Blob blob = blobs.get(i);
      String suffix = i == 0 ? ".weight" : i == 1 ? ".bias" : "." + i;
      List<Long> shape = i == 1 ? blob.last(1) : product ? blob.last(2) : blob.shape();
      if (tensors.put(Prototxt.plain(name) + suffix, blob.tensor(shape)) != null) {
        throw file.wrong("it has two layers called " + MappedFile.shown(name));
      }
    }
  }
}
