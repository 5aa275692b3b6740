package org.alexnet.cuda.convolution;

import org.alexnet.cuda.kernel.CudaKernel.Call;

/** How cuDNN computes a convolution on a device. */
public interface ConvolutionPlan extends AutoCloseable {

  /**
   * Where a convolution's operands lie, as addresses: all but one are read, and that one is
   * overwritten.
   *
   * @param x images, or their gradient
   * @param filters filters, or their gradient
   * @param y results, or their gradient
   * @param bias what an epilogue adds; 0 where there is none
   * @param workspace scratch memory of as many bytes as the plan asks for
   */
  record Operands(long x, long filters, long y, long bias, long workspace) {}

  /** What is computed: perhaps with less of an epilogue than was asked for. */
  ConvolutionProblem problem();

  /** Bytes of scratch memory. */
  long workspaceBytes();

  /** How it is computed, for run.json and for tables. */
  String choice();

  /**
   * The convolution, to be put into the device's stream.
   *
   * @param label for messages
   */
  Call call(String label, Operands at);

  @Override
  void close();
}
