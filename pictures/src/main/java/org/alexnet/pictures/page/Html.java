package org.alexnet.pictures.page;

import java.util.Base64;
import java.util.List;
import java.util.Set;
import org.alexnet.Words;
import org.alexnet.pictures.drawing.Drawing;
import org.alexnet.pictures.drawing.Picture;
import org.alexnet.pictures.drawing.Pixels;

/**
 * Writes HTML. Text and the values of attributes are escaped, whatever they hold, and what a
 * browser would obey without showing it is a space.
 */
public final class Html {
  /** Elements after which a line feed would be a space. */
  private static final Set<String> INLINE = Set.of("b", "span");

  private final StringBuilder out = new StringBuilder();

  /**
   * Begins an element, or writes one that has no end.
   *
   * @param attributes names and values in turn
   */
  public Html open(String tag, String... attributes) {
    out.append('<').append(tag);
    for (int i = 0; i < attributes.length; i += 2) {
      out.append(' ').append(attributes[i]).append("=\"");
      out.append(escaped(attributes[i + 1])).append('"');
    }
    out.append('>');
    return this;
  }

  /** Ends an element. */
  public Html close(String tag) {
    out.append("</").append(tag).append(INLINE.contains(tag) ? ">" : ">\n");
    return this;
  }

  /** Text as it is read. */
  public Html text(String text) {
    out.append(escaped(text));
    return this;
  }

  /**
   * An element that holds text alone.
   *
   * @param attributes names and values in turn
   */
  public Html element(String tag, String text, String... attributes) {
    return open(tag, attributes).text(text).close(tag);
  }

  /** Markup, a script or a style of this program's own, which is written as it is. */
  public Html trusted(String markup) {
    out.append(markup);
    return this;
  }

  /**
   * A picture, kept in the page itself.
   *
   * @param text what is read in its place
   */
  public Html picture(Picture picture, String text, String... attributes) {
    String data = Base64.getEncoder().encodeToString(picture.pngWithoutGround());
    String[] all = new String[attributes.length + 8];
    System.arraycopy(attributes, 0, all, 0, attributes.length);
    String[] own = {
      "src",
      "data:image/png;base64," + data,
      "width",
      Integer.toString(picture.width()),
      "height",
      Integer.toString(picture.height()),
      "alt",
      text
    };
    System.arraycopy(own, 0, all, attributes.length, own.length);
    return open("img", all);
  }

  /** An image, kept in the page itself. */
  public Html image(Pixels pixels, String text, String... attributes) {
    Drawing drawing = new Drawing();
    drawing.image(0, 0, pixels);
    return picture(drawing.picture("image", pixels.width(), pixels.height()), text, attributes);
  }

  /**
   * Begins a table, which may be wider than the page, up to its first row.
   *
   * @param texts columns that hold text; those after them hold numbers
   */
  public Html openTable(int texts, List<String> titles) {
    open("div", "class", "wide").open("table").open("thead").open("tr");
    for (int i = 0; i < titles.size(); i++) {
      element("th", titles.get(i), "scope", "col", "class", i < texts ? "t" : "n");
    }
    return close("tr").close("thead").open("tbody");
  }

  /** Cells of text. */
  public Html texts(String... cells) {
    for (String cell : cells) {
      element("td", cell);
    }
    return this;
  }

  /** Cells of numbers. */
  public Html numbers(String... cells) {
    for (String cell : cells) {
      element("td", cell, "class", "n");
    }
    return this;
  }

  /** Ends a table. */
  public Html closeTable() {
    return close("tbody").close("table").close("div");
  }

  private static String escaped(String text) {
    return Words.harmless(text)
        .replace("&", "&amp;")
        .replace("<", "&lt;")
        .replace(">", "&gt;")
        .replace("\"", "&quot;")
        .replace("'", "&#39;");
  }

  /** The page so far. */
  @Override
  public String toString() {
    return out.toString();
  }
}
