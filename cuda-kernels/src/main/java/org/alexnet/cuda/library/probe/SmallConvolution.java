package org.alexnet.cuda.library.probe;

import static jcuda.jcudnn.cudnnConvolutionFwdAlgo.CUDNN_CONVOLUTION_FWD_ALGO_IMPLICIT_GEMM;
import static jcuda.jcudnn.cudnnConvolutionMode.CUDNN_CROSS_CORRELATION;
import static jcuda.jcudnn.cudnnDataType.CUDNN_DATA_FLOAT;
import static jcuda.jcudnn.cudnnMathType.CUDNN_FMA_MATH;
import static jcuda.jcudnn.cudnnTensorFormat.CUDNN_TENSOR_NCHW;

import java.nio.ByteOrder;
import java.nio.FloatBuffer;
import jcuda.Pointer;
import jcuda.driver.CUdeviceptr;
import jcuda.driver.CUstream;
import jcuda.driver.JCudaDriver;
import jcuda.jcudnn.JCudnn;
import jcuda.jcudnn.cudnnConvolutionDescriptor;
import jcuda.jcudnn.cudnnFilterDescriptor;
import jcuda.jcudnn.cudnnHandle;
import jcuda.jcudnn.cudnnTensorDescriptor;
import jcuda.runtime.cudaStream_t;
import org.alexnet.AlexNetException;

/**
 * A convolution of small integers, whose result is exact, on the current device: an image [1, 2, 5,
 * 5] by filters [3, 2, 3, 3], padded by 1, to [1, 3, 5, 5]. What it takes is left to the end of the
 * process.
 */
final class SmallConvolution {
  private static final int CHANNELS = 2;
  private static final int OUTPUTS = 3;
  private static final int SIZE = 5;
  private static final int KERNEL = 3;
  private static final int PAD = 1;

  private final DeviceProbe probe;
  private final cudnnHandle handle;
  private final CUstream stream = new CUstream();
  private final cudnnTensorDescriptor x = new cudnnTensorDescriptor();
  private final cudnnFilterDescriptor w = new cudnnFilterDescriptor();
  private final cudnnTensorDescriptor y = new cudnnTensorDescriptor();
  private final cudnnConvolutionDescriptor convolution = new cudnnConvolutionDescriptor();

  SmallConvolution(DeviceProbe probe, cudnnHandle handle) {
    this.probe = probe;
    this.handle = handle;
  }

  /**
   * Computes and compares it.
   *
   * @throws AlexNetException if a call fails or the result is wrong
   */
  void run() {
    float[] image = integers(CHANNELS * SIZE * SIZE, 7);
    float[] filters = integers(OUTPUTS * CHANNELS * KERNEL * KERNEL, 5);
    probe.driver("cuStreamCreate", () -> JCudaDriver.cuStreamCreate(stream, 1));
    probe.cudnn("cudnnSetStream", () -> JCudnn.cudnnSetStream(handle, new cudaStream_t(stream)));
    describe();
    float[] result = compute(image, filters);
    float[] expected = expected(image, filters);
    for (int i = 0; i < expected.length; i++) {
      if (result[i] != expected[i]) {
        throw new AlexNetException(
            "cuDNN computed a small convolution wrongly: element %d is %s and must be %s; install a release of cuDNN 9 made for the CUDA that is there."
                .formatted(i, result[i], expected[i]));
      }
    }
  }

  private void describe() {
    probe.cudnn("cudnnCreateTensorDescriptor", () -> JCudnn.cudnnCreateTensorDescriptor(x));
    probe.cudnn("cudnnCreateTensorDescriptor", () -> JCudnn.cudnnCreateTensorDescriptor(y));
    probe.cudnn("cudnnCreateFilterDescriptor", () -> JCudnn.cudnnCreateFilterDescriptor(w));
    probe.cudnn(
        "cudnnCreateConvolutionDescriptor",
        () -> JCudnn.cudnnCreateConvolutionDescriptor(convolution));
    probe.cudnn("cudnnSetTensor4dDescriptor", () -> set(x, CHANNELS));
    probe.cudnn("cudnnSetTensor4dDescriptor", () -> set(y, OUTPUTS));
    probe.cudnn(
        "cudnnSetFilter4dDescriptor",
        () ->
            JCudnn.cudnnSetFilter4dDescriptor(
                w, CUDNN_DATA_FLOAT, CUDNN_TENSOR_NCHW, OUTPUTS, CHANNELS, KERNEL, KERNEL));
    probe.cudnn(
        "cudnnSetConvolution2dDescriptor",
        () ->
            JCudnn.cudnnSetConvolution2dDescriptor(
                convolution, PAD, PAD, 1, 1, 1, 1, CUDNN_CROSS_CORRELATION, CUDNN_DATA_FLOAT));
    probe.cudnn(
        "cudnnSetConvolutionMathType",
        () -> JCudnn.cudnnSetConvolutionMathType(convolution, CUDNN_FMA_MATH));
  }

