package org.alexnet.model.json;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.JsonToken;
import com.fasterxml.jackson.core.StreamReadConstraints;
import com.fasterxml.jackson.core.StreamReadFeature;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.SequencedMap;
import org.alexnet.AlexNetException;
import org.alexnet.InvalidNetworkException;
import org.alexnet.file.JsonErrors;
import org.alexnet.network.ChannelSelection;

/** JSON as it stands in a file: each value with the line that it begins in. */
public sealed interface JsonValue {
  /** Values within values; more than any record has. */
  int DEEPEST = 16;

  /** Values of a list. */
  int LONGEST = 1000;

  /** Values of a list of numbers or texts: the channels that a layer may choose. */
  int LONGEST_OF_SCALARS = ChannelSelection.MOST;

  /** The line, from 1; less where it is not known. */
  int line();

  /** The value as part of a sentence. */
  String shown();

  /** An object. */
  record Fields(int line, SequencedMap<String, JsonValue> values) implements JsonValue {
    @Override
    public String shown() {
      return "an object";
    }
  }

  /** A list. */
  record Items(int line, List<JsonValue> values) implements JsonValue {
    @Override
    public String shown() {
      return "a list of " + values.size();
    }
  }

  /** A text, a number, true, false or null, as it is written. */
  record Scalar(int line, JsonToken token, String text) implements JsonValue {
    @Override
    public String shown() {
      String shortened = InvalidNetworkException.shortened(text);
      return token == JsonToken.VALUE_STRING ? '"' + shortened + '"' : shortened;
    }
  }

  /**
   * Reads a file's text.
   *
   * @param file its name, for messages
   * @throws AlexNetException if it is not JSON, a field is there twice, or values are nested deeper
   *     or lists are longer than a network needs
   */
  static JsonValue parse(String file, String text) {
    JsonFactory factory =
        JsonFactory.builder()
            .enable(StreamReadFeature.STRICT_DUPLICATE_DETECTION)
            .streamReadConstraints(
                StreamReadConstraints.builder().maxNameLength(text.length() + 1).build())
            .build();
    try (JsonParser parser = factory.createParser(text)) {
      parser.nextToken();
      JsonValue value = read(file, parser, 0);
      if (parser.nextToken() != null) {
        throw bad(file, parser, "something follows the end of the object");
      }
      return value;
    } catch (JsonProcessingException e) {
      throw new AlexNetException(
          "%s is not valid JSON: %s.".formatted(file, JsonErrors.reason(e)), e);
    } catch (IOException e) {
      throw new UncheckedIOException(e); // a text has none
    }
  }

  /** A part of a file that has been read already; its lines are not known. */
  static JsonValue of(String file, ObjectNode object) {
    try (JsonParser parser = object.traverse()) {
      parser.nextToken();
      return read(file, parser, 0);
    } catch (IOException e) {
      throw new UncheckedIOException(e); // memory has none
    }
  }

  private static JsonValue read(String file, JsonParser parser, int depth) throws IOException {
    int line = parser.currentTokenLocation().getLineNr();
    JsonToken token = parser.currentToken();
    if (token == null) {
      throw bad(file, parser, "there is nothing, and an object is required");
    }
    if (depth == DEEPEST) {
      throw bad(file, parser, "values are nested deeper than %d".formatted(DEEPEST));
    }
    if (token == JsonToken.START_OBJECT) {
      SequencedMap<String, JsonValue> values = new LinkedHashMap<>();
      while (parser.nextToken() != JsonToken.END_OBJECT) {
        String name = parser.currentName();
        parser.nextToken();
        values.put(name, read(file, parser, depth + 1));
      }
      return new Fields(line, values);
    }
    if (token == JsonToken.START_ARRAY) {
      List<JsonValue> values = new ArrayList<>();
      while (parser.nextToken() != JsonToken.END_ARRAY) {
        int most = parser.currentToken().isScalarValue() ? LONGEST_OF_SCALARS : LONGEST;
        if (values.size() >= most) {
          throw bad(
              file,
              parser,
              "the list that begins in line %d has more than %,d values, which no network needs"
                  .formatted(line, most));
        }
        values.add(read(file, parser, depth + 1));
      }
      return new Items(line, values);
    }
    return new Scalar(line, token, parser.getText());
  }

  private static AlexNetException bad(String file, JsonParser parser, String what) {
    int line = parser.currentTokenLocation().getLineNr();
    return new AlexNetException(
        "%s%s: %s.".formatted(file, line > 0 ? ", line " + line : "", what));
  }
}
