package org.alexnet.cli.show;

import org.alexnet.cli.option.Require;
import org.alexnet.data.ImageSource;
import org.alexnet.inference.Classifier;
import picocli.CommandLine.Option;

/** The labelled images that a network is judged by. */
final class JudgedImages {
  @Option(
      names = "--data",
      paramLabel = "SRC",
      description =
          "Images of a data source. If the run was trained on it, only those that it held out.")
  private String data;

  @Option(
      names = "--all",
      description = "All images of --data, also those that the run was trained on.")
  private boolean all;

  /** Whether a source is named; otherwise they are what the run held out. */
  boolean named() {
    return data != null;
  }

  void check() {
    Require.that(!all || named(), "--all", "given", "given together with --data");
  }

  ImageSource open(Classifier classifier) {
    if (!named()) {
      return classifier.heldOut();
    }
    return all ? classifier.all(data) : classifier.unseen(data);
  }
}
