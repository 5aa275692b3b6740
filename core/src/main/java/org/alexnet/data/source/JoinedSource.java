package org.alexnet.data.source;

import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.alexnet.data.Batch;
import org.alexnet.data.ImageSource;

/** The images of one source and then those of another. */
final class JoinedSource implements ImageSource {
  private final ImageSource first;
  private final ImageSource second;

  JoinedSource(ImageSource first, ImageSource second) {
    if (!first.format().equals(second.format())) {
      throw new IllegalArgumentException(
          "%s has %s, %s has %s"
              .formatted(
                  first.description(), first.format(), second.description(), second.format()));
    }
    this.first = first;
    this.second = second;
  }

  @Override
  public String description() {
    return first.description() + " and " + second.description();
  }

  @Override
  public int size() {
    return Math.addExact(first.size(), second.size());
  }

  @Override
  public Batch.Format format() {
    return first.format();
  }

  @Override
  public List<String> classNames() {
    return first.classNames();
  }

  @Override
  public boolean labelled() {
    return first.labelled() && second.labelled();
  }

  @Override
  public int label(int i) {
    return i < first.size() ? first.label(i) : second.label(i - first.size());
  }

  @Override
  public String name(int i) {
    return i < first.size() ? first.name(i) : second.name(i - first.size());
  }

  @Override
  public List<String> skipped() {
    List<String> skipped = new ArrayList<>(first.skipped());
    skipped.addAll(second.skipped());
    return skipped;
  }

  @Override
  public Optional<Boolean> stretched() {
    return first.stretched().equals(second.stretched()) ? first.stretched() : Optional.empty();
  }

  @Override
  public void read(int i, MemorySegment to) {
    if (i < first.size()) {
      first.read(i, to);
    } else {
      second.read(i - first.size(), to);
    }
  }

  @Override
  public MemorySegment pixels(int i) {
    return i < first.size() ? first.pixels(i) : second.pixels(i - first.size());
  }

  @Override
  public void close() {
    first.close();
    second.close();
  }
}
