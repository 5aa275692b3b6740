package org.alexnet.run;

import java.nio.file.Path;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import org.alexnet.AlexNetException;
import org.alexnet.safetensors.SafetensorsFile;

/**
 * One generation of a run, its files opened, whatever a training process does to the folder
 * meanwhile.
 *
 * <p>The state is read before the files are opened and again after. Generations only follow one
 * another, so if both readings agree, that generation was current throughout, and each file opened
 * was its own. If they differ, everything is opened anew. Files are replaced and never changed in
 * place, so that what is mapped stays as it is.
 */
final class Snapshot implements AutoCloseable {
  private static final int ATTEMPTS = 100;

  private final Generation generation;
  private final Map<String, SafetensorsFile> files;

  private Snapshot(Generation generation, Map<String, SafetensorsFile> files) {
    this.generation = generation;
    this.files = files;
  }

  /** Opens the current generation; empty where the run has no checkpoint yet. */
  static Optional<Snapshot> open(Path dir) {
    for (int i = 0; i < ATTEMPTS; i++) {
      Optional<String> before = CheckpointStore.readState(dir);
      if (before.isEmpty()) {
        return Optional.empty();
      }
      Snapshot snapshot = null;
      AlexNetException failure = null;
      try {
        snapshot = openFiles(dir, before.get());
      } catch (AlexNetException e) {
        failure = e;
      }
      if (CheckpointStore.readState(dir).equals(before)) {
        if (failure != null) {
          throw failure;
        }
        return Optional.of(snapshot);
      }
      if (snapshot != null) {
        snapshot.close();
      }
    }
    throw new AlexNetException(
        dir
            + ": a training process replaced the checkpoint at each of "
            + ATTEMPTS
            + " readings; try again");
  }

  private static Snapshot openFiles(Path dir, String state) {
    Generation generation = Generation.parse(dir.resolve(CheckpointStore.STATE), state);
    var snapshot = new Snapshot(generation, new TreeMap<>());
    try {
      for (String name : generation.files().keySet()) {
        SafetensorsFile file = CheckpointStore.open(dir, name);
        snapshot.files.put(name, generation.requireLength(name, file));
      }
      return snapshot;
    } catch (AlexNetException e) {
      snapshot.close();
      throw e;
    }
  }

  Generation generation() {
    return generation;
  }

  /** A handle on one of the generation's files, valid until this snapshot is closed. */
  SafetensorsFile file(String name) {
    return files.get(name).borrowed();
  }

  @Override
  public void close() {
    files.values().forEach(SafetensorsFile::close);
  }
}
