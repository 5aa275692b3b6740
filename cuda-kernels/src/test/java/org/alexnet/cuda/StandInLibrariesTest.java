package org.alexnet.cuda;

import static jcuda.driver.JCudaDriver.*;
import static jcuda.jcublas.JCublas2.*;
import static jcuda.jcudnn.JCudnn.*;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;

import java.util.Arrays;
import java.util.Random;
import jcuda.Pointer;
import jcuda.cudaDataType;
import jcuda.driver.*;
import jcuda.jcublas.cublasHandle;
import jcuda.jcudnn.*;
import jcuda.runtime.cudaStream_t;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** The stand-ins for cuBLAS and cuDNN compute what the libraries document, on small integers. */
@Tag(StandInCount.STAND_IN)
final class StandInLibrariesTest extends StandInFixture {
  private static final int COMPUTE_32F = 68;
  private static final int COMPUTE_32F_FAST_TF32 = 77;
  private static final int BFLOAT16 = 14;

  private final Random random = new Random(1);

  // ---- cuBLAS ----

  @ParameterizedTest
  @CsvSource({
    "0, 0, 0", "0, 1, 0", "1, 0, 0", "1, 1, 0", "0, 0, 1", "0, 1, 1", "1, 0, 1", "1, 1, 1"
  })
  void productsAreRight(int transposeA, int transposeB, float beta) {
    int m = 13, n = 37, k = 21;
    CUstream stream = stream();
    cublasHandle handle = blas(stream);
    int lda = (transposeA == 1 ? k : m) + 3;
    int ldb = (transposeB == 1 ? n : k) + 5;
    int ldc = m + 2;
    float[] a = integers(lda * (transposeA == 1 ? m : k));
    float[] b = integers(ldb * (transposeB == 1 ? k : n));
    float[] c = integers(ldc * n);
    CUdeviceptr toC = upload(c, stream);
    ok(
        gemm(
            handle,
            transposeA,
            transposeB,
            m,
            n,
            k,
            upload(a, stream),
            lda,
            upload(b, stream),
            ldb,
            beta,
            toC,
            ldc,
            COMPUTE_32F));
    float[] got = read(toC, c.length, stream);
    for (int j = 0; j < n; j++) {
      for (int i = 0; i < ldc; i++) {
        double sum = beta * c[j * ldc + i];
        for (int p = 0; p < k && i < m; p++) {
          sum +=
              (double) a[transposeA == 1 ? i * lda + p : p * lda + i]
                  * b[transposeB == 1 ? p * ldb + j : j * ldb + p];
        }
        assertEquals(i < m ? sum : c[j * ldc + i], got[j * ldc + i], i + ", " + j);
      }
    }
  }

  @Test
  void tf32Rounds() {
    CUstream stream = stream();
    cublasHandle handle = blas(stream);
    CUdeviceptr a = upload(new float[] {1 + 0x1p-12f}, stream);
    CUdeviceptr one = upload(new float[] {1}, stream);
    CUdeviceptr c = upload(new float[1], stream);
    ok(gemm(handle, 0, 0, 1, 1, 1, a, 1, one, 1, 0, c, 1, COMPUTE_32F));
    assertEquals(1 + 0x1p-12f, read(c, 1, stream)[0]);
    ok(gemm(handle, 0, 0, 1, 1, 1, a, 1, one, 1, 0, c, 1, COMPUTE_32F_FAST_TF32));
    assertEquals(1, read(c, 1, stream)[0]);
  }

  @Test
  void bfloat16ProductsAreSummedInFloat() {
    CUstream stream = stream();
    cublasHandle handle = blas(stream);
    // Two values of 16 bits in each word: 3, 5 and 2, 7.
    CUdeviceptr a = upload(new float[] {pair(3, 5)}, stream);
    CUdeviceptr b = upload(new float[] {pair(2, 7)}, stream);
    CUdeviceptr c = upload(new float[1], stream);
    int status =
        cublasGemmEx_new(
            handle,
            0,
            0,
            1,
            1,
            2,
            f(1),
            a,
            BFLOAT16,
            1,
            b,
            BFLOAT16,
            2,
            f(0),
            c,
            cudaDataType.CUDA_R_32F,
            1,
            COMPUTE_32F,
            -1);
    ok(status);
    assertEquals(3 * 2 + 5 * 7, read(c, 1, stream)[0]);
    status =
        cublasGemmEx_new(
            handle,
            0,
            0,
            1,
            1,
            2,
            f(1),
            a,
            BFLOAT16,
            1,
            b,
            cudaDataType.CUDA_R_16F,
            2,
            f(0),
            c,
            cudaDataType.CUDA_R_32F,
            1,
            COMPUTE_32F,
            -1);
    assertEquals(15, status, "types that cuBLAS does not multiply");
  }

