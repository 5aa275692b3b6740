package org.alexnet.pictures.drawing;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Arrays;
import java.util.Locale;
import org.alexnet.AlexNetException;
import org.alexnet.Message;
import org.alexnet.Setting;
import org.alexnet.UsageException;
import org.alexnet.file.DurableFiles;

/** Files that pictures are written to. */
public final class PictureFile {
  private static final String PNG = ".png";
  private static final String SVG = ".svg";

  private PictureFile() {}

  /**
   * Checks, before any work is done, that a picture can be written to a file.
   *
   * @param file to write
   * @throws UsageException if its name ends in something else than {@code .png} or {@code .svg}
   * @throws AlexNetException if it is a folder, or its folder does not exist or cannot be written
   */
  public static void require(Path file) {
    require(file, PNG, SVG);
  }

  /**
   * As {@link #require(Path)}, for a file of another kind.
   *
   * @param file to write
   * @param suffixes one of which its name must end in
   */
  public static void require(Path file, String... suffixes) {
    if (Arrays.stream(suffixes).noneMatch(suffix -> has(file, suffix))) {
      throw UsageException.value(
          Setting.OUT, file, "a file that ends in " + String.join(" or ", suffixes));
    }
    if (Files.isDirectory(file)) {
      throw refused(file, "it is a folder");
    }
    Path folder = DurableFiles.parent(file);
    if (!Files.isDirectory(folder)) {
      throw refused(file, "there is no folder " + folder);
    }
    if (!Files.isWritable(folder)) {
      throw refused(file, "the folder may not be written to");
    }
  }

  /**
   * Whether text is kept as text, to be set by whoever looks at the file.
   *
   * @param file to write
   * @return false for a picture of pixels
   */
  public static boolean keepsText(Path file) {
    return has(file, SVG);
  }

  private static boolean has(Path file, String suffix) {
    return file.toString().toLowerCase(Locale.ROOT).endsWith(suffix);
  }

  private static AlexNetException refused(Path file, String why) {
    return new AlexNetException(
        Message.of("%s cannot be written: %s; give another %s.", file, why, Setting.OUT));
  }

  /**
   * The file that a picture is written to before it is given its name.
   *
   * @param file to write
   * @return in the same folder
   */
  public static Path temporary(Path file) {
    return file.resolveSibling(file.getFileName() + ".tmp");
  }

  static void write(Picture picture, Path file) {
    write(has(file, SVG) ? picture.svg().getBytes(StandardCharsets.UTF_8) : picture.png(), file);
  }

  /**
   * Writes a file, which is there as a whole or not at all.
   *
   * @param bytes what it holds
   * @param file as {@link #require(Path, String...)} accepts it
   * @throws AlexNetException if it cannot be written
   */
  public static void write(byte[] bytes, Path file) {
    Path temporary = temporary(file);
    try {
      try (FileChannel channel =
          FileChannel.open(
              temporary,
              StandardOpenOption.CREATE,
              StandardOpenOption.TRUNCATE_EXISTING,
              StandardOpenOption.WRITE)) {
        ByteBuffer buffer = ByteBuffer.wrap(bytes);
        while (buffer.hasRemaining()) {
          channel.write(buffer);
        }
        channel.force(true);
      } catch (IOException e) {
        Files.deleteIfExists(temporary);
        throw e;
      }
      DurableFiles.replace(temporary, file);
    } catch (IOException e) {
      throw refused(file, DurableFiles.reason(e));
    }
  }
}
