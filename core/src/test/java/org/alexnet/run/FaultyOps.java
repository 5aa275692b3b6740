package org.alexnet.run;

import java.io.IOException;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.SequencedMap;
import org.alexnet.file.FileDigest;
import org.alexnet.tensor.DeferredTensor;

/** The file system, until one step: there it refuses once, or the process is gone. */
final class FaultyOps implements FileOps {
  /** How the chosen step goes wrong. */
  enum Fault {
    /** The step fails as on a full disk and leaves half of a file; later steps succeed. */
    REFUSED,
    /** Nothing happens from this step on, as after a kill. */
    KILLED,
    /** A kill in the middle of the step: half of a file is there. */
    KILLED_HALFWAY
  }

  /** Stands for the end of the process. */
  static final class Killed extends Error {
    private static final long serialVersionUID = 1L;
  }

  private final Fault fault;
  private final int at;
  private final Runnable observer;
  private int steps;

  /**
   * Goes wrong at step {@code at}, counted from 0 from here; calls the observer before each step.
   */
  FaultyOps(Fault fault, int at, Runnable observer) {
    this.fault = fault;
    this.at = at;
    this.observer = observer;
  }

  /** Steps attempted so far. */
  int steps() {
    return steps;
  }

  private void step(Path file, boolean writes) throws IOException {
    observer.run();
    int now = steps++;
    boolean halfway = now == at && writes && fault != Fault.KILLED;
    if (halfway) {
      Files.write(file, new byte[] {'{'});
    }
    if (now == at && fault == Fault.REFUSED) {
      throw new FileSystemException(file.toString(), null, "No space left on device");
    }
    if (now >= at && fault != Fault.REFUSED) {
      throw new Killed();
    }
  }

  @Override
  public void createDirectory(Path directory) throws IOException {
    step(directory, false);
    DISK.createDirectory(directory);
  }

  @Override
  public FileDigest save(
      Path file, Map<String, String> metadata, SequencedMap<String, DeferredTensor> tensors)
      throws IOException {
    step(file.resolveSibling(file.getFileName() + ".tmp"), true);
    return DISK.save(file, metadata, tensors);
  }

  @Override
  public void write(Path file, byte[] bytes) throws IOException {
    step(file, true);
    DISK.write(file, bytes);
  }

  @Override
  public void move(Path from, Path to) throws IOException {
    step(to, false);
    DISK.move(from, to);
  }

  @Override
  public void force(Path directory) throws IOException {
    step(directory, false);
    DISK.force(directory);
  }

  @Override
  public void delete(Path path) throws IOException {
    step(path, false);
    DISK.delete(path);
  }
}
