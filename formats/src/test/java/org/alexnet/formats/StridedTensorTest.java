package org.alexnet.formats;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import org.alexnet.tensor.DType;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Tensors of several pieces, in a mapped file: they are read as if they were one. */
class StridedTensorTest {
  private static final int ROWS = 1500;
  private static final int COLUMNS = 1001;

  @TempDir Path dir;

  /** Small whole numbers, which every type holds exactly. */
  private static int number(int row, int column) {
    return (row * 31 + column * 7) % 251;
  }

  private Path file(DType type, ByteOrder order) throws IOException {
    ByteBuffer bytes = ByteBuffer.allocate(ROWS * COLUMNS * type.bytes()).order(order);
    for (int row = 0; row < ROWS; row++) {
      for (int column = 0; column < COLUMNS; column++) {
        float value = number(row, column);
        switch (type) {
          case F64 -> bytes.putDouble(value);
          case F16 -> bytes.putShort(Float.floatToFloat16(value));
          case BF16 -> bytes.putShort((short) (Float.floatToIntBits(value) >> 16));
          default -> bytes.putFloat(value);
        }
      }
    }
    return Files.write(dir.resolve(type + "-" + order), bytes.array());
  }

  private static void check(StridedTensor tensor, float[] expected) {
    float[] read = new float[expected.length];
    int[] count = {0};
    tensor.read(
        piece -> {
          System.arraycopy(piece, 0, read, count[0], piece.length);
          count[0] += piece.length;
          Arrays.fill(piece, Float.NaN); // what a reader does with it is its own affair
        });
    assertEquals(expected.length, count[0]);
    assertArrayEquals(expected, read);
    assertArrayEquals(expected, tensor.floats());
  }

  private static float[] numbers(int rows, int columns, int firstColumn, boolean byColumn) {
    float[] values = new float[rows * columns];
    for (int i = 0; i < values.length; i++) {
      int row = byColumn ? i % rows : i / columns;
      int column = byColumn ? i / rows : i % columns;
      values[i] = number(row, firstColumn + column);
    }
    return values;
  }

  @Test
  void piecesFollowEachOther() throws IOException {
    for (DType type : List.of(DType.F32, DType.F64, DType.F16, DType.BF16)) {
      for (ByteOrder order : List.of(ByteOrder.LITTLE_ENDIAN, ByteOrder.BIG_ENDIAN)) {
        try (MappedFile file = MappedFile.open(file(type, order))) {
          MemorySegment all = file.bytes();
          long columns = COLUMNS;
          List<Long> shape = List.of((long) ROWS, columns);
          var whole = new StridedTensor(all, type, order, 0, shape, List.of(columns, 1L));
          check(whole, numbers(ROWS, COLUMNS, 0, false));
          check(whole.permuted(List.of(1, 0)), numbers(ROWS, COLUMNS, 0, true));
          var part =
              new StridedTensor(
                  all, type, order, 3, List.of((long) ROWS, 1L, 900L), List.of(columns, 0L, 1L));
          check(part, numbers(ROWS, 900, 3, false));
        }
      }
    }
  }
}