  @Test
  void aProductOutsideItsMemoryIsNoticed() {
    CUstream stream = stream();
    cublasHandle handle = blas(stream);
    CUdeviceptr a = upload(new float[15], stream);
    CUdeviceptr c = upload(new float[16], stream);
    ok(gemm(handle, 0, 0, 4, 4, 4, a, 4, c, 4, 0, c, 4, COMPUTE_32F));
    violated(700, "gemm (stream", stream);
  }

  @Test
  void aCapturedProductWantsAWorkspace() {
    CUstream stream = stream();
    cublasHandle handle = blas(stream);
    CUdeviceptr c = upload(new float[16], stream);
    ok(cuStreamBeginCapture(stream, CUstreamCaptureMode.CU_STREAM_CAPTURE_MODE_GLOBAL));
    assertNotEquals(0, gemm(handle, 0, 0, 2, 2, 2, c, 2, c, 2, 0, c, 2, COMPUTE_32F));
    CUgraph graph = new CUgraph();
    cuStreamEndCapture(stream, graph);
    cuGraphDestroy(graph);
    violated(719, "no workspace of ours", stream);
  }

  @Test
  void aCapturedProductIsReplayed() {
    CUstream stream = stream();
    cublasHandle handle = blas(stream);
    ok(cublasSetWorkspace(handle, allocate(4096), 4096));
    CUdeviceptr two = upload(new float[] {2}, stream);
    CUdeviceptr one = upload(new float[] {1}, stream);
    CUdeviceptr c = upload(new float[] {0}, stream);
    ok(cuStreamBeginCapture(stream, CUstreamCaptureMode.CU_STREAM_CAPTURE_MODE_GLOBAL));
    ok(gemm(handle, 0, 0, 1, 1, 1, two, 1, one, 1, 1, c, 1, COMPUTE_32F));
    CUgraph graph = new CUgraph();
    ok(cuStreamEndCapture(stream, graph));
    CUgraphExec exec = new CUgraphExec();
    ok(cuGraphInstantiate(exec, graph, 0));
    for (int i = 0; i < 3; i++) {
      ok(cuGraphLaunch(exec, stream));
    }
    assertEquals(6, read(c, 1, stream)[0]);
    ok(cuGraphExecDestroy(exec));
    ok(cuGraphDestroy(graph));
  }

  // ---- cuDNN ----

  @ParameterizedTest
  @CsvSource({
    // layout, groups, kernel, stride, pad
    "0, 1, 3, 1, 1",
    "0, 2, 5, 2, 2",
    "0, 2, 3, 4, 0",
    "1, 1, 3, 1, 1",
    "1, 2, 3, 2, 2"
  })
  void convolutionsAreRight(int layout, int groups, int kernel, int stride, int pad) {
    Conv conv = new Conv(layout, 2, 6, 11, 9, 4, groups, kernel, stride, pad);
    float[] x = integers(conv.xSize());
    float[] w = integers(conv.wSize());
    float[] dy = integers(conv.ySize());
    float[] y = new float[conv.ySize()];
    float[] dx = new float[conv.xSize()];
    float[] dw = new float[conv.wSize()];
    conv.each(
        (xi, wi, yi) -> {
          y[yi] += x[xi] * w[wi];
          dx[xi] += dy[yi] * w[wi];
          dw[wi] += dy[yi] * x[xi];
        });
    CUdeviceptr onX = upload(x, conv.stream);
    CUdeviceptr onW = upload(w, conv.stream);
    CUdeviceptr onDy = upload(dy, conv.stream);
    for (int algorithm = 0; algorithm < 2; algorithm++) {
      CUdeviceptr result = upload(new float[y.length], conv.stream);
      ok(conv.forward(onX, onW, result, algorithm, 0));
      same(y, 1, read(result, y.length, conv.stream));
      ok(conv.forward(onX, onW, result, algorithm, 1));
      same(y, 2, read(result, y.length, conv.stream));
      result = upload(new float[x.length], conv.stream);
      ok(conv.backwardData(onW, onDy, result, algorithm, 0));
      same(dx, 1, read(result, dx.length, conv.stream));
      ok(conv.backwardData(onW, onDy, result, algorithm, 1));
      same(dx, 2, read(result, dx.length, conv.stream));
      result = upload(new float[w.length], conv.stream);
      ok(conv.backwardWeights(onX, onDy, result, algorithm, 0));
      same(dw, 1, read(result, dw.length, conv.stream));
      ok(conv.backwardWeights(onX, onDy, result, algorithm, 1));
      same(dw, 2, read(result, dw.length, conv.stream));
    }
  }

