package org.alexnet.spark;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.StandardOpenOption;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import org.alexnet.AlexNetException;
import org.alexnet.data.ProgressListener;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.FileStatus;
import org.apache.hadoop.fs.FileSystem;
import org.apache.hadoop.fs.LocatedFileStatus;
import org.apache.hadoop.fs.Path;
import org.apache.hadoop.fs.RemoteIterator;

/**
 * Images that workers do not share: sources named by a URI of a file system that Hadoop knows
 * ({@code hdfs:}, {@code s3a:}, {@code file:}) are copied to the disk of the worker that reads
 * them, once, and found there again by whatever training comes after. Each epoch is shuffled over
 * all images, so that sooner or later a worker reads every one of them.
 */
final class RemoteData {
  private static final Set<String> SOURCES = Set.of("--data", "--val");
  private static final int PIECE = 1 << 20; // bytes copied at once
  private static final String URI = "[A-Za-z][A-Za-z0-9+.-]+:/.*";

  private final Configuration hadoop;
  private final java.nio.file.Path folder;
  private final ProgressListener listener;

  /**
   * @param hadoop how file systems are reached
   * @param folder where copies are kept
   * @param listener told of the bytes of a source that this worker copies
   */
  RemoteData(Configuration hadoop, java.nio.file.Path folder, ProgressListener listener) {
    this.hadoop = hadoop;
    this.folder = folder;
    this.listener = listener;
  }

  /**
   * Options of {@code train} with the places of copies for the URIs of sources.
   *
   * @throws AlexNetException if a source cannot be copied
   */
  List<String> local(List<String> options) {
    List<String> all = new ArrayList<>();
    for (int i = 0; i < options.size(); i++) {
      String word = options.get(i);
      int value = word.indexOf('=');
      if (value > 0 && SOURCES.contains(word.substring(0, value))) {
        all.add(word.substring(0, value + 1) + localSource(word.substring(value + 1)));
      } else {
        boolean source = i > 0 && SOURCES.contains(options.get(i - 1));
        all.add(source ? localSource(word) : word);
      }
    }
    return List.copyOf(all);
  }

  private String localSource(String name) {
    if (!name.matches(URI)) {
      return name;
    }
    try {
      Path source = new Path(name);
      return copy(source, source.getFileSystem(hadoop)).toString();
    } catch (AlexNetException e) {
      throw e;
    } catch (IOException | RuntimeException | LinkageError e) { // the last ones without a library
      throw new AlexNetException(
          "%s cannot be copied to %s (%s); is it there, does Spark have the library of its file system, and may the worker read it?"
              .formatted(name, folder, reason(e)),
          e);
    }
  }

  private static String reason(Throwable e) {
    String message = e.getMessage();
    return message == null
        ? e.getClass().getSimpleName()
        : message.lines().findFirst().orElse("no reason is given");
  }

  /** One thread of a process, and one process of a machine, copies; others find what it made. */
  private java.nio.file.Path copy(Path source, FileSystem files) throws IOException {
    java.nio.file.Path own = folder.resolve(key(source, files));
    java.nio.file.Path copy = own.resolve(source.getName());
    synchronized (RemoteData.class) {
      Files.createDirectories(own);
      try (FileChannel channel =
              FileChannel.open(
                  own.resolve("lock"), StandardOpenOption.CREATE, StandardOpenOption.WRITE);
          FileLock _ = channel.lock()) {
        if (!Files.exists(copy)) {
          java.nio.file.Path part = own.resolve("part");
          FileSystem.getLocal(hadoop).getRaw().delete(new Path(part.toUri()), true);
          new Copying(files, requireRoom(source, files)).to(part, files.getFileStatus(source));
          Files.move(part, copy);
        }
      }
    }
    return copy;
  }

  /** One source on its way. */
  private final class Copying {
    private final FileSystem files;
    private final long all; // bytes
    private long done;

    Copying(FileSystem files, long all) {
      this.files = files;
      this.all = all;
    }

    void to(java.nio.file.Path target, FileStatus source) throws IOException {
      if (source.isDirectory()) {
        Files.createDirectory(target);
        for (FileStatus each : files.listStatus(source.getPath())) {
          to(target.resolve(each.getPath().getName()), each);
        }
        return;
      }
      try (InputStream in = files.open(source.getPath());
          OutputStream out = Files.newOutputStream(target, StandardOpenOption.CREATE_NEW)) {
        byte[] piece = new byte[PIECE];
        long left = source.getLen();
        int count;
        while ((count = in.read(piece)) >= 0) {
          out.write(piece, 0, count);
          left -= count;
          done += count;
          listener.at(done, all);
        }
        if (left != 0) {
          throw new IOException(
              "%s has %,d bytes more or fewer than it said"
                  .formatted(source.getPath(), Math.abs(left)));
        }
      }
    }
  }

  /** Bytes of a source, for which there is room. */
  private long requireRoom(Path source, FileSystem files) throws IOException {
    long needed = files.getContentSummary(source).getLength();
    long room = Files.getFileStore(folder).getUsableSpace();
    if (needed > room) {
      throw new AlexNetException(
          "%s has %,d MB, and %s has room for %,d MB; name another folder (spark.alexnet.data)."
              .formatted(source, needed >> 20, folder, room >> 20));
    }
    return needed;
  }

  /** What tells a source from one that has changed since: names, sizes and times of its files. */
  private static String key(Path source, FileSystem files) throws IOException {
    Set<String> facts = new TreeSet<>();
    FileStatus root = files.getFileStatus(source);
    if (root.isDirectory()) {
      RemoteIterator<LocatedFileStatus> all = files.listFiles(source, true);
      while (all.hasNext()) {
        facts.add(fact(all.next()));
      }
    } else {
      facts.add(fact(root));
    }
    try {
      MessageDigest sum = MessageDigest.getInstance("SHA-256");
      facts.forEach(fact -> sum.update((fact + "\n").getBytes(StandardCharsets.UTF_8)));
      return HexFormat.of().formatHex(sum.digest());
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException(e); // every Java has it
    }
  }

  private static String fact(FileStatus file) {
    return "%s %d %d".formatted(file.getPath(), file.getLen(), file.getModificationTime());
  }
}
