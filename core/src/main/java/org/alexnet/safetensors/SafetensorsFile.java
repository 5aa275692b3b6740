package org.alexnet.safetensors;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.function.Consumer;
import java.util.zip.CRC32C;
import org.alexnet.AlexNetException;
import org.alexnet.file.DurableFiles;
import org.alexnet.file.FileDigest;
import org.alexnet.tensor.DType;
import org.alexnet.tensor.TensorInfo;

/**
 * A safetensors file, mapped read-only and checked as a whole before any tensor is handed out. The
 * mapping stays on the file as it was opened, also when another takes its name.
 */
public final class SafetensorsFile implements AutoCloseable {
  private static final ValueLayout.OfFloat FLOAT =
      ValueLayout.JAVA_FLOAT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
  private static final long CRC_CHUNK = 1L << 24;

  /** Elements of a piece: enough that its overhead is small, and small beside what is read. */
  private static final int PIECE = 1 << 20;

  private final Path path;
  private final Runnable unmap;
  private final MemorySegment bytes;
  private final Header header;

  private SafetensorsFile(Path path, Runnable unmap, MemorySegment bytes, Header header) {
    this.path = path;
    this.unmap = unmap;
    this.bytes = bytes;
    this.header = header;
  }

  /**
   * Maps a file of any size and checks its header against its length.
   *
   * @param path of the file
   * @return the file, mapped until it is closed
   * @throws AlexNetException when the file cannot be read, or is damaged, cut short or of another
   *     format; the message names the file and, where one is at fault, the tensor
   */
  public static SafetensorsFile open(Path path) {
    return open(path, "model.safetensors");
  }

  /**
   * As {@link #open(Path)}.
   *
   * @param path of the file
   * @param usual what the file is called in a run, to be named where a folder is given
   * @return the file, mapped until it is closed
   */
  public static SafetensorsFile open(Path path, String usual) {
    DurableFiles.requireNoFolder(path, usual);
    Arena arena = Arena.ofShared();
    try (FileChannel channel = FileChannel.open(path, StandardOpenOption.READ)) {
      long size = channel.size();
      if (size < Header.LENGTH_BYTES) {
        throw Header.bad(
            path,
            "has "
                + size
                + " bytes; a safetensors file has at least 8, and this one is cut short or of"
                + " another format");
      }
      MemorySegment bytes = channel.map(FileChannel.MapMode.READ_ONLY, 0, size, arena);
      return new SafetensorsFile(path, arena::close, bytes, Header.parse(path, bytes));
    } catch (IOException e) {
      arena.close();
      throw new AlexNetException(path + " cannot be read: " + DurableFiles.reason(e), e);
    } catch (RuntimeException e) {
      arena.close();
      throw e;
    }
  }

  /** {@return the name under which the file was opened} */
  public Path path() {
    return path;
  }

  /** {@return the tensors, in the order of their data in the file} */
  public Map<String, TensorInfo> tensors() {
    var tensors = new LinkedHashMap<String, TensorInfo>();
    header.entries().forEach((name, entry) -> tensors.put(name, entry.info()));
    return Collections.unmodifiableMap(tensors);
  }

  /** {@return the file's notes; empty where it has none} */
  public Map<String, String> metadata() {
    return Collections.unmodifiableMap(header.metadata());
  }

  /**
   * {@return the bytes of one tensor, little-endian, read-only and not necessarily aligned; valid
   * until this file is closed}
   *
   * @param name of a tensor
   * @throws AlexNetException when the file has no tensor of that name
   */
  public MemorySegment data(String name) {
    Header.Entry entry = entry(name);
    return bytes.asSlice(header.dataStart() + entry.begin(), entry.end() - entry.begin());
  }

  /**
   * {@return a copy of one F32 tensor, last extent fastest}
   *
   * @param name of a tensor
   * @throws AlexNetException when there is no such tensor, it is of another type, or it has more
   *     elements than an array can hold
   */
  public float[] floats(String name) {
    TensorInfo info = requireFloats(name);
    if (info.elements() > Integer.MAX_VALUE - 8) {
      throw new AlexNetException(
          path
              + ": tensor '"
              + name
              + "' has "
              + info.elements()
              + " elements; an array holds fewer than 2^31 - 8");
    }
    var values = new float[(int) info.elements()];
    MemorySegment.copy(data(name), FLOAT, 0, values, 0, values.length);
    return values;
  }

  /**
   * Reads one F32 tensor in pieces. Pages of the file that were read do not stay in memory.
   *
   * @param name of a tensor
   * @param receiver receives the values in order, last extent fastest; the array of one piece may
   *     be that of the next
   * @throws AlexNetException when there is no such tensor, or it is of another type
   */
  public void read(String name, Consumer<float[]> receiver) {
    long elements = requireFloats(name).elements();
    MemorySegment data = data(name);
    float[] piece = {};
    for (long at = 0; at < elements; at += piece.length) {
      int count = (int) Math.min(PIECE, elements - at);
      piece = piece.length == count ? piece : new float[count];
      MemorySegment.copy(data, FLOAT, at * Float.BYTES, piece, 0, count);
      data.asSlice(at * Float.BYTES, (long) count * Float.BYTES).unload();
      receiver.accept(piece);
    }
  }

  private TensorInfo requireFloats(String name) {
    TensorInfo info = entry(name).info();
    if (info.dtype() != DType.F32) {
      throw new AlexNetException(
          path
              + ": tensor '"
              + name
              + "' is "
              + info.dtype()
              + "; F32 is required: convert the file");
    }
    return info;
  }

  /** {@return length of the whole file} */
  public long bytes() {
    return bytes.byteSize();
  }

  /** {@return length and checksum of the whole file, header included; reads all of it} */
  public FileDigest digest() {
    var crc = new CRC32C();
    for (long at = 0; at < bytes.byteSize(); at += CRC_CHUNK) {
      crc.update(bytes.asSlice(at, Math.min(CRC_CHUNK, bytes.byteSize() - at)).asByteBuffer());
    }
    return new FileDigest(bytes.byteSize(), crc.getValue());
  }

  /**
   * {@return the same mapped file under a second handle, which is valid until this one is closed;
   * closing the second does nothing}
   */
  public SafetensorsFile borrowed() {
    return new SafetensorsFile(path, () -> {}, bytes, header);
  }

  /** Unmaps the file; slices of it must not be used any more. */
  @Override
  public void close() {
    if (bytes.scope().isAlive()) {
      unmap.run();
    }
  }

  private Header.Entry entry(String name) {
    Header.Entry entry = header.entries().get(name);
    if (entry == null) {
      throw new AlexNetException(path + " has no tensor '" + name + "'; it holds " + summary());
    }
    return entry;
  }

  private String summary() {
    int shown = 12;
    String names = String.join(", ", header.entries().keySet().stream().limit(shown).toList());
    int more = header.entries().size() - shown;
    return names.isEmpty() ? "none" : more > 0 ? names + " and " + more + " more" : names;
  }
}
