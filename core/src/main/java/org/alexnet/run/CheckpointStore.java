package org.alexnet.run;

import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.stream.Stream;
import org.alexnet.AlexNetException;
import org.alexnet.Message;
import org.alexnet.Setting;
import org.alexnet.file.FileDigest;
import org.alexnet.file.JsonFiles;
import org.alexnet.safetensors.SafetensorsFile;

/**
 * The checkpoints of a run. A new generation is written and synced in {@code checkpoint.tmp};
 * renaming that folder to {@code checkpoint.commit} makes it current. Then its files move, one by
 * one, over those of the run. Whoever looks for a file of the current generation therefore looks
 * into {@code checkpoint.commit} first and, where it is not there, in the run's folder: at every
 * moment the two together are one whole generation.
 */
final class CheckpointStore {
  static final String MODEL = "model.safetensors";
  static final String OPTIMIZER = "optimizer.safetensors";
  static final String BEST = "best.safetensors";
  static final String STATE = "state.json";
  static final String TEMPORARY = "checkpoint.tmp";
  static final String COMMITTED = "checkpoint.commit";
  private static final List<String> FILES = List.of(MODEL, OPTIMIZER, BEST, STATE);

  private final Path dir;
  private final FileOps ops;
  private final Map<String, FileDigest> kept = new TreeMap<>();
  private Optional<Generation> current = Optional.empty();

  CheckpointStore(Path dir, FileOps ops) {
    this.dir = dir;
    this.ops = ops;
  }

  /** The generation that a resume starts from; none before the first checkpoint. */
  Optional<Generation> current() {
    return current;
  }

  /** Makes a file that lies in the run's folder a part of every generation from the next on. */
  void keep(String name, FileDigest digest) {
    kept.put(name, digest);
  }

  /** Completes or discards what a killed process left, and reads which generation is current. */
  void recover() {
    try {
      discard(dir.resolve(TEMPORARY));
      rollForward();
    } catch (IOException e) {
      throw new AlexNetException(
          dir + ": the last checkpoint cannot be put in its place: " + FileOps.reason(e), e);
    }
    current = readState(dir).map(text -> Generation.parse(dir.resolve(STATE), text));
  }

  /** Writes the files of a generation into a folder, and notes what they must be. */
  @FunctionalInterface
  interface Contents {
    void write(Path to, Map<String, FileDigest> files) throws IOException;
  }

  /** Makes a new generation current, or fails and leaves the previous one so. */
  void commit(Checkpoint checkpoint, long metricsBytes, long stepsBytes) {
    var weights = checkpoint.checkedWeights();
    commit(
        (to, files) -> {
          files.put(MODEL, ops.save(to.resolve(MODEL), checkpoint.notes(), weights));
          files.put(
              OPTIMIZER, ops.save(to.resolve(OPTIMIZER), Map.of(), checkpoint.checkedMomentum()));
          if (checkpoint.best()) {
            files.put(BEST, ops.save(to.resolve(BEST), checkpoint.notes(), weights));
          }
        },
        checkpoint.state(),
        metricsBytes,
        stepsBytes);
  }

  /** As {@link #commit(Checkpoint, long, long)}, of files that are written otherwise. */
  void commit(Contents contents, ObjectNode state, long metricsBytes, long stepsBytes) {
    long number = current.map(Generation::number).orElse(0L) + 1;
    Path temporary = dir.resolve(TEMPORARY);
    try {
      rollForward();
      discard(temporary);
      ops.createDirectory(temporary);
      Generation next = write(temporary, number, contents, state, metricsBytes, stepsBytes);
      ops.move(temporary, dir.resolve(COMMITTED));
      current = Optional.of(next);
    } catch (IOException e) {
      throw notMade(number, FileOps.reason(e), e);
    } catch (AlexNetException e) {
      throw notMade(number, e.getMessage(), e);
    } catch (Checkpoint.Unavailable e) { // the disk is not to blame
      discardAfter(e.reason());
      throw e.reason();
    }
    try {
      ops.force(dir);
      rollForward();
    } catch (IOException e) {
      throw new AlexNetException(
          ("%s: checkpoint %d is complete in %s, but its files could not be moved to their places:"
                  + " %s. Opening the run again finishes that")
              .formatted(dir, number, COMMITTED, FileOps.reason(e)),
          e);
    }
  }

  private Generation write(
      Path to, long number, Contents contents, ObjectNode state, long metricsBytes, long stepsBytes)
      throws IOException {
    var files = new TreeMap<String, FileDigest>();
    current.ifPresent(previous -> files.putAll(previous.files()));
    files.putAll(kept);
    contents.write(to, files);
    var next = new Generation(number, metricsBytes, stepsBytes, files, state.deepCopy());
    ops.write(to.resolve(STATE), JsonFiles.pretty(next.toJson()));
    ops.force(to);
    return next;
  }

  private void discardAfter(Exception cause) {
    try {
      discard(dir.resolve(TEMPORARY));
    } catch (IOException e) {
      cause.addSuppressed(e); // the next commit or opening discards it
    }
  }

  private AlexNetException notMade(long number, String why, Exception cause) {
    discardAfter(cause);
    Message intact =
        current.isPresent()
            ? Message.of(
                "The previous checkpoint is intact; fix this, then resume it with %s",
                Setting.RESUME.to(dir))
            : Message.of("The run has no earlier one; fix this and start the run again");
    return new AlexNetException(
        Message.of(
            "%s: checkpoint %d was not made: %s. %s.",
            dir, number, why.replaceFirst("\\.$", ""), intact),
        cause);
  }

  /** Moves the files of a committed generation to their places, as far as that is still to do. */
  private void rollForward() throws IOException {
    Path committed = dir.resolve(COMMITTED);
    if (!Files.isDirectory(committed)) {
      return;
    }
    for (String name : FILES) {
      if (Files.exists(committed.resolve(name))) {
        ops.move(committed.resolve(name), dir.resolve(name));
      }
    }
    ops.force(dir); // the moves, before the folder that stood in for them goes
    discard(committed);
    ops.force(dir);
  }

  private void discard(Path folder) throws IOException {
    if (!Files.isDirectory(folder)) {
      return;
    }
    List<Path> entries;
    try (Stream<Path> list = Files.list(folder)) {
      entries = list.toList();
    }
    for (Path entry : entries) {
      ops.delete(entry);
    }
    ops.delete(folder);
  }

  /** The text of the current generation's state; empty where a run has no checkpoint. */
  static Optional<String> readState(Path dir) {
    for (Path file : places(dir, STATE)) {
      try {
        return Optional.of(Files.readString(file));
      } catch (NoSuchFileException _) {
        // moved on to the next place, or never there
      } catch (IOException e) {
        throw new AlexNetException(file + " cannot be read: " + FileOps.reason(e), e);
      }
    }
    return Optional.empty();
  }

  /** Opens a file of the current generation, of which it is known to be a part. */
  static SafetensorsFile open(Path dir, String name) {
    Path first = places(dir, name).getFirst();
    if (Files.exists(first)) {
      try {
        return SafetensorsFile.open(first);
      } catch (AlexNetException e) {
        if (!(e.getCause() instanceof NoSuchFileException)) {
          throw e;
        } // otherwise moved to its place since it was seen
      }
    }
    return SafetensorsFile.open(places(dir, name).getLast());
  }

  private static List<Path> places(Path dir, String name) {
    return List.of(dir.resolve(COMMITTED).resolve(name), dir.resolve(name));
  }
}
