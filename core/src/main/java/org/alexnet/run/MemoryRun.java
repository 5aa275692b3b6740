package org.alexnet.run;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.SequencedMap;
import org.alexnet.tensor.DeferredTensor;
import org.alexnet.tensor.FloatTensor;

/** A run of which nothing is written; it cannot be resumed. */
public final class MemoryRun implements RunStore {
  private final List<JsonNode> metrics = new ArrayList<>();
  private ObjectNode settings;
  private SequencedMap<String, FloatTensor> weights;
  private long checkpoints;

  /** Begins a run with its settings. */
  public MemoryRun(ObjectNode settings) {
    this.settings = settings;
  }

  /** The parameters of the current checkpoint, by name; null before the first. */
  public SequencedMap<String, FloatTensor> weights() {
    return weights;
  }

  @Override
  public Path dir() {
    return null;
  }

  @Override
  public ObjectNode runJson() {
    return settings.deepCopy();
  }

  @Override
  public void replaceSettings(ObjectNode other) {
    settings = other;
  }

  @Override
  public void writeInput(SequencedMap<String, FloatTensor> tensors, Map<String, String> metadata) {
    // Whoever trains has it.
  }

  private static FloatTensor copy(FloatTensor tensor) {
    return new FloatTensor(tensor.shape(), tensor.values().clone());
  }

  @Override
  public long checkpoint() {
    return checkpoints;
  }

  @Override
  public void commit(Checkpoint checkpoint) {
    try {
      SequencedMap<String, FloatTensor> taken = new LinkedHashMap<>();
      checkpoint.checkedWeights().forEach((name, tensor) -> taken.put(name, copy(tensor.make())));
      checkpoint.checkedMomentum().values().forEach(DeferredTensor::make);
      weights = taken;
    } catch (Checkpoint.Unavailable e) {
      throw e.reason();
    }
    checkpoints++;
  }

  @Override
  public void appendMetrics(ObjectNode line) {
    metrics.add(line);
  }

  @Override
  public void appendStep(ObjectNode line) {
    // The listener is told.
  }

  @Override
  public List<JsonNode> metrics() {
    return List.copyOf(metrics);
  }

  @Override
  public void close() {
    // There is nothing to let go of.
  }
}
