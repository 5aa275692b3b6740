package org.alexnet.run;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.SequencedMap;
import org.alexnet.tensor.FloatTensor;

/** What keeps a run while it trains: its folder, or memory alone. */
public sealed interface RunStore extends AutoCloseable permits RunFolder, MemoryRun {

  /** The run's folder, as it was given; null where there is none. */
  Path dir();

  /** Whether it can be written to; another worker's run is only read. */
  default boolean writable() {
    return true;
  }

  /** A copy of the run's settings. */
  ObjectNode runJson();

  /** Takes other settings for the run's. */
  void replaceSettings(ObjectNode settings);

  /** Keeps what becomes of pixels. */
  void writeInput(SequencedMap<String, FloatTensor> tensors, Map<String, String> metadata);

  /** Number of the current checkpoint, 1 for the first; 0 where there is none yet. */
  long checkpoint();

  /**
   * Makes this the run's current checkpoint.
   *
   * @throws org.alexnet.AlexNetException when a value is not finite or it cannot be kept; the one
   *     before is then intact
   */
  void commit(Checkpoint checkpoint);

  /** Keeps the metrics of an epoch. */
  void appendMetrics(ObjectNode line);

  /** Keeps the metrics of some steps. */
  void appendStep(ObjectNode line);

  /** The metrics of all epochs so far. */
  List<JsonNode> metrics();

  @Override
  void close();
}
