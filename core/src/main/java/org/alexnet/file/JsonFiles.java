package org.alexnet.file;

import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.util.DefaultIndenter;
import com.fasterxml.jackson.core.util.DefaultPrettyPrinter;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import org.alexnet.AlexNetException;

/** JSON as the run's files hold it: one object, UTF-8, the same bytes on every system. */
public final class JsonFiles {
  private static final ObjectMapper JSON =
      JsonMapper.builder()
          .enable(JsonParser.Feature.STRICT_DUPLICATE_DETECTION)
          .enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS)
          .build();

  private JsonFiles() {}

  /** An object with no fields. */
  public static ObjectNode object() {
    return JSON.createObjectNode();
  }

  /**
   * Reads the one object that a file holds.
   *
   * @throws AlexNetException if it cannot be read, or holds anything else
   */
  public static ObjectNode read(Path file) {
    try {
      return parse(file.toString(), Files.readString(file));
    } catch (IOException e) {
      throw new AlexNetException(file + " cannot be read: " + DurableFiles.reason(e), e);
    }
  }

  /** Parses one object; {@code where} names the text in errors. */
  public static ObjectNode parse(String where, String text) {
    try {
      JsonNode node = JSON.readTree(text);
      if (node instanceof ObjectNode object) {
        return object;
      }
      throw new AlexNetException(where + " is damaged: a JSON object is required");
    } catch (JsonProcessingException e) {
      throw new AlexNetException(
          "%s is damaged, for it is not valid JSON: %s; restore it from a copy"
              .formatted(where, JsonErrors.reason(e)),
          e);
    }
  }

  /** The object on several lines, indented by two spaces, with a line feed at the end. */
  public static byte[] pretty(ObjectNode object) {
    var indenter = new DefaultIndenter("  ", "\n");
    var printer = new DefaultPrettyPrinter().withObjectIndenter(indenter);
    try {
      return (JSON.writer(printer).writeValueAsString(Json.finite(object)) + "\n")
          .getBytes(StandardCharsets.UTF_8);
    } catch (JsonProcessingException e) {
      throw new IllegalArgumentException(e);
    }
  }

  /** The object on one line, with a line feed at the end; what JSON has no number for is null. */
  public static byte[] line(ObjectNode object) {
    return (Json.finite(object).toString() + "\n").getBytes(StandardCharsets.UTF_8);
  }
}
