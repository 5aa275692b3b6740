package org.alexnet.cli;

/** A command that a signal does not end before its result or its failure has been reported. */
interface Interruptible {
  /** All has been said; the process may end. */
  void release();
}
