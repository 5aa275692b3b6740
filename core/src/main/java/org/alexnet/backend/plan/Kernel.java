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

  /** Every buffer that is read or written. */
  List<BufferUse> uses();

  /** The column or shard that runs it: that of what it writes. */
  default int index() {
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
