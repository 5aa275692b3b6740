package org.alexnet.worker;

import org.alexnet.AlexNetException;

/** Another worker is gone, without a word: nothing is wrong with what was asked for. */
public final class LostWorkerException extends AlexNetException {
  private static final long serialVersionUID = 1;

  LostWorkerException(String message, Throwable cause) {
    super(message, cause);
  }
}
