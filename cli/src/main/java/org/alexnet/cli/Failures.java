package org.alexnet.cli;

import org.alexnet.AlexNetException;
import org.alexnet.UsageException;
import org.alexnet.cli.output.Terminal;

/**
 * Tells the user what went wrong: one line on standard error, and the stack trace where {@code
 * --verbose} asks for it.
 */
record Failures(Terminal terminal, boolean verbose) {

  /** Reports a failure and returns the exit status that goes with it. */
  int report(Throwable e) {
    terminal.fail(e instanceof OutOfMemoryError ? outOfMemory(e) : oneLine(e), verbose ? e : null);
    boolean usage = e instanceof IllegalArgumentException || e instanceof UsageException;
    return usage ? Main.WRONG_USAGE : Main.FAILED;
  }

  private static String outOfMemory(Throwable e) {
    if (String.valueOf(e.getMessage()).contains("thread")) {
      return "The system refuses another thread: use a smaller --threads, or allow more processes"
          + " (ulimit -u).";
    }
    return "Out of memory (%s). Use a smaller --batch, or allow Java more: ALEXNET_JAVA_OPTS=-Xmx8g"
        .formatted(e.getMessage());
  }

  /** What a user is shown of a failure. */
  private static String oneLine(Throwable e) {
    String message = e.getMessage();
    boolean meant = e instanceof AlexNetException || e instanceof IllegalArgumentException;
    if (meant && message != null) {
      return message.replaceAll("\\s*\\R\\s*", " ");
    }
    String what = e.getClass().getSimpleName() + (message == null ? "" : ": " + message);
    return "%s; --verbose shows where.".formatted(what.replaceAll("\\s*\\R\\s*", " "));
  }
}
