package org.alexnet.data.source;

import java.lang.foreign.MemorySegment;
import java.util.List;
import org.alexnet.data.ImageSource;

/** Another source with some of its images, or with other labels. */
final class View extends ForwardingSource {
  private final String description;

  /** Numbers of the images in the source; null for all. */
  private final int[] indices;

  /** Label for each label of the source; null for the same. */
  private final int[] labels;

  private final List<String> classes;

  View(ImageSource source, int[] indices, String description) {
    super(source);
    this.indices = indices;
    this.description = description;
    this.labels = null;
    this.classes = source.classNames();
  }

  View(ImageSource source, int[] labels, List<String> classes) {
    super(source);
    this.indices = null;
    this.description = source.description();
    this.labels = labels;
    this.classes = List.copyOf(classes);
  }

  private int in(int i) {
    return indices == null ? i : indices[i];
  }

  @Override
  public String description() {
    return description;
  }

  @Override
  public int size() {
    return indices == null ? source.size() : indices.length;
  }

  @Override
  public List<String> classNames() {
    return classes;
  }

  @Override
  public int label(int i) {
    int label = source.label(in(i));
    return labels == null ? label : labels[label];
  }

  @Override
  public String name(int i) {
    return source.name(in(i));
  }

  @Override
  public void read(int i, MemorySegment to) {
    source.read(in(i), to);
  }

  @Override
  public MemorySegment pixels(int i) {
    return source.pixels(in(i));
  }
}
