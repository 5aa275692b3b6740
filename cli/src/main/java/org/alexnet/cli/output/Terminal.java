package org.alexnet.cli.output;

import java.io.Console;
import java.io.FileDescriptor;
import java.io.FileOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import org.alexnet.Words;

/**
 * Where a command writes.
 *
 * @param out answers
 * @param err failures and, with {@code --json}, everything beside the answer
 * @param interactive whether somebody watches, so that a line may be rewritten
 * @param columns characters a line has room for
 */
public record Terminal(PrintStream out, PrintStream err, boolean interactive, int columns) {
  private static final int USUAL_COLUMNS = 80;

  /** The process's own streams. */
  public static Terminal ofProcess() {
    Console console = System.console();
    return new Terminal(
        stream(FileDescriptor.out),
        stream(FileDescriptor.err),
        console != null && console.isTerminal(),
        columns(System.getenv("COLUMNS")));
  }

  /** The launcher exports the width; whoever starts Java otherwise gets the usual one. */
  private static int columns(String text) {
    return text != null && text.matches("[1-9][0-9]{1,3}") ? Integer.parseInt(text) : USUAL_COLUMNS;
  }

  private static PrintStream stream(FileDescriptor descriptor) {
    return new PrintStream(new FileOutputStream(descriptor), true, StandardCharsets.UTF_8);
  }

  /** The stream for what is not the answer. */
  public PrintStream aside(boolean json) {
    return json ? err : out;
  }

  /**
   * One line that says what went wrong, whatever the names in it hold.
   *
   * @param trace whose stack trace to add, or null
   */
  public void fail(String message, Throwable trace) {
    out.flush();
    err.println("alexnet: " + Words.line(message));
    if (trace != null) {
      trace.printStackTrace(err);
    }
  }

  public void flush() {
    out.flush();
    err.flush();
  }
}
