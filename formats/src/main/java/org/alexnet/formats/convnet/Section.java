package org.alexnet.formats.convnet;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Collections;
import java.util.List;
import java.util.Locale;
import java.util.SequencedMap;
import java.util.function.Function;
import java.util.stream.Stream;
import org.alexnet.AlexNetException;
import org.alexnet.InvalidNetworkException;

/**
 * A section of a file: a layer, or how it learns. Lists are separated by commas.
 *
 * @param path of the file, for messages
 * @param line that it begins in
 * @param values by name in small letters
 */
record Section(Path path, String name, int line, SequencedMap<String, Value> values) {

  /**
   * A value.
   *
   * @param line that it stands in
   * @param key its name as it is written
   */
  record Value(int line, String key, String text) {}

  /** Whether there is a value of a name. */
  boolean has(String key) {
    return values.containsKey(key(key));
  }

  String text(String key) {
    return value(key).text();
  }

  String text(String key, String otherwise) {
    return has(key) ? text(key) : otherwise;
  }

  int whole(String key) {
    return wholes(key, 1).getFirst();
  }

  int whole(String key, int otherwise) {
    return wholes(key, 1, otherwise).getFirst();
  }

  float number(String key) {
    return numbers(key, 1).getFirst();
  }

  float number(String key, float otherwise) {
    return numbers(key, 1, otherwise).getFirst();
  }

  boolean flag(String key, boolean otherwise) {
    return flags(key, 1, otherwise).getFirst();
  }

  List<String> texts(String key) {
    return Stream.of(text(key).split(",", -1)).map(String::strip).toList();
  }

  /** A whole number for each of several inputs. */
  List<Integer> wholes(String key, int inputs) {
    return list(key, inputs, Integer::parseInt, "a whole number");
  }

  List<Integer> wholes(String key, int inputs, int otherwise) {
    return has(key) ? wholes(key, inputs) : Collections.nCopies(inputs, otherwise);
  }

  /** A finite number for each of several inputs. */
  List<Float> numbers(String key, int inputs) {
    return list(key, inputs, Section::finite, "a number");
  }

  List<Float> numbers(String key, int inputs, float otherwise) {
    return has(key) ? numbers(key, inputs) : Collections.nCopies(inputs, otherwise);
  }

  private static float finite(String text) {
    float number = Float.parseFloat(text);
    if (!Float.isFinite(number)) {
      throw new NumberFormatException(text);
    }
    return number;
  }

  /** A truth for each of several inputs. */
  List<Boolean> flags(String key, int inputs, boolean otherwise) {
    return has(key)
        ? list(key, inputs, Section::truth, "0 or 1")
        : Collections.nCopies(inputs, otherwise);
  }

  private static boolean truth(String text) {
    return switch (text.toLowerCase(Locale.ROOT)) {
      case "1", "true", "yes", "on" -> true;
      case "0", "false", "no", "off" -> false;
      default -> throw new NumberFormatException(text);
    };
  }

  private <T> List<T> list(String key, int inputs, Function<String, T> read, String what) {
    List<T> list = new ArrayList<>();
    for (String item : texts(key)) {
      try {
        list.add(read.apply(item));
      } catch (NumberFormatException _) {
        throw wrong(key, "is %s, must be %s".formatted(ConfigFile.shown(item), what));
      }
    }
    if (list.size() != inputs) {
      throw wrong(
          key,
          inputs == 1
              ? "has %,d values, must have one".formatted(list.size())
              : "has %,d values, must have one for each of the %,d inputs"
                  .formatted(list.size(), inputs));
    }
    return list;
  }

  private Value value(String key) {
    Value value = values.get(key(key));
    if (value == null) {
      throw wrong("%s is missing".formatted(key));
    }
    return value;
  }

  /** Refuses every value whose name is none of the known. */
  void requireKnown(Collection<String> known) {
    List<String> small = known.stream().map(Section::key).toList();
    values.forEach(
        (key, value) -> {
          if (!small.contains(key)) {
            throw wrong(
                value.key(),
                "is not known here; what is, is %s".formatted(String.join(", ", known)));
          }
        });
  }

  private static String key(String name) {
    return name.toLowerCase(Locale.ROOT);
  }

  /** What is wrong with a value. */
  AlexNetException wrong(String key, String problem) {
    int at = has(key) ? value(key).line() : line;
    return ConfigFile.wrong(
        path,
        at,
        "layer %s: %s %s".formatted(InvalidNetworkException.shortened(name), key, problem));
  }

  /** What is wrong with the section. */
  AlexNetException wrong(String problem) {
    return ConfigFile.wrong(
        path, line, "layer %s: %s".formatted(InvalidNetworkException.shortened(name), problem));
  }
}
