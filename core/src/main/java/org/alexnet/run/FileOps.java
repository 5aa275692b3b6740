package org.alexnet.run;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Map;
import java.util.SequencedMap;
import org.alexnet.file.DurableFiles;
import org.alexnet.file.FileDigest;
import org.alexnet.safetensors.SafetensorsWriter;
import org.alexnet.tensor.DeferredTensor;

/**
 * Every step by which a run changes the disk. A test stops or fails the sequence at any of them,
 * which is how it is shown that no order of events mixes two generations.
 */
interface FileOps {
  FileOps DISK = new Disk();

  void createDirectory(Path directory) throws IOException;

  /** Writes tensors durably; the file appears whole. */
  FileDigest save(
      Path file, Map<String, String> metadata, SequencedMap<String, DeferredTensor> tensors)
      throws IOException;

  /** Writes a small file durably; it may be seen half written. */
  void write(Path file, byte[] bytes) throws IOException;

  /** Renames in one step, over what is there. */
  void move(Path from, Path to) throws IOException;

  /** Makes a folder's entries durable. */
  void force(Path directory) throws IOException;

  /** Deletes a file or an empty folder, if it is there. */
  void delete(Path path) throws IOException;

  /** The file system itself. */
  final class Disk implements FileOps {
    private Disk() {}

    @Override
    public void createDirectory(Path directory) throws IOException {
      Files.createDirectory(directory);
    }

    @Override
    public FileDigest save(
        Path file, Map<String, String> metadata, SequencedMap<String, DeferredTensor> tensors) {
      return SafetensorsWriter.saveDeferred(file, metadata, tensors);
    }

    @Override
    public void write(Path file, byte[] bytes) throws IOException {
      try (FileChannel channel =
          FileChannel.open(
              file,
              StandardOpenOption.CREATE,
              StandardOpenOption.TRUNCATE_EXISTING,
              StandardOpenOption.WRITE)) {
        ByteBuffer rest = ByteBuffer.wrap(bytes);
        while (rest.hasRemaining()) {
          channel.write(rest);
        }
        channel.force(true);
      } catch (FileSystemException e) {
        throw e;
      } catch (IOException e) { // says why, but not in which file
        var named = new FileSystemException(file.toString(), null, DurableFiles.reason(e));
        named.initCause(e);
        throw named;
      }
    }

    @Override
    public void move(Path from, Path to) throws IOException {
      DurableFiles.replace(from, to);
    }

    @Override
    public void force(Path directory) throws IOException {
      DurableFiles.forceDirectory(directory);
    }

    @Override
    public void delete(Path path) throws IOException {
      Files.deleteIfExists(path);
    }
  }

  /** The file at fault, where the exception knows it, and why. */
  static String reason(IOException e) {
    return e instanceof FileSystemException f && f.getFile() != null
        ? f.getFile() + ": " + DurableFiles.reason(e)
        : DurableFiles.reason(e);
  }
}
