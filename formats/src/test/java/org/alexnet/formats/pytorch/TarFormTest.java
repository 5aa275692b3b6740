package org.alexnet.formats.pytorch;

import static java.nio.charset.StandardCharsets.US_ASCII;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.alexnet.formats.Hostile;
import org.alexnet.weights.format.WeightFiles;
import org.alexnet.weights.format.WeightSource;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The form of 2017, made as PyTorch's own reader of it expects it ({@code legacy_load}). */
class TarFormTest {
  private static final long STORAGE = 70_000_000_001L;

  @TempDir Path dir;

  /** One tensor [2, 2] that is transposed, over a view of four elements of a storage of five. */
  static byte[] archive() {
    ByteArrayOutputStream storages = new ByteArrayOutputStream();
    storages.writeBytes(new PickleBytes().number(1).end());
    storages.writeBytes(
        new PickleBytes()
            .number(STORAGE)
            .text("cpu")
            .global("torch", "FloatStorage")
            .code(0x87)
            .end());
    storages.writeBytes(numbers(5, new float[] {1, 2, 3, 4, 5}));
    storages.writeBytes(
        new PickleBytes()
            .code(']', '(')
            .number(8)
            .number(STORAGE)
            .number(1)
            .number(4)
            .code('t', 'a')
            .end());
    ByteArrayOutputStream tensors = new ByteArrayOutputStream();
    tensors.writeBytes(new PickleBytes().number(1).end());
    tensors.writeBytes(
        new PickleBytes().number(9).number(8).global("torch", "FloatTensor").code(0x87).end());
    tensors.writeBytes(numbers(2, new float[0]));
    for (long number : new long[] {2, 2, 1, 2, 0}) { // shape, strides, offset
      tensors.writeBytes(numbers(number, new float[0]));
    }
    ByteArrayOutputStream all = new ByteArrayOutputStream();
    entry(all, "storages", storages.toByteArray());
    entry(all, "tensors", tensors.toByteArray());
    entry(all, "pickle", new PickleBytes().code('}').text("w").text("9").code('Q', 's').end());
    all.writeBytes(new byte[1024]);
    return all.toByteArray();
  }

  private static byte[] numbers(long count, float[] values) {
    ByteBuffer bytes =
        ByteBuffer.allocate(8 + 4 * values.length).order(ByteOrder.LITTLE_ENDIAN).putLong(count);
    for (float value : values) {
      bytes.putFloat(value);
    }
    return bytes.array();
  }

  private static void entry(ByteArrayOutputStream to, String name, byte[] content) {
    byte[] header = new byte[512];
    System.arraycopy(name.getBytes(US_ASCII), 0, header, 0, name.length());
    byte[] size = "%011o".formatted(content.length).getBytes(US_ASCII);
    System.arraycopy(size, 0, header, 124, size.length);
    System.arraycopy("ustar".getBytes(US_ASCII), 0, header, 257, 5);
    to.writeBytes(header);
    to.writeBytes(content);
    to.writeBytes(new byte[Math.ceilDiv(content.length, 512) * 512 - content.length]);
  }

  private static void read(Path file) {
    try (WeightSource source = WeightFiles.open(file)) {
      source.tensors().keySet().forEach(source::floats);
    }
  }

  @Test
  void aViewOfAStorage() throws IOException {
    Path file = Files.write(dir.resolve("old.pth"), archive());
    try (WeightSource source = WeightFiles.open(file)) {
      assertEquals(List.of(2L, 2L), source.tensors().get("w").shape());
      assertArrayEquals(new float[] {2, 4, 3, 5}, source.floats("w"));
    }
  }

  @Test
  void damagedArchives() {
    Path file = dir.resolve("hostile.pth");
    Hostile.cutEverywhere(archive(), file, TarFormTest::read);
    Hostile.change(archive(), file, TarFormTest::read);
  }
}
