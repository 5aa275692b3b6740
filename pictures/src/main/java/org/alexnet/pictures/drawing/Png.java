package org.alexnet.pictures.drawing;

import java.awt.BasicStroke;
import java.awt.Color;
import java.awt.Graphics2D;
import java.awt.RenderingHints;
import java.awt.geom.Path2D;
import java.awt.geom.Rectangle2D;
import java.awt.image.BufferedImage;
import java.awt.image.DataBufferInt;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.Arrays;
import java.util.function.Consumer;
import javax.imageio.ImageIO;

/** Draws pictures in pixels. */
final class Png {
  private Png() {}

  /**
   * @param ground whether it is white where nothing is drawn; otherwise what is beneath is seen
   */
  static byte[] of(Picture picture, boolean ground) {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    ImageIO.setUseCache(false); // it would be a file in the folder for temporary ones
    try {
      ImageIO.write(image(picture, ground), "png", bytes);
    } catch (IOException e) {
      throw new UncheckedIOException(e); // to memory nothing fails
    }
    return bytes.toByteArray();
  }

  private static BufferedImage image(Picture picture, boolean ground) {
    BufferedImage image =
        new BufferedImage(
            picture.width(),
            picture.height(),
            ground ? BufferedImage.TYPE_INT_RGB : BufferedImage.TYPE_INT_ARGB);
    if (ground) {
      Arrays.fill(((DataBufferInt) image.getRaster().getDataBuffer()).getData(), Picture.GROUND);
    }
    picture.marks().forEach(mark -> draw(image, mark));
    return image;
  }

  /** Images are copied and not drawn: their pixels stay as they are, and no font is looked for. */
  private static void draw(BufferedImage image, Mark mark) {
    switch (mark) {
      case Mark.Image(int x, int y, Pixels p) ->
          image.setRGB(x, y, p.width(), p.height(), opaque(p.rgb()), 0, p.width());
      case Mark.Area area ->
          with(
              image,
              area.colour(),
              g -> g.fill(new Rectangle2D.Double(area.x(), area.y(), area.width(), area.height())));
      case Mark.Line line -> with(image, line.stroke().colour(), g -> draw(g, line));
      case Mark.Label label -> with(image, label.style().colour(), g -> draw(g, label));
    }
  }

  private static int[] opaque(int[] rgb) {
    return Arrays.stream(rgb).map(colour -> colour | 0xFF000000).toArray();
  }

  private static void with(BufferedImage image, int colour, Consumer<Graphics2D> draw) {
    Graphics2D graphics = image.createGraphics();
    try {
      graphics.setRenderingHint(RenderingHints.KEY_ANTIALIASING, RenderingHints.VALUE_ANTIALIAS_ON);
      graphics.setRenderingHint(
          RenderingHints.KEY_STROKE_CONTROL, RenderingHints.VALUE_STROKE_PURE);
      graphics.setRenderingHint(
          RenderingHints.KEY_TEXT_ANTIALIASING, RenderingHints.VALUE_TEXT_ANTIALIAS_ON);
      graphics.setRenderingHint(
          RenderingHints.KEY_FRACTIONALMETRICS, RenderingHints.VALUE_FRACTIONALMETRICS_ON);
      graphics.setColor(new Color(colour));
      draw.accept(graphics);
    } finally {
      graphics.dispose();
    }
  }

  private static void draw(Graphics2D graphics, Mark.Line line) {
    float width = (float) line.stroke().width();
    float[] dash =
        line.stroke().dashed()
            ? new float[] {(float) (Stroke.DASH * width), (float) (Stroke.DASH * width)}
            : null;
    graphics.setStroke(
        new BasicStroke(width, BasicStroke.CAP_BUTT, BasicStroke.JOIN_ROUND, 1, dash, 0));
    Path2D path = new Path2D.Double();
    path.moveTo(line.xs()[0], line.ys()[0]);
    for (int i = 1; i < line.xs().length; i++) {
      path.lineTo(line.xs()[i], line.ys()[i]);
    }
    graphics.draw(path);
  }

  private static void draw(Graphics2D graphics, Mark.Label label) {
    TextStyle style = label.style();
    String text = Text.fitted(label.text(), style, label.room());
    double width = Text.width(text, style);
    double left =
        switch (style.align()) {
          case LEFT -> 0;
          case CENTRE -> -width / 2;
          case RIGHT -> -width;
        };
    graphics.translate(label.x(), label.baseline());
    graphics.rotate(Math.toRadians(label.turn()));
    graphics.setFont(Text.font(style));
    graphics.drawString(text, (float) left, 0);
  }
}
