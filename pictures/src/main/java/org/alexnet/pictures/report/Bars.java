package org.alexnet.pictures.report;

import java.util.Locale;
import org.alexnet.pictures.page.Html;

/** Shares as bars. */
final class Bars {
  private Bars() {}

  /** A cell of a table with a bar as long as a share of 1; what it says stands beside it. */
  static void write(Html html, double share) {
    String full = String.format(Locale.ROOT, "%.1f%%", 100 * Math.clamp(share, 0, 1));
    html.open("td", "aria-hidden", "true");
    html.open("svg", "class", "bar", "width", "120", "height", "12");
    html.open("rect", "class", "track", "width", "100%", "height", "12").close("rect");
    html.open("rect", "width", full, "height", "12").close("rect");
    html.close("svg").close("td");
  }
}
