package org.alexnet.file;

import com.fasterxml.jackson.core.JsonLocation;
import com.fasterxml.jackson.core.JsonProcessingException;

/** What is wrong with JSON, without the words of the library that reads it. */
public final class JsonErrors {
  private static final String DUPLICATE = "Duplicate field ";

  private JsonErrors() {}

  /**
   * {@return a phrase such as {@code wrong at line 3, column 7}}
   *
   * @param e what Jackson threw
   */
  public static String reason(JsonProcessingException e) {
    JsonLocation at = e.getLocation();
    return at == null
        ? what(e)
        : "%s at line %d, column %d".formatted(what(e), at.getLineNr(), at.getColumnNr());
  }

  private static String what(JsonProcessingException e) {
    String said = e.getOriginalMessage();
    boolean duplicate = said != null && said.startsWith(DUPLICATE);
    return duplicate
        ? "field %s is there twice,".formatted(said.substring(DUPLICATE.length()))
        : "wrong";
  }
}
