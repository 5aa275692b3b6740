package org.alexnet.cli.option;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.alexnet.AlexNetException;
import org.alexnet.data.ClassNames;
import org.alexnet.file.TextFiles;

/** A text file with the names of classes, one a line. */
public final class NamesFile {
  private NamesFile() {}

  /**
   * The names in the order of the lines.
   *
   * @param names null for no names
   */
  public static List<String> read(Path names) {
    if (names == null) {
      return List.of();
    }
    if (Files.isDirectory(names)) {
      throw new AlexNetException(names + " is a folder; give a text file with one name a line");
    }
    List<String> lines = TextFiles.read(names).lines().map(String::strip).toList();
    if (lines.stream().allMatch(String::isEmpty)) {
      throw new AlexNetException(names + " holds no names; one a line is required");
    }
    return ClassNames.requireDistinct(lines, names.toString());
  }
}
