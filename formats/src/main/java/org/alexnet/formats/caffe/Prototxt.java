package org.alexnet.formats.caffe;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.alexnet.AlexNetException;
import org.alexnet.InvalidNetworkException;

/** A message of Protocol Buffers as text: fields by name, each with one value or more. */
final class Prototxt {
  private static final int DEEPEST = 16;

  /** Names that layers cannot have here, and often have in Caffe. */
  private static final Set<String> RESERVED = Set.of("data", "labels", "logits", "loss");

  private final Map<String, List<Object>> fields = new LinkedHashMap<>();
  private final Tokens tokens;

  private Prototxt(Tokens tokens) {
    this.tokens = tokens;
  }

  /**
   * Reads a file's text.
   *
   * @throws AlexNetException naming the line that is wrong
   */
  static Prototxt parse(String file, String text) {
    Tokens tokens = new Tokens(file, text);
    Prototxt message = new Prototxt(tokens);
    message.read(0, "");
    return message;
  }

  private void read(int depth, String end) {
    if (depth > DEEPEST) {
      throw tokens.wrong("messages are nested deeper than " + DEEPEST);
    }
    while (!tokens.peek().equals(end)) {
      String name = tokens.next();
      if (!Character.isLetter(name.isEmpty() ? ' ' : name.charAt(0))) {
        throw tokens.wrong(
            name.isEmpty()
                ? "it ends within a message"
                : "a field's name is expected, not " + name);
      }
      List<Object> values = fields.computeIfAbsent(name, n -> new ArrayList<>());
      boolean colon = tokens.accept(":");
      if (colon && tokens.accept("[")) {
        while (!tokens.accept("]")) {
          values.add(value(depth));
          tokens.accept(",");
        }
      } else {
        if (!colon && !tokens.peek().equals("{")) {
          throw tokens.wrong("a colon or a brace is expected behind " + name);
        }
        values.add(value(depth));
      }
      if (!tokens.accept(";")) {
        tokens.accept(",");
      }
    }
    tokens.next();
  }

  private Object value(int depth) {
    if (tokens.accept("{")) {
      Prototxt message = new Prototxt(tokens);
      message.read(depth + 1, "}");
      return message;
    }
    return tokens.value();
  }

  private List<Object> all(String field) {
    return fields.getOrDefault(field, List.of());
  }

  boolean has(String field) {
    return fields.containsKey(field);
  }

  /** The messages of a repeated field. */
  List<Prototxt> messages(String field) {
    return all(field).stream()
        .map(
            value -> {
              if (value instanceof Prototxt message) {
                return message;
              }
              throw tokens.wrong("%s is %s, must be a message".formatted(field, value));
            })
        .toList();
  }

  /** The message of a field; one without fields where there is none. */
  Prototxt message(String field) {
    List<Prototxt> all = messages(field);
    return all.isEmpty() ? new Prototxt(tokens) : all.getLast();
  }

  List<String> texts(String field) {
    return all(field).stream().map(value -> scalar(field, value)).toList();
  }

  String text(String field, String otherwise) {
    return has(field) ? texts(field).getLast() : otherwise;
  }

  private String scalar(String field, Object value) {
    if (value instanceof String text) {
      return text;
    }
    throw tokens.wrong("%s is a message, must be one value".formatted(field));
  }

  List<Integer> integers(String field) {
    return texts(field).stream()
        .map(
            text -> {
              try {
                return Integer.valueOf(text);
              } catch (NumberFormatException e) {
                throw tokens.wrong(
                    "%s is %s, must be a whole number"
                        .formatted(field, InvalidNetworkException.shortened(text)));
              }
            })
        .toList();
  }

  int integer(String field, int otherwise) {
    return has(field) ? integers(field).getLast() : otherwise;
  }

  List<Float> reals(String field) {
    return texts(field).stream()
        .map(
            text -> {
              try {
                return Float.valueOf(text);
              } catch (NumberFormatException e) {
                throw tokens.wrong(
                    "%s is %s, must be a number"
                        .formatted(field, InvalidNetworkException.shortened(text)));
              }
            })
        .toList();
  }

  float real(String field, float otherwise) {
    return has(field) ? reals(field).getLast() : otherwise;
  }

  /** A name of Caffe's as a name of a layer here: other characters become underscores. */
  static String plain(String name) {
    String plain = name.replaceAll("[^A-Za-z0-9_-]", "_");
    if (RESERVED.contains(plain)) {
      return plain + "_layer";
    }
    return plain.isEmpty() || !Character.isLetterOrDigit(plain.charAt(0)) ? "layer" + plain : plain;
  }
}
