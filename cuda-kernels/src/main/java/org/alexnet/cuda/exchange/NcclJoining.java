package org.alexnet.cuda.exchange;

import java.time.Duration;
import java.util.HexFormat;
import java.util.List;
import java.util.concurrent.locks.LockSupport;
import java.util.function.Consumer;
import org.alexnet.Words;
import org.alexnet.backend.Peers;
import org.alexnet.cuda.device.Cuda;
import org.alexnet.cuda.device.Device;

/**
 * Workers agree on whether NCCL adds up their gradients, and connect their devices by it. Where one
 * of them cannot, all send messages. All ask at the same place, and none waits here for one that is
 * lost.
 */
final class NcclJoining {
  /** For NCCL to connect all workers; a port that is shut to it is not always told. */
  private static final Duration PATIENCE = Duration.ofSeconds(60);

  private static final int PAUSE = 1_000_000; // nanoseconds between two looks
  private static final String OTHERWISE = "gradients travel as messages between workers";

  private final NcclLibrary library;
  private final Peers peers;
  private final long end = System.nanoTime() + PATIENCE.toNanos();
  private Nccl nccl; // null where it does not start
  private String failure; // why this worker is not connected
  private boolean told; // the others, whether it is

  private NcclJoining(NcclLibrary library, Peers peers) {
    this.library = library;
    this.peers = peers;
  }

  /**
   * Connects the devices of all workers.
   *
   * @param library null where there is none
   * @param refusal why this worker does not want to, as in "Worker 2 ..."; null if it does
   * @param say told why messages are sent, where not all workers say so themselves
   * @return null if messages are to be sent
   * @throws org.alexnet.AlexNetException if another worker is lost
   */
  static Nccl join(
      NcclLibrary library,
      List<Device> devices,
      String refusal,
      Peers peers,
      Consumer<String> say) {
    String own =
        refusal != null
            ? refusal
            : library == null
                ? "has no NCCL"
                : "has NCCL %s for %s"
                    .formatted(library.version(), Words.count(devices.size(), "device"));
    List<String> all = peers.gathered(own);
    for (int other = 1; other < all.size(); other++) {
      if (!all.get(other).equals(all.getFirst())) {
        say.accept(
            "Worker 1 %s, and worker %d %s: %s."
                .formatted(all.getFirst(), other + 1, all.get(other), OTHERWISE));
        return null;
      }
    }
    if (library == null || refusal != null) {
      return null; // nobody wants it
    }
    NcclJoining joining = new NcclJoining(library, peers);
    try {
      if (joining.connect(devices)) {
        return joining.nccl;
      }
    } catch (RuntimeException e) {
      joining.giveUp();
      throw e;
    }
    joining.giveUp();
    say.accept("%s; %s.".formatted(joining.failure, OTHERWISE));
    return null;
  }

  private boolean connect(List<Device> devices) {
    String id = peers.gathered(peers.worker().first() ? newId() : "").getFirst();
    if (id.isEmpty()) {
      failure = failure == null ? "NCCL does not start on worker 1" : failure;
      return false;
    }
    try {
      nccl = Nccl.between(library, devices, peers, HexFormat.of().parseHex(id));
    } catch (Cuda.Failure e) {
      failure = e.getMessage();
    }
    look();
    float[] answer = new float[1];
    for (int other = 0; other < peers.worker().count(); other++) {
      if (other != peers.worker().index()) {
        peers.receive(other, Peers.JOINED, answer, 0, 1, this::look);
        if (answer[0] == 0 && failure == null) {
          failure = "NCCL does not connect worker " + (other + 1);
          tell();
        }
      }
    }
    while (!told) {
      look();
      LockSupport.parkNanos(PAUSE);
    }
    return failure == null;
  }

  private String newId() {
    try {
      return HexFormat.of().formatHex(library.uniqueId());
    } catch (Cuda.Failure e) {
      failure = e.getMessage();
      return "";
    }
  }

  /** Tells the others when this worker is connected, or why it is not. */
  private void look() {
    if (told) {
      return;
    }
    if (failure == null) {
      int state = nccl.state();
      if (state == NcclLibrary.IN_PROGRESS) {
        peers.requireAll();
        if (System.nanoTime() < end) {
          return;
        }
        failure =
            "NCCL has not connected the workers within %d seconds".formatted(PATIENCE.toSeconds());
      } else if (state != 0) {
        failure = library.failure(state, "connect the workers");
      }
    }
    tell();
  }

  private void tell() {
    if (told) {
      return;
    }
    told = true;
    float[] answer = {failure == null ? 1 : 0};
    for (int other = 0; other < peers.worker().count(); other++) {
      if (other != peers.worker().index()) {
        peers.send(other, Peers.JOINED, answer, 0, 1);
      }
    }
  }

  private void giveUp() {
    if (nccl != null) {
      nccl.giveUp();
    }
  }
}
