package org.alexnet.run;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.nio.file.AccessDeniedException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SequencedMap;
import java.util.Set;
import java.util.function.Consumer;
import java.util.stream.Stream;
import org.alexnet.AlexNetException;
import org.alexnet.Message;
import org.alexnet.Setting;
import org.alexnet.file.DurableFiles;
import org.alexnet.file.JsonFiles;
import org.alexnet.safetensors.SafetensorsFile;
import org.alexnet.safetensors.SafetensorsWriter;
import org.alexnet.tensor.FloatTensor;
import org.alexnet.tensor.TensorInfo;

/**
 * A training run on disk: {@code run.json} (its settings), {@code input.safetensors} (what prepares
 * an image), {@code metrics.jsonl} (one line an epoch), {@code steps.jsonl} (one line every so many
 * steps) and the current checkpoint: {@code model.safetensors}, {@code optimizer.safetensors},
 * {@code best.safetensors} and {@code state.json}. One process at a time writes; any number may
 * read meanwhile, each of which keeps the generation it found when it opened the run. For use by
 * one thread; a thread that is interrupted while it writes fails as if the disk had.
 */
public final class RunFolder implements RunStore {
  static final String RUN = "run.json";
  private static final String RUN_TEMPORARY = "run.json.tmp";
  private static final String INPUT = "input.safetensors";

  /**
   * What a process that was stopped before its first checkpoint leaves. Nothing was trained yet, so
   * a new run may begin in its place.
   */
  private static final Set<String> LEFTOVERS =
      Set.of(
          RunLock.NAME,
          RUN,
          RUN_TEMPORARY,
          INPUT,
          SafetensorsWriter.temporary(Path.of(INPUT)).toString(),
          JsonLines.METRICS,
          JsonLines.STEPS,
          CheckpointStore.TEMPORARY);

  private final Path dir;
  private ObjectNode runJson;
  private final JsonLines metrics;
  private final JsonLines steps;
  private final Optional<Writing> writing;
  private final Optional<Snapshot> reading;

  /** What only a training process has. */
  private record Writing(RunLock lock, CheckpointStore store) {}

  private RunFolder(
      Path dir, ObjectNode runJson, Optional<Writing> writing, Optional<Snapshot> reading) {
    this.dir = dir;
    this.runJson = runJson;
    this.metrics = new JsonLines(dir, JsonLines.METRICS);
    this.steps = new JsonLines(dir, JsonLines.STEPS);
    this.writing = writing;
    this.reading = reading;
  }

  /**
   * Begins a run in a new or empty folder, makes missing parents, and locks it for this process.
   *
   * @param runJson the settings, kept as {@code run.json}
   * @throws AlexNetException when the folder holds anything already, is in use, or cannot be
   *     written
   */
  public static RunFolder create(Path dir, ObjectNode runJson) {
    return create(dir, runJson, FileOps.DISK);
  }

  /**
   * Begins a run in a folder of its own: the one named, or, where there is one of that name, the
   * same with {@code -2}, {@code -3} and so on.
   */
  public static RunFolder createUnique(Path dir, ObjectNode runJson) {
    try {
      Files.createDirectories(DurableFiles.parent(dir));
      Path candidate = dir;
      for (int number = 2; !createdNow(candidate); number++) {
        candidate = dir.resolveSibling(dir.getFileName() + "-" + number);
      }
      return create(candidate, runJson);
    } catch (IOException e) {
      throw cannotCreate(dir, e);
    }
  }

  /** Whether this call made the folder; of several processes that try, one does. */
  private static boolean createdNow(Path dir) throws IOException {
    try {
      Files.createDirectory(dir);
      return true;
    } catch (FileAlreadyExistsException e) {
      return false;
    }
  }

  /**
   * Checks that a run can begin in a folder, before any work is done for it.
   *
   * @throws AlexNetException if the folder holds anything already
   */
  public static void requireUnused(Path dir) {
    try {
      if (Files.exists(dir) && !Files.isDirectory(dir)) {
        throw new AlexNetException(
            Message.of(
                "%s is a file; a new run requires a new or empty folder: give another %s",
                dir, Setting.OUT));
      }
      requireFree(dir);
    } catch (IOException e) {
      throw cannotCreate(dir, e);
    }
  }

