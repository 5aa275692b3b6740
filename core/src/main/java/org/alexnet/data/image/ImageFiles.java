package org.alexnet.data.image;

import java.io.IOException;
import java.io.InputStream;
import java.lang.foreign.MemorySegment;
import java.nio.file.AccessDeniedException;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.concurrent.ConcurrentLinkedQueue;
import org.alexnet.data.Batch;
import org.alexnet.data.UnreadableImageException;
import org.alexnet.file.DurableFiles;

/** Reads image files in one format, from any number of threads, each with a decoder of its own. */
public final class ImageFiles {
  private static final int MAX_BYTES = 1 << 29;

  private final Batch.Format format;
  private final boolean stretched;
  private final ConcurrentLinkedQueue<ImageDecoder> idle = new ConcurrentLinkedQueue<>();

  /**
   * @param format that every image is brought to
   * @param stretched whether both sides are brought to their size, and not the shorter one
   */
  public ImageFiles(Batch.Format format, boolean stretched) {
    this.format = format;
    this.stretched = stretched;
  }

  /**
   * Writes the image in {@code file} to {@code to}, as C H W.
   *
   * @throws UnreadableImageException if it is no image, damaged or too large to decode
   */
  public void read(Path file, MemorySegment to) {
    Picture picture;
    ImageDecoder decoder = idle.poll();
    if (decoder == null) {
      decoder = new ImageDecoder();
    }
    try {
      picture = decoder.decode(bytes(file));
    } catch (IOException e) {
      throw new UnreadableImageException(file, e);
    } catch (OutOfMemoryError e) {
      throw new UnreadableImageException(
          file, new IOException("takes more memory to decode than Java has left", e));
    } finally {
      idle.add(decoder);
    }
    Pictures.write(picture, format, stretched, to);
  }

  private static byte[] bytes(Path file) throws IOException {
    if (Files.isDirectory(file)) {
      throw new IOException("is a folder where an image is expected");
    }
    if (Files.exists(file) && !Files.isRegularFile(file)) {
      // Opening a pipe or a device could wait for ever.
      throw new IOException("is a pipe, a socket or a device where an image is expected");
    }
    try (InputStream in = Files.newInputStream(file)) {
      byte[] bytes = in.readNBytes(MAX_BYTES + 1);
      if (bytes.length > MAX_BYTES) {
        throw new IOException("is larger than 512 MiB and not taken for an image");
      }
      return bytes;
    } catch (NoSuchFileException e) {
      throw new IOException("cannot be read: it is gone, or a link to nothing", e);
    } catch (AccessDeniedException e) {
      throw new IOException("cannot be read: permission denied", e);
    } catch (FileSystemException e) {
      throw new IOException("cannot be read: " + DurableFiles.reason(e), e);
    }
  }
}
