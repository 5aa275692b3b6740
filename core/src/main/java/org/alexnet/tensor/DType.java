package org.alexnet.tensor;

/** Element types of a safetensors file, under the names the file uses. */
public enum DType {
  /** IEEE single precision. */
  F32(4),
  /** IEEE double precision. */
  F64(8),
  /** IEEE half precision. */
  F16(2),
  /** The upper half of single precision. */
  BF16(2),
  /** Signed, 64 bits. */
  I64(8),
  /** Signed, 32 bits. */
  I32(4),
  /** Signed, 16 bits. */
  I16(2),
  /** Signed, 8 bits. */
  I8(1),
  /** Unsigned, 8 bits. */
  U8(1),
  /** 0 or 1 in a byte. */
  BOOL(1),
  /** Unsigned, 16 bits. */
  U16(2),
  /** Unsigned, 32 bits. */
  U32(4),
  /** Unsigned, 64 bits. */
  U64(8),
  /** Floating point, 4 bits of exponent and 3 of fraction. */
  F8_E4M3(1),
  /** Floating point, 5 bits of exponent and 2 of fraction. */
  F8_E5M2(1),
  /** A type that this program does not know; such a tensor can be listed but not read. */
  UNKNOWN(0);

  private final int bytes;

  DType(int bytes) {
    this.bytes = bytes;
  }

  /** {@return whether the elements are floating-point numbers} */
  public boolean floatingPoint() {
    return switch (this) {
      case F32, F64, F16, BF16, F8_E4M3, F8_E5M2 -> true;
      case I64, I32, I16, I8, U8, BOOL, U16, U32, U64, UNKNOWN -> false;
    };
  }

  /** {@return size of one element in bytes; 0 where that is not known} */
  public int bytes() {
    return bytes;
  }
}
