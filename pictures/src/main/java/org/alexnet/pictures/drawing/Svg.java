package org.alexnet.pictures.drawing;

import java.util.Base64;
import java.util.List;
import java.util.Locale;

/** Writes pictures as documents of SVG. */
final class Svg {
  private static final String FONTS = "system-ui, 'DejaVu Sans', Helvetica, Arial, sans-serif";

  private final StringBuilder out = new StringBuilder();

  private Svg() {}

  static String of(Picture picture) {
    Svg svg = new Svg();
    svg.line(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"%d\" height=\"%d\" viewBox=\"0 0 %d %d\""
            + " font-family=\"%s\">",
        picture.width(), picture.height(), picture.width(), picture.height(), FONTS);
    svg.mark(new Mark.Area(0, 0, picture.width(), picture.height(), Picture.GROUND));
    picture.marks().forEach(svg::mark);
    svg.line("</svg>");
    return svg.out.toString();
  }

  private void line(String form, Object... parts) {
    out.append(form.formatted(parts)).append('\n');
  }

  private void mark(Mark mark) {
    switch (mark) {
      case Mark.Area area ->
          line(
              "<rect x=\"%s\" y=\"%s\" width=\"%s\" height=\"%s\" fill=\"%s\"/>",
              number(area.x()),
              number(area.y()),
              number(area.width()),
              number(area.height()),
              colour(area.colour()));
      case Mark.Line path -> path(path);
      case Mark.Image(int x, int y, Pixels p) ->
          line(
              "<image x=\"%d\" y=\"%d\" width=\"%d\" height=\"%d\""
                  + " style=\"image-rendering:pixelated\" href=\"data:image/png;base64,%s\"/>",
              x, y, p.width(), p.height(), base64(p));
      case Mark.Label label -> text(label);
    }
  }

  private void text(Mark.Label label) {
    TextStyle style = label.style();
    String place = "x=\"%s\" y=\"%s\"".formatted(number(label.x()), number(label.baseline()));
    String turn =
        label.turn() == 0
            ? ""
            : " transform=\"rotate(%s %s %s)\""
                .formatted(number(label.turn()), number(label.x()), number(label.baseline()));
    line(
        "<text %s font-size=\"%d\"%s text-anchor=\"%s\" fill=\"%s\"%s>%s</text>",
        place,
        style.size(),
        style.bold() ? " font-weight=\"bold\"" : "",
        anchor(style.align()),
        colour(style.colour()),
        turn,
        escaped(Text.fitted(label.text(), style, label.room())));
  }

  private void path(Mark.Line path) {
    StringBuilder points = new StringBuilder();
    for (int i = 0; i < path.xs().length; i++) {
      points.append(i == 0 ? "" : " ");
      points.append(number(path.xs()[i])).append(',').append(number(path.ys()[i]));
    }
    Stroke stroke = path.stroke();
    line(
        "<polyline points=\"%s\" fill=\"none\" stroke=\"%s\" stroke-width=\"%s\""
            + " stroke-linejoin=\"round\"%s/>",
        points,
        colour(stroke.colour()),
        number(stroke.width()),
        stroke.dashed()
            ? " stroke-dasharray=\"%s\"".formatted(number(Stroke.DASH * stroke.width()))
            : "");
  }

  private static String base64(Pixels pixels) {
    Mark image = new Mark.Image(0, 0, pixels);
    byte[] png = new Picture("", pixels.width(), pixels.height(), List.of(image), List.of()).png();
    return Base64.getEncoder().encodeToString(png);
  }

  private static String anchor(Align align) {
    return switch (align) {
      case LEFT -> "start";
      case CENTRE -> "middle";
      case RIGHT -> "end";
    };
  }

  /** At most two decimals, with a point in every country. */
  private static String number(double value) {
    String text = String.format(Locale.ROOT, "%.2f", value);
    return text.replaceAll("\\.?0+$", "");
  }

  private static String colour(int rgb) {
    return String.format(Locale.ROOT, "#%06x", rgb);
  }

  private static String escaped(String text) {
    return text.replace("&", "&amp;")
        .replace("<", "&lt;")
        .replace(">", "&gt;")
        .replace("\"", "&quot;");
  }
}