  @Test
  void onlyTheDeterministicAlgorithmRepeatsItsBits() {
    Conv conv = new Conv(0, 2, 6, 11, 9, 4, 1, 3, 1, 1);
    float[] x = new float[conv.xSize()];
    float[] dy = new float[conv.ySize()];
    for (int i = 0; i < x.length; i++) {
      x[i] = random.nextFloat();
    }
    for (int i = 0; i < dy.length; i++) {
      dy[i] = random.nextFloat();
    }
    CUdeviceptr onX = upload(x, conv.stream);
    CUdeviceptr onDy = upload(dy, conv.stream);
    for (int algorithm = 0; algorithm < 2; algorithm++) {
      CUdeviceptr result = upload(new float[conv.wSize()], conv.stream);
      ok(conv.backwardWeights(onX, onDy, result, algorithm, 0));
      float[] once = read(result, conv.wSize(), conv.stream);
      ok(conv.backwardWeights(onX, onDy, result, algorithm, 0));
      float[] twice = read(result, conv.wSize(), conv.stream);
      assertEquals(algorithm == 1, Arrays.equals(once, twice));
    }
  }

  @Test
  void badConvolutionsAreRefused() {
    Conv conv = new Conv(0, 2, 6, 11, 9, 4, 1, 3, 1, 1);
    CUdeviceptr x = upload(new float[conv.xSize()], conv.stream);
    CUdeviceptr y = upload(new float[conv.ySize()], conv.stream);
    CUdeviceptr w = upload(new float[conv.wSize()], conv.stream);
    conv.lessWorkspace = 1;
    assertEquals(2000, conv.forward(x, w, y, 1, 0));
    conv.lessWorkspace = 0;
    ok(cudnnSetTensor4dDescriptor(conv.y, 1, 0, 2, 4, conv.outH, conv.outW));
    assertEquals(2000, conv.forward(x, w, y, 0, 0), "layouts differ");
    ok(cudnnSetTensor4dDescriptor(conv.y, 0, 0, 2, 4, conv.outH + 1, conv.outW));
    assertEquals(2000, conv.forward(x, w, y, 0, 0), "a size that does not follow");
    ok(cudnnSetTensor4dDescriptor(conv.y, 0, 2, 2, 4, conv.outH, conv.outW));
    assertEquals(2000, conv.forward(x, w, y, 0, 0), "types differ");
    cudnnTensorDescriptor fresh = new cudnnTensorDescriptor();
    ok(cudnnCreateTensorDescriptor(fresh));
    endings.add(() -> ok(cudnnDestroyTensorDescriptor(fresh)));
    conv.y = fresh;
    assertEquals(2000, conv.forward(x, w, y, 0, 0), "never set");
  }

  @Test
  void aConvolutionOutsideItsMemoryIsNoticed() {
    Conv conv = new Conv(0, 2, 6, 11, 9, 4, 1, 3, 1, 1);
    CUdeviceptr x = upload(new float[conv.xSize()], conv.stream);
    CUdeviceptr y = upload(new float[conv.ySize() - 1], conv.stream);
    CUdeviceptr w = upload(new float[conv.wSize()], conv.stream);
    ok(conv.forward(x, w, y, 0, 0));
    violated(700, "conv forward (stream", conv.stream);
  }

