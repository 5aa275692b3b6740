package org.alexnet.pictures.drawing;

import java.awt.Font;
import java.awt.font.FontRenderContext;
import java.text.BreakIterator;
import java.util.Locale;
import org.alexnet.AlexNetException;
import org.alexnet.Words;

/** Measures text and makes it fit. */
final class Text {
  private static final String ELLIPSIS = "…";

  /** Text has the width that it has on an image, whatever the printer or the screen. */
  private static final FontRenderContext CONTEXT = new FontRenderContext(null, true, true);

  private Text() {}

  /**
   * The width of a line of text in pixels.
   *
   * @throws AlexNetException if this machine has no fonts
   */
  static double width(String text, TextStyle style) {
    return text.isEmpty() ? 0 : font(style).getStringBounds(text, CONTEXT).getWidth();
  }

  /**
   * A line of text that is no wider than so many pixels; where it is cut, it ends in an ellipsis.
   */
  static String fitted(String text, TextStyle style, double width) {
    String line = Words.line(text);
    if (Double.isInfinite(width) || width(line, style) <= width) {
      return line;
    }
    BreakIterator characters = BreakIterator.getCharacterInstance(Locale.ROOT);
    characters.setText(line);
    int good = 0;
    int end = line.length();
    while (good < end) { // the longest beginning that fits
      int middle = characters.following((good + end) / 2);
      int candidate = middle > end ? end : middle;
      if (width(line.substring(0, candidate).strip() + ELLIPSIS, style) <= width) {
        if (candidate == good) {
          break;
        }
        good = candidate;
      } else {
        int before = characters.preceding(candidate);
        end = before == BreakIterator.DONE ? 0 : before;
      }
    }
    return line.substring(0, good).strip() + ELLIPSIS;
  }

  /** Whether the fonts of this machine have all characters of a line of text. */
  static boolean canShow(String text, TextStyle style) {
    return font(style).canDisplayUpTo(Words.line(text)) < 0;
  }

  /** The font of a style, if this machine has one. */
  static Font font(TextStyle style) {
    try {
      Font font = new Font(Font.SANS_SERIF, style.bold() ? Font.BOLD : Font.PLAIN, style.size());
      font.getStringBounds("x", CONTEXT);
      return font;
    } catch (OutOfMemoryError | StackOverflowError e) {
      throw e;
    } catch (RuntimeException | Error e) {
      // The JDK throws one or the other where fontconfig, its own library or any font is missing.
      throw new AlexNetException(
          "Text cannot be drawn, since Java finds no fonts on this machine (%s): install fontconfig and a font, such as the packages fontconfig and fonts-dejavu-core (on Fedora: fontconfig and dejavu-sans-fonts)."
              .formatted(reason(e)),
          e);
    }
  }

  private static String reason(Throwable e) {
    Throwable last = e;
    while (last.getCause() != null) {
      last = last.getCause();
    }
    return last.getMessage() == null ? last.getClass().getSimpleName() : last.getMessage();
  }
}
