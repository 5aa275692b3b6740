package org.alexnet.network;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class WindowTest {
  @ParameterizedTest
  @CsvSource({
    "11, 4, 0, 227, 55, 55",
    "3, 2, 0, 55, 27, 27",
    "3, 2, 0, 32, 15, 16", // the last window overhangs by a pixel
    "3, 2, 1, 6, 3, 4", // the last window begins at pixel 5
    "2, 2, 1, 4, 3, 3",
    "2, 3, 1, 3, 2, 2", // a third window would begin beyond the image
    "2, 2, 1, 3, 2, 2", // the same: it would see padding alone
    "5, 1, 2, 7, 7, 7",
    "3, 1, 0, 2, 0, 0",
    "33, 2, 0, 32, 0, 1", // larger than its input, and less so than the stride
    "33, 2, 0, 33, 1, 1",
  })
  void windowsAlongAnEdge(int kernel, int stride, int pad, int size, int floor, int ceil) {
    Window window = new Window(kernel, stride, pad);
    assertEquals(floor, Rounding.FLOOR.outputs(window, size));
    assertEquals(ceil, Rounding.CEIL.outputs(window, size));
  }

  /** By trying every place where a window can begin. */
  @Test
  void theLastWindowBeginsInTheImageOrItsLeftPadding() {
    for (int kernel = 1; kernel <= 5; kernel++) {
      for (int stride = 1; stride <= 4; stride++) {
        for (int pad = 0; pad < kernel; pad++) {
          for (int size = kernel; size <= 12; size++) {
            Window window = new Window(kernel, stride, pad);
            int whole = 0;
            for (int at = -pad; at + kernel <= size + pad; at += stride) {
              whole++;
            }
            assertEquals(whole, window.floor(size), window + " " + size);
            int last = (window.ceil(size) - 1) * stride - pad;
            assertTrue(last < size, window + " " + size);
            boolean overhangs = window.ceil(size) == whole + 1;
            assertTrue(overhangs || window.ceil(size) == whole, window + " " + size);
            int next = last + stride;
            boolean covered = last + kernel >= size + pad;
            assertTrue(covered || next >= size, window + " " + size + " leaves pixels out");
          }
        }
      }
    }
  }
}
