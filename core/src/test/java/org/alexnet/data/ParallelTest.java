package org.alexnet.data;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.util.concurrent.atomic.AtomicIntegerArray;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class ParallelTest {

  @ParameterizedTest
  @ValueSource(ints = {1, 2, 5})
  void everyPieceIsDoneOnce(int threads) {
    AtomicIntegerArray done = new AtomicIntegerArray(1000);
    Parallel.forEach(1000, threads, done::incrementAndGet);
    for (int i = 0; i < 1000; i++) {
      assertEquals(1, done.get(i));
    }
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 2, 5})
  void theFirstFailureIsThrown(int threads) {
    for (int round = 0; round < 50; round++) {
      RuntimeException e =
          assertThrows(
              IllegalStateException.class,
              () ->
                  Parallel.forEach(
                      100,
                      threads,
                      i -> {
                        if (i >= 37) {
                          throw new IllegalStateException("piece " + i);
                        }
                      }));
      assertEquals("piece 37", e.getMessage());
    }
  }

  @Test
  void noThreadsIsAnError() {
    assertThrows(IllegalArgumentException.class, () -> Parallel.forEach(1, 0, i -> {}));
  }
}
