package org.alexnet;

/**
 * What the engine was given cannot be used: a damaged file, data that does not fit the network, a
 * device that is not there. The message is one sentence or two that say what was found, what is
 * required and how to mend it; it is meant to be shown to a user without a stack trace.
 */
public class AlexNetException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  private final transient Message message;

  /**
   * With a message that names no setting.
   *
   * @param message one sentence or two
   */
  public AlexNetException(String message) {
    this(Message.of(message));
  }

  /**
   * With a message that names no setting, and what led to it.
   *
   * @param message one sentence or two
   * @param cause what led to it
   */
  public AlexNetException(String message, Throwable cause) {
    this(Message.of(message), cause);
  }

  /**
   * With a message that may name settings.
   *
   * @param message one sentence or two
   */
  public AlexNetException(Message message) {
    super(message.toString());
    this.message = message;
  }

  /**
   * With a message that may name settings, and what led to it.
   *
   * @param message one sentence or two
   * @param cause what led to it
   */
  public AlexNetException(Message message, Throwable cause) {
    super(message.toString(), cause);
    this.message = message;
  }

  /** {@return what {@link #getMessage} says, with the settings that it names still apart} */
  public Message message() {
    return message != null ? message : Message.of(getMessage()); // null once it was serialized
  }
}
