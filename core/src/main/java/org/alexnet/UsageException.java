package org.alexnet;

/**
 * What was asked for is at fault, and not what the files hold: a size that no tensor can have, a
 * device that is not there, an option that a run excludes. The command line answers it as wrong
 * usage.
 */
public final class UsageException extends AlexNetException {
  private static final long serialVersionUID = 1L;

  /**
   * With a message that names no setting.
   *
   * @param message one sentence or two
   */
  public UsageException(String message) {
    super(message);
  }

  /**
   * With a message that may name settings.
   *
   * @param message one sentence or two
   */
  public UsageException(Message message) {
    super(message);
  }

  /**
   * A value that cannot be had.
   *
   * @param what a {@link Setting}, or what the value is called
   * @param got the value
   * @param required the rest of the sentence after "must be"
   * @return the exception, to be thrown
   */
  public static UsageException value(Object what, Object got, String required) {
    return new UsageException(Message.of("%s is %s, must be %s.", what, got, required));
  }
}