  @Test
  void aSharedWorkspaceIsNoticed() {
    Conv conv = new Conv(0, 2, 6, 11, 9, 4, 1, 3, 1, 1);
    CUdeviceptr x = upload(new float[conv.xSize()], conv.stream);
    CUdeviceptr y = upload(new float[conv.ySize()], conv.stream);
    CUdeviceptr w = upload(new float[conv.wSize()], conv.stream);
    CUdeviceptr space = allocate(1 << 16);
    conv.space = space;
    ok(conv.forward(x, w, y, 1, 0));
    CUstream other = stream();
    cublasHandle handle = blas(other);
    ok(cublasSetWorkspace(handle, space, 1 << 16));
    CUdeviceptr c = upload(new float[4], other);
    ok(gemm(handle, 0, 0, 2, 2, 2, c, 2, c, 2, 0, c, 2, COMPUTE_32F));
    ok(cuStreamSynchronize(conv.stream));
    violated(719, "nothing orders it after conv forward", other);
  }

  // ---- what the tests call ----

  private interface Term {
    void at(int x, int w, int y);
  }

  /** A convolution's descriptors, sizes and calls. */
  private final class Conv {
    final CUstream stream = stream();
    final cudnnHandle handle = new cudnnHandle();
    final cudnnTensorDescriptor x = new cudnnTensorDescriptor();
    cudnnTensorDescriptor y = new cudnnTensorDescriptor();
    final cudnnFilterDescriptor w = new cudnnFilterDescriptor();
    final cudnnConvolutionDescriptor convolution = new cudnnConvolutionDescriptor();
    final int layout, n, c, h, width, k, groups, kernel, stride, pad, outH, outW;
    int lessWorkspace;
    CUdeviceptr space;

    Conv(
        int layout,
        int n,
        int c,
        int h,
        int width,
        int k,
        int groups,
        int kernel,
        int stride,
        int pad) {
      this.layout = layout;
      this.n = n;
      this.c = c;
      this.h = h;
      this.width = width;
      this.k = k;
      this.groups = groups;
      this.kernel = kernel;
      this.stride = stride;
      this.pad = pad;
      outH = (h + 2 * pad - kernel) / stride + 1;
      outW = (width + 2 * pad - kernel) / stride + 1;
      ok(cudnnCreate(handle));
      ok(cudnnSetStream(handle, new cudaStream_t(stream)));
      ok(cudnnCreateTensorDescriptor(x));
      ok(cudnnCreateTensorDescriptor(y));
      ok(cudnnCreateFilterDescriptor(w));
      ok(cudnnCreateConvolutionDescriptor(convolution));
      ok(cudnnSetTensor4dDescriptor(x, layout, 0, n, c, h, width));
      ok(cudnnSetTensor4dDescriptor(y, layout, 0, n, k, outH, outW));
      ok(cudnnSetFilter4dDescriptor(w, 0, layout, k, c / groups, kernel, kernel));
      ok(cudnnSetConvolution2dDescriptor(convolution, pad, pad, stride, stride, 1, 1, 1, 0));
      ok(cudnnSetConvolutionGroupCount(convolution, groups));
      ok(cudnnSetConvolutionMathType(convolution, cudnnMathType.CUDNN_FMA_MATH));
      cudnnTensorDescriptor ownY = y;
      endings.add(
          () -> {
            ok(cudnnDestroyConvolutionDescriptor(convolution));
            ok(cudnnDestroyFilterDescriptor(w));
            ok(cudnnDestroyTensorDescriptor(ownY));
            ok(cudnnDestroyTensorDescriptor(x));
            ok(cudnnDestroy(handle));
          });
    }

    int xSize() {
      return n * c * h * width;
    }

    int wSize() {
      return k * c / groups * kernel * kernel;
    }

    int ySize() {
      return n * k * outH * outW;
    }

    private int at(int i, int j, int y, int x, int channels, int rows, int columns) {
      return layout == 0
          ? ((i * channels + j) * rows + y) * columns + x
          : ((i * rows + y) * columns + x) * channels + j;
    }

