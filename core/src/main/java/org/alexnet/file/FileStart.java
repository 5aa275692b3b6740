package org.alexnet.file;

import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.Charset;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import org.alexnet.AlexNetException;

/** The first bytes of a file, by which formats are told apart. */
public final class FileStart {
  private static final int BYTES = 512;
  private static final int SHOWN = 16;

  private final byte[] bytes;

  private FileStart(byte[] bytes) {
    this.bytes = bytes;
  }

  /**
   * Reads them: 512, or as many as there are.
   *
   * @param file of any length
   * @return the first bytes
   * @throws AlexNetException if the file cannot be read
   */
  public static FileStart of(Path file) {
    try (InputStream in = Files.newInputStream(file)) {
      return new FileStart(in.readNBytes(BYTES));
    } catch (IOException e) {
      throw new AlexNetException(file + " cannot be read: " + DurableFiles.reason(e), e);
    }
  }

  /** {@return a copy of the bytes} */
  public byte[] bytes() {
    return bytes.clone();
  }

  /**
   * {@return the bytes as text, without a mark of the order of bytes}
   *
   * @param charset that it would be in
   */
  public String text(Charset charset) {
    return TextFiles.withoutMark(new String(bytes, charset));
  }

  /** A few of them as a phrase: {@code begins with "PK\x03\x04"}, or {@code is empty}. */
  @Override
  public String toString() {
    if (bytes.length == 0) {
      return "is empty";
    }
    StringBuilder text = new StringBuilder("begins with \"");
    for (byte b : Arrays.copyOf(bytes, Math.min(SHOWN, bytes.length))) {
      boolean plain = b >= ' ' && b < 0x7f && b != '"' && b != '\\';
      text.append(plain ? String.valueOf((char) b) : "\\x%02x".formatted(b & 0xff));
    }
    return text.append('"').toString();
  }
}
