package org.alexnet.cli.output;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import org.alexnet.file.Json;

/** Answers as JSON, and numbers as people read them. */
public final class Answers {
  private Answers() {}

  public static ObjectNode object() {
    return JsonNodeFactory.instance.objectNode();
  }

  /** The answer of a command: one object on one line. */
  public static void print(Terminal terminal, ObjectNode answer) {
    terminal.out().println(Json.finite(answer));
    terminal.out().flush();
  }

  /** A share as a percentage: {@code 7.25 %}. */
  public static String percent(double share) {
    return "%.2f %%".formatted(100 * share);
  }

  /** A time span as {@code 1:02:03} or {@code 2:03}. */
  static String span(double seconds) {
    if (!Double.isFinite(seconds) || seconds < 0 || seconds > 1e8) {
      return "-:--";
    }
    long s = Math.round(seconds);
    return s >= 3600
        ? "%d:%02d:%02d".formatted(s / 3600, s / 60 % 60, s % 60)
        : "%d:%02d".formatted(s / 60, s % 60);
  }

  /** A word of a command line, quoted where a shell would take it apart. */
  public static String word(Object text) {
    String s = text.toString();
    return s.matches("[A-Za-z0-9_./:,=+@%-]+") ? s : "'" + s.replace("'", "'\\''") + "'";
  }
}