    /** All terms of the sums, as places in x, w and y. */
    void each(Term term) {
      int channels = c / groups;
      for (int i = 0; i < n; i++) {
        for (int f = 0; f < k; f++) {
          for (int p = 0; p < outH * outW; p++) {
            for (int t = 0; t < channels * kernel * kernel; t++) {
              int channel = t / (kernel * kernel);
              int r = t / kernel % kernel;
              int s = t % kernel;
              int row = p / outW * stride - pad + r;
              int column = p % outW * stride - pad + s;
              if (row < 0 || row >= h || column < 0 || column >= width) {
                continue;
              }
              int group = f / (k / groups);
              term.at(
                  at(i, group * channels + channel, row, column, c, h, width),
                  at(f, channel, r, s, channels, kernel, kernel),
                  at(i, f, p / outW, p % outW, k, outH, outW));
            }
          }
        }
      }
    }

    private Pointer space(long[] size) {
      size[0] -= lessWorkspace;
      if (space == null && size[0] > 0) {
        return allocate(size[0]);
      }
      return size[0] > 0 ? space : new CUdeviceptr();
    }

    int forward(CUdeviceptr from, CUdeviceptr filter, CUdeviceptr to, int algorithm, float beta) {
      long[] size = new long[1];
      int status =
          cudnnGetConvolutionForwardWorkspaceSize(handle, x, w, convolution, y, algorithm, size);
      if (status != 0) {
        size[0] = 0; // the call itself must refuse too
      }
      return cudnnConvolutionForward(
          handle,
          f(1),
          x,
          from,
          w,
          filter,
          convolution,
          algorithm,
          space(size),
          size[0],
          f(beta),
          y,
          to);
    }

    int backwardData(
        CUdeviceptr filter, CUdeviceptr dy, CUdeviceptr to, int algorithm, float beta) {
      long[] size = new long[1];
      ok(
          cudnnGetConvolutionBackwardDataWorkspaceSize(
              handle, w, y, convolution, x, algorithm, size));
      return cudnnConvolutionBackwardData(
          handle,
          f(1),
          w,
          filter,
          y,
          dy,
          convolution,
          algorithm,
          space(size),
          size[0],
          f(beta),
          x,
          to);
    }

    int backwardWeights(
        CUdeviceptr from, CUdeviceptr dy, CUdeviceptr to, int algorithm, float beta) {
      long[] size = new long[1];
      ok(
          cudnnGetConvolutionBackwardFilterWorkspaceSize(
              handle, x, y, convolution, w, algorithm, size));
      return cudnnConvolutionBackwardFilter(
          handle,
          f(1),
          x,
          from,
          y,
          dy,
          convolution,
          algorithm,
          space(size),
          size[0],
          f(beta),
          w,
          to);
    }
  }

  private cublasHandle blas(CUstream stream) {
    cublasHandle handle = new cublasHandle();
    ok(cublasCreate(handle));
    ok(cublasSetStream(handle, new cudaStream_t(stream)));
    endings.add(() -> ok(cublasDestroy(handle)));
    return handle;
  }

  private static int gemm(
      cublasHandle handle,
      int transposeA,
      int transposeB,
      int m,
      int n,
      int k,
      CUdeviceptr a,
      int lda,
      CUdeviceptr b,
      int ldb,
      float beta,
      CUdeviceptr c,
      int ldc,
      int compute) {
    int type = cudaDataType.CUDA_R_32F;
    return cublasGemmEx_new(
        handle,
        transposeA,
        transposeB,
        m,
        n,
        k,
        f(1),
        a,
        type,
        lda,
        b,
        type,
        ldb,
        f(beta),
        c,
        type,
        ldc,
        compute,
        -1);
  }

  private CUdeviceptr upload(float[] values, CUstream stream) {
    return memory(values.length, stream, i -> values[i]);
  }

  private float[] integers(int size) {
    float[] values = new float[size];
    for (int i = 0; i < size; i++) {
      values[i] = random.nextInt(-4, 5);
    }
    return values;
  }

  /** Two bfloat16 values in one word. */
  private static float pair(float low, float high) {
    return Float.intBitsToFloat(
        Float.floatToRawIntBits(low) >>> 16 | Float.floatToRawIntBits(high));
  }

  private static void same(float[] wanted, float times, float[] got) {
    for (int i = 0; i < wanted.length; i++) {
      assertEquals(wanted[i] * times, got[i], "value " + i);
    }
  }
}
