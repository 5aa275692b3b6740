package org.alexnet.formats.caffe;

import java.util.ArrayList;
import java.util.HashSet;
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

  /**
   * A value of a field.
   *
   * @param value a text or a message
   * @param line where it begins
   */
  private record Value(Object value, int line) {}

  private final Map<String, List<Value>> fields = new LinkedHashMap<>();

  /** Fields that somebody has asked for. */
  private final Set<String> read = new HashSet<>();

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
      List<Value> values = fields.computeIfAbsent(name, n -> new ArrayList<>());
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

  private Value value(int depth) {
    int line = tokens.line();
    if (tokens.accept("{")) {
      Prototxt message = new Prototxt(tokens);
      message.read(depth + 1, "}");
      return new Value(message, line);
    }
    return new Value(tokens.value(), line);
  }

  private List<Object> all(String field) {
    read.add(field);
    return fields.getOrDefault(field, List.of()).stream().map(Value::value).toList();
  }

  boolean has(String field) {
    read.add(field);
    return fields.containsKey(field);
  }

  /** What is wrong with a field, after the file and the line of its last value. */
  AlexNetException wrong(String field, String what) {
    List<Value> values = fields.get(field);
    return values == null ? tokens.wrong(what) : tokens.wrong(values.getLast().line, what);
  }

  /**
   * Refuses fields that nobody has asked for, whose meaning would be passed over.
   *
   * @param where what stands before the name of a field
   * @param without fields that need not be asked for
   */
  void requireRead(String where, Set<String> without) {
    fields.forEach(
        (name, values) -> {
          if (without.contains(name)) {
            return;
          }
          if (!read.contains(name)) {
            throw wrong(
                name,
                "%s%s is not understood".formatted(where, InvalidNetworkException.shortened(name)));
          }
          for (Value value : values) {
            if (value.value instanceof Prototxt message) {
              message.requireRead(where + name + ".", without);
            }
          }
        });
  }

  /** A whole number of at least 1 that has to be there. */
  int requireInteger(String field) {
    if (!has(field)) {
      throw tokens.wrong("%s is missing".formatted(field));
    }
    int value = integer(field, 0);
    if (value < 1) {
      throw wrong(field, "%s is %d, must be at least 1".formatted(field, value));
    }
    return value;
  }

  /** A number within bounds that has to be there. */
  float requireReal(String field, float least, float most) {
    if (!has(field)) {
      throw tokens.wrong("%s is missing".formatted(field));
    }
    float value = real(field, 0);
    if (!(value >= least && value <= most)) {
      throw wrong(field, "%s is %s, must be finite, at least %s".formatted(field, value, least));
    }
    return value;
  }

  /** The messages of a repeated field. */
  List<Prototxt> messages(String field) {
    return all(field).stream()
        .map(
            value -> {
              if (value instanceof Prototxt message) {
                return message;
              }
              throw wrong(field, "%s is %s, must be a message".formatted(field, value));
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
    throw wrong(field, "%s is a message, must be one value".formatted(field));
  }

  List<Integer> integers(String field) {
    return texts(field).stream()
        .map(
            text -> {
              try {
                return Integer.valueOf(text);
              } catch (NumberFormatException e) {
                throw wrong(
                    field,
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
                throw wrong(
                    field,
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
