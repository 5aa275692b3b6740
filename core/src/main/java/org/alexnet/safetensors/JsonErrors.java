package org.alexnet.safetensors;

import com.fasterxml.jackson.core.JsonLocation;
import com.fasterxml.jackson.core.JsonProcessingException;

/** What is wrong with JSON, without the words of the library that reads it. */
public final class JsonErrors {
  private JsonErrors() {}

  /** A phrase such as {@code it is not JSON at line 3, column 7}. */
  public static String reason(JsonProcessingException e) {
    JsonLocation at = e.getLocation();
    return at == null
        ? "it is not JSON"
        : "it is not JSON at line %d, column %d".formatted(at.getLineNr(), at.getColumnNr());
  }
}