  private static int set(cudnnTensorDescriptor tensor, int channels) {
    return JCudnn.cudnnSetTensor4dDescriptor(
        tensor, CUDNN_TENSOR_NCHW, CUDNN_DATA_FLOAT, 1, channels, SIZE, SIZE);
  }

  private float[] compute(float[] image, float[] filters) {
    int algorithm = CUDNN_CONVOLUTION_FWD_ALGO_IMPLICIT_GEMM;
    long[] workspace = new long[1];
    probe.cudnn(
        "cudnnGetConvolutionForwardWorkspaceSize",
        () ->
            JCudnn.cudnnGetConvolutionForwardWorkspaceSize(
                handle, x, w, convolution, y, algorithm, workspace));
    CUdeviceptr onDevice = device(Math.max(1, workspace[0]));
    CUdeviceptr xs = upload(image);
    CUdeviceptr ws = upload(filters);
    float[] result = new float[OUTPUTS * SIZE * SIZE];
    CUdeviceptr ys = upload(result);
    Pointer one = Pointer.to(new float[] {1});
    Pointer zero = Pointer.to(new float[] {0});
    probe.cudnn(
        "cudnnConvolutionForward",
        () ->
            JCudnn.cudnnConvolutionForward(
                handle,
                one,
                x,
                xs,
                w,
                ws,
                convolution,
                algorithm,
                onDevice,
                workspace[0],
                zero,
                y,
                ys));
    download(ys, result);
    return result;
  }

  private CUdeviceptr device(long bytes) {
    CUdeviceptr memory = new CUdeviceptr();
    probe.driver("cuMemAlloc", () -> JCudaDriver.cuMemAlloc(memory, bytes));
    return memory;
  }

  private Pointer pinned(long bytes) {
    Pointer memory = new Pointer();
    probe.driver("cuMemHostAlloc", () -> JCudaDriver.cuMemHostAlloc(memory, bytes, 0));
    return memory;
  }

  private static FloatBuffer floats(Pointer pinned, long bytes) {
    return pinned.getByteBuffer(0, bytes).order(ByteOrder.nativeOrder()).asFloatBuffer();
  }

  private CUdeviceptr upload(float[] values) {
    long bytes = 4L * values.length;
    CUdeviceptr memory = device(bytes);
    Pointer host = pinned(bytes);
    floats(host, bytes).put(values);
    probe.driver(
        "cuMemcpyHtoDAsync", () -> JCudaDriver.cuMemcpyHtoDAsync(memory, host, bytes, stream));
    probe.driver("cuStreamSynchronize", () -> JCudaDriver.cuStreamSynchronize(stream));
    return memory;
  }

  private void download(CUdeviceptr memory, float[] values) {
    long bytes = 4L * values.length;
    Pointer host = pinned(bytes);
    probe.driver(
        "cuMemcpyDtoHAsync", () -> JCudaDriver.cuMemcpyDtoHAsync(host, memory, bytes, stream));
    probe.driver("cuStreamSynchronize", () -> JCudaDriver.cuStreamSynchronize(stream));
    floats(host, bytes).get(values);
  }

  /** Small integers about 0, in no simple order. */
  private static float[] integers(int count, int range) {
    float[] values = new float[count];
    for (int i = 0; i < count; i++) {
      values[i] = (i * 31 + i / 3) % range - range / 2;
    }
    return values;
  }

  /** Plain loops: y[k][i][j] = sum over c, u, v of x[c][i + u - 1][j + v - 1] w[k][c][u][v]. */
  private static float[] expected(float[] image, float[] filters) {
    float[] result = new float[OUTPUTS * SIZE * SIZE];
    for (int k = 0; k < OUTPUTS; k++) {
      for (int i = 0; i < SIZE; i++) {
        for (int j = 0; j < SIZE; j++) {
          float sum = 0;
          for (int t = 0; t < CHANNELS * KERNEL * KERNEL; t++) {
            int c = t / (KERNEL * KERNEL);
            int row = i + t / KERNEL % KERNEL - PAD;
            int column = j + t % KERNEL - PAD;
            if (row >= 0 && row < SIZE && column >= 0 && column < SIZE) {
              sum +=
                  image[(c * SIZE + row) * SIZE + column]
                      * filters[k * CHANNELS * KERNEL * KERNEL + t];
            }
          }
          result[(k * SIZE + i) * SIZE + j] = sum;
        }
      }
    }
    return result;
  }
}
