package org.alexnet.cli.option;

import java.io.IOException;
import java.nio.charset.MalformedInputException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.alexnet.AlexNetException;
import org.alexnet.data.ClassNames;
import org.alexnet.file.DurableFiles;

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
    try {
      List<String> lines = Files.readAllLines(names).stream().map(String::strip).toList();
      if (lines.stream().allMatch(String::isEmpty)) {
        throw new AlexNetException(names + " holds no names; one a line is required");
      }
      return ClassNames.requireDistinct(lines, names.toString());
    } catch (MalformedInputException e) {
      throw new AlexNetException(names + " is not UTF-8 text: one name a line is required", e);
    } catch (IOException e) {
      throw new AlexNetException(names + " cannot be read: " + DurableFiles.reason(e), e);
    }
  }
}
