package org.alexnet.reference;

import org.alexnet.backend.Backend;
import org.alexnet.backend.Peers;
import org.alexnet.backend.WorkersContract;

class ReferenceWorkersTest extends WorkersContract {
  @Override
  protected Backend open(int threads, int devices, Peers peers) {
    return new ReferenceBackend(peers);
  }
}
