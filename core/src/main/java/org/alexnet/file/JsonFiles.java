package org.alexnet.file;

import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.fasterxml.jackson.databind.node.TextNode;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.stream.Collectors;
import org.alexnet.AlexNetException;

/** JSON as the run's files hold it: one object, UTF-8, the same bytes on every system. */
public final class JsonFiles {
  private static final ObjectMapper JSON =
      JsonMapper.builder()
          .enable(JsonParser.Feature.STRICT_DUPLICATE_DETECTION)
          .enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS)
          .build();

  private JsonFiles() {}

  /** {@return an object with no fields} */
  public static ObjectNode object() {
    return JSON.createObjectNode();
  }

  /**
   * Reads the one object that a file holds.
   *
   * @param file in UTF-8
   * @return the object
   * @throws AlexNetException if it cannot be read, or holds anything else
   */
  public static ObjectNode read(Path file) {
    try {
      return parse(file.toString(), Files.readString(file));
    } catch (IOException e) {
      throw new AlexNetException(file + " cannot be read: " + DurableFiles.reason(e), e);
    }
  }

  /**
   * Parses one object; {@code where} names the text in errors.
   *
   * @param where the file or whatever holds the text
   * @param text one object of JSON
   * @return the object
   */
  public static ObjectNode parse(String where, String text) {
    return parse(where, 1, text);
  }

  /**
   * Parses one object out of a longer text.
   *
   * @param where the file or whatever holds the text, for errors
   * @param line the one on which the object begins, from 1
   * @param text the object
   * @return the object
   * @throws AlexNetException naming file and line, if it is not valid JSON or holds anything else
   */
  public static ObjectNode parse(String where, int line, String text) {
    try {
      JsonNode node = JSON.readTree(text);
      if (node instanceof ObjectNode object) {
        return object;
      }
      throw new AlexNetException(
          "%s is damaged: a JSON object is required at line %d; restore it from a copy"
              .formatted(where, line));
    } catch (JsonProcessingException e) {
      throw new AlexNetException(
          "%s is damaged, for it is not valid JSON: %s; restore it from a copy"
              .formatted(where, JsonErrors.reason(e, line)),
          e);
    }
  }

  /**
   * {@return the object on several lines, indented by two spaces, with a line feed at the end} Of a
   * list of objects, each has a line of its own.
   *
   * @param object of any numbers; what JSON has no number for becomes null
   */
  public static byte[] pretty(ObjectNode object) {
    StringBuilder text = new StringBuilder();
    write(text, Json.finite(object), "");
    return text.append('\n').toString().getBytes(StandardCharsets.UTF_8);
  }

  private static void write(StringBuilder text, JsonNode node, String indent) {
    String inner = indent + "  ";
    String separator = "\n";
    if (node instanceof ObjectNode && !node.isEmpty()) {
      text.append('{');
      for (Map.Entry<String, JsonNode> field : node.properties()) {
        text.append(separator).append(inner).append(name(field)).append(": ");
        write(text, field.getValue(), inner);
        separator = ",\n";
      }
      text.append('\n').append(indent).append('}');
    } else if (node instanceof ArrayNode && node.path(0).isObject()) {
      text.append('[');
      for (JsonNode item : node) {
        text.append(separator).append(inner).append(oneLine(item));
        separator = ",\n";
      }
      text.append('\n').append(indent).append(']');
    } else {
      text.append(oneLine(node));
    }
  }

  private static String oneLine(JsonNode node) {
    return switch (node) {
      case ObjectNode object ->
          object.properties().stream()
              .map(field -> "%s: %s".formatted(name(field), oneLine(field.getValue())))
              .collect(Collectors.joining(", ", "{", "}"));
      case ArrayNode array ->
          array.valueStream().map(JsonFiles::oneLine).collect(Collectors.joining(", ", "[", "]"));
      default -> node.toString();
    };
  }

  private static String name(Map.Entry<String, JsonNode> field) {
    return TextNode.valueOf(field.getKey()).toString();
  }

  /**
   * {@return the object on one line, with a line feed at the end; what JSON has no number for is
   * null}
   *
   * @param object of any numbers
   */
  public static byte[] line(ObjectNode object) {
    return (Json.finite(object).toString() + "\n").getBytes(StandardCharsets.UTF_8);
  }
}
