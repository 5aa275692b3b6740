package org.alexnet.cli;

/** What the program answers to whoever started it. */
final class ExitStatus {
  static final int SUCCESS = 0;

  /** Any failure that is not {@link #WRONG_USAGE}. */
  static final int FAILED = 1;

  /** What was asked for is at fault. */
  static final int WRONG_USAGE = 2;

  /** The JVM's own after SIGINT. */
  static final int INTERRUPTED = 130;

  /** The JVM's own after SIGTERM. */
  static final int TERMINATED = 143;

  private ExitStatus() {}
}
