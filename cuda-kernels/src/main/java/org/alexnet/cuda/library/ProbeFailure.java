package org.alexnet.cuda.library;

import org.alexnet.AlexNetException;

/** Why CUDA's libraries cannot serve, with a clause for where a sentence is too long. */
final class ProbeFailure extends AlexNetException {
  private static final long serialVersionUID = 1L;

  private final String clause;

  /**
   * @param clause a few words: {@code no NVIDIA GPU}
   */
  ProbeFailure(String clause, String message) {
    super(message);
    this.clause = clause;
  }

  /** That of any failure of the libraries. */
  static String clause(AlexNetException e) {
    return e instanceof ProbeFailure failure ? failure.clause : "CUDA does not work";
  }
}
