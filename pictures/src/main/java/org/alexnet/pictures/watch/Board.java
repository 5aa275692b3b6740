package org.alexnet.pictures.watch;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.SequencedMap;
import java.util.stream.Stream;
import org.alexnet.AlexNetException;
import org.alexnet.file.DurableFiles;
import org.alexnet.run.RunLog;

/**
 * All runs that are followed, each with the number of the change that it last had. A page that has
 * seen the changes up to one is brought up to date by the runs changed since, each as a whole, so
 * that it does not matter how long it was away or whether lines were cut back.
 */
final class Board {
  private final List<Path> places = new ArrayList<>();
  private final SequencedMap<Path, WatchedRun> runs = new LinkedHashMap<>();
  private final Map<Integer, Long> changes = new LinkedHashMap<>();

  /**
   * Kept for those that are gone: one that comes back, as after a pause of its disk, is as it was.
   */
  private final Map<Path, Integer> ids = new HashMap<>();

  private long change;

  /**
   * What a page is told.
   *
   * @param change number of the last change it then knows
   * @param text one object on one line: all runs there are by number, and those that have changed
   */
  record News(long change, String text) {}

  /** Also follows a run, or the runs in a folder. */
  synchronized void add(Path place) {
    if (!places.contains(place)) {
      places.add(place);
    }
  }

  /** A run by its number; null if there is none. */
  synchronized WatchedRun run(int id) {
    return runs.values().stream().filter(run -> run.id() == id).findFirst().orElse(null);
  }

  /** Looks at all files, and wakes who waits if there is news. */
  synchronized void update() {
    long before = change;
    List<Path> found = new ArrayList<>();
    places.forEach(place -> found.addAll(found(place)));
    boolean gone = runs.keySet().retainAll(found);
    for (Path dir : found) {
      WatchedRun run = runs.computeIfAbsent(dir, path -> new WatchedRun(id(path), path));
      if (run.update()) {
        changes.put(run.id(), ++change);
      }
    }
    if (gone) {
      change++;
    }
    if (change != before) {
      notifyAll();
    }
  }

  private int id(Path dir) {
    return ids.computeIfAbsent(dir, _ -> ids.size() + 1);
  }

  /** Those in a place; of one that cannot be read just now, those that are known. */
  private List<Path> found(Path place) {
    try {
      return runs(place);
    } catch (AlexNetException e) {
      return runs.keySet().stream().filter(run -> place.equals(run.getParent())).toList();
    }
  }

  /**
   * The run that a place is, or those that it holds.
   *
   * @throws AlexNetException if it cannot be read
   */
  static List<Path> runs(Path place) {
    if (RunLog.isRun(place)) {
      return List.of(place);
    }
    if (!Files.isDirectory(place)) {
      return List.of();
    }
    try (Stream<Path> entries = Files.list(place)) {
      return entries.filter(RunLog::isRun).sorted().toList();
    } catch (UncheckedIOException e) {
      throw unreadable(place, e.getCause()); // after the first entries
    } catch (IOException e) {
      throw unreadable(place, e);
    }
  }

  private static AlexNetException unreadable(Path place, IOException e) {
    return new AlexNetException(place + " cannot be read: " + DurableFiles.reason(e), e);
  }

  /** What has changed since a change that a page has seen; 0 for everything. */
  synchronized News since(long seen) {
    List<Integer> all = new ArrayList<>();
    List<String> changed = new ArrayList<>();
    for (WatchedRun run : runs.values()) {
      all.add(run.id());
      if (changes.get(run.id()) > seen) {
        changed.add(run.text());
      }
    }
    return new News(
        change,
        "{\"all\":%s,\"changed\":[%s]}"
            .formatted(all.toString().replace(" ", ""), String.join(",", changed)));
  }

  /** Waits until there is something new, at most so long. */
  synchronized boolean await(long seen, long millis) throws InterruptedException {
    if (change == seen) {
      wait(millis);
    }
    return change != seen;
  }
}
