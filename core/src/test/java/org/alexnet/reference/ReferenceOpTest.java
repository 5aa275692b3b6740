package org.alexnet.reference;

import org.alexnet.backend.Backend;
import org.alexnet.backend.OpContract;
import org.alexnet.backend.Peers;

class ReferenceOpTest extends OpContract {
  @Override
  protected Backend open(int threads) {
    return new ReferenceBackend(Peers.NONE);
  }
}