  static RunFolder create(Path dir, ObjectNode runJson, FileOps ops) {
    try {
      requireFree(dir);
      Files.createDirectories(dir);
    } catch (IOException e) {
      throw cannotCreate(dir, e);
    }
    RunLock lock = RunLock.acquire(dir);
    try {
      requireFree(dir); // again: another process may have come first
      var store = new CheckpointStore(dir, ops);
      store.recover();
      for (String leftover : List.of(INPUT, JsonLines.STEPS)) {
        if (Files.exists(dir.resolve(leftover))) {
          ops.delete(dir.resolve(leftover));
        }
      }
      putSettings(dir, runJson, ops);
      ops.write(dir.resolve(JsonLines.METRICS), new byte[0]);
      ops.force(dir);
      ops.force(DurableFiles.parent(dir));
      return new RunFolder(
          dir, runJson.deepCopy(), Optional.of(new Writing(lock, store)), Optional.empty());
    } catch (IOException e) {
      lock.close();
      throw cannotCreate(dir, e);
    } catch (RuntimeException | Error e) {
      lock.close();
      throw e;
    }
  }

  /**
   * Opens a run to go on training: locks it, completes a checkpoint that was interrupted after it
   * became current, discards one that was not, and cuts {@code metrics.jsonl} and {@code
   * steps.jsonl} back to the current checkpoint.
   *
   * @throws AlexNetException when the folder is not a run, has no checkpoint, is in use, is damaged
   *     or cannot be written
   */
  public static RunFolder openForTraining(Path dir) {
    return openForTraining(dir, FileOps.DISK);
  }

  static RunFolder openForTraining(Path dir, FileOps ops) {
    requireRun(dir);
    RunLock lock = RunLock.acquire(dir);
    try {
      ObjectNode runJson = JsonFiles.read(dir.resolve(RUN));
      var store = new CheckpointStore(dir, ops);
      store.recover();
      try (Snapshot whole = Snapshot.open(dir).orElseThrow(() -> noCheckpoint(dir))) {
        whole.requireAll();
        new JsonLines(dir, JsonLines.METRICS).cutTo(whole.generation().metricsBytes());
        JsonLines steps = new JsonLines(dir, JsonLines.STEPS);
        // Nothing is computed from them: a user may have removed them.
        steps.cutTo(Math.min(steps.length(), whole.generation().stepsBytes()));
      }
      return new RunFolder(dir, runJson, Optional.of(new Writing(lock, store)), Optional.empty());
    } catch (RuntimeException | Error e) {
      lock.close();
      throw e;
    }
  }

  /**
   * Opens a run to read it, changing nothing and taking no lock. What is read is the generation
   * that was current at this call, also after a training process has made others.
   *
   * @throws AlexNetException when the folder is not a run, has no checkpoint or is damaged
   */
  public static RunFolder openForReading(Path dir) {
    requireRun(dir);
    ObjectNode runJson = JsonFiles.read(dir.resolve(RUN));
    Snapshot snapshot = Snapshot.open(dir).orElseThrow(() -> noCheckpoint(dir));
    return new RunFolder(dir, runJson, Optional.empty(), Optional.of(snapshot));
  }

  @Override
  public boolean writable() {
    return writing.isPresent();
  }

  /** The run's folder, as it was given. */
  @Override
  public Path dir() {
    return dir;
  }

  /** A copy of the run's settings. */
  @Override
  public ObjectNode runJson() {
    return runJson.deepCopy();
  }

  /**
   * A copy of the trainer's part of the current checkpoint.
   *
   * @throws AlexNetException when the run has no checkpoint yet
   */
  public ObjectNode state() {
    return generation().state().deepCopy();
  }

  /** Number of the current checkpoint, 1 for the first; 0 where there is none yet. */
  @Override
  public long checkpoint() {
    return current().map(Generation::number).orElse(0L);
  }

  /**
   * Writes weights, momentum and state together and makes them the run's current checkpoint in one
   * step, with {@code metrics.jsonl} and {@code steps.jsonl} as they are now.
   *
   * @throws AlexNetException when a value is not finite or the disk refuses; the message says which
   *     tensor or file and why, and the previous checkpoint is then intact; and when the run was
   *     removed, moved or replaced since it was opened
   */
  @Override
  public void commit(Checkpoint checkpoint) {
    CheckpointStore store = writing().store();
    requireThere();
    steps.force();
    store.commit(checkpoint, metrics.length(), steps.length());
  }

  /**
   * As {@link #commit}, of weights that come from elsewhere, one tensor at a time, and were not
   * trained: they have no momentum.
   *
   * @param notes what the file of the weights notes beside them
   * @param tensors the parameters, in the order of the file
   * @param writing writes the values of each in turn
   * @param state where the run stands
   * @throws AlexNetException when the disk refuses, or {@code writing} does
   */
  public void commitWeights(
      Map<String, String> notes,
      SequencedMap<String, TensorInfo> tensors,
      Consumer<SafetensorsWriter> writing,
      ObjectNode state) {
    writing()
        .store()
        .commit(
            (to, files) -> {
              Path file = to.resolve(CheckpointStore.MODEL);
              try (SafetensorsWriter writer = SafetensorsWriter.create(file, notes, tensors)) {
                try {
                  writing.accept(writer);
                } catch (RuntimeException e) {
                  writer.abandon();
                  throw e;
                }
                files.put(CheckpointStore.MODEL, writer.digest());
              }
            },
            state,
            metrics.length(),
            steps.length());
  }

