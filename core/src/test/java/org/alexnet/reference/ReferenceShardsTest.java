package org.alexnet.reference;

import org.alexnet.backend.Backend;
import org.alexnet.backend.Peers;
import org.alexnet.backend.ShardsContract;

class ReferenceShardsTest extends ShardsContract {
  @Override
  protected Backend open(int threads, int devices) {
    return new ReferenceBackend(Peers.NONE);
  }

  @Override
  protected int mostThreads() {
    return 1;
  }
}
