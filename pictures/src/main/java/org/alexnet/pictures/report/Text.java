package org.alexnet.pictures.report;

import java.math.BigDecimal;
import java.math.MathContext;
import java.util.Locale;

/** Numbers as the page has them. */
final class Text {
  private Text() {}

  /** A share: {@code 7.25 %}; a dash for none. */
  static String percent(double share) {
    return Double.isFinite(share) ? String.format(Locale.ROOT, "%.2f %%", 100 * share) : "-";
  }

  /** With four digits that count; a dash for none. */
  static String number(double value) {
    if (!Double.isFinite(value)) {
      return "-";
    }
    BigDecimal rounded = new BigDecimal(value).round(new MathContext(4));
    boolean plain = value == 0 || (Math.abs(value) >= 1e-5 && Math.abs(value) < 1e7);
    if (rounded.signum() == 0) {
      return "0";
    }
    return plain
        ? rounded.stripTrailingZeros().toPlainString()
        : String.format(Locale.ROOT, "%.3e", value);
  }

  /** A whole number: {@code 45,000}. */
  static String count(long value) {
    return String.format(Locale.ROOT, "%,d", value);
  }
}
