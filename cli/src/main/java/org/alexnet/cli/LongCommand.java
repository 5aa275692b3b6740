package org.alexnet.cli;

import java.util.concurrent.Callable;
import org.alexnet.cli.output.CommonOptions;
import org.alexnet.cli.output.ProgressView;
import org.alexnet.cli.output.Terminal;

/** A command that takes its time, so that a signal may end it. */
abstract class LongCommand implements Callable<Integer> {
  final Terminal terminal;
  private volatile ProgressView view;

  LongCommand(Terminal terminal) {
    this.terminal = terminal;
  }

  /** Begins to show how far the command is. */
  final ProgressView show(CommonOptions options) {
    view = new ProgressView(terminal, options);
    return view;
  }

  /** What is shown; null before that has begun. */
  final ProgressView view() {
    return view;
  }

  /**
   * A signal has come. Whoever answers true will end soon, has said so, and is waited for; other
   * commands are cut off.
   */
  boolean finishes() {
    return false;
  }

  /** Clears up after a command that is cut off, and returns the sentence that says so. */
  String cutOff() {
    return "Stopped before the command had finished; there is no result.";
  }
}
