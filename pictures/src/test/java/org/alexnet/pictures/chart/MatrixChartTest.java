package org.alexnet.pictures.chart;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.awt.image.BufferedImage;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.util.List;
import java.util.stream.IntStream;
import javax.imageio.ImageIO;
import org.alexnet.pictures.drawing.Drawing;
import org.alexnet.pictures.drawing.Panel;
import org.alexnet.pictures.drawing.Picture;
import org.junit.jupiter.api.Test;

/** Cells are as dark as their share of the row, with two classes and with a thousand. */
class MatrixChartTest {
  private static final int LIGHT = 0xF7F9FB;
  private static final int DARK = 0x1F4E86;

  private static Picture picture(int[][] counts) {
    List<String> names = IntStream.range(0, counts.length).mapToObj(c -> "class " + c).toList();
    MatrixChart chart = new MatrixChart("Title", "true", "predicted", names, counts);
    Drawing drawing = new Drawing();
    chart.draw(drawing);
    return drawing.picture("test", chart.width(), chart.height()).withoutText();
  }

  private static int pixel(Picture picture, int classes, int row, int column) throws IOException {
    Panel panel = picture.panels().getFirst();
    BufferedImage image = ImageIO.read(new ByteArrayInputStream(picture.png()));
    int cell = panel.width() / classes;
    return image.getRGB(panel.x() + column * cell, panel.y() + row * cell) & 0xFFFFFF;
  }

  @Test
  void twoClasses() throws IOException {
    Picture picture = picture(new int[][] {{5, 0}, {0, 0}});
    assertEquals(DARK, pixel(picture, 2, 0, 0));
    assertEquals(LIGHT, pixel(picture, 2, 0, 1));
    assertEquals(LIGHT, pixel(picture, 2, 1, 1), "a class without images");
  }

  @Test
  void aThousandClasses() throws IOException {
    int[][] counts = new int[1000][1000];
    counts[999][17] = 3;
    Picture picture = picture(counts);
    assertTrue(picture.width() < 1100, "all of it is on a screen");
    assertEquals(DARK, pixel(picture, 1000, 999, 17));
    assertEquals(LIGHT, pixel(picture, 1000, 17, 999));
  }
}
