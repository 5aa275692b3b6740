package org.alexnet.cli.show;

import picocli.CommandLine.Option;

/** What becomes of images that cannot be read. */
final class BadImages {
  @Option(
      names = "--skip-bad",
      description = "Lists images that cannot be read and leaves them out instead of stopping.")
  boolean skipped;
}
