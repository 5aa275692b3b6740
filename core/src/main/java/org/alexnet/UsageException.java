package org.alexnet;

import java.util.Collection;

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
    return new UsageException(Message.of("%s is %s, must be %s.", what, shown(got), required));
  }

  /**
   * A value that is needed and was not given.
   *
   * @param what a {@link Setting}, or what the value is called
   * @param required the rest of the sentence after "give"
   * @return the exception, to be thrown
   */
  public static UsageException missing(Object what, String required) {
    return new UsageException(Message.of("%s is missing: give %s.", what, required));
  }

  /** Of several values the first, and how many more there are. */
  private static Object shown(Object got) {
    if (!(got instanceof Collection<?> several) || several.isEmpty()) {
      return got;
    }
    Object first = several.iterator().next();
    return several.size() == 1 ? first : "%s and %,d more".formatted(first, several.size() - 1);
  }
}
