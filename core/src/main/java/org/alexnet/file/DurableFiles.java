package org.alexnet.file;

import java.io.File;
import java.io.IOException;
import java.nio.channels.ClosedByInterruptException;
import java.nio.channels.FileChannel;
import java.nio.file.AccessDeniedException;
import java.nio.file.DirectoryNotEmptyException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.NotDirectoryException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import org.alexnet.AlexNetException;

/** Renames that survive a power cut, and the reasons of the file system in words. */
public final class DurableFiles {
  private DurableFiles() {}

  /**
   * Puts {@code from} in the place of {@code to} in one step; a reader sees one or the other.
   *
   * @param from the new file, complete and durable
   * @param to the file to replace, in the same folder
   * @throws IOException if the disk refuses
   */
  public static void replace(Path from, Path to) throws IOException {
    Files.move(from, to, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
  }

  /**
   * Makes the entries of a folder durable: what was created in it or renamed into it stays so.
   *
   * @param directory a folder; on Windows, which needs nothing of the kind, it is left alone
   * @throws IOException if the disk refuses
   */
  public static void forceDirectory(Path directory) throws IOException {
    if (File.separatorChar == '\\') {
      return; // Windows opens no folder as a file; its renames are journalled.
    }
    try (FileChannel channel = FileChannel.open(directory, StandardOpenOption.READ)) {
      channel.force(true);
    }
  }

  /**
   * {@return the folder that holds {@code file}, also for a name without one}
   *
   * @param file absolute or not
   */
  public static Path parent(Path file) {
    return file.toAbsolutePath().getParent();
  }

  /**
   * Refuses a folder where a file of tensors is required.
   *
   * @param path what the user named
   * @param usual what the file is called in a run
   * @throws AlexNetException naming that file where the folder holds it
   */
  public static void requireNoFolder(Path path, String usual) {
    if (Files.isDirectory(path)) {
      Path within = path.resolve(usual);
      throw new AlexNetException(
          Files.isRegularFile(within)
              ? "%s is a folder; give %s".formatted(path, within)
              : path + " is a folder; give a .safetensors file");
    }
  }

  /**
   * {@return why a file could not be used, as a phrase without the file's name}
   *
   * @param e what the file system threw
   */
  public static String reason(IOException e) {
    return switch (e) {
      case NoSuchFileException _ -> "no such file or folder";
      case AccessDeniedException _ -> "permission denied";
      case DirectoryNotEmptyException _ -> "the folder is not empty";
      case FileAlreadyExistsException _ -> "it exists already and is not a folder";
      case NotDirectoryException _ -> "not a folder";
      case ClosedByInterruptException _ -> "the thread was interrupted";
      case FileSystemException f when f.getReason() != null -> f.getReason();
      default -> e.getMessage() != null ? e.getMessage() : e.getClass().getSimpleName();
    };
  }
}
