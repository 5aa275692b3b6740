package org.alexnet.data.source;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.alexnet.AlexNetException;
import org.alexnet.data.Batch;
import org.alexnet.data.ImageSource;
import org.alexnet.data.TestImages;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class SafetensorsSourceTest {
  @TempDir Path dir;

  /** A tensor to write: name, type, shape and little-endian data. */
  record Tensor(String name, String type, List<Integer> shape, ByteBuffer data) {}

  static Tensor bytes(String name, List<Integer> shape, int... values) {
    ByteBuffer data = ByteBuffer.allocate(values.length);
    for (int value : values) {
      data.put((byte) value);
    }
    return new Tensor(name, "U8", shape, data);
  }

  static Tensor floats(String name, List<Integer> shape, float... values) {
    ByteBuffer data = ByteBuffer.allocate(4 * values.length).order(ByteOrder.LITTLE_ENDIAN);
    for (float value : values) {
      data.putFloat(value);
    }
    return new Tensor(name, "F32", shape, data);
  }

  static Tensor longs(String name, long... values) {
    ByteBuffer data = ByteBuffer.allocate(8 * values.length).order(ByteOrder.LITTLE_ENDIAN);
    for (long value : values) {
      data.putLong(value);
    }
    return new Tensor(name, "I64", List.of(values.length), data);
  }

  static Path write(Path file, Tensor... tensors) throws IOException {
    List<String> entries = new ArrayList<>();
    int at = 0;
    for (Tensor t : tensors) {
      int end = at + t.data.capacity();
      entries.add(
          "\"%s\":{\"dtype\":\"%s\",\"shape\":%s,\"data_offsets\":[%d,%d]}"
              .formatted(t.name, t.type, t.shape, at, end));
      at = end;
    }
    byte[] header = ("{" + String.join(",", entries) + "}").getBytes(StandardCharsets.UTF_8);
    ByteBuffer out = ByteBuffer.allocate(8 + header.length + at).order(ByteOrder.LITTLE_ENDIAN);
    out.putLong(header.length).put(header);
    for (Tensor t : tensors) {
      out.put(t.data.array());
    }
    return Files.write(file, out.array());
  }

  private String refused(Tensor... tensors) throws IOException {
    Path file = write(dir.resolve("bad.safetensors"), tensors);
    String message =
        assertThrows(AlexNetException.class, () -> SafetensorsSource.open(file)).getMessage();
    assertTrue(message.startsWith(file.toString()), message);
    return message;
  }

  @Test
  void bytesAndLabels() throws IOException {
    Path file =
        write(
            dir.resolve("a.safetensors"),
            bytes("images", List.of(2, 1, 1, 3), 1, 2, 3, 4, 5, 255),
            longs("labels", 7, 0));
    try (ImageSource source = SafetensorsSource.open(file)) {
      assertEquals(2, source.size());
      assertEquals(new Batch.Format(1, 1, 3, false), source.format());
      assertArrayEquals(new byte[] {4, 5, -1}, TestImages.read(source, 1));
      assertEquals(7, source.label(0));
      assertEquals(List.of(), source.classNames());
    }
  }

  @Test
  void floatsAreGivenExactly() throws IOException {
    float[] values = {0, -0.0f, 1e-42f, Float.MAX_VALUE, -3.5f, 0.1f};
    Path file =
        write(
            dir.resolve("a.safetensors"),
            bytes("odd", List.of(1), 1),
            floats("images", List.of(3, 1, 2, 1), values));
    ImageSource source = SafetensorsSource.open(file);
    assertFalse(source.labelled());
    float[] image = new float[2];
    for (int i = 0; i < 3; i++) {
      source.read(i, MemorySegment.ofArray(image));
      assertArrayEquals(new float[] {values[2 * i], values[2 * i + 1]}, image);
    }
    source.close();
    source.close();
  }

  @Test
  void labelsOfEveryWholeType() throws IOException {
    Tensor images = bytes("images", List.of(2, 1, 1, 1), 1, 2);
    ByteBuffer ints = ByteBuffer.allocate(8).order(ByteOrder.LITTLE_ENDIAN).putInt(5).putInt(6);
    for (Tensor labels :
        List.of(
            longs("labels", 5, 6),
            new Tensor("labels", "I32", List.of(2), ints),
            bytes("labels", List.of(2), 5, 6))) {
      Path file = write(dir.resolve("a.safetensors"), images, labels);
      try (ImageSource source = SafetensorsSource.open(file)) {
        assertEquals(6, source.label(1));
      }
    }
  }

  @Test
  void badTensorsAreNamed() throws IOException {
    Tensor images = bytes("images", List.of(2, 1, 1, 1), 1, 2);
    assertTrue(refused(bytes("pixels", List.of(1), 1)).contains("no tensor 'images'"));
    assertTrue(refused(bytes("images", List.of(2, 1), 1, 2)).contains("shape [2, 1]"));
    assertTrue(refused(bytes("images", List.of(0, 1, 1, 1))).contains("shape [0, 1, 1, 1]"));
    ByteBuffer halves = ByteBuffer.allocate(2);
    assertTrue(
        refused(new Tensor("images", "F16", List.of(1, 1, 1, 1), halves)).contains("type F16"));
    assertTrue(refused(images, longs("labels", 1, 2, 3)).contains("shape [3] for 2 images"));
    assertTrue(refused(images, longs("labels", 1, -2)).contains("image 1 as -2"));
    assertTrue(
        refused(images, floats("labels", List.of(2), 1, 2)).contains("'labels' of type F32"));
  }
}
