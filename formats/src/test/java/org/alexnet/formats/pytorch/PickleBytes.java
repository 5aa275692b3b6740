package org.alexnet.formats.pytorch;

import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;

/** A pickle, instruction by instruction. */
final class PickleBytes {
  private final ByteArrayOutputStream bytes = new ByteArrayOutputStream();

  PickleBytes() {
    code(0x80).code(2);
  }

  PickleBytes code(int... codes) {
    for (int code : codes) {
      bytes.write(code);
    }
    return this;
  }

  PickleBytes global(String module, String name) {
    code('c');
    bytes.writeBytes((module + "\n" + name + "\n").getBytes(StandardCharsets.US_ASCII));
    return this;
  }

  PickleBytes text(String text) {
    byte[] utf8 = text.getBytes(StandardCharsets.UTF_8);
    code('X').int32(utf8.length);
    bytes.writeBytes(utf8);
    return this;
  }

  PickleBytes number(int value) {
    return code('J').int32(value);
  }

  PickleBytes number(long value) {
    code(0x8a, 8);
    bytes.writeBytes(ByteBuffer.allocate(8).order(ByteOrder.LITTLE_ENDIAN).putLong(value).array());
    return this;
  }

  private PickleBytes int32(int value) {
    bytes.writeBytes(ByteBuffer.allocate(4).order(ByteOrder.LITTLE_ENDIAN).putInt(value).array());
    return this;
  }

  byte[] end() {
    code('.');
    return bytes.toByteArray();
  }
}
