package org.alexnet.cli;

import java.awt.image.BufferedImage;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.foreign.MemorySegment;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.SequencedMap;
import javax.imageio.ImageIO;
import org.alexnet.safetensors.DType;
import org.alexnet.safetensors.SafetensorsWriter;
import org.alexnet.safetensors.TensorInfo;

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

  /** Floating-point images of 3 x 32 x 32 with these labels. */
  static Path tensors(Path file, int... labels) {
    SequencedMap<String, TensorInfo> infos = new LinkedHashMap<>();
    infos.put("images", new TensorInfo(DType.F32, List.of((long) labels.length, 3L, 32L, 32L)));
    infos.put("labels", new TensorInfo(DType.I32, List.of((long) labels.length)));
    float[] pixels = new float[labels.length * 3 * 32 * 32];
    Random random = new Random(2);
    for (int i = 0; i < pixels.length; i++) {
      pixels[i] = (float) random.nextGaussian(0, 0.3);
    }
    try (SafetensorsWriter writer = SafetensorsWriter.create(file, Map.of(), infos)) {
      writer.write("images", pixels);
      writer.write("labels", MemorySegment.ofArray(labels));
    }
    return file;
  }

  /** Cuts a file short. */
  static Path truncate(Path file, long bytes) throws IOException {
    byte[] content = Files.readAllBytes(file);
    return Files.write(file, java.util.Arrays.copyOf(content, (int) bytes));
  }
}
