package org.alexnet.safetensors;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayDeque;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.SequencedMap;
import java.util.TreeMap;
import java.util.zip.CRC32C;
import org.alexnet.AlexNetException;
import org.alexnet.file.DurableFiles;
import org.alexnet.file.FileDigest;
import org.alexnet.tensor.DType;
import org.alexnet.tensor.DeferredTensor;
import org.alexnet.tensor.FloatTensor;
import org.alexnet.tensor.TensorInfo;

/**
 * Writes a safetensors file front to back through one buffer. The bytes follow from the arguments
 * alone. They go to a file of the same name with {@code .tmp} appended, which {@link #close} makes
 * durable and renames; whatever goes wrong, the final name holds the old file or the whole new one,
 * and the temporary file is removed.
 */
public final class SafetensorsWriter implements AutoCloseable {
  private static final int BUFFER_BYTES = 1 << 20;
  private static final ValueLayout.OfFloat FLOAT =
      ValueLayout.JAVA_FLOAT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);

  private final Path file;
  private final Path temporary;
  private final FileChannel channel;
  private final ByteBuffer buffer = ByteBuffer.allocateDirect(BUFFER_BYTES);
  private final MemorySegment bufferSegment = MemorySegment.ofBuffer(buffer);
  private final CRC32C crc = new CRC32C();
  private final Map<String, TensorInfo> tensors;
  private final ArrayDeque<String> pending;
  private long written;
  private long given; // bytes of the tensor whose turn it is
  private boolean broken;
  private boolean closed;

  private SafetensorsWriter(Path file, Map<String, TensorInfo> tensors) {
    this.file = file;
    this.temporary = temporary(file);
    this.tensors = tensors;
    this.pending = new ArrayDeque<>(tensors.keySet());
    try {
      channel =
          FileChannel.open(
              temporary,
              StandardOpenOption.CREATE,
              StandardOpenOption.TRUNCATE_EXISTING,
              StandardOpenOption.WRITE);
    } catch (IOException e) {
      throw failed(e);
    }
  }

  /**
   * {@return where a file lies until it is complete}
   *
   * @param file what it is called then
   */
  public static Path temporary(Path file) {
    return file.resolveSibling(file.getFileName() + ".tmp");
  }

  /**
   * Begins a file.
   *
   * @param file what it is called once it is complete
   * @param metadata notes for the file, written in the order of their keys; left out when empty
   * @param tensors the tensors in the order in which they will be written and lie in the file
   * @return a writer that expects the first tensor
   * @throws AlexNetException when the file cannot be created or a name cannot be used
   */
  public static SafetensorsWriter create(
      Path file, Map<String, String> metadata, SequencedMap<String, TensorInfo> tensors) {
    byte[] header = header(file, metadata, tensors);
    var writer = new SafetensorsWriter(file, new LinkedHashMap<>(tensors));
    try {
      ByteBuffer length = ByteBuffer.allocate(Header.LENGTH_BYTES).order(ByteOrder.LITTLE_ENDIAN);
      writer.append(length.putLong(0, header.length));
      writer.append(ByteBuffer.wrap(header));
    } catch (AlexNetException e) {
      writer.abandon();
      throw e;
    }
    return writer;
  }

  /**
   * Writes a whole file of float32 tensors, durably and in one step.
   *
   * @param file replaced if it is there
   * @param metadata notes for the file, written in the order of their keys; left out when empty
   * @param tensors in the order in which they will lie in the file
   * @return length and checksum of the file written
   * @throws AlexNetException when it cannot be written; {@code file} is then as it was before
   */
  public static FileDigest save(
      Path file, Map<String, String> metadata, SequencedMap<String, FloatTensor> tensors) {
    var deferred = new LinkedHashMap<String, DeferredTensor>();
    tensors.forEach((name, tensor) -> deferred.put(name, DeferredTensor.of(tensor)));
    return saveDeferred(file, metadata, deferred);
  }

  /**
   * As {@link #save}, of tensors that are made one after the other.
   *
   * @param file replaced if it is there
   * @param metadata notes for the file, written in the order of their keys; left out when empty
   * @param tensors in the order in which they will lie in the file; what one throws is thrown
   * @return length and checksum of the file written
   * @throws AlexNetException when it cannot be written; {@code file} is then as it was before
   */
  public static FileDigest saveDeferred(
      Path file, Map<String, String> metadata, SequencedMap<String, DeferredTensor> tensors) {
    var infos = new LinkedHashMap<String, TensorInfo>();
    tensors.forEach((name, tensor) -> infos.put(name, tensor.info()));
    try (SafetensorsWriter writer = create(file, metadata, infos)) {
      tensors.forEach((name, tensor) -> writer.write(name, tensor.make().values()));
      return writer.digest();
    }
  }

  /**
   * Writes the next tensor, which must be F32.
   *
   * @param name of the tensor whose turn it is
   * @param values as many as the declared shape says, last extent fastest
   * @throws AlexNetException when it is not this tensor's turn, its type or size is another, or the
   *     file system refuses
   */
  public void write(String name, float[] values) {
    next(name, 4L * values.length);
    append(name, values);
  }

  /**
   * Writes the next elements of the tensor whose turn it is, which must be F32; the tensor is done
   * when all were given.
   *
   * @param name of the tensor whose turn it is
   * @param values the next ones, last extent fastest
   * @throws AlexNetException when it is not this tensor's turn, it is of another type or would grow
   *     too large, or the file system refuses
   */
  public void append(String name, float[] values) {
    TensorInfo info = turn(name);
    if (info.dtype() != DType.F32) {
      throw refuse(name, "was declared " + info.dtype() + " and is given floats; F32 is required");
    }
    long bytes = given + 4L * values.length;
    if (bytes > info.bytes()) {
      throw refuse(
          name,
          "was given %d bytes; %s of shape %s requires %d"
              .formatted(bytes, info.dtype(), info.shape(), info.bytes()));
    }
    int step = BUFFER_BYTES / Float.BYTES;
    for (int at = 0; at < values.length; at += step) {
      int count = Math.min(step, values.length - at);
      MemorySegment.copy(values, at, bufferSegment, FLOAT, 0, count);
      append(buffer.clear().limit(count * Float.BYTES));
    }
    given = bytes;
    if (given == info.bytes()) {
      done();
    }
  }

  private void done() {
    pending.remove();
    given = 0;
  }

  /**
   * Writes the next tensor from its little-endian bytes.
   *
   * @param name of the tensor whose turn it is
   * @param bytes as many as its shape and type say
   * @throws AlexNetException when it is not this tensor's turn, its size is another, or the file
   *     system refuses
   */
  public void write(String name, MemorySegment bytes) {
    next(name, bytes.byteSize());
    for (long at = 0; at < bytes.byteSize(); at += BUFFER_BYTES) {
      int count = (int) Math.min(BUFFER_BYTES, bytes.byteSize() - at);
      MemorySegment.copy(bytes, at, bufferSegment, 0, count);
      append(buffer.clear().limit(count));
    }
    done();
  }

  /**
   * {@return length and checksum of what was written so far; of the whole file after the last
   * tensor}
   */
  public FileDigest digest() {
    return new FileDigest(written, crc.getValue());
  }

  /**
   * Makes the file durable and gives it its name. After a failed write it only removes the
   * temporary file.
   *
   * @throws AlexNetException when a declared tensor was not written or the file system refuses
   */
  @Override
  public void close() {
    if (closed) {
      return;
    }
    closed = true;
    if (broken) {
      abandon();
      return;
    }
    if (!pending.isEmpty()) {
      abandon();
      throw new AlexNetException(
          file + " was not written: tensor '" + pending.peek() + "' was declared but not given");
    }
    try {
      channel.force(true);
      channel.close();
      DurableFiles.replace(temporary, file);
      DurableFiles.forceDirectory(DurableFiles.parent(file));
    } catch (IOException e) {
      abandon();
      throw failed(e);
    }
  }

  private static byte[] header(
      Path file, Map<String, String> metadata, Map<String, TensorInfo> tensors) {
    var json = new ObjectMapper();
    ObjectNode root = json.createObjectNode();
    if (!metadata.isEmpty()) {
      ObjectNode notes = root.putObject(Header.METADATA);
      new TreeMap<>(metadata).forEach(notes::put);
    }
    long offset = 0;
    for (Map.Entry<String, TensorInfo> tensor : tensors.entrySet()) {
      if (tensor.getKey().equals(Header.METADATA)) {
        throw new AlexNetException(file + ": a tensor cannot be called " + Header.METADATA);
      }
      TensorInfo info = tensor.getValue();
      ObjectNode node = root.putObject(tensor.getKey()).put("dtype", info.dtype().name());
      ArrayNode shape = node.putArray("shape");
      info.shape().forEach(shape::add);
      node.putArray("data_offsets").add(offset).add(offset + info.bytes());
      offset += info.bytes();
    }
    try {
      byte[] text = json.writeValueAsBytes(root);
      byte[] padded = Arrays.copyOf(text, (text.length + 7) / 8 * 8);
      Arrays.fill(padded, text.length, padded.length, (byte) ' ');
      if (padded.length > Header.MAX_BYTES) {
        throw new AlexNetException(
            "%s: its header would have %d bytes; at most %d are allowed"
                .formatted(file, padded.length, Header.MAX_BYTES));
      }
      return padded;
    } catch (JsonProcessingException e) {
      throw new AlexNetException(file + ": its names cannot be written as JSON", e);
    }
  }

  private TensorInfo turn(String name) {
    if (!name.equals(pending.peek())) {
      String turn = pending.isEmpty() ? "no further tensor" : "'" + pending.peek() + "'";
      throw refuse(name, "is not next; the declared order requires " + turn);
    }
    return tensors.get(name);
  }

  /** Checks that a whole tensor is next and has so many bytes. */
  private void next(String name, long bytes) {
    TensorInfo info = turn(name);
    if (info.bytes() != bytes || given != 0) {
      throw refuse(
          name,
          "was given %d bytes; %s of shape %s requires %d"
              .formatted(bytes, info.dtype(), info.shape(), info.bytes()));
    }
  }

  private void append(ByteBuffer bytes) {
    int start = bytes.position();
    try {
      while (bytes.hasRemaining()) {
        written += channel.write(bytes);
      }
    } catch (IOException e) {
      broken = true;
      throw failed(e);
    }
    crc.update(bytes.position(start));
  }

  /** Gives up: removes the temporary file and leaves an earlier file of the name as it was. */
  public void abandon() {
    closed = true;
    try (channel) {
      Files.deleteIfExists(temporary);
    } catch (IOException _) {
      // The failure that led here is the one to report; a later write reuses the temporary name.
    }
  }

  private AlexNetException refuse(String name, String what) {
    broken = true;
    return new AlexNetException(file + ": tensor '" + name + "' " + what);
  }

  private AlexNetException failed(IOException e) {
    return new AlexNetException(
        file
            + " cannot be written: "
            + DurableFiles.reason(e)
            + "; any earlier file of that name is intact",
        e);
  }
}
