package org.alexnet.data.image;

import java.io.EOFException;
import java.io.IOException;
import java.util.EnumMap;
import java.util.Iterator;
import java.util.Locale;
import java.util.Map;
import javax.imageio.ImageIO;
import javax.imageio.ImageReadParam;
import javax.imageio.ImageReader;
import org.alexnet.AlexNetException;

/**
 * Decodes JPEG, PNG, BMP and GIF files (of these the first frame) to RGB or grey bytes, without
 * colour management: embedded profiles, the rotation noted in EXIF data and transparency are
 * disregarded, so that the network sees the colours as they are stored. 16 bits a channel are
 * rounded to 8.
 *
 * <p>It keeps its readers and is for one thread at a time.
 */
final class ImageDecoder {
  /** Above this a picture is taken for a damaged header. */
  private static final long MAX_PIXELS = 1L << 28;

  /**
   * Above this only every second (third, ...) pixel of every second row is decoded: far more are
   * left than any network reads, and memory is bounded. It is a constant, so that the pixels do not
   * depend on the machine.
   */
  private static final long DECODED_PIXELS = 1L << 25;

  /** A pixel of four samples of 16 bits, and what becomes of it. */
  private static final int BYTES_PER_PIXEL = 12;

  private enum Kind {
    JPEG,
    PNG,
    BMP,
    GIF
  }

  private final Map<Kind, ImageReader> readers = new EnumMap<>(Kind.class);
  private String damage;

  /**
   * Decodes a file.
   *
   * @return a picture of one channel or three
   * @throws IOException whose message continues a sentence that begins with the file's name
   */
  Picture decode(byte[] file) throws IOException {
    Kind kind = kind(file);
    JpegColour colour = kind == Kind.JPEG ? JpegColour.of(file) : null;
    ImageReader reader = readers.computeIfAbsent(kind, this::open);
    damage = null;
    try (ByteInput input = new ByteInput(file)) {
      reader.setInput(input, true, true);
      Picture picture = read(reader, colour);
      if (damage != null) {
        throw new IOException(damage);
      }
      return picture;
    } catch (IOException | RuntimeException e) {
      // What a reader keeps after a failure is not specified: the next file gets a new one.
      readers.remove(kind);
      reader.dispose();
      throw new IOException("cannot be decoded as " + kind + ": " + reason(e), e);
    }
  }

  private static Picture read(ImageReader reader, JpegColour colour) throws IOException {
    long width = reader.getWidth(0);
    long height = reader.getHeight(0);
    checkSize(width, height);
    int step = (int) Math.ceil(Math.sqrt((double) (width * height) / DECODED_PIXELS));
    ImageReadParam param = null;
    if (step > 1) {
      param = reader.getDefaultReadParam();
      param.setSourceSubsampling(step, step, 0, 0);
    }
    long pixels = Math.ceilDiv(width, step) * Math.ceilDiv(height, step);
    try (DecodingMemory _ = DecodingMemory.reserve(pixels * BYTES_PER_PIXEL)) {
      return colour != null
          ? colour.convert(reader.readRaster(0, param))
          : Pictures.convert(reader.read(0, param));
    }
  }

  private static String reason(Exception e) {
    Throwable last = e;
    while (last.getCause() != null) {
      last = last.getCause();
    }
    return last instanceof EOFException
        ? "the file is truncated"
        : last.getMessage() == null ? last.getClass().getSimpleName() : last.getMessage();
  }

  private static Kind kind(byte[] file) throws IOException {
    if (file.length == 0) {
      throw new IOException("is empty");
    }
    if (startsWith(file, 0xFF, 0xD8)) {
      return Kind.JPEG;
    }
    if (startsWith(file, 0x89, 'P', 'N', 'G')) {
      return Kind.PNG;
    }
    if (startsWith(file, 'B', 'M')) {
      return Kind.BMP;
    }
    if (startsWith(file, 'G', 'I', 'F', '8')) {
      return Kind.GIF;
    }
    throw new IOException("is not a JPEG, PNG, BMP or GIF image");
  }

  private static boolean startsWith(byte[] file, int... magic) {
    if (file.length < magic.length) {
      return false;
    }
    for (int i = 0; i < magic.length; i++) {
      if ((file[i] & 0xFF) != magic[i]) {
        return false;
      }
    }
    return true;
  }

  private ImageReader open(Kind kind) {
    Iterator<ImageReader> found =
        ImageIO.getImageReadersByFormatName(kind.name().toLowerCase(Locale.ROOT));
    if (!found.hasNext()) {
      throw new AlexNetException(
          "this Java has no reader for "
              + kind
              + " images: use a JDK with the module java.desktop");
    }
    ImageReader reader = found.next();
    reader.addIIOReadWarningListener((from, warning) -> warned(warning));
    return reader;
  }

  /**
   * JPEG readers repair what they can and warn. Bytes too many between segments are harmless and
   * common; whatever else is called corrupt, premature or truncated has cost pixels.
   */
  private void warned(String warning) {
    String text = warning.toLowerCase(Locale.ROOT);
    boolean lost =
        text.contains("truncated") || text.contains("premature") || text.contains("corrupt");
    if (lost && !text.contains("extraneous") && damage == null) {
      damage = warning;
    }
  }

  private static void checkSize(long width, long height) throws IOException {
    if (width * height > MAX_PIXELS) {
      throw new IOException("%d x %d pixels are more than %d".formatted(width, height, MAX_PIXELS));
    }
  }
}