  /**
   * Removes what a run left that failed before its first checkpoint.
   *
   * @param dir its folder
   * @param whole whether the folder goes as well
   */
  public static void discard(Path dir, boolean whole) {
    try {
      if (hasCheckpoint(dir)) {
        return;
      }
      for (String leftover : LEFTOVERS) {
        if (!leftover.equals(CheckpointStore.TEMPORARY)) {
          Files.deleteIfExists(dir.resolve(leftover));
        }
      }
      if (whole) {
        Files.deleteIfExists(dir);
      }
    } catch (IOException _) {
      // The failure that led here is the one to report; a new run may begin over these.
    }
  }

  /**
   * Appends one line to {@code metrics.jsonl} and forces it to disk.
   *
   * @throws AlexNetException when the disk refuses; nothing of the line then stays
   */
  @Override
  public void appendMetrics(ObjectNode line) {
    append(metrics, line, true);
  }

  /**
   * Appends one line to {@code steps.jsonl}, which the next checkpoint forces to disk.
   *
   * @throws AlexNetException when the disk refuses; nothing of the line then stays
   */
  @Override
  public void appendStep(ObjectNode line) {
    append(steps, line, false);
  }

  private void append(JsonLines file, ObjectNode line, boolean durable) {
    writing();
    try {
      file.append(line, durable);
    } catch (AlexNetException e) {
      requireThere(); // otherwise that is why
      throw e;
    }
  }

  /** The lines of {@code metrics.jsonl}; for a reader, those its checkpoint knows. */
  @Override
  public List<JsonNode> metrics() {
    return metrics.read(reading.map(r -> r.generation().metricsBytes()).orElseGet(metrics::length));
  }

  /**
   * The lines of {@code steps.jsonl}; for a reader, those its checkpoint knows, as far as they are
   * there.
   */
  public List<JsonNode> steps() {
    long length = steps.length();
    return steps.read(
        reading.map(r -> Math.min(length, r.generation().stepsBytes())).orElse(length));
  }

  /**
   * Opens the current checkpoint's weights, checked byte for byte. The caller closes the file; in a
   * run opened for reading it ends with the run at the latest.
   *
   * @throws AlexNetException when there is no checkpoint or the file is not the checkpoint's
   */
  public SafetensorsFile openWeights() {
    return open(CheckpointStore.MODEL);
  }

  /** Opens the current checkpoint's momentum, under the terms of {@link #openWeights}. */
  public SafetensorsFile openMomentum() {
    return open(CheckpointStore.OPTIMIZER);
  }

  /**
   * Opens the weights with the best validation error, under the terms of {@link #openWeights};
   * empty where no checkpoint was the best yet.
   */
  public Optional<SafetensorsFile> openBest() {
    return generation().files().containsKey(CheckpointStore.BEST)
        ? Optional.of(open(CheckpointStore.BEST))
        : Optional.empty();
  }

  /**
   * Opens what prepares an image for this run; empty where the run needs nothing.
   *
   * @throws AlexNetException if the file is not the one that the run was trained with
   */
  public Optional<SafetensorsFile> openInput() {
    if (current().filter(generation -> generation.files().containsKey(INPUT)).isPresent()) {
      return Optional.of(open(INPUT));
    }
    Path file = dir.resolve(INPUT);
    return Files.exists(file) ? Optional.of(SafetensorsFile.open(file)) : Optional.empty();
  }

  /**
   * As {@link #openInput}.
   *
   * @throws AlexNetException if the run has lost it
   */
  public SafetensorsFile requireInput() {
    return openInput()
        .orElseThrow(
            () ->
                new AlexNetException(
                    "%s: %s, the mean image, is missing: restore the folder"
                        .formatted(dir, INPUT)));
  }

  /**
   * Keeps what prepares an image for this run, such as the mean; to be written before the first
   * checkpoint.
   *
   * @throws AlexNetException when the disk refuses
   */
  @Override
  public void writeInput(SequencedMap<String, FloatTensor> tensors, Map<String, String> metadata) {
    CheckpointStore store = writing().store();
    store.keep(INPUT, SafetensorsWriter.save(dir.resolve(INPUT), metadata, tensors));
  }

  /**
   * Replaces the settings, such as where the data lie now.
   *
   * @throws AlexNetException when the disk refuses; the settings before are then kept
   */
  @Override
  public void replaceSettings(ObjectNode settings) {
    writing();
    try {
      putSettings(dir, settings, FileOps.DISK);
      FileOps.DISK.force(dir);
    } catch (IOException e) {
      throw new AlexNetException(
          "%s cannot be replaced: %s".formatted(dir.resolve(RUN), FileOps.reason(e)), e);
    }
    runJson = settings.deepCopy();
  }

