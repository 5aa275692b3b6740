package org.alexnet.file;

import com.fasterxml.jackson.core.JsonLocation;
import com.fasterxml.jackson.core.JsonProcessingException;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** What is wrong with JSON, without the words of the library that reads it. */
public final class JsonErrors {
  private static final String DUPLICATE = "Duplicate field ";
  private static final String END = "Unexpected end-of-input";
  private static final Pattern CHARACTER =
      Pattern.compile("Unexpected character \\(('.')", Pattern.DOTALL);
  private static final Pattern TOKEN = Pattern.compile("Unrecognized token ('[^']{0,40}')");

  private JsonErrors() {}

  /**
   * {@return a phrase such as {@code wrong at line 3, column 7}}
   *
   * @param e what Jackson threw
   */
  public static String reason(JsonProcessingException e) {
    return reason(e, 1);
  }

  /** The same of a text that begins on a later line of its file. */
  static String reason(JsonProcessingException e, int firstLine) {
    JsonLocation at = e.getLocation();
    return at == null
        ? "%s at line %d".formatted(what(e), firstLine)
        : "%s at line %d, column %d"
            .formatted(what(e), firstLine - 1 + at.getLineNr(), at.getColumnNr());
  }

  private static String what(JsonProcessingException e) {
    String said = String.valueOf(e.getOriginalMessage());
    if (said.startsWith(DUPLICATE)) {
      return "field %s is there twice,".formatted(said.substring(DUPLICATE.length()));
    }
    Matcher character = CHARACTER.matcher(said);
    if (character.lookingAt()) {
      return "unexpected " + character.group(1);
    }
    Matcher token = TOKEN.matcher(said);
    if (token.lookingAt()) {
      return token.group(1) + " is no value";
    }
    return said.startsWith(END) ? "it ends too early," : "wrong";
  }
}
