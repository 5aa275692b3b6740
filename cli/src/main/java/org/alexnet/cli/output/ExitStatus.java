package org.alexnet.cli.output;

/** What the program answers to whoever started it. */
public final class ExitStatus {
  public static final int SUCCESS = 0;

  /** Any failure that is not {@link #WRONG_USAGE}. */
  public static final int FAILED = 1;

  /** What was asked for is at fault. */
  public static final int WRONG_USAGE = 2;

  /** The JVM's own after SIGINT. */
  public static final int INTERRUPTED = 130;

  /** The JVM's own after SIGTERM. */
  public static final int TERMINATED = 143;

  private ExitStatus() {}
}
