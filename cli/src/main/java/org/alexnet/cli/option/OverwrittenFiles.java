package org.alexnet.cli.option;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import picocli.CommandLine.Model.ArgSpec;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.ParseResult;

/** Refuses to write an answer over a file that the same command reads, or that makes up a run. */
public final class OverwrittenFiles {
  private static final String OUT = "--out";
  private static final String RUN = "run.json";

  /** What people may well keep in a run folder, and make anew. */
  private static final List<String> DRAWN = List.of(".png", ".svg", ".html");

  private OverwrittenFiles() {}

  /**
   * @throws ParameterException naming the file
   */
  public static void refuse(ParseResult parsed) {
    ParseResult last = parsed.asCommandLineList().getLast().getParseResult();
    if (!last.hasMatchedOption(OUT)) {
      return;
    }
    String name = last.matchedOption(OUT).originalStringValues().getLast();
    Path out = Path.of(name);
    if (!Files.isRegularFile(out)) {
      return;
    }
    Path run = out.toAbsolutePath().resolveSibling(RUN);
    if (Files.exists(run) && DRAWN.stream().noneMatch(name::endsWith)) {
      throw refused(last, name, "a file of a run");
    }
    for (ArgSpec argument : last.matchedArgs()) {
      if (argument != last.matchedOption(OUT)) {
        for (String value : argument.originalStringValues()) {
          if (isSame(value, out)) {
            throw refused(last, name, "read by this command");
          }
        }
      }
    }
  }

  private static boolean isSame(String value, Path out) {
    try {
      return Files.isSameFile(Path.of(value), out);
    } catch (IOException | IllegalArgumentException e) { // it names no file
      return false;
    }
  }

  private static ParameterException refused(ParseResult parsed, String name, String why) {
    return new ParameterException(
        parsed.commandSpec().commandLine(),
        "%s is %s, which is %s; name another file".formatted(OUT, name, why));
  }
}