  /** Releases the lock, and the files of a run opened for reading. */
  @Override
  public void close() {
    writing.ifPresent(w -> w.lock().close());
    reading.ifPresent(Snapshot::close);
  }

  private SafetensorsFile open(String name) {
    Generation generation = generation();
    SafetensorsFile file =
        reading.map(r -> r.file(name)).orElseGet(() -> CheckpointStore.open(dir, name));
    return generation.requireContent(name, file);
  }

  private Optional<Generation> current() {
    return reading.map(Snapshot::generation).or(() -> writing().store().current());
  }

  private Generation generation() {
    return current().orElseThrow(() -> noCheckpoint(dir));
  }

  private Writing writing() {
    return writing
        .filter(w -> w.lock().isHeld())
        .orElseThrow(() -> new IllegalStateException(dir + " is not open for training"));
  }

  /**
   * Without this, a folder that was removed while it was written to, and so remains in part, would
   * receive checkpoints that nothing can open; and one that holds another run by now would have
   * that run's spoilt.
   */
  private void requireThere() {
    if (!Files.exists(dir.resolve(RUN))) {
      throw new AlexNetException(
          Message.of(
              "%s is no run any more (%s is gone): it was removed or moved while it trained, and"
                  + " nothing more is saved; if it was moved, resume it where it is now (%s)",
              dir, RUN, Setting.RESUME));
    }
    // Not by the lock alone: few file systems, but some, number a file anew at times.
    if (writing().lock().isReplaced() && !begun(JsonFiles.read(dir.resolve(RUN)), runJson)) {
      throw new AlexNetException(
          "%s holds a run of another process by now, which is left as it is: this one was removed while it trained, and nothing more of it is saved"
              .formatted(dir));
    }
  }

  /** Whether two settings are of a run that was begun at the same time. */
  private static boolean begun(ObjectNode one, ObjectNode other) {
    String pointer = "/environment/started";
    return one.at(pointer).equals(other.at(pointer));
  }

  static void requireRun(Path dir) {
    try {
      if (Files.readAttributes(dir.resolve(RUN), BasicFileAttributes.class).isRegularFile()) {
        return;
      }
    } catch (AccessDeniedException e) {
      throw new AlexNetException(
          "%s cannot be read: permission denied; ask its owner for it, or allow it (chmod -R u+rwX)"
              .formatted(dir),
          e);
    } catch (IOException _) {
      // It is not there.
    }
    String missing = !Files.isDirectory(dir) ? "there is no such folder" : "it has no " + RUN;
    throw new AlexNetException(
        Message.of(
            "%s is not a run: %s; give the folder that train wrote (%s)",
            dir, missing, Setting.OUT));
  }

  /** Writes the settings in one step; the caller makes that durable. */
  private static void putSettings(Path dir, ObjectNode settings, FileOps ops) throws IOException {
    ops.write(dir.resolve(RUN_TEMPORARY), JsonFiles.pretty(settings));
    ops.move(dir.resolve(RUN_TEMPORARY), dir.resolve(RUN));
  }

  /** Whether training has got as far as its first checkpoint. */
  private static boolean hasCheckpoint(Path dir) {
    return CheckpointStore.readState(dir).isPresent();
  }

  private static void requireFree(Path dir) throws IOException {
    if (!Files.isDirectory(dir)) {
      return;
    }
    List<String> held;
    try (Stream<Path> entries = Files.list(dir)) {
      held = entries.map(entry -> entry.getFileName().toString()).sorted().toList();
    }
    if (held.contains(RUN) && hasCheckpoint(dir)) {
      throw new AlexNetException(
          Message.of(
              "%s holds a run already; resume it with %s, or give another %s",
              dir, Setting.RESUME.to(dir), Setting.OUT));
    }
    Optional<String> foreign = held.stream().filter(name -> !LEFTOVERS.contains(name)).findFirst();
    if (foreign.isPresent()) {
      throw new AlexNetException(
          Message.of(
              "%s is not empty (it holds %s); a new run requires a new or empty folder: give"
                  + " another %s",
              dir, foreign.get(), Setting.OUT));
    }
  }

  private static AlexNetException noCheckpoint(Path dir) {
    return new AlexNetException(
        Message.of(
            "%s has no checkpoint yet (%s is missing): wait until its training has written one, or,"
                + " if that was stopped before, begin it again (%s)",
            dir, CheckpointStore.STATE, Setting.OUT.to(dir)));
  }

  private static AlexNetException cannotCreate(Path dir, IOException e) {
    return new AlexNetException(
        Message.of(
            "%s: the run cannot be created: %s; give another %s",
            dir, FileOps.reason(e), Setting.OUT),
        e);
  }
}
