package org.alexnet.program;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class ShapeTest {
  @ParameterizedTest
  @CsvSource({"0, 1, 1, 1", "1, 0, 1, 1", "1, 1, 0, 1", "1, 1, 1, -1"})
  void aSizeIsAtLeastOne(int n, int c, int h, int w) {
    String words =
        assertThrows(IllegalArgumentException.class, () -> new Shape(n, c, h, w)).getMessage();
    assertEquals("shape is %dx%dx%dx%d, must have no size below 1".formatted(n, c, h, w), words);
  }

  @Test
  void elementsAreCountedInSixtyFourBits() {
    Shape shape = new Shape(100_000, 3, 200, 200);
    assertEquals(120_000, shape.imageElements());
    assertEquals(12_000_000_000L, shape.elements());
    assertEquals("100000x3x200x200", shape.toString());
    assertEquals(new Shape(2, 3, 200, 200), shape.withN(2));
    assertThrows(ArithmeticException.class, new Shape(1, 70_000, 200, 200)::imageElements);
  }

  @Test
  void parametersOfFilesHaveFourSizesInPrograms() {
    assertEquals(new Shape(1, 7, 1, 1), Shape.vector(7));
    assertEquals(new Shape(1, 7, 1, 1), Shape.ofParameter(List.of(7)));
    assertEquals(new Shape(7, 5, 1, 1), Shape.ofParameter(List.of(7, 5)));
    assertEquals(new Shape(1, 7, 5, 3), Shape.ofParameter(List.of(7, 5, 3)));
    assertEquals(new Shape(7, 5, 3, 2), Shape.ofParameter(List.of(7, 5, 3, 2)));
    assertEquals(new Shape(6, 5, 4, 21), Shape.ofParameter(List.of(2, 3, 5, 4, 7, 3)));
    assertThrows(IllegalArgumentException.class, () -> Shape.ofParameter(List.of(2, 3, 5, 4, 3)));
  }
}
