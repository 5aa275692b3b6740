package org.alexnet.run;

import java.nio.channels.ClosedByInterruptException;
import java.nio.file.Path;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import org.alexnet.AlexNetException;
import org.alexnet.Message;
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
  private final Map<String, SafetensorsFile> files = new TreeMap<>();
  private final Map<String, AlexNetException> failures = new TreeMap<>();

  private Snapshot(Generation generation) {
    this.generation = generation;
  }

  /** Opens the current generation; empty where the run has no checkpoint yet. */
  static Optional<Snapshot> open(Path dir) {
    for (int i = 0; i < ATTEMPTS; i++) {
      Optional<String> before = CheckpointStore.readState(dir);
      if (before.isEmpty()) {
        return Optional.empty();
      }
      Snapshot snapshot = openFiles(dir, before.get());
      if (CheckpointStore.readState(dir).equals(before)) {
        snapshot.require(CheckpointStore.MODEL); // without which nobody can do anything
        return Optional.of(snapshot);
      }
      snapshot.close();
    }
    throw new AlexNetException(
        dir
            + ": a training process replaced the checkpoint at each of "
            + ATTEMPTS
            + " readings; try again");
  }

  private static Snapshot openFiles(Path dir, String state) {
    Generation generation = Generation.parse(dir.resolve(CheckpointStore.STATE), state);
    var snapshot = new Snapshot(generation);
    for (String name : generation.files().keySet()) {
      try {
        snapshot.files.put(name, generation.requireLength(name, open(dir, name)));
      } catch (AlexNetException e) {
        snapshot.failures.put(name, e); // matters only to who needs this file
      }
    }
    return snapshot;
  }

  private static SafetensorsFile open(Path dir, String name) {
    try {
      return CheckpointStore.open(dir, name);
    } catch (AlexNetException e) {
      if (e.getCause() instanceof ClosedByInterruptException) {
        throw e; // nothing is wrong with the run
      }
      throw new AlexNetException(
          Message.of("%s; restore the run's folder from a copy, or train anew", e.message()), e);
    }
  }

  /**
   * Checks every byte of what a resumed run would otherwise hand on unread.
   *
   * @throws AlexNetException if a file is missing or damaged
   */
  void requireAll() {
    failures.keySet().forEach(this::require);
    if (files.containsKey(CheckpointStore.BEST)) {
      generation.requireContent(CheckpointStore.BEST, file(CheckpointStore.BEST)).close();
    }
  }

  private void require(String name) {
    if (failures.containsKey(name)) {
      close();
      throw failures.get(name);
    }
  }

  Generation generation() {
    return generation;
  }

  /**
   * A handle on one of the generation's files, valid until this snapshot is closed.
   *
   * @throws AlexNetException if it is missing or of another length
   */
  SafetensorsFile file(String name) {
    require(name);
    return files.get(name).borrowed();
  }

  @Override
  public void close() {
    files.values().forEach(SafetensorsFile::close);
  }
}
