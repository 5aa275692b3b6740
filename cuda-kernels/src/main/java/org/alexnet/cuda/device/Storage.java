package org.alexnet.cuda.device;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
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
    ByteBuffer buffer =
        ByteBuffer.allocate(Math.multiplyExact(values.length, bytes))
            .order(ByteOrder.nativeOrder());
    for (float value : values) {
      switch (this) {
        case FLOAT -> buffer.putFloat(value);
        case BFLOAT16 -> buffer.putShort(toBfloat16(value));
        case HALF -> buffer.putShort(Float.floatToFloat16(value));
        case BYTE -> buffer.put((byte) value);
      }
    }
    return buffer.array();
  }

  public float[] decode(byte[] data) {
    ByteBuffer buffer = ByteBuffer.wrap(data).order(ByteOrder.nativeOrder());
    float[] values = new float[data.length / bytes];
    for (int i = 0; i < values.length; i++) {
      values[i] =
          switch (this) {
            case FLOAT -> buffer.getFloat();
            case BFLOAT16 -> Float.intBitsToFloat(buffer.getShort() << 16);
            case HALF -> Float.float16ToFloat(buffer.getShort());
            case BYTE -> buffer.get() & 0xFF;
          };
    }
    return values;
  }

  private static short toBfloat16(float value) {
    int bits = Float.floatToRawIntBits(value);
    if (Float.isNaN(value)) {
      return (short) (bits >>> 16 | 0x40);
    }
    return (short) (bits + 0x7FFF + (bits >>> 16 & 1) >>> 16);
  }
}
