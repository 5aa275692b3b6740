package org.alexnet.cli;

import java.util.concurrent.CountDownLatch;
import org.alexnet.cli.output.ExitStatus;
import org.alexnet.cli.output.LongCommand;
import org.alexnet.cli.output.ProgressView;
import org.alexnet.cli.output.Terminal;

/**
 * SIGINT and SIGTERM while a command runs: says in one line what has become of it. A command that
 * finishes by itself keeps the JVM alive until it has, and until a failure to do so has been
 * reported. The JVM then ends with {@link ExitStatus#INTERRUPTED} or {@link ExitStatus#TERMINATED}
 * by itself.
 */
final class Interruption implements AutoCloseable {
  /** What a step of clearing up may take. */
  private static final long LONGEST_MILLIS = 3000;

  private final CountDownLatch over = new CountDownLatch(1);
  private final Terminal terminal;
  private final LongCommand command;
  private final Thread hook = new Thread(this::stop, "interruption");

  Interruption(Terminal terminal, LongCommand command) {
    this.terminal = terminal;
    this.command = command;
    Runtime.getRuntime().addShutdownHook(hook);
  }

  private void stop() {
    if (over.getCount() == 0) {
      return;
    }
    if (command.finishes()) {
      await();
      return;
    }
    // A reader that takes nothing may hold up whoever writes for good, and must not hold up the
    // end.
    ProgressView view = command.view();
    if (view != null) {
      briefly(view::end);
    }
    briefly(() -> terminal.err().println("alexnet: " + command.cutOff()));
  }

  private static void briefly(Runnable action) {
    try {
      Thread.ofPlatform().daemon().start(action).join(LONGEST_MILLIS);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  private void await() {
    try {
      over.await();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  /** The command is over and its answer given; whoever waits may go on. */
  @Override
  public void close() {
    over.countDown();
    try {
      Runtime.getRuntime().removeShutdownHook(hook);
    } catch (IllegalStateException e) {
      // The JVM is shutting down already, and the hook no longer waits.
    }
  }
}
