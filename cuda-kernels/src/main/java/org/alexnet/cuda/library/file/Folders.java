package org.alexnet.cuda.library.file;

import java.io.IOException;
import java.nio.file.DirectoryIteratorException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;

/** What folders hold, in an order that does not depend on the file system. */
public final class Folders {
  private static final Pattern NUMBER = Pattern.compile("\\d+");

  private Folders() {}

  /** Entries of a folder whose names fit a pattern, by name; none if it cannot be read. */
  public static List<Path> matching(Path folder, String glob) {
    List<Path> entries = new ArrayList<>();
    try (DirectoryStream<Path> stream = Files.newDirectoryStream(folder, glob)) {
      stream.forEach(entries::add);
    } catch (IOException | DirectoryIteratorException e) {
      return List.of(); // A folder that may not be read holds nothing for us.
    }
    entries.sort(Comparator.comparing(p -> p.getFileName().toString()));
    return entries;
  }

  /** The same, the highest version number first: cuda-12.10, cuda-12.9, cuda-12, cuda. */
  public static List<Path> newestFirst(Path folder, String glob) {
    List<Path> entries = new ArrayList<>(matching(folder, glob));
    entries.sort((a, b) -> compareVersions(numbers(b), numbers(a)));
    return entries;
  }

  private static List<Integer> numbers(Path file) {
    return NUMBER
        .matcher(file.getFileName().toString())
        .results()
        .map(MatchResult::group)
        .map(s -> s.length() > 9 ? Integer.MAX_VALUE : Integer.parseInt(s))
        .toList();
  }

  private static int compareVersions(List<Integer> a, List<Integer> b) {
    for (int i = 0; i < Math.min(a.size(), b.size()); i++) {
      int order = Integer.compare(a.get(i), b.get(i));
      if (order != 0) {
        return order;
      }
    }
    return Integer.compare(a.size(), b.size());
  }
}
