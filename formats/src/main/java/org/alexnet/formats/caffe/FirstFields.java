package org.alexnet.formats.caffe;

/**
 * Tells messages by their first fields. Protocol Buffers have no mark of their own, but fields are
 * written in the order of their numbers.
 */
final class FirstFields {
  private static final int VARINT = 0;
  private static final int LENGTH = 2;

  private FirstFields() {}

  /** A NetParameter: perhaps a name, then layers or, before them, inputs. */
  static boolean isNetwork(byte[] start) {
    int at = 0;
    if (start.length > 2 && start[0] == tag(1, LENGTH)) {
      int length = start[1] & 0xFF;
      for (int i = 2; i < 2 + length && i < start.length; i++) {
        if (start[i] < ' ') {
          return false;
        }
      }
      at = length < 0x80 ? 2 + length : start.length;
    }
    if (at + 1 >= start.length) {
      return false;
    }
    int next = start[at] & 0xFF;
    boolean layer = next == 0xA2 && start[at + 1] == 6; // field 100
    return layer || next == tag(2, LENGTH) || (at > 0 && next == tag(3, LENGTH));
  }

  /** A BlobProto: the four numbers of an early shape, or data at once. */
  static boolean isBlob(byte[] start) {
    int at = 0;
    int field = 1;
    while (field <= 4 && at < start.length && start[at] == tag(field, VARINT)) {
      at++;
      while (at < start.length && start[at] < 0) {
        at++;
      }
      at++;
      field++;
    }
    return (field == 1 || field == 5)
        && at < start.length
        && (start[at] == tag(5, LENGTH) || start[at] == tag(5, 5) || start[at] == tag(8, LENGTH));
  }

  private static int tag(int field, int type) {
    return field << 3 | type;
  }
}
