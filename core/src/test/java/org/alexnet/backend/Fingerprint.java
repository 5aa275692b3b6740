package org.alexnet.backend;

import java.nio.ByteBuffer;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Random;
import org.alexnet.network.Network;
import org.alexnet.program.CompiledNetwork;
import org.alexnet.program.Op;
import org.alexnet.program.Tensor;

/** One number for all that a backend computes: equal bits make equal fingerprints. */
public final class Fingerprint {
  private Fingerprint() {}

  /** The SHA-256 of the results of every operation of {@link OpContract}. */
  public static String ofOperations(Backend backend) {
    MessageDigest digest = sha256();
    Random random = new Random(2);
    List<List<Op>> cases = new ArrayList<>(OpContract.cases());
    cases.add(OpContract.manyFilters());
    for (List<Op> ops : cases) {
      try (OpRig rig = new OpRig(backend, ops)) {
        rig.fill(n -> OpRig.reals(n, random));
        rig.run();
        for (Tensor tensor : rig.results()) {
          add(digest, rig.read(tensor));
        }
      }
    }
    return HexFormat.of().formatHex(digest.digest());
  }

  /** The SHA-256 of what alexnet-32 and the small networks of the tests learn in three steps. */
  public static String ofTraining(Backend backend) {
    MessageDigest digest = sha256();
    for (Network network : (Iterable<Network>) StepContract.all()::iterator) {
      try (NetworkRig rig = new NetworkRig(backend, CompiledNetwork.of(network, 5))) {
        rig.trainSteps(3);
        rig.learned().values().forEach(values -> add(digest, values));
        rig.evaluate().values().forEach(values -> add(digest, values));
      }
    }
    return HexFormat.of().formatHex(digest.digest());
  }

  private static void add(MessageDigest digest, float[] values) {
    ByteBuffer bytes = ByteBuffer.allocate(values.length * Float.BYTES);
    for (float value : values) {
      bytes.putInt(Float.floatToRawIntBits(value));
    }
    digest.update(bytes.array());
  }

  private static MessageDigest sha256() {
    try {
      return MessageDigest.getInstance("SHA-256");
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException(e);
    }
  }
}
