package org.alexnet.data.source;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import org.alexnet.data.Batch;
import org.alexnet.data.ImageSource;
import org.alexnet.data.image.Picture;
import org.alexnet.data.image.Resizer;

/** Another source of bytes with every image scaled and cropped when it is read. */
final class ResizedSource extends ForwardingSource {
  private final Batch.Format format;
  private final boolean stretched;

  ResizedSource(ImageSource source, int height, int width, boolean stretched) {
    super(source);
    if (source.format().floats()) {
      throw new IllegalArgumentException(
          source.description() + " holds floating-point images, which are used as they are");
    }
    this.stretched = stretched;
    this.format = new Batch.Format(source.format().channels(), height, width, false);
  }

  @Override
  public Batch.Format format() {
    return format;
  }

  /** Those of the other source have another size. */
  @Override
  public MemorySegment pixels(int i) {
    return null;
  }

  @Override
  public void read(int i, MemorySegment to) {
    Batch.Format stored = source.format();
    byte[] image = new byte[stored.values()];
    source.read(i, MemorySegment.ofArray(image));
    int plane = stored.height() * stored.width();
    Picture picture = Picture.blank(stored.channels(), stored.width(), stored.height());
    for (int c = 0; c < stored.channels(); c++) {
      System.arraycopy(image, c * plane, picture.planes()[c], 0, plane);
    }
    Picture fitted =
        stretched
            ? Resizer.stretch(picture, format.height(), format.width())
            : Resizer.fit(picture, format.height(), format.width());
    int out = format.height() * format.width();
    for (int c = 0; c < format.channels(); c++) {
      MemorySegment.copy(fitted.planes()[c], 0, to, ValueLayout.JAVA_BYTE, (long) c * out, out);
    }
  }
}
