package org.alexnet.tensor;

/** Element types of a safetensors file, under the names the file uses. */
public enum DType {
  F32(4),
  F64(8),
  F16(2),
  BF16(2),
  I64(8),
  I32(4),
  I16(2),
  I8(1),
  U8(1),
  BOOL(1),
  U16(2),
  U32(4),
  U64(8),
  F8_E4M3(1),
  F8_E5M2(1),
  /** A type that this program does not know; such a tensor can be listed but not read. */
  UNKNOWN(0);

  private final int bytes;

  DType(int bytes) {
    this.bytes = bytes;
  }

  /** Whether the elements are floating-point numbers. */
  public boolean floatingPoint() {
    return switch (this) {
      case F32, F64, F16, BF16, F8_E4M3, F8_E5M2 -> true;
      case I64, I32, I16, I8, U8, BOOL, U16, U32, U64, UNKNOWN -> false;
    };
  }

  /** Size of one element in bytes; 0 where that is not known. */
  public int bytes() {
    return bytes;
  }
}
