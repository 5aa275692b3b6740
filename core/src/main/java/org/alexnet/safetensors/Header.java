package org.alexnet.safetensors;

import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.json.JsonMapper;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.alexnet.AlexNetException;
import org.alexnet.file.JsonErrors;
import org.alexnet.tensor.DType;
import org.alexnet.tensor.TensorInfo;

/**
 * The parsed and checked head of a safetensors file: 8 bytes of little-endian length, that many
 * bytes of JSON, then the data, which the tensors cover without gap or overlap.
 *
 * @param dataStart byte of the file at which the data begins
 * @param entries the tensors in the order of their data
 * @param metadata the file's own notes; empty where it has none
 */
record Header(long dataStart, Map<String, Entry> entries, Map<String, String> metadata) {
  static final String METADATA = "__metadata__";
  static final int LENGTH_BYTES = 8;

  /** The reference implementation's limit. */
  static final long MAX_BYTES = 100_000_000;

  private static final ValueLayout.OfLong LENGTH =
      ValueLayout.JAVA_LONG_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
  private static final ObjectMapper JSON =
      JsonMapper.builder()
          .enable(JsonParser.Feature.STRICT_DUPLICATE_DETECTION)
          .enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS)
          .build();

  /** One tensor and the bytes of the data that are its own: from begin to before end. */
  record Entry(TensorInfo info, long begin, long end) {}

  /** Reads and checks the header of a whole file, at least 8 bytes long. */
  static Header parse(Path file, MemorySegment bytes) {
    long length = bytes.get(LENGTH, 0);
    long available = bytes.byteSize() - LENGTH_BYTES;
    if (length < 0 || length > MAX_BYTES) {
      throw bad(
          file,
          "says its header has "
              + Long.toUnsignedString(length)
              + " bytes; at most "
              + MAX_BYTES
              + " are allowed");
    }
    if (length > available) {
      throw bad(
          file,
          "says its header has "
              + length
              + " bytes, but only "
              + available
              + " follow; the file is cut short or of another format");
    }
    JsonNode root = json(file, bytes.asSlice(LENGTH_BYTES, length).asByteBuffer());
    var found = new ArrayList<Map.Entry<String, Entry>>();
    Map<String, String> metadata = Map.of();
    for (Map.Entry<String, JsonNode> field : root.properties()) {
      if (field.getKey().equals(METADATA)) {
        metadata = metadata(file, field.getValue());
      } else {
        found.add(Map.entry(field.getKey(), entry(file, field.getKey(), field.getValue())));
      }
    }
    return new Header(LENGTH_BYTES + length, inOrder(file, found, available - length), metadata);
  }

  private static JsonNode json(Path file, ByteBuffer utf8) {
    if (utf8.remaining() == 0 || utf8.get(0) != '{') {
      throw bad(file, "has a header that is not a JSON object; it must begin with '{'");
    }
    try {
      return JSON.readTree(StandardCharsets.UTF_8.newDecoder().decode(utf8).toString());
    } catch (CharacterCodingException e) {
      throw bad(file, "has a header that is not UTF-8 text");
    } catch (JsonProcessingException e) {
      throw bad(file, "has a header that is not valid JSON: " + JsonErrors.reason(e));
    }
  }

  private static Map<String, String> metadata(Path file, JsonNode node) {
    if (!node.isObject()) {
      throw bad(file, "has " + METADATA + " that is not an object of strings");
    }
    var metadata = new LinkedHashMap<String, String>();
    for (Map.Entry<String, JsonNode> field : node.properties()) {
      if (!field.getValue().isTextual()) {
        throw bad(file, METADATA + " entry '" + field.getKey() + "' is not a string");
      }
      metadata.put(field.getKey(), field.getValue().textValue());
    }
    return metadata;
  }

  private static Entry entry(Path file, String name, JsonNode node) {
    if (!node.isObject()) {
      throw bad(file, name, "is not described by an object with dtype, shape and data_offsets");
    }
    DType dtype = dtype(file, name, node.path("dtype"));
    List<Long> shape = integers(file, name, node.path("shape"), "shape");
    List<Long> offsets = integers(file, name, node.path("data_offsets"), "data_offsets");
    TensorInfo info;
    try {
      info = new TensorInfo(dtype, shape);
    } catch (AlexNetException e) {
      throw bad(file, name, "cannot be used: " + e.getMessage());
    }
    if (offsets.size() != 2 || offsets.get(0) < 0 || offsets.get(0) > offsets.get(1)) {
      throw bad(
          file,
          name,
          "has data_offsets " + offsets + "; [begin, end] with 0 <= begin <= end is required");
    }
    var entry = new Entry(info, offsets.get(0), offsets.get(1));
    if (dtype != DType.UNKNOWN && entry.end() - entry.begin() != info.bytes()) {
      throw bad(
          file,
          name,
          ("has %d bytes at data_offsets %s, but %s of shape %s requires %d")
              .formatted(entry.end() - entry.begin(), offsets, dtype, shape, info.bytes()));
    }
    return entry;
  }

  /** A type that is not known makes one tensor unusable, not the file. */
  private static DType dtype(Path file, String name, JsonNode node) {
    if (!node.isTextual()) {
      throw bad(file, name, "has dtype " + shown(node) + "; a name such as F32 is required");
    }
    for (DType dtype : DType.values()) {
      if (dtype.name().equals(node.textValue())) {
        return dtype;
      }
    }
    return DType.UNKNOWN;
  }

  private static List<Long> integers(Path file, String name, JsonNode node, String what) {
    if (!node.isArray()) {
      throw bad(file, name, "has " + what + " " + shown(node) + "; a list of integers is required");
    }
    var values = new ArrayList<Long>();
    for (JsonNode value : node) {
      if (!value.isIntegralNumber() || !value.canConvertToLong()) {
        throw bad(
            file,
            name,
            "has " + shown(value) + " in its " + what + "; integers below 2^63 are required");
      }
      values.add(value.longValue());
    }
    return values;
  }

  private static Map<String, Entry> inOrder(
      Path file, List<Map.Entry<String, Entry>> found, long dataBytes) {
    found.sort(
        Comparator.<Map.Entry<String, Entry>>comparingLong(e -> e.getValue().begin())
            .thenComparingLong(e -> e.getValue().end()));
    var entries = new LinkedHashMap<String, Entry>();
    long covered = 0;
    for (Map.Entry<String, Entry> next : found) {
      checkPlace(file, next.getKey(), next.getValue(), covered, dataBytes);
      covered = next.getValue().end();
      entries.put(next.getKey(), next.getValue());
    }
    if (covered != dataBytes) {
      throw bad(file, "has " + (dataBytes - covered) + " trailing bytes that belong to no tensor");
    }
    return entries;
  }

  private static void checkPlace(
      Path file, String name, Entry entry, long covered, long dataBytes) {
    if (entry.begin() < covered) {
      throw bad(
          file,
          name,
          "begins at byte %d of the data and overlaps the tensor before it, which ends at %d"
              .formatted(entry.begin(), covered));
    }
    if (entry.begin() > covered) {
      throw bad(
          file,
          name,
          "begins at byte %d of the data and leaves a hole after byte %d"
              .formatted(entry.begin(), covered));
    }
    if (entry.end() > dataBytes) {
      throw bad(
          file,
          name,
          "ends at byte %d of the data, but the file has only %d; it is cut short"
              .formatted(entry.end(), dataBytes));
    }
  }

  private static String shown(JsonNode node) {
    if (node.isMissingNode()) {
      return "missing";
    }
    String text = node.toString();
    return text.length() <= 60 ? text : text.substring(0, 60) + "...";
  }

  private static AlexNetException bad(Path file, String name, String what) {
    return new AlexNetException(file + ": tensor '" + name + "' " + what);
  }

  static AlexNetException bad(Path file, String what) {
    return new AlexNetException(file + " " + what);
  }
}
