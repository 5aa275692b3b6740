package org.alexnet.cuda;

import java.util.ArrayList;
import java.util.List;
import jcuda.Pointer;
import jcuda.jcudnn.JCudnn;
import jcuda.jcudnn.cudnnConvolutionBwdDataAlgo;
import jcuda.jcudnn.cudnnConvolutionBwdFilterAlgo;
import jcuda.jcudnn.cudnnConvolutionDescriptor;
import jcuda.jcudnn.cudnnConvolutionFwdAlgo;
import jcuda.jcudnn.cudnnConvolutionMode;
import jcuda.jcudnn.cudnnDataType;
import jcuda.jcudnn.cudnnFilterDescriptor;
import jcuda.jcudnn.cudnnMathType;
import jcuda.jcudnn.cudnnTensorDescriptor;
import jcuda.jcudnn.cudnnTensorFormat;
import org.alexnet.network.Window;
import org.alexnet.program.Shape;

/** A convolution with its descriptors and the algorithm that was chosen for it. */
final class ConvolutionPlan implements AutoCloseable {
  private static final Pointer ONE = Pointer.to(new float[] {1});
  private static final Pointer ZERO = Pointer.to(new float[] {0});

  private final Device device;
  private final ConvolutionProblem problem;
  private final List<AutoCloseable> owned = new ArrayList<>();
  private final cudnnTensorDescriptor x = new cudnnTensorDescriptor();
  private final cudnnTensorDescriptor y = new cudnnTensorDescriptor();
  private final cudnnFilterDescriptor filters = new cudnnFilterDescriptor();
  private final cudnnConvolutionDescriptor convolution = new cudnnConvolutionDescriptor();
  private final ConvolutionAlgorithm algorithm;

  /**
   * Chooses an algorithm.
   *
   * @param measure whether to try them out; otherwise cuDNN's advice is taken, which is the same in
   *     every run, and only what gives the same bits
   */
  ConvolutionPlan(Device device, ConvolutionProblem problem, Layouts layouts, boolean measure) {
    this.device = device;
    this.problem = problem;
    int format =
        layouts.channelsLast()
            ? cudnnTensorFormat.CUDNN_TENSOR_NHWC
            : cudnnTensorFormat.CUDNN_TENSOR_NCHW;
    int type = layouts.storage().dnnType();
    try {
      describe(x, problem.x(), format, type);
      describe(y, problem.y(), format, type);
      describeFilters(problem.filters(), format, type);
      describeConvolution(problem.window(), problem.groups());
      algorithm = new AlgorithmSearch(this, layouts.storage()).choose(measure);
    } catch (RuntimeException e) {
      close();
      throw e;
    }
  }

  private void describe(cudnnTensorDescriptor descriptor, Shape s, int format, int type) {
    Cuda.checkDnn(JCudnn.cudnnCreateTensorDescriptor(descriptor), "describe a tensor");
    owned.add(Resource.of(null, descriptor, 0, "", JCudnn::cudnnDestroyTensorDescriptor));
    Cuda.checkDnn(
        JCudnn.cudnnSetTensor4dDescriptor(descriptor, format, type, s.n(), s.c(), s.h(), s.w()),
        "describe a tensor of " + s);
  }

  private void describeFilters(Shape s, int format, int type) {
    Cuda.checkDnn(JCudnn.cudnnCreateFilterDescriptor(filters), "describe filters");
    owned.add(Resource.of(null, filters, 0, "", JCudnn::cudnnDestroyFilterDescriptor));
    Cuda.checkDnn(
        JCudnn.cudnnSetFilter4dDescriptor(filters, type, format, s.n(), s.c(), s.h(), s.w()),
        "describe filters of " + s);
  }

  private void describeConvolution(Window window, int groups) {
    Cuda.checkDnn(JCudnn.cudnnCreateConvolutionDescriptor(convolution), "describe a convolution");
    owned.add(Resource.of(null, convolution, 0, "", JCudnn::cudnnDestroyConvolutionDescriptor));
    int pad = window.pad();
    int stride = window.stride();
    Cuda.checkDnn(
        JCudnn.cudnnSetConvolution2dDescriptor(
            convolution,
            pad,
            pad,
            stride,
            stride,
            1,
            1,
            cudnnConvolutionMode.CUDNN_CROSS_CORRELATION,
            cudnnDataType.CUDNN_DATA_FLOAT),
        "describe a convolution");
    Cuda.checkDnn(
        JCudnn.cudnnSetConvolutionGroupCount(convolution, groups), "take " + groups + " groups");
    // Before the search, and not what it answers: JCudnn does not hand that over.
    Cuda.checkDnn(
        JCudnn.cudnnSetConvolutionMathType(convolution, mathType(device)),
        "take a kind of arithmetic");
  }

  /** What products may be formed of: cuDNN's own default takes TF32 for single precision. */
  private static int mathType(Device device) {
    return switch (device.precision()) {
      case FP32 -> cudnnMathType.CUDNN_FMA_MATH;
      case TF32 -> cudnnMathType.CUDNN_DEFAULT_MATH;
      case BF16, FP16 -> cudnnMathType.CUDNN_TENSOR_OP_MATH;
    };
  }

  Device device() {
    return device;
  }

  ConvolutionProblem problem() {
    return problem;
  }

  cudnnTensorDescriptor x() {
    return x;
  }

  cudnnTensorDescriptor y() {
    return y;
  }

  cudnnFilterDescriptor filters() {
    return filters;
  }

  cudnnConvolutionDescriptor convolution() {
    return convolution;
  }

  ConvolutionAlgorithm algorithm() {
    return algorithm;
  }

  /** The algorithm by cuDNN's name. */
  String choice() {
    int number = algorithm.number();
    String name =
        switch (problem.direction()) {
          case FORWARD -> cudnnConvolutionFwdAlgo.stringFor(number);
          case DATA -> cudnnConvolutionBwdDataAlgo.stringFor(number);
          case FILTER -> cudnnConvolutionBwdFilterAlgo.stringFor(number);
        };
    return "%s, workspace %,d bytes".formatted(name, algorithm.workspaceBytes());
  }

  /**
   * Puts the convolution into the device's stream.
   *
   * @param label for messages
   * @param xs images, filters and results: two are read and the third is overwritten
   */
  void enqueue(String label, Pointer xs, Pointer ws, Pointer ys, Pointer workspace) {
    int algo = algorithm.number();
    long bytes = algorithm.workspaceBytes();
    int status =
        switch (problem.direction()) {
          case FORWARD ->
              JCudnn.cudnnConvolutionForward(
                  device.dnn(),
                  ONE,
                  x(),
                  xs,
                  filters(),
                  ws,
                  convolution(),
                  algo,
                  workspace,
                  bytes,
                  ZERO,
                  y(),
                  ys);
          case DATA ->
              JCudnn.cudnnConvolutionBackwardData(
                  device.dnn(),
                  ONE,
                  filters(),
                  ws,
                  y(),
                  ys,
                  convolution(),
                  algo,
                  workspace,
                  bytes,
                  ZERO,
                  x(),
                  xs);
          case FILTER ->
              JCudnn.cudnnConvolutionBackwardFilter(
                  device.dnn(),
                  ONE,
                  x(),
                  xs,
                  y(),
                  ys,
                  convolution(),
                  algo,
                  workspace,
                  bytes,
                  ZERO,
                  filters(),
                  ws);
        };
    Cuda.checkDnn(status, "compute the %s of %s".formatted(problem.direction(), label));
  }

  @Override
  public void close() {
    Closing.all(owned);
  }
}
