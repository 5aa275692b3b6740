package org.alexnet.cli.output;

import picocli.CommandLine.Option;

/** What every command takes. */
public final class CommonOptions {
  @Option(
      names = {"-h", "--help"},
      usageHelp = true,
      description = "Shows this help.")
  boolean help;

  // Main looks for it too, before the command line is taken apart.
  @Option(names = "--verbose", description = "Prints more, and the stack trace of a failure.")
  boolean verbose;

  @Option(names = "--json", description = "Answers with one JSON object on standard output.")
  public boolean json;
}
