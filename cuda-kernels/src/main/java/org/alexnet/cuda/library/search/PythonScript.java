package org.alexnet.cuda.library.search;

import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * A {@code python3} that is a script and starts another one: {@code exec /opt/env/bin/python3
 * "$@"}. It is read, not run.
 */
final class PythonScript {
  /** Of a longer script only the beginning is read. */
  private static final int BYTES = 64 << 10;

  /** Ways of saying the script's own folder. */
  private static final Pattern OWN_FOLDER =
      Pattern.compile("\\$\\(dirname (--\\s+)?\"?\\$0\"?\\)|\\$\\{0%/\\*}");

  private static final Pattern HOME = Pattern.compile("\\$\\{HOME}|\\$HOME\\b");

  /** A path in double or single quotes, or up to the end of a word. */
  private static final Pattern PATH =
      Pattern.compile("\"(/[^\"]+)\"|'(/[^']+)'|(/[^\\s\"'`;|&()<>]+)");

  private PythonScript() {}

  /**
   * Interpreters and activation scripts of environments that a script names; none if it is none.
   */
  static List<Path> named(Path script, Path home) {
    String text = text(script);
    if (!text.startsWith("#!")) {
      return List.of();
    }
    String folder = Matcher.quoteReplacement(script.getParent().toString());
    text = OWN_FOLDER.matcher(text).replaceAll(folder);
    if (home != null) {
      text = HOME.matcher(text).replaceAll(Matcher.quoteReplacement(home.toString()));
    }
    List<Path> named = new ArrayList<>();
    Matcher paths = PATH.matcher(text);
    while (paths.find()) {
      String path = paths.group().replaceAll("^[\"']|[\"']$", "");
      int name = path.lastIndexOf('/') + 1;
      if (path.startsWith("python", name) || path.startsWith("activate", name)) {
        Path file = Path.of(path).normalize();
        if (Files.isRegularFile(file) && !file.equals(script)) {
          named.add(file);
        }
      }
    }
    return named;
  }

  private static String text(Path file) {
    try (InputStream in = Files.newInputStream(file)) {
      byte[] start = in.readNBytes(2);
      if (start.length < 2 || start[0] != '#' || start[1] != '!') {
        return "";
      }
      return "#!" + new String(in.readNBytes(BYTES), StandardCharsets.UTF_8).replace("\0", "");
    } catch (IOException e) {
      return "";
    }
  }
}
