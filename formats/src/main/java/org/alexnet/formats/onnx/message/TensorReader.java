package org.alexnet.formats.onnx.message;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.alexnet.formats.MappedFile;
import org.alexnet.formats.StridedTensor;
import org.alexnet.formats.protobuf.ProtobufReader;
import org.alexnet.network.ChannelSelection;
import org.alexnet.tensor.DType;

/**
 * Reads a TensorProto: numbers as they lie in memory, typed numbers, or a place in a file beside.
 */
final class TensorReader implements AutoCloseable {
  /** Whole numbers are shapes, axes and sizes, which are few, and lists of channels. */
  private static final int MOST_NUMBERS = ChannelSelection.MOST;

  private static final int EXTERNAL = 1;

  private final MappedFile file;
  private final Map<String, MappedFile> beside = new HashMap<>();

  TensorReader(MappedFile file) {
    this.file = file;
  }

  /**
   * A tensor.
   *
   * @param numbers of a short tensor of whole numbers; null for another
   * @param tensor null where numbers are given
   */
  record Read(String name, List<Long> numbers, StridedTensor tensor) {}

  private static DType type(long type) {
    return switch ((int) type) {
      case 1 -> DType.F32;
      case 10 -> DType.F16;
      case 11 -> DType.F64;
      case 16 -> DType.BF16;
      case 6 -> DType.I32;
      case 7 -> DType.I64;
      case 9 -> DType.BOOL;
      case 3 -> DType.I8;
      case 2 -> DType.U8;
      default -> DType.UNKNOWN;
    };
  }

  Read read(ProtobufReader message) {
    List<Long> dims = new ArrayList<>();
    List<Long> integers = new ArrayList<>();
    List<MemorySegment> typed = new ArrayList<>();
    List<Float> singly = new ArrayList<>();
    Map<String, String> external = new HashMap<>();
    DType type = DType.UNKNOWN;
    String name = "";
    MemorySegment raw = null;
    boolean elsewhere = false;
    while (message.next()) {
      switch (message.field()) {
        case Fields.TENSOR_DIMS -> message.integers(extent -> add(message, dims, extent));
        case Fields.TENSOR_TYPE -> type = type(message.integer());
        case Fields.TENSOR_NAME -> name = message.text();
        case Fields.TENSOR_RAW -> raw = message.bytes();
        case Fields.TENSOR_INT64S -> message.integers(n -> add(message, integers, n));
        case Fields.TENSOR_FLOATS, Fields.TENSOR_DOUBLES -> {
          if (message.isBytes()) {
            typed.add(message.bytes());
          } else {
            singly.add(message.real());
          }
        }
        case Fields.TENSOR_EXTERNAL -> OnnxFile.entry(message.message("a property"), external);
        case Fields.TENSOR_LOCATION -> elsewhere = message.integer() == EXTERNAL;
        default -> {}
      }
    }
    MemorySegment data =
        elsewhere ? external(name, external) : raw != null ? raw : typed(message, typed, singly);
    if (type == DType.I64 && data.byteSize() <= MOST_NUMBERS * Long.BYTES) {
      return new Read(name, integers.isEmpty() ? numbers(data) : integers, null);
    }
    try {
      StridedTensor tensor = StridedTensor.contiguous(data, type, dims);
      if (tensor.info().elements() * type.bytes() != data.byteSize()) {
        throw new IllegalArgumentException(
            "has shape %s and %,d bytes".formatted(dims, data.byteSize()));
      }
      return new Read(name, null, tensor);
    } catch (IllegalArgumentException e) {
      throw file.wrong("its tensor %s %s".formatted(MappedFile.shown(name), e.getMessage()));
    }
  }

  private static void add(ProtobufReader message, List<Long> numbers, long number) {
    if (numbers.size() == MOST_NUMBERS) {
      throw message.wrong("has more than %d extents or whole numbers".formatted(MOST_NUMBERS));
    }
    numbers.add(number);
  }

  private static List<Long> numbers(MemorySegment data) {
    List<Long> numbers = new ArrayList<>();
    for (long at = 0; at + Long.BYTES <= data.byteSize(); at += Long.BYTES) {
      numbers.add(data.get(ValueLayout.JAVA_LONG_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN), at));
    }
    return numbers;
  }

  /** Numbers of single or double precision: in one piece as all programs write them, or singly. */
  private static MemorySegment typed(
      ProtobufReader message, List<MemorySegment> pieces, List<Float> singly) {
    if (pieces.size() == 1 && singly.isEmpty()) {
      return pieces.getFirst();
    }
    if (!pieces.isEmpty()) {
      throw message.wrong("has its numbers in several pieces");
    }
    MemorySegment data = MemorySegment.ofArray(new byte[singly.size() * Float.BYTES]);
    for (int i = 0; i < singly.size(); i++) {
      data.set(
          ValueLayout.JAVA_FLOAT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN),
          (long) i * Float.BYTES,
          singly.get(i));
    }
    return data;
  }

  /** A place in a file of the same folder, or below it; others are not opened. */
  private MemorySegment external(String name, Map<String, String> said) {
    String location = said.getOrDefault("location", "");
    MappedFile mapped = beside.get(location);
    if (mapped == null) {
      mapped = open(name, location);
      beside.put(location, mapped);
    }
    try {
      long size = mapped.bytes().byteSize();
      long offset = Long.parseLong(said.getOrDefault("offset", "0"));
      long length = Long.parseLong(said.getOrDefault("length", Long.toString(size - offset)));
      if (offset >= 0 && offset <= size && length >= 0 && length <= size - offset) {
        return mapped.bytes().asSlice(offset, length);
      }
    } catch (NumberFormatException _) {
      // refused as a place that is not there
    }
    throw file.wrong(
        "its tensor %s does not lie in %s, which has %,d bytes"
            .formatted(MappedFile.shown(name), mapped.path(), mapped.bytes().byteSize()));
  }

  private MappedFile open(String name, String location) {
    Path path = null;
    try {
      path = Path.of(location).normalize();
    } catch (InvalidPathException _) {
      // refused below
    }
    if (path == null || location.isEmpty() || path.isAbsolute() || path.startsWith("..")) {
      throw file.wrong(
          "its tensor %s lies in %s; only files beside it are opened"
              .formatted(MappedFile.shown(name), MappedFile.shown(location)));
    }
    Path beside = file.path().resolveSibling(path);
    if (Files.notExists(beside)) {
      throw file.wrong(
          "its tensor %s lies in %s, which is not there; put that file beside it"
              .formatted(MappedFile.shown(name), MappedFile.shown(location)));
    }
    return MappedFile.open(beside);
  }

  @Override
  public void close() {
    beside.values().forEach(MappedFile::close);
  }
}
