package org.alexnet.cli;

import java.awt.image.BufferedImage;
import java.io.ByteArrayOutputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.SequencedMap;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import java.util.zip.CRC32;
import java.util.zip.DeflaterOutputStream;
import javax.imageio.ImageIO;
import org.alexnet.safetensors.SafetensorsWriter;
import org.alexnet.tensor.DType;
import org.alexnet.tensor.TensorInfo;

/** Small data that tests make themselves. */
final class TestData {
  private TestData() {}

  /** A folder with a subfolder a class and {@code each} JPEG images in it. */
  static Path folder(Path root, int each, String... classes) {
    Random random = new Random(1);
    for (String name : classes) {
      for (int i = 0; i < each; i++) {
        image(root.resolve(name).resolve(i + ".jpg"), 40, 36, random.nextInt(1 << 24));
      }
    }
    return root;
  }

  static Path image(Path file, int width, int height, int rgb) {
    BufferedImage image = new BufferedImage(width, height, BufferedImage.TYPE_INT_RGB);
    for (int p = 0; p < width * height; p++) {
      image.setRGB(p % width, p / width, rgb + p % 7);
    }
    try {
      Files.createDirectories(file.getParent());
      ImageIO.write(image, "jpg", file.toFile());
      return file;
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static int[] labels(int images, int classes) {
    return IntStream.range(0, images).map(i -> i % classes).toArray();
  }

  /** Floating-point images of as many of each class. */
  static Path floats(Path file, int images, int classes) {
    return tensors(file, -1, 0, labels(images, classes));
  }

  /** The same, with one value of an image replaced. */
  static Path floats(Path file, int images, int classes, int image, float value) {
    return tensors(file, image, value, labels(images, classes));
  }

  /** Byte images of 3 x 32 x 32, as many of each class. */
  static Path pixels(Path file, int images, int classes) {
    SequencedMap<String, TensorInfo> infos = new LinkedHashMap<>();
    infos.put("images", new TensorInfo(DType.U8, List.of((long) images, 3L, 32L, 32L)));
    infos.put("labels", new TensorInfo(DType.I32, List.of((long) images)));
    byte[] pixels = new byte[images * 3 * 32 * 32];
    new Random(3).nextBytes(pixels);
    try (SafetensorsWriter writer = SafetensorsWriter.create(file, Map.of(), infos)) {
      writer.write("images", MemorySegment.ofArray(pixels));
      writer.write("labels", MemorySegment.ofArray(labels(images, classes)));
    }
    return file;
  }

  /** Floating-point images of 3 x 32 x 32 with these labels. */
  static Path tensors(Path file, int... labels) {
    return tensors(file, -1, 0, labels);
  }

  private static Path tensors(Path file, int image, float value, int[] labels) {
    SequencedMap<String, TensorInfo> infos = new LinkedHashMap<>();
    infos.put("images", new TensorInfo(DType.F32, List.of((long) labels.length, 3L, 32L, 32L)));
    infos.put("labels", new TensorInfo(DType.I32, List.of((long) labels.length)));
    float[] pixels = new float[labels.length * 3 * 32 * 32];
    Random random = new Random(2);
    for (int i = 0; i < pixels.length; i++) {
      pixels[i] = (float) random.nextGaussian(0, 0.3);
    }
    if (image >= 0) {
      pixels[image * 3 * 32 * 32 + 7] = value;
    }
    try (SafetensorsWriter writer = SafetensorsWriter.create(file, Map.of(), infos)) {
      writer.write("images", pixels);
      writer.write("labels", MemorySegment.ofArray(labels));
    }
    return file;
  }

  /** A picture of which only the compressed form is ever whole in memory. */
  static void blackPng(Path file, int width, int height) throws IOException {
    ByteArrayOutputStream pixels = new ByteArrayOutputStream();
    try (DeflaterOutputStream deflater = new DeflaterOutputStream(pixels)) {
      byte[] row = new byte[1 + 3 * width];
      for (int y = 0; y < height; y++) {
        deflater.write(row);
      }
    }
    ByteBuffer head = ByteBuffer.allocate(13).putInt(width).putInt(height);
    head.put(new byte[] {8, 2, 0, 0, 0});
    try (DataOutputStream out = new DataOutputStream(Files.newOutputStream(file))) {
      out.write(new byte[] {(byte) 0x89, 'P', 'N', 'G', '\r', '\n', 0x1A, '\n'});
      chunk(out, "IHDR", head.array());
      chunk(out, "IDAT", pixels.toByteArray());
      chunk(out, "IEND", new byte[0]);
    }
  }

  private static void chunk(DataOutputStream out, String type, byte[] data) throws IOException {
    CRC32 crc = new CRC32();
    byte[] name = type.getBytes(StandardCharsets.US_ASCII);
    crc.update(name);
    crc.update(data);
    out.writeInt(data.length);
    out.write(name);
    out.write(data);
    out.writeInt((int) crc.getValue());
  }

  /** Removes a folder and what is in it. */
  static void delete(Path folder) throws IOException {
    try (Stream<Path> files = Files.walk(folder)) {
      for (Path file : files.sorted(Comparator.reverseOrder()).toList()) {
        Files.delete(file);
      }
    }
  }

  /** Cuts a file short. */
  static Path truncate(Path file, long bytes) throws IOException {
    byte[] content = Files.readAllBytes(file);
    return Files.write(file, java.util.Arrays.copyOf(content, (int) bytes));
  }
}
