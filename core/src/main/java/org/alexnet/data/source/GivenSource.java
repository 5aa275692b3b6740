package org.alexnet.data.source;

import org.alexnet.AlexNetException;
import org.alexnet.data.Batch;
import org.alexnet.data.ImageSource;
import org.alexnet.data.PixelStatistics;

/** A source of a program's own, looked over once, and left open when this is closed. */
final class GivenSource extends ForwardingSource {
  GivenSource(ImageSource source) {
    super(source);
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

  /** It belongs to the program. */
  @Override
  public void close() {}

  @Override
  public PixelStatistics statistics() {
    return source.statistics();
  }
}
