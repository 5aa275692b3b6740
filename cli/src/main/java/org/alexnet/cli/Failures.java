package org.alexnet.cli;

import org.alexnet.AlexNetException;
import org.alexnet.InvalidNetworkException;
import org.alexnet.Setting;
import org.alexnet.UsageException;
import org.alexnet.cli.option.Flags;
import org.alexnet.cli.output.ExitStatus;
import org.alexnet.cli.output.Terminal;

/**
 * Tells the user what went wrong: one line on standard error, and the stack trace where {@code
 * --verbose} asks for it.
 */
record Failures(Terminal terminal, boolean verbose) {

  /** Reports a failure and returns the exit status that goes with it. */
  int report(Throwable e) {
    terminal.fail(e instanceof OutOfMemoryError ? outOfMemory(e) : oneLine(e), verbose ? e : null);
    return e instanceof UsageException ? ExitStatus.WRONG_USAGE : ExitStatus.FAILED;
  }

  private static String outOfMemory(Throwable e) {
    if (String.valueOf(e.getMessage()).contains("thread")) {
      return "The system refuses another thread: use a smaller --threads, or allow more processes"
          + " (ulimit -u).";
    }
    return "Out of memory (%s). Use a smaller --batch, or allow Java more: %s"
        .formatted(e.getMessage(), Flags.of(Setting.MEMORY, ""));
  }

  /** What a user is shown of a failure. */
  static String oneLine(Throwable e) {
    if (e instanceof AlexNetException meant) {
      return meant.message().text(Flags::of).replaceAll("\\s*\\R\\s*", " ");
    }
    if (e instanceof InvalidNetworkException network) { // on several devices: one would do
      return network.getMessage() + ".";
    }
    String message = e.getMessage();
    String what = e.getClass().getSimpleName() + (message == null ? "" : ": " + message);
    return "%s; --verbose shows where.".formatted(what.replaceAll("\\s*\\R\\s*", " "));
  }
}
