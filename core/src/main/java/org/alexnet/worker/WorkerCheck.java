package org.alexnet.worker;

import com.fasterxml.jackson.databind.node.ObjectNode;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.SequencedMap;
import java.util.zip.CRC32C;
import org.alexnet.AlexNetException;
import org.alexnet.Message;
import org.alexnet.Setting;
import org.alexnet.UsageException;
import org.alexnet.Words;
import org.alexnet.backend.BackendProvider;
import org.alexnet.backend.Peers;
import org.alexnet.data.ImageSource;
import org.alexnet.program.Placement.Worker;
import org.alexnet.run.Environment;
import org.alexnet.run.RunConfig;
import org.alexnet.tensor.FloatTensor;
import org.alexnet.weights.InputStatistics;

/**
 * Refuses workers that would not compute the same: with another version of this program or of Java,
 * other inner loops, other images, other settings or another start.
 */
public final class WorkerCheck {
  private static final String SEPARATOR = "\n";

  /** What {@code run.json} knows of images. */
  private static final List<String> IDENTITY =
      List.of("images", "fingerprint", "val_images", "val_fingerprint");

  private final Peers peers;
  private final List<Fact> facts = new ArrayList<>();

  /**
   * What must be the same.
   *
   * @param what as the end of "Worker 2 has another ..."
   */
  private record Fact(String what, String value) {
    Fact {
      value = String.valueOf(value).replace(SEPARATOR, " ");
    }
  }

  /**
   * A check of what is known before the start.
   *
   * @param images that are trained on
   * @throws UsageException if they are fewer than the workers
   */
  public WorkerCheck(Peers peers, BackendProvider provider, RunConfig config, ImageSource images) {
    this.peers = peers;
    Worker worker = peers.worker();
    if (images.size() < worker.count()) {
      throw new UsageException(
          Message.of(
              "%s holds %s, fewer than the %d workers; each reads one at least: take fewer (%s).",
              images.description(),
              Words.count(images.size(), "image"),
              worker.count(),
              Setting.WORKERS));
    }
    ObjectNode settings = config.toJson();
    ObjectNode identity = settings.deepCopy().retain(IDENTITY);
    settings.remove(List.of("data", "val")); // the same images may lie elsewhere
    Environment here = Environment.of(provider, List.of(), 1);
    add("version of this program", here.program());
    add("version of Java", here.java());
    add("way to compute", provider.name() + ": " + provider.probe().reason());
    add("set of images", identity.toString());
    add("setting", settings.toString());
  }

  private void add(String what, String value) {
    facts.add(new Fact(what, value));
  }

  /** Refuses to begin with other weights, or to subtract another mean. */
  public void requireSame(SequencedMap<String, FloatTensor> weights, InputStatistics statistics) {
    if (peers.worker().hasPeers()) {
      CRC32C sum = new CRC32C();
      weights.values().forEach(tensor -> update(sum, tensor.values()));
      update(sum, statistics.mean());
      requireSame("start: initial weights or mean image", Long.toHexString(sum.getValue()));
    }
  }

  /** Refuses to go on from another checkpoint. */
  public void requireSame(String state) {
    requireSame("checkpoint to go on from", state);
  }

  private static void update(CRC32C sum, float[] values) {
    ByteBuffer bytes = ByteBuffer.allocate(1 << 16);
    int most = bytes.capacity() / Float.BYTES;
    for (int at = 0; at < values.length; at += most) {
      int count = Math.min(most, values.length - at);
      bytes.clear().asFloatBuffer().put(values, at, count);
      sum.update(bytes.limit(count * Float.BYTES));
    }
  }

  private void requireSame(String what, String value) {
    add(what, value);
    List<String> all =
        peers.gathered(String.join(SEPARATOR, facts.stream().map(Fact::value).toList()));
    String[] first = all.getFirst().split(SEPARATOR, -1);
    for (int worker = 1; worker < all.size(); worker++) {
      String[] other = all.get(worker).split(SEPARATOR, -1);
      for (int i = 0; i < facts.size(); i++) {
        if (i >= first.length || i >= other.length || !first[i].equals(other[i])) {
          throw new AlexNetException(
              "Worker %d has another %s than worker 1 (%s, worker 1: %s); all workers must have the same."
                  .formatted(
                      worker + 1,
                      facts.get(i).what(),
                      excerpt(other, first, i),
                      excerpt(first, other, i)));
        }
      }
    }
  }

  /** What is different, and some of what is around it. */
  private static String excerpt(String[] own, String[] other, int fact) {
    if (fact >= own.length) {
      return "nothing";
    }
    String text = own[fact];
    int same = 0;
    int most = fact < other.length ? Math.min(text.length(), other[fact].length()) : 0;
    while (same < most && text.charAt(same) == other[fact].charAt(same)) {
      same++;
    }
    int from = text.length() <= 100 ? 0 : Math.max(0, same - 40);
    return text.substring(from, Math.min(text.length(), from + 100));
  }
}
