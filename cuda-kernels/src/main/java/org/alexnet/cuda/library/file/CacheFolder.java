package org.alexnet.cuda.library.file;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.Arrays;
import java.util.Comparator;
import java.util.HexFormat;
import java.util.stream.Stream;
import org.alexnet.AlexNetException;
import org.alexnet.file.DurableFiles;

/**
 * The user's folder for what can be made again: rewritten libraries, answers of the probe, compiled
 * kernels. Several processes may use it at once, so each file appears in it complete, by a rename.
 */
public final class CacheFolder {
  private CacheFolder() {}

  /**
   * {@code $XDG_CACHE_HOME/alexnet} or {@code ~/.cache/alexnet}; where neither can be written, a
   * folder of this process under the system's temporary one. Nothing is created yet.
   */
  public static Path of(Machine machine) {
    String configured = machine.variables().get("XDG_CACHE_HOME");
    if (configured != null && configured.startsWith("/")) {
      return Path.of(configured, "alexnet");
    }
    return machine.home() == null
        ? Path.of(System.getProperty("java.io.tmpdir"), "alexnet-" + ProcessHandle.current().pid())
        : machine.home().resolve(".cache/alexnet");
  }

  /**
   * Creates a folder for this user alone, or, if that cannot be, a temporary one.
   *
   * @throws AlexNetException if neither can be made
   */
  public static Path create(Path folder) {
    try {
      Files.createDirectories(
          folder,
          PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rwx------")));
      if (Files.isWritable(folder)) {
        return folder;
      }
    } catch (IOException e) {
      return temporary(folder, DurableFiles.reason(e));
    }
    return temporary(folder, "permission denied");
  }

  private static Path temporary(Path wanted, String reason) {
    try {
      return Temporary.folder();
    } catch (UncheckedIOException e) {
      throw new AlexNetException(
          "Neither %s (%s) nor a temporary folder (%s) can be written; set XDG_CACHE_HOME to a folder that can."
              .formatted(wanted, reason, DurableFiles.reason(e.getCause())),
          e);
    }
  }

  /** A name for what depends on a text: the same for equal texts, and short. */
  public static String name(String text) {
    byte[] digest = sha256().digest(text.getBytes(StandardCharsets.UTF_8));
    return HexFormat.of().formatHex(digest, 0, 12);
  }

  /** A new digest of a file's or a text's content. */
  public static MessageDigest sha256() {
    try {
      return MessageDigest.getInstance("SHA-256");
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException(e); // Every Java has it.
    }
  }

  /** Puts a file in its place unless it is there already with these bytes. */
  public static void put(Path file, byte[] content) throws IOException {
    if (Files.isRegularFile(file)
        && Files.size(file) == content.length
        && Arrays.equals(Files.readAllBytes(file), content)) {
      return;
    }
    Path part = Files.createTempFile(file.getParent(), file.getFileName() + ".", ".part");
    try {
      Files.write(part, content);
      DurableFiles.replace(part, file);
    } finally {
      Files.deleteIfExists(part);
    }
  }

  /** One temporary folder a process, made when it is first needed. */
  private static final class Temporary {
    private static Path folder;

    static synchronized Path folder() {
      if (folder == null) {
        try {
          folder = Files.createTempDirectory("alexnet-");
          Runtime.getRuntime().addShutdownHook(new Thread(Temporary::delete));
        } catch (IOException e) {
          throw new UncheckedIOException(e);
        }
      }
      return folder;
    }

    private static void delete() {
      try (Stream<Path> files = Files.walk(folder)) {
        for (Path file : files.sorted(Comparator.reverseOrder()).toList()) {
          Files.deleteIfExists(file);
        }
      } catch (IOException | UncheckedIOException e) {
        return; // The system clears its temporary folder.
      }
    }
  }
}
