package org.alexnet.data.folder;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.stream.Stream;
import org.alexnet.AlexNetException;
import org.alexnet.data.ClassNames;
import org.alexnet.file.DurableFiles;

/**
 * The files of a folder with one subfolder per class: classes and the files in each sorted by name,
 * hidden ones (whose name begins with a dot) and files beside the class folders disregarded.
 *
 * @param classes names of the class folders
 * @param files everything that lies directly in them
 * @param labels class of each file
 */
public record ClassFolders(List<String> classes, List<Path> files, int[] labels) {

  /**
   * @param least how many classes there must be
   */
  public static ClassFolders scan(Path folder, int least) {
    List<Path> folders = list(folder).stream().filter(Files::isDirectory).toList();
    if (folders.isEmpty()) {
      throw new AlexNetException(
          "folder %s holds no class folders: one subfolder per class, with its images, is required"
              .formatted(folder));
    }
    if (folders.size() < least) {
      throw new AlexNetException(
          "folder %s holds one class folder, %s: at least two classes are required"
              .formatted(folder, folders.getFirst().getFileName()));
    }
    List<Path> files = new ArrayList<>();
    List<Integer> labels = new ArrayList<>();
    for (int label = 0; label < folders.size(); label++) {
      List<Path> members = list(folders.get(label));
      if (members.isEmpty()) {
        throw new AlexNetException(
            "class folder %s holds no images: add some or remove it".formatted(folders.get(label)));
      }
      for (Path member : members) {
        files.add(member);
        labels.add(label);
      }
    }
    return new ClassFolders(
        ClassNames.requireDistinct(
            folders.stream().map(f -> f.getFileName().toString()).toList(), "folder " + folder),
        files,
        labels.stream().mapToInt(Integer::intValue).toArray());
  }

  /** What is not hidden in a folder, by name. */
  static List<Path> list(Path folder) {
    try (Stream<Path> entries = Files.list(folder)) {
      return entries
          .filter(e -> !e.getFileName().toString().startsWith("."))
          .sorted(Comparator.comparing(e -> e.getFileName().toString()))
          .toList();
    } catch (UncheckedIOException e) {
      throw cannotBeListed(folder, e.getCause());
    } catch (IOException e) {
      throw cannotBeListed(folder, e);
    }
  }

  private static AlexNetException cannotBeListed(Path folder, IOException e) {
    return new AlexNetException(
        "folder %s cannot be listed: %s".formatted(folder, DurableFiles.reason(e)), e);
  }
}
