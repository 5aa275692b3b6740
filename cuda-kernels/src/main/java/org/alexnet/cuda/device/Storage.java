package org.alexnet.cuda.device;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_FLOAT_UNALIGNED;
import static java.lang.foreign.ValueLayout.JAVA_SHORT_UNALIGNED;

import java.lang.foreign.MemorySegment;
import jcuda.cudaDataType;
import jcuda.jcudnn.cudnnDataType;
import org.alexnet.backend.Precision;

/** How a number is kept on the device. */
public enum Storage {
  FLOAT(4, cudaDataType.CUDA_R_32F, cudnnDataType.CUDNN_DATA_FLOAT),
  BFLOAT16(2, cudaDataType.CUDA_R_16BF, cudnnDataType.CUDNN_DATA_BFLOAT16),
  HALF(2, cudaDataType.CUDA_R_16F, cudnnDataType.CUDNN_DATA_HALF),
  /** Small whole numbers. */
  BYTE(1, cudaDataType.CUDA_R_8U, -1);

  private final int bytes;
  private final int blasType;
  private final int dnnType;

  Storage(int bytes, int blasType, int dnnType) {
    this.bytes = bytes;
    this.blasType = blasType;
    this.dnnType = dnnType;
  }

  /** That of activations and of their gradients. */
  public static Storage of(Precision precision) {
    return switch (precision) {
      case FP32, TF32 -> FLOAT;
      case BF16 -> BFLOAT16;
      case FP16 -> HALF;
    };
  }

  public int bytes() {
    return bytes;
  }

  public int blasType() {
    return blasType;
  }

  public int dnnType() {
    return dnnType;
  }

  /** Rounds to the nearest, ties to even. */
  public byte[] encode(float[] values) {
    byte[] data = new byte[Math.multiplyExact(values.length, bytes)];
    write(values, values.length, MemorySegment.ofArray(data));
    return data;
  }

  /** What {@link #encode} does, into memory that is there. */
  void write(float[] values, int count, MemorySegment to) {
    switch (this) {
      case FLOAT -> MemorySegment.copy(values, 0, to, JAVA_FLOAT_UNALIGNED, 0, count);
      case BFLOAT16 -> {
        for (int i = 0; i < count; i++) {
          to.setAtIndex(JAVA_SHORT_UNALIGNED, i, toBfloat16(values[i]));
        }
      }
      case HALF -> {
        for (int i = 0; i < count; i++) {
          to.setAtIndex(JAVA_SHORT_UNALIGNED, i, Float.floatToFloat16(values[i]));
        }
      }
      case BYTE -> {
        for (int i = 0; i < count; i++) {
          to.set(JAVA_BYTE, i, (byte) values[i]);
        }
      }
    }
  }

  public float[] decode(byte[] data) {
    float[] values = new float[data.length / bytes];
    read(MemorySegment.ofArray(data), values.length, values);
    return values;
  }

  /** What {@link #decode} does, into an array that is there. */
  void read(MemorySegment from, int count, float[] values) {
    switch (this) {
      case FLOAT -> MemorySegment.copy(from, JAVA_FLOAT_UNALIGNED, 0, values, 0, count);
      case BFLOAT16 -> {
        for (int i = 0; i < count; i++) {
          values[i] = Float.intBitsToFloat(from.getAtIndex(JAVA_SHORT_UNALIGNED, i) << 16);
        }
      }
      case HALF -> {
        for (int i = 0; i < count; i++) {
          values[i] = Float.float16ToFloat(from.getAtIndex(JAVA_SHORT_UNALIGNED, i));
        }
      }
      case BYTE -> {
        for (int i = 0; i < count; i++) {
          values[i] = from.get(JAVA_BYTE, i) & 0xFF;
        }
      }
    }
  }

  private static short toBfloat16(float value) {
    int bits = Float.floatToRawIntBits(value);
    if (Float.isNaN(value)) {
      return (short) (bits >>> 16 | 0x40);
    }
    return (short) (bits + 0x7FFF + (bits >>> 16 & 1) >>> 16);
  }
}
