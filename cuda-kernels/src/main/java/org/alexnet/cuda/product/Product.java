package org.alexnet.cuda.product;

import static jcuda.jcublas.cublasOperation.CUBLAS_OP_N;
import static jcuda.jcublas.cublasOperation.CUBLAS_OP_T;

import jcuda.Pointer;
import jcuda.jcublas.JCublas2;
import jcuda.jcublas.cublasComputeType;
import jcuda.jcublas.cublasGemmAlgo;
import org.alexnet.backend.Precision;
import org.alexnet.cuda.device.Cuda;
import org.alexnet.cuda.device.Device;
import org.alexnet.cuda.device.Scalars;
import org.alexnet.cuda.device.Storage;
import org.alexnet.cuda.kernel.CudaKernel.Call;

/**
 * A product of matrices by cuBLAS. Ours are row by row and cuBLAS thinks in columns, so it is given
 * the transposed problem: C' = B' A'.
 *
 * @param label for messages
 * @param rows of c
 * @param columns of c
 * @param depth length of the sums
 * @param a [rows, depth], or [depth, rows] if transposed
 * @param b [depth, columns], or [columns, depth] if transposed
 * @param c [rows, columns], overwritten
 */
record Product(
    String label, Device device, int rows, int columns, int depth, Operand a, Operand b, Operand c)
    implements Call {
  /** A matrix, and how its numbers are kept. */
  record Operand(Pointer memory, Storage storage, boolean transposed) {}

  @Override
  public void enqueue() {
    Cuda.checkBlas(
        JCublas2.cublasGemmEx_new(
            device.blas(),
            b.transposed ? CUBLAS_OP_T : CUBLAS_OP_N,
            a.transposed ? CUBLAS_OP_T : CUBLAS_OP_N,
            columns,
            rows,
            depth,
            Scalars.ONE,
            b.memory,
            b.storage.blasType(),
            b.transposed ? depth : columns,
            a.memory,
            a.storage.blasType(),
            a.transposed ? rows : depth,
            Scalars.ZERO,
            c.memory,
            c.storage.blasType(),
            columns,
            device.precision() == Precision.TF32
                ? cublasComputeType.CUBLAS_COMPUTE_32F_FAST_TF32
                : cublasComputeType.CUBLAS_COMPUTE_32F,
            cublasGemmAlgo.CUBLAS_GEMM_DEFAULT),
        "multiply for " + label);
  }
}
