package org.alexnet.formats.convnet;

import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.SequencedMap;
import org.alexnet.AlexNetException;
import org.alexnet.InvalidNetworkException;
import org.alexnet.file.TextFiles;

/**
 * A file of sections, each with names and values, as Python's {@code ConfigParser} reads it: {@code
 * [name]}, then {@code key=value} or {@code key: value}, comments behind a # or ; at the beginning
 * of a line.
 *
 * @param path for messages
 * @param sections by name, in their order
 */
record ConfigFile(Path path, SequencedMap<String, Section> sections) {
  private static final int MOST_SECTIONS = 2_000;

  /** Reads a file. */
  static ConfigFile read(Path path) {
    return parse(path, TextFiles.read(path));
  }

  private static ConfigFile parse(Path path, String text) {
    SequencedMap<String, Section> sections = new LinkedHashMap<>();
    Section current = null;
    int number = 0;
    for (String raw : text.lines().toList()) {
      number++;
      String line = raw.strip();
      if (line.isEmpty() || line.startsWith("#") || line.startsWith(";")) {
        continue;
      }
      if (line.startsWith("[")) {
        current = section(path, number, line, sections);
      } else {
        value(path, number, line, current);
      }
    }
    return new ConfigFile(path, sections);
  }

  private static Section section(
      Path path, int number, String line, SequencedMap<String, Section> sections) {
    int end = line.indexOf(']');
    if (end < 0 || !line.substring(end + 1).strip().isEmpty()) {
      throw wrong(path, number, "a section must be a name in brackets, got " + shown(line));
    }
    String name = line.substring(1, end).strip();
    Section section = new Section(path, name, number, new LinkedHashMap<>());
    Section other = sections.putIfAbsent(name, section);
    if (other != null) {
      throw wrong(
          path,
          number,
          "there are two sections %s; the other is in line %d"
              .formatted(shown(name), other.line()));
    }
    if (sections.size() > MOST_SECTIONS) {
      throw wrong(path, number, "there are more than %,d sections".formatted(MOST_SECTIONS));
    }
    return section;
  }

  private static void value(Path path, int number, String line, Section section) {
    int equals = line.indexOf('=');
    int colon = line.indexOf(':');
    int at = equals < 0 ? colon : colon < 0 ? equals : Math.min(equals, colon);
    if (at <= 0) {
      throw wrong(path, number, "a line must be NAME=VALUE or [SECTION], got " + shown(line));
    }
    if (section == null) {
      throw wrong(path, number, "a value must follow a [SECTION], got " + shown(line));
    }
    // As in Python's parser, letters of names are of one case, and a comment may follow a space.
    String name = line.substring(0, at).strip();
    String key = name.toLowerCase(Locale.ROOT);
    String value = line.substring(at + 1);
    int comment = value.indexOf(" ;");
    value = (comment < 0 ? value : value.substring(0, comment)).strip();
    if (section.values().putIfAbsent(key, new Section.Value(number, name, value)) != null) {
      throw wrong(
          path, number, "%s of %s is there twice".formatted(shown(key), shown(section.name())));
    }
  }

  static String shown(String text) {
    return '"' + InvalidNetworkException.shortened(text) + '"';
  }

  static AlexNetException wrong(Path path, int line, String problem) {
    return new AlexNetException("%s, line %d: %s.".formatted(path, line, problem));
  }
}
