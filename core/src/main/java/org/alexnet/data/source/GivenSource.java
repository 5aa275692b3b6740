package org.alexnet.data.source;

import java.lang.foreign.MemorySegment;
import java.util.List;
import java.util.Optional;
import org.alexnet.AlexNetException;
import org.alexnet.data.Batch;
import org.alexnet.data.ImageSource;
import org.alexnet.data.PixelStatistics;

/** A source of a program's own, looked over once, and left open when this is closed. */
final class GivenSource implements ImageSource {
  private final ImageSource source;

  GivenSource(ImageSource source) {
    this.source = source;
    Batch.Format format = source.format();
    if (source.size() < 1) {
      throw new AlexNetException(
          "%s holds no images; at least one is required".formatted(source.description()));
    }
    if (format.channels() < 1 || format.height() < 1 || format.width() < 1) {
      throw new AlexNetException(
          "%s says that its images are %d x %d x %d (channels x height x width)"
              .formatted(source.description(), format.channels(), format.height(), format.width()));
    }
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
  public void read(int i, MemorySegment to) {
    source.read(i, to);
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
  public PixelStatistics statistics() {
    return source.statistics();
  }
}
