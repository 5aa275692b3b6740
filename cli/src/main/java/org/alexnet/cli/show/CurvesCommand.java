package org.alexnet.cli.show;

import java.nio.file.Path;
import java.util.List;
import org.alexnet.Words;
import org.alexnet.cli.option.Require;
import org.alexnet.cli.output.ProgressView;
import org.alexnet.cli.output.Terminal;
import org.alexnet.pictures.Curves;
import org.alexnet.pictures.drawing.Picture;
import picocli.CommandLine.Command;
import picocli.CommandLine.Parameters;

/** {@code show curves}: loss and error of runs by epoch. */
@Command(
    name = "curves",
    description = "Draws loss and error of one or more runs by epoch, to compare them.")
final class CurvesCommand extends PictureCommand {
  @Parameters(
      arity = "1..*",
      paramLabel = "RUN",
      description = "Folders that train wrote, which may still be training.")
  private List<Path> runs;

  CurvesCommand(Terminal terminal) {
    super(terminal);
  }

  @Override
  void checkOptions() {
    String most = "at most %d, whose lines can be told apart".formatted(Curves.MOST);
    Require.that(runs.size() <= Curves.MOST, "RUN", Words.count(runs.size(), "run"), most);
  }

  @Override
  Picture draw(ProgressView view) {
    return Curves.of(runs);
  }
}
