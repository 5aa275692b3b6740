package org.alexnet.cli.output;

import java.util.function.Consumer;
import org.alexnet.AlexNetException;
import org.alexnet.Words;

/** Lists the images that a command leaves out because they cannot be read, and counts them. */
public final class LeftOut implements Consumer<String> {
  private final Terminal terminal;
  private int count;

  public LeftOut(Terminal terminal) {
    this.terminal = terminal;
  }

  @Override
  public synchronized void accept(String image) {
    count++;
    terminal.out().flush();
    terminal.err().println("left out: " + Words.line(image));
  }

  public synchronized int count() {
    return count;
  }

  /**
   * Fails at the end of a command that went on without some images.
   *
   * @param expected whether the user said that this is fine
   */
  public void requireNone(boolean expected) {
    if (count() > 0 && !expected) {
      throw new AlexNetException(
          "%s could not be read and %s left out, as listed above."
              .formatted(Words.count(count(), "file"), count() == 1 ? "was" : "were"));
    }
  }
}
