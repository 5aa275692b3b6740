package org.alexnet.data;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;

import java.awt.image.BufferedImage;
import java.awt.image.Raster;
import java.awt.image.WritableRaster;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.function.IntBinaryOperator;
import java.util.function.IntUnaryOperator;
import javax.imageio.IIOImage;
import javax.imageio.ImageIO;
import javax.imageio.ImageWriter;
import javax.imageio.stream.MemoryCacheImageOutputStream;

/** Images and sources made up for tests. */
public final class TestImages {
  private TestImages() {}

  /** A picture of one colour, 0xRRGGBB. */
  public static BufferedImage plain(int width, int height, int rgb) {
    return image(BufferedImage.TYPE_INT_RGB, width, height, p -> rgb);
  }

  public static BufferedImage image(int type, int width, int height, IntUnaryOperator rgb) {
    BufferedImage image = new BufferedImage(width, height, type);
    for (int p = 0; p < width * height; p++) {
      image.setRGB(p % width, p / width, rgb.applyAsInt(p));
    }
    return image;
  }

  public static byte[] bytes(BufferedImage image, String format) throws IOException {
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    try (MemoryCacheImageOutputStream stream = new MemoryCacheImageOutputStream(out)) {
      if (!ImageIO.write(image, format, stream)) {
        throw new IOException("no writer for " + format);
      }
    }
    return out.toByteArray();
  }

  /** A JPEG file of 16 x 16 equal pixels whose components are stored as they are given. */
  public static byte[] rawJpeg(int... components) throws IOException {
    WritableRaster raster = Raster.createInterleavedRaster(0, 16, 16, components.length, null);
    for (int p = 0; p < 256; p++) {
      raster.setPixel(p % 16, p / 16, components);
    }
    ImageWriter writer = ImageIO.getImageWritersByFormatName("jpeg").next();
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    try (MemoryCacheImageOutputStream stream = new MemoryCacheImageOutputStream(out)) {
      writer.setOutput(stream);
      writer.write(new IIOImage(raster, null, null));
    }
    writer.dispose();
    return out.toByteArray();
  }

  /** The file with an Adobe marker of the given colour transform put in front. */
  public static byte[] adobe(byte[] jpeg, int transform) {
    byte[] marker = {
      (byte) 0xFF, (byte) 0xEE, 0, 14, 'A', 'd', 'o', 'b', 'e', 0, 100, 0, 0, 0, 0, (byte) transform
    };
    byte[] out = Arrays.copyOf(jpeg, jpeg.length + marker.length);
    System.arraycopy(marker, 0, out, 2, marker.length);
    System.arraycopy(jpeg, 2, out, 2 + marker.length, jpeg.length - 2);
    return out;
  }

  public static Path write(Path file, byte[] content) throws IOException {
    Files.createDirectories(file.getParent());
    return Files.write(file, content);
  }

  /** A folder with {@code each} small PNG images a class; image k of class c has red 40 c + k. */
  public static Path folder(Path root, int each, String... classes) throws IOException {
    for (int c = 0; c < classes.length; c++) {
      for (int k = 0; k < each; k++) {
        byte[] png = bytes(plain(8, 8, (40 * c + k) << 16), "png");
        write(root.resolve(classes[c]).resolve("%03d.png".formatted(k)), png);
      }
    }
    return root;
  }

  public static byte[] read(ImageSource source, int i) {
    byte[] image = new byte[Math.toIntExact(source.format().bytes())];
    source.read(i, MemorySegment.ofArray(image));
    MemorySegment pixels = source.pixels(i);
    if (pixels != null) {
      assertArrayEquals(image, pixels.toArray(ValueLayout.JAVA_BYTE));
    }
    return image;
  }

  /** {@code n} images in memory, of which value v of image i is {@code 31 i + 7 v}. */
  public static ImageSource counted(int n, Batch.Format format, List<String> classes) {
    return new Made(n, format, classes, (i, v) -> 31 * i + 7 * v);
  }

  /** One image in memory whose value v is as given. */
  public static ImageSource drawn(Batch.Format format, IntUnaryOperator value) {
    return new Made(1, format, List.of(), (i, v) -> value.applyAsInt(v));
  }

  private record Made(
      int size, Batch.Format format, List<String> classNames, IntBinaryOperator value)
      implements ImageSource {
    @Override
    public String description() {
      return "counted";
    }

    @Override
    public boolean labelled() {
      return true;
    }

    @Override
    public int label(int i) {
      return i % 3;
    }

    @Override
    public String name(int i) {
      return "image " + i;
    }

    @Override
    public void read(int i, MemorySegment to) {
      for (int b = 0; b < format.bytes(); b++) {
        to.set(ValueLayout.JAVA_BYTE, b, (byte) value.applyAsInt(i, b));
      }
    }
  }
}
