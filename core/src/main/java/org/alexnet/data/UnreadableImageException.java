package org.alexnet.data;

import java.io.IOException;
import java.nio.file.Path;
import org.alexnet.AlexNetException;
import org.alexnet.Message;
import org.alexnet.Setting;

/** A file that was expected to be an image and cannot be read as one. */
public final class UnreadableImageException extends AlexNetException {
  private static final long serialVersionUID = 1;

  /** The rest of a sentence that begins with the file's name. */
  private final String reason;

  /**
   * A file of its own.
   *
   * @param file that cannot be read
   * @param cause why
   */
  public UnreadableImageException(Path file, IOException cause) {
    super(
        Message.of(
            "%s %s; repair or remove it, or leave such files out (%s)",
            file, cause.getMessage(), Setting.SKIP_BAD),
        cause);
    this.reason = cause.getMessage();
  }

  /**
   * An image that is one of many in a file.
   *
   * @param file that holds the image
   * @param image what it is called in the file
   * @param reason the rest of a sentence that begins with its name
   */
  public UnreadableImageException(Path file, String image, String reason) {
    super("%s: %s %s; correct or remove it".formatted(file, image, reason));
    this.reason = reason;
  }

  /** {@return what is wrong with the file, as the rest of a sentence that begins with its name} */
  public String reason() {
    return reason;
  }
}
