package org.alexnet.cli;

import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import org.alexnet.cli.output.Answers;
import org.alexnet.cli.output.CommonOptions;
import org.alexnet.cli.output.ExitStatus;
import org.alexnet.cli.output.LivePage;
import org.alexnet.cli.output.LongCommand;
import org.alexnet.cli.output.Terminal;
import org.alexnet.pictures.watch.Watch;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code watch}: a live page about runs. */
@Command(
    name = "watch",
    description = {
      "Serves a page that follows runs while they train, also in other processes: a table to"
          + " compare them, their curves and their first filters. It ends with Ctrl-C.",
      "The page can be opened on this machine only, and changes nothing."
    })
final class WatchCommand extends LongCommand {
  @Parameters(
      arity = "0..*",
      paramLabel = "RUN|FOLDER",
      description =
          "Runs, and folders of runs, in which new runs are found as they begin. Default: runs.")
  private List<Path> places = List.of(Path.of("runs"));

  @Option(
      names = "--port",
      paramLabel = "N",
      description = "The port of the page; 0 for any that is free. Default: 8080.")
  private Integer port;

  @Mixin private CommonOptions common;

  WatchCommand(Terminal terminal) {
    super(terminal);
  }

  @Override
  public Integer call() throws InterruptedException {
    Watch.requireRuns(places);
    try (Watch watch = LivePage.start(port)) {
      places.forEach(watch::add);
      if (common.json) {
        Answers.print(terminal, Answers.object().put("address", watch.address()));
      } else {
        terminal.out().printf("Open %s (Ctrl-C ends it)%n", watch.address());
      }
      new CountDownLatch(1).await(); // until a signal ends the process
    }
    return ExitStatus.SUCCESS;
  }

  @Override
  public String cutOff() {
    return "Stopped watching; the runs are as they were.";
  }
}
