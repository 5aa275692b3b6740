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
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.SequencedMap;
import java.util.function.Function;
import java.util.stream.Stream;
import org.alexnet.AlexNetException;
import org.alexnet.file.DurableFiles;
import org.alexnet.inference.Classifier;
import org.alexnet.safetensors.SafetensorsWriter;
import org.alexnet.tensor.DType;
import org.alexnet.tensor.TensorInfo;

/**
 * What a network makes of images on its way to a .safetensors file, one row an image in each
 * tensor. Only one image's values are in memory: those of the tensors that come later in the file
 * wait in temporary ones. Rows of images that are left out are NaN.
 */
final class OutputsFile implements AutoCloseable {

  /**
   * A tensor of the file.
   *
   * @param shape of an image's row
   * @param row that of an image
   */
  record Rows(String name, List<Integer> shape, Function<Classifier.Scored, float[]> row) {
    private float[] missing() {
      float[] values = new float[shape.stream().mapToInt(n -> n).reduce(1, Math::multiplyExact)];
      Arrays.fill(values, Float.NaN);
      return values;
    }

    private TensorInfo info(int images) {
      return new TensorInfo(
          DType.F32,
          Stream.concat(Stream.of(images), shape.stream()).map(Integer::longValue).toList());
    }
  }

  private final Path file;
  private final int images;
  private final List<Rows> tensors;
  private final List<float[]> missing;
  private final SafetensorsWriter writer;
  private final List<Path> waiting = new ArrayList<>(); // of the tensors after the first
  private final List<FileChannel> channels = new ArrayList<>();
  private int next;
  private boolean complete;
  private boolean abandoned;

  /**
   * Begins the file.
   *
   * @throws AlexNetException if it cannot be written
   */
  OutputsFile(Path file, int images, List<Rows> tensors) {
    this.file = file;
    this.images = images;
    this.tensors = tensors;
    this.missing = tensors.stream().map(Rows::missing).toList();
    SequencedMap<String, TensorInfo> infos = new LinkedHashMap<>();
    tensors.forEach(tensor -> infos.put(tensor.name, tensor.info(images)));
    this.writer = SafetensorsWriter.create(file, Map.of(), infos);
    try {
      for (Rows tensor : tensors.subList(1, tensors.size())) {
        waiting.add(file.resolveSibling(file.getFileName() + "." + tensor.name + ".tmp"));
        channels.add(
            FileChannel.open(
                waiting.getLast(),
                StandardOpenOption.CREATE,
                StandardOpenOption.TRUNCATE_EXISTING,
                StandardOpenOption.READ,
                StandardOpenOption.WRITE));
      }
    } catch (IOException e) {
      close();
      throw failed(e);
    }
  }

  /** Writes the next image; those before it that did not come are missing. */
  synchronized void write(Classifier.Scored image) {
    while (next < image.index()) {
      row(missing);
    }
    row(tensors.stream().map(tensor -> tensor.row.apply(image)).toList());
  }

  private void row(List<float[]> values) {
    waitIfAbandoned();
    writer.append(tensors.getFirst().name, values.getFirst());
    try {
      for (int i = 1; i < values.size(); i++) {
        float[] later = values.get(i);
        ByteBuffer bytes =
            ByteBuffer.allocate(later.length * Float.BYTES).order(ByteOrder.LITTLE_ENDIAN);
        bytes.asFloatBuffer().put(later);
        while (bytes.hasRemaining()) {
          channels.get(i - 1).write(bytes);
        }
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
      row(missing);
    }
    for (int i = 1; i < tensors.size(); i++) {
      FileChannel channel = channels.get(i - 1);
      try (Arena arena = Arena.ofConfined()) {
        MemorySegment all = channel.map(FileChannel.MapMode.READ_ONLY, 0, channel.size(), arena);
        writer.write(tensors.get(i).name, all);
      } catch (IOException e) {
        throw failed(e);
      }
    }
    writer.close();
    complete = true;
  }

  private AlexNetException failed(IOException e) {
    return new AlexNetException(file + " cannot be written: " + DurableFiles.reason(e), e);
  }

  /**
   * Removes all files, when the process is to end. A thread that would write after this waits for
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
    try {
      for (FileChannel channel : channels) {
        channel.close();
      }
      for (Path path : waiting) {
        Files.deleteIfExists(path);
      }
    } catch (IOException e) {
      throw failed(e);
    }
  }
}
