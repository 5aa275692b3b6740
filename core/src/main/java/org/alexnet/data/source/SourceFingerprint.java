package org.alexnet.data.source;

import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.List;
import org.alexnet.data.ImageSource;

/**
 * Tells one set of images from another wherever they lie: by their number, classes, names and
 * labels, and by the pixels of some of them.
 */
public final class SourceFingerprint {
  /** Images whose pixels are looked at, spread evenly over the source. */
  private static final int SAMPLES = 256;

  private SourceFingerprint() {}

  /**
   * {@return the fingerprint of a source: 64 hexadecimal digits}
   *
   * @param source of at least one image
   * @throws org.alexnet.AlexNetException if an image that is looked at cannot be read
   */
  public static String of(ImageSource source) {
    MessageDigest digest = sha256();
    int n = source.size();
    number(digest, n);
    text(digest, source.format().toString());
    List<String> classes = source.classNames();
    number(digest, classes.size());
    classes.forEach(name -> text(digest, name));
    for (int i = 0; i < n; i++) {
      text(digest, source.name(i));
      number(digest, source.labelled() ? source.label(i) : -1);
    }
    byte[] pixels = new byte[Math.toIntExact(source.format().bytes())];
    int samples = Math.min(n, SAMPLES);
    for (int k = 0; k < samples; k++) {
      source.read((int) ((long) k * n / samples), MemorySegment.ofArray(pixels));
      digest.update(pixels);
    }
    return HexFormat.of().formatHex(digest.digest());
  }

  private static MessageDigest sha256() {
    try {
      return MessageDigest.getInstance("SHA-256");
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException(e); // every Java has it
    }
  }

  private static void number(MessageDigest digest, int value) {
    digest.update(ByteBuffer.allocate(Integer.BYTES).putInt(0, value));
  }

  /** The length keeps two texts apart from one that joins them. */
  private static void text(MessageDigest digest, String text) {
    byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
    number(digest, bytes.length);
    digest.update(bytes);
  }
}
