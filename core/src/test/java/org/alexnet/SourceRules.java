package org.alexnet;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/** What holds for the sources of every module, seen from the module's folder. */
public final class SourceRules {
  private static final Path SOURCES = Path.of("src/main/java");
  private static final Pattern OPTION = Pattern.compile("--[a-z][a-z-]*");

  private SourceRules() {}

  /**
   * A library names settings as programs do ({@link Setting}); options are the command line's.
   *
   * @param foreign options of other programs that may be named
   */
  public static void checkNoOptions(String... foreign) {
    List<String> found = new ArrayList<>();
    for (Path source : sources()) {
      OPTION
          .matcher(read(source))
          .results()
          .map(MatchResult::group)
          .filter(option -> !Set.of(foreign).contains(option))
          .forEach(option -> found.add(source.getFileName() + ": " + option));
    }
    assertEquals(List.of(), found, "options in a library; name a Setting");
  }

  private static List<Path> sources() {
    try (Stream<Path> files = Files.walk(SOURCES)) {
      return files.filter(file -> file.toString().endsWith(".java")).sorted().toList();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static String read(Path source) {
    try {
      return Files.readString(source);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
