package org.alexnet.cli.output;

import java.util.concurrent.Callable;

/** A command that takes its time, so that a signal may end it. */
public abstract class LongCommand implements Callable<Integer> {
  /** Where it writes. */
  protected final Terminal terminal;

  private volatile ProgressView view;

  protected LongCommand(Terminal terminal) {
    this.terminal = terminal;
  }

  /** Begins to show how far the command is. */
  protected final ProgressView show(CommonOptions options) {
    view = new ProgressView(terminal, options);
    return view;
  }

  /** What is shown; null before that has begun. */
  public final ProgressView view() {
    return view;
  }

  /**
   * A signal has come. Whoever answers true will end soon, has said so, and is waited for; other
   * commands are cut off.
   */
  public boolean finishes() {
    return false;
  }

  /** Clears up after a command that is cut off, and returns the sentence that says so. */
  public String cutOff() {
    return "Stopped before the command had finished; there is no result.";
  }
}
