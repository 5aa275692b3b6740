package org.alexnet.pictures.chart;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import org.alexnet.pictures.drawing.Drawing;
import org.alexnet.pictures.drawing.Stroke;
import org.junit.jupiter.api.Test;

/** Points lie where their numbers say, between ticks that are round. */
class LineChartTest {
  private static String svg(double... ys) {
    double[] xs = new double[ys.length];
    for (int i = 0; i < xs.length; i++) {
      xs[i] = i + 1;
    }
    Drawing drawing = new Drawing();
    Series line = new Series(xs, ys, new Stroke(0xFF0000, 2), Marker.NONE);
    new LineChart("Loss", "epoch", "", List.of(line)).draw(drawing, 100, 50, 400, 200, 0);
    return drawing.picture("test", 600, 300).svg();
  }

  @Test
  void points() {
    // Ticks are 0 to 4 across and 0 to 2 upwards.
    String svg = svg(2, 1, 0.5, 0);
    assertTrue(svg.contains("points=\"200,50 300,150 400,200 500,250\""), svg);
  }

  @Test
  void whatIsNoNumberInterruptsTheLine() {
    String svg = svg(2, 1, Double.NaN, 1, 0);
    assertTrue(svg.contains("points=\"180,50 260,150\""), svg);
    assertTrue(svg.contains("points=\"420,150 500,250\""), svg);
    assertTrue(svg(Double.NaN).contains("epoch"), "an empty chart is one");
  }

  @Test
  void ticksAreRound() {
    Ticks ticks = Ticks.of(0, 0.83, 5, 0);
    assertArrayEquals(new double[] {0, 0.2, 0.4, 0.6, 0.8, 1}, ticks.values(), 1e-12);
    assertEquals("0.4", ticks.text(0.4));
    assertEquals("100", Ticks.of(0, 300, 6, 1).text(100));
    assertEquals(1, Ticks.of(0, 3, 7, 1).step(), "epochs are whole");
    assertEquals(2.26, Ticks.of(2.2641, 2.2643, 4, 0).first(), 0.01);
    assertTrue(Ticks.of(1, 1, 5, 0).last() > 1, "numbers that are all equal");
  }
}
