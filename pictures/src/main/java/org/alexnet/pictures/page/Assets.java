package org.alexnet.pictures.page;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;

/** Scripts and styles that come with this program. */
public final class Assets {
  /** Colours, tables and charts of both pages. */
  public static final String STYLE = read(Assets.class, "page.css");

  /** Draws the charts of both pages. */
  public static final String CHARTS = read(Assets.class, "charts.js");

  private Assets() {}

  /** The text of a file beside a class. */
  public static String read(Class<?> beside, String name) {
    try (InputStream in = beside.getResourceAsStream(name)) {
      return new String(in.readAllBytes(), StandardCharsets.UTF_8);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
