package org.alexnet.backend.plan;

import org.alexnet.program.Op;

/**
 * What a kernel sends to another worker, or waits for from it.
 *
 * @param worker index of the other
 * @param number of the message; numbers follow the program
 * @param arrives whether it comes from the other
 * @param index the column or shard of this worker that sends or takes it
 */
public record PeerMessage(int worker, int number, boolean arrives, int index) {

  /** That of an operation. */
  public static PeerMessage of(Op.Send op) {
    return new PeerMessage(op.to(), op.number(), false, op.index());
  }

  /** That of an operation. */
  public static PeerMessage of(Op.Receive op) {
    return new PeerMessage(op.from(), op.number(), true, op.index());
  }
}
