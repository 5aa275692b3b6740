package org.alexnet.cuda.library.load;

import org.alexnet.AlexNetException;

/** Why CUDA's libraries cannot serve, with a clause for where a sentence is too long. */
public final class ProbeFailure extends AlexNetException {
  private static final long serialVersionUID = 1L;

  private final String clause;

  /**
   * @param clause a few words: {@code no NVIDIA GPU}
   */
  public ProbeFailure(String clause, String message) {
    super(message);
    this.clause = clause;
  }

  /** That of any failure of the libraries. */
  public static String clause(AlexNetException e) {
    return e instanceof ProbeFailure failure ? failure.clause : "CUDA does not work";
  }
}
