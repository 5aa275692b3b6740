package org.alexnet.data.source;

import java.lang.foreign.MemorySegment;
import java.util.List;
import java.util.Optional;
import org.alexnet.data.Batch;
import org.alexnet.data.ImageSource;

/**
 * Says of its images what another source says. Statistics are not passed on, for they are those of
 * all images as they are stored.
 */
abstract class ForwardingSource implements ImageSource {
  final ImageSource source;

  ForwardingSource(ImageSource source) {
    this.source = source;
  }

  @Override
  public String description() {
    return source.description();
  }

  @Override
  public int size() {
    return source.size();
  }

  @Override
  public Batch.Format format() {
    return source.format();
  }

  @Override
  public List<String> classNames() {
    return source.classNames();
  }

  @Override
  public boolean labelled() {
    return source.labelled();
  }

  @Override
  public int label(int i) {
    return source.label(i);
  }

  @Override
  public String name(int i) {
    return source.name(i);
  }

  @Override
  public List<String> skipped() {
    return source.skipped();
  }

  @Override
  public Optional<Boolean> stretched() {
    return source.stretched();
  }

  @Override
  public void read(int i, MemorySegment to) {
    source.read(i, to);
  }

  @Override
  public MemorySegment pixels(int i) {
    return source.pixels(i);
  }

  @Override
  public void close() {
    source.close();
  }
}
