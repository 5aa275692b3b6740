package org.alexnet.reference;

import org.alexnet.LongTest;
import org.alexnet.backend.Backend;
import org.alexnet.backend.ColumnsContract;
import org.alexnet.backend.Peers;

class ReferenceColumnsTest extends ColumnsContract {
  @Override
  protected Backend open(int threads, int devices) {
    return new ReferenceBackend(Peers.NONE);
  }

  @Override
  protected int steps() {
    return LongTest.RUN ? super.steps() : 4;
  }

  @Override
  protected int mostThreads() {
    return 1;
  }
}
