package org.alexnet.reference;

import org.alexnet.backend.Backend;
import org.alexnet.backend.Peers;
import org.alexnet.backend.StepContract;

class ReferenceStepTest extends StepContract {
  @Override
  protected Backend open(int threads) {
    return new ReferenceBackend(Peers.NONE);
  }
}
