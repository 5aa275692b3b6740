package org.alexnet.data.folder;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.stream.IntStream;
import org.alexnet.AlexNetException;
import org.alexnet.data.Batch;
import org.alexnet.data.ImageSource;
import org.alexnet.data.Parallel;
import org.alexnet.data.ProgressCounter;
import org.alexnet.data.UnreadableImageException;
import org.alexnet.data.image.ImageFiles;

/**
 * Image files (JPEG, PNG, BMP, GIF), all brought to one size and decoded once.
 *
 * <p>Unless it is to be read on demand, every file is decoded when the source is opened, so that a
 * bad one is named before training begins. Where all images fit in a third of the memory Java may
 * use, they are kept, outside the Java heap; otherwise each is decoded again when it is read.
 *
 * <p>Colours are taken as stored: no colour management, transparency dropped, the rotation noted in
 * EXIF data not applied.
 */
public final class FolderSource implements ImageSource {
  private final String description;
  private final Path root;
  private final Batch.Format format;
  private final List<String> classes;
  private final ImageFiles decoding;
  private final AtomicBoolean closed = new AtomicBoolean();

  /** Files that are images, and their classes; the latter null where there are none. */
  private Path[] files;

  private int[] labels;
  private List<String> skipped = List.of();

  /** The decoded images, the one of {@code files[i]} in slot {@code slots[i]}; or null. */
  private Arena arena;

  private MemorySegment memory;
  private int[] slots;

  private FolderSource(
      String description, Path root, ClassFolders found, boolean labelled, FolderOptions options) {
    this.description = description;
    this.root = root;
    this.format = options.format();
    this.classes = found.classes();
    this.decoding = new ImageFiles(format, options.stretched());
    this.files = found.files().toArray(Path[]::new);
    this.labels = labelled ? found.labels() : null;
  }

  /**
   * Opens a folder with one subfolder per class. Classes are in sorted order, images by class and
   * then by name; hidden files and files beside the class folders are disregarded.
   *
   * @throws AlexNetException if there are fewer than two classes, if one has no images, or, unless
   *     bad files are to be skipped, if a file in a class folder is not an image or damaged
   */
  public static ImageSource open(Path folder, FolderOptions options) {
    return open(folder, options, 2, budget());
  }

  /** Opens a folder of at least {@code leastClasses}, keeping decoded images up to a budget. */
  public static ImageSource open(
      Path folder, FolderOptions options, int leastClasses, long budget) {
    ClassFolders found = ClassFolders.scan(folder, leastClasses);
    FolderSource source = new FolderSource("folder " + folder, folder, found, true, options);
    if (!options.onDemand()) {
      source.decode(options, budget);
    }
    return source;
  }

  /** Opens single files, without labels, in the order given. */
  public static ImageSource files(List<Path> files, FolderOptions options) {
    if (files.isEmpty()) {
      throw new IllegalArgumentException("no image files given: at least one is needed");
    }
    ClassFolders found = new ClassFolders(List.of(), List.copyOf(files), new int[0]);
    FolderSource source =
        new FolderSource(
            files.size() == 1 ? "image " + files.getFirst() : files.size() + " images",
            null,
            found,
            false,
            options);
    if (!options.onDemand()) {
      source.decode(options, budget());
    }
    return source;
  }

  /** Bytes of decoded images that are kept: a third of what Java may use for its heap. */
  public static long budget() {
    return Runtime.getRuntime().maxMemory() / 3;
  }

  private void decode(FolderOptions options, long budget) {
    int n = files.length;
    boolean kept = n * format.bytes() <= budget;
    if (kept) {
      arena = Arena.ofShared();
      memory = arena.allocate(n * format.bytes(), 64);
      slots = IntStream.range(0, n).toArray();
    }
    String[] bad = new String[n];
    ProgressCounter progress = new ProgressCounter(options.progress(), n);
    try {
      ThreadLocal<MemorySegment> scratch =
          ThreadLocal.withInitial(() -> MemorySegment.ofArray(new byte[format.values()]));
      Parallel.forEach(
          n,
          options.threads(),
          i -> {
            try {
              decoding.read(files[i], kept ? slot(i) : scratch.get());
            } catch (UnreadableImageException e) {
              if (!options.skipBad()) {
                throw e;
              }
              bad[i] = e.reason();
            }
            progress.finishedOne();
          });
      leaveOut(bad);
    } catch (RuntimeException e) {
      close();
      throw e;
    }
  }

  private void leaveOut(String[] bad) {
    int[] good = IntStream.range(0, bad.length).filter(i -> bad[i] == null).toArray();
    if (good.length == bad.length) {
      return;
    }
    List<String> left = new ArrayList<>();
    for (int i = 0; i < bad.length; i++) {
      if (bad[i] != null) {
        left.add(name(i) + " " + bad[i]);
      }
    }
    skipped = List.copyOf(left);
    files = IntStream.of(good).mapToObj(i -> files[i]).toArray(Path[]::new);
    if (labels != null) {
      labels = IntStream.of(good).map(i -> labels[i]).toArray();
    }
    if (slots != null) {
      slots = good;
    }
    requireImages();
  }

  private void requireImages() {
    if (files.length == 0) {
      throw new AlexNetException(
          "%s holds no image that can be read: %s".formatted(description, skipped.getFirst()));
    }
    boolean[] seen = new boolean[classes.size()];
    if (labels != null) {
      IntStream.of(labels).forEach(label -> seen[label] = true);
    }
    for (int label = 0; label < seen.length; label++) {
      if (!seen[label]) {
        throw new AlexNetException(
            "class folder %s holds no image that can be read (%d bad files skipped): add some or remove it"
                .formatted(root.resolve(classes.get(label)), skipped.size()));
      }
    }
  }

  private MemorySegment slot(int slot) {
    return memory.asSlice(slot * format.bytes(), format.bytes());
  }

  @Override
  public String description() {
    return description;
  }

  @Override
  public int size() {
    return files.length;
  }

  @Override
  public Batch.Format format() {
    return format;
  }

  @Override
  public List<String> classNames() {
    return classes;
  }

  @Override
  public boolean labelled() {
    return labels != null;
  }

  @Override
  public int label(int i) {
    if (labels == null) {
      throw new IllegalStateException(description + " has no labels");
    }
    return labels[i];
  }

  /** The path below the folder, such as {@code cat/0001.jpg}; a single file's as it was given. */
  @Override
  public String name(int i) {
    return (root == null ? files[i] : root.relativize(files[i])).toString();
  }

  @Override
  public List<String> skipped() {
    return skipped;
  }

  @Override
  public MemorySegment pixels(int i) {
    return memory == null ? null : slot(slots[i]).asReadOnly();
  }

  @Override
  public void read(int i, MemorySegment to) {
    if (memory != null) {
      MemorySegment.copy(memory, slots[i] * format.bytes(), to, 0, format.bytes());
    } else {
      decoding.read(files[i], to);
    }
  }

  @Override
  public void close() {
    if (arena != null && closed.compareAndSet(false, true)) {
      arena.close();
    }
  }
}
