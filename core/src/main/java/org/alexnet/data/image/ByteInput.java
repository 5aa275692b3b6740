package org.alexnet.data.image;

import javax.imageio.stream.ImageInputStreamImpl;

/** A file that was read whole, as Image I/O wants it: without a copy and without a cache file. */
final class ByteInput extends ImageInputStreamImpl {
  private final byte[] bytes;

  ByteInput(byte[] bytes) {
    this.bytes = bytes;
  }

  @Override
  public int read() {
    bitOffset = 0;
    return streamPos < bytes.length ? bytes[(int) streamPos++] & 0xFF : -1;
  }

  @Override
  public int read(byte[] to, int offset, int length) {
    bitOffset = 0;
    if (streamPos >= bytes.length) {
      return -1;
    }
    int n = (int) Math.min(length, bytes.length - streamPos);
    System.arraycopy(bytes, (int) streamPos, to, offset, n);
    streamPos += n;
    return n;
  }

  @Override
  public long length() {
    return bytes.length;
  }
}
