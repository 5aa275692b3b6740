package org.alexnet.backend.plan;

import java.util.List;

/** One launch of a step, and the memory it touches. */
public interface Kernel {

  /** For tables: layer and operation, such as {@code conv1 forward}. */
  String label();

  /** The layer whose time this is. */
  String layer();

  /** Whether it belongs to the backward pass or the update. */
  boolean backward();

  /**
   * What was chosen for it where there was a choice, for the record; empty where there was none.
   */
  default String choice() {
    return "";
  }

  /**
   * Multiplications, each with its addition, of the products of matrices and the convolutions that
   * it computes, for the whole batch. What is done to each number besides is not counted; nor does
   * every backend count.
   */
  default long multiplyAdds() {
    return 0;
  }

  /**
   * Which kernels of its device it runs in order with. What another lane than {@link Lane#COMPUTE}
   * touches stays where it is to the end of the step, so that nothing that computes waits for it
   * but what reads its results.
   */
  default Lane lane() {
    return Lane.COMPUTE;
  }

  /** What it sends to another worker or waits for from it; null if it does neither. */
  default PeerMessage message() {
    return null;
  }

  /** Every buffer that is read or written. */
  List<BufferUse> uses();

  /** The column or shard that runs it: that of what it writes, or whose message it is. */
  default int index() {
    if (message() != null) {
      return message().index();
    }
    return uses().stream()
        .filter(use -> use.access() != BufferUse.Access.READ)
        .findFirst()
        .orElseThrow()
        .tensor()
        .part()
        .index();
  }

  /** Scratch memory that is free again afterwards; most need none. */
  default long workspaceBytes() {
    return 0;
  }
}
