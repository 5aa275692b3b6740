package org.alexnet.data.source;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import java.nio.file.Path;
import java.util.List;
import org.alexnet.AlexNetException;
import org.alexnet.data.Batch;
import org.alexnet.data.ImageSource;
import org.alexnet.data.UnreadableImageException;
import org.alexnet.safetensors.SafetensorsFile;
import org.alexnet.tensor.DType;
import org.alexnet.tensor.TensorInfo;

/**
 * A {@code .safetensors} file with {@code images} (N C H W; F32 used exactly as given, or U8
 * treated as pixels) and, where there are labels, {@code labels} (N; I64, I32 or U8). Images are
 * read from the mapped file.
 */
final class SafetensorsSource implements ImageSource {
  private static final String IMAGES = "images";
  private static final String LABELS = "labels";
  private static final ValueLayout.OfFloat F32 =
      ValueLayout.JAVA_FLOAT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
  private static final ValueLayout.OfInt I32 =
      ValueLayout.JAVA_INT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
  private static final ValueLayout.OfLong I64 =
      ValueLayout.JAVA_LONG_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);

  private final SafetensorsFile file;
  private final Batch.Format format;
  private final int size;
  private final MemorySegment images;
  private final int[] labels;
  private boolean closed;

  private SafetensorsSource(SafetensorsFile file) {
    this.file = file;
    TensorInfo info = file.tensors().get(IMAGES);
    if (info == null) {
      throw bad(
          "has no tensor '%s', only %s; it must hold the images, N C H W in F32 or U8"
              .formatted(IMAGES, file.tensors().keySet()));
    }
    this.format = format(info);
    this.size = Math.toIntExact(info.shape().getFirst());
    this.images = file.data(IMAGES);
    TensorInfo given = file.tensors().get(LABELS);
    this.labels = given == null ? null : labels(given);
  }

  /**
   * Opens a file.
   *
   * @param path of the file
   * @return its images, mapped until it is closed
   * @throws AlexNetException if it has no images, if they or their labels have another type or
   *     shape than described, or if a label is negative
   */
  static ImageSource open(Path path) {
    SafetensorsFile file = SafetensorsFile.open(path);
    try {
      return new SafetensorsSource(file);
    } catch (RuntimeException e) {
      file.close();
      throw e;
    }
  }

  private AlexNetException bad(String what) {
    return new AlexNetException(file.path() + " " + what);
  }

  private Batch.Format format(TensorInfo info) {
    List<Long> shape = info.shape();
    boolean known = info.dtype() == DType.F32 || info.dtype() == DType.U8;
    if (!known || shape.size() != 4) {
      throw bad(
          "has '%s' of type %s and shape %s; F32 or U8 of shape [N, C, H, W] is required"
              .formatted(IMAGES, info.dtype(), shape));
    }
    long values = 1;
    for (int i = 0; i < 4; i++) {
      boolean fits = shape.get(i) >= 1 && shape.get(i) <= Integer.MAX_VALUE;
      values = i == 0 || !fits ? values : values * shape.get(i);
      if (!fits || values > Integer.MAX_VALUE) {
        throw bad(
            "has '%s' of shape %s; every side must be at least 1, and an image and their number below 2^31"
                .formatted(IMAGES, shape));
      }
    }
    return new Batch.Format(
        shape.get(1).intValue(),
        shape.get(2).intValue(),
        shape.get(3).intValue(),
        info.dtype() == DType.F32);
  }

  private int[] labels(TensorInfo info) {
    if (!List.of((long) size).equals(info.shape())) {
      throw bad(
          "has '%s' of shape %s for %d images; shape [%d] is required"
              .formatted(LABELS, info.shape(), size, size));
    }
    MemorySegment data = file.data(LABELS);
    int[] out = new int[size];
    for (int i = 0; i < size; i++) {
      long label = label(info.dtype(), data, i);
      if (label < 0 || label > Integer.MAX_VALUE) {
        throw bad("labels image %d as %d; labels count from 0".formatted(i, label));
      }
      out[i] = (int) label;
    }
    return out;
  }

  private long label(DType type, MemorySegment data, int i) {
    return switch (type) {
      case I64 -> data.getAtIndex(I64, i);
      case I32 -> data.getAtIndex(I32, i);
      case U8 -> data.get(ValueLayout.JAVA_BYTE, i) & 0xFF;
      case F32, F64, F16, BF16, I16, I8, BOOL, U16, U32, U64, F8_E4M3, F8_E5M2, UNKNOWN ->
          throw bad("has '%s' of type %s; I64, I32 or U8 is required".formatted(LABELS, type));
    };
  }

  @Override
  public String description() {
    return file.path().toString();
  }

  @Override
  public int size() {
    return size;
  }

  @Override
  public Batch.Format format() {
    return format;
  }

  /** None: the file names no classes. */
  @Override
  public List<String> classNames() {
    return List.of();
  }

  @Override
  public boolean labelled() {
    return labels != null;
  }

  @Override
  public int label(int i) {
    if (labels == null) {
      throw new IllegalStateException(description() + " has no labels");
    }
    return labels[i];
  }

  @Override
  public String name(int i) {
    return "image " + i;
  }

  @Override
  public void read(int i, MemorySegment to) {
    long from = i * format.bytes();
    if (format.floats()) {
      MemorySegment.copy(
          images, F32, from, to, ValueLayout.JAVA_FLOAT_UNALIGNED, 0, format.values());
      requireFinite(i, to);
    } else {
      MemorySegment.copy(images, from, to, 0, format.bytes());
    }
  }

  @Override
  public MemorySegment pixels(int i) {
    return format.floats() ? null : images.asSlice(i * format.bytes(), format.bytes());
  }

  /**
   * One such value would ruin every weight, and it would then look like a rate that is too high.
   */
  private void requireFinite(int image, MemorySegment values) {
    float sum = 0; // of zeros, unless a value is infinite or not a number
    for (long k = 0; k < format.values(); k++) {
      sum += values.getAtIndex(ValueLayout.JAVA_FLOAT_UNALIGNED, k) * 0;
    }
    if (sum != 0 || Float.isNaN(sum)) {
      throw new UnreadableImageException(
          file.path(), name(image), "holds a value that is infinite or not a number");
    }
  }

  @Override
  public synchronized void close() {
    if (!closed) {
      closed = true;
      file.close();
    }
  }
}
