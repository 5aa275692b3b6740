package org.alexnet.cli.output;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.SequencedMap;
import org.alexnet.AlexNetException;
import org.alexnet.file.DurableFiles;
import org.alexnet.inference.Classifier;
import org.alexnet.safetensors.SafetensorsWriter;
import org.alexnet.tensor.DType;
import org.alexnet.tensor.TensorInfo;

/**
 * Logits and probabilities of images on their way to a .safetensors file, [images, classes] each.
 * Only one image's are in memory: the probabilities, which come second in the file, wait in a
 * temporary one. Rows of images that are left out are NaN.
 */
final class ScoresFile implements AutoCloseable {
  private static final String LOGITS = "logits";
  private static final String PROBABILITIES = "probabilities";

  private final Path file;
  private final int images;
  private final float[] missing;
  private final SafetensorsWriter writer;
  private final Path waiting;
  private final FileChannel probabilities;
  private int next;
  private boolean complete;
  private boolean abandoned;

  /**
   * Begins the file.
   *
   * @throws AlexNetException if it cannot be written
   */
  ScoresFile(Path file, int images, int classes) {
    this.file = file;
    this.images = images;
    this.missing = new float[classes];
    Arrays.fill(missing, Float.NaN);
    this.waiting = file.resolveSibling(file.getFileName() + ".probabilities.tmp");
    TensorInfo info = new TensorInfo(DType.F32, List.of((long) images, (long) classes));
    SequencedMap<String, TensorInfo> tensors = new LinkedHashMap<>();
    tensors.put(LOGITS, info);
    tensors.put(PROBABILITIES, info);
    this.writer = SafetensorsWriter.create(file, Map.of(), tensors);
    try {
      this.probabilities =
          FileChannel.open(
              waiting,
              StandardOpenOption.CREATE,
              StandardOpenOption.TRUNCATE_EXISTING,
              StandardOpenOption.READ,
              StandardOpenOption.WRITE);
    } catch (IOException e) {
      writer.abandon();
      throw failed(e);
    }
  }

  /** Writes the next image; those before it that did not come are missing. */
  synchronized void write(Classifier.Scored image) {
    while (next < image.index()) {
      row(missing, missing);
    }
    row(image.logits(), image.probabilities());
  }

  private void row(float[] logits, float[] probability) {
    waitIfAbandoned();
    writer.append(LOGITS, logits);
    ByteBuffer bytes =
        ByteBuffer.allocate(probability.length * Float.BYTES).order(ByteOrder.LITTLE_ENDIAN);
    bytes.asFloatBuffer().put(probability);
    try {
      while (bytes.hasRemaining()) {
        probabilities.write(bytes);
      }
    } catch (IOException e) {
      throw failed(e);
    }
    next++;
  }

  /** Writes what is missing, and gives the file its name. */
  synchronized void complete() {
    waitIfAbandoned();
    while (next < images) {
      row(missing, missing);
    }
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment all =
          probabilities.map(FileChannel.MapMode.READ_ONLY, 0, probabilities.size(), arena);
      writer.write(PROBABILITIES, all);
    } catch (IOException e) {
      throw failed(e);
    }
    writer.close();
    complete = true;
  }

  private AlexNetException failed(IOException e) {
    return new AlexNetException(file + " cannot be written: " + DurableFiles.reason(e), e);
  }

  /**
   * Removes both files, when the process is to end. A thread that would write after this waits for
   * that end, so that it neither makes a file again nor says that it could not.
   */
  synchronized void abandon() {
    if (!complete) {
      close();
      abandoned = true;
    }
  }

  private void waitIfAbandoned() {
    while (abandoned) {
      try {
        wait();
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
        return;
      }
    }
  }

  @Override
  public synchronized void close() {
    if (abandoned) {
      return;
    }
    if (!complete) {
      writer.abandon();
    }
    try (probabilities) {
      Files.deleteIfExists(waiting);
    } catch (IOException e) {
      throw failed(e);
    }
  }
}
