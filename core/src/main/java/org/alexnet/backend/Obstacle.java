package org.alexnet.backend;

import java.util.List;

/**
 * Why a backend cannot serve, in the parts that are told apart.
 *
 * @param clause a few words for one line: {@code no NVIDIA driver}
 * @param searched the places that were searched; may be empty
 * @param remedy one sentence that says what to do; empty where the {@link Availability#reason()}
 *     says all there is
 */
public record Obstacle(String clause, List<String> searched, String remedy) {
  public Obstacle {
    searched = List.copyOf(searched);
  }

  /** Of which the reason says everything. */
  public Obstacle(String clause) {
    this(clause, List.of(), "");
  }
}
