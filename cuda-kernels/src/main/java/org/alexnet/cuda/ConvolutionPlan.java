package org.alexnet.cuda;

import jcuda.Pointer;
import jcuda.jcudnn.JCudnn;
import jcuda.jcudnn.cudnnConvolutionDescriptor;
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
  private final Resource<cudnnTensorDescriptor> x;
  private final Resource<cudnnTensorDescriptor> y;
  private final Resource<cudnnFilterDescriptor> filters;
  private final Resource<cudnnConvolutionDescriptor> convolution;
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
    this.x = tensor(problem.x(), format, type);
    this.y = tensor(problem.y(), format, type);
    this.filters = filters(problem.filters(), format, type);
    this.convolution = convolution(problem.window(), problem.groups());
    // Before the search, and not what it answers: JCudnn does not hand that over.
    Cuda.checkDnn(
        JCudnn.cudnnSetConvolutionMathType(convolution.get(), mathType(device)),
        "take a kind of arithmetic");
    this.algorithm = new AlgorithmSearch(this, layouts.storage()).choose(measure);
  }

  private static Resource<cudnnTensorDescriptor> tensor(Shape s, int format, int type) {
    cudnnTensorDescriptor descriptor = new cudnnTensorDescriptor();
    Cuda.checkDnn(JCudnn.cudnnCreateTensorDescriptor(descriptor), "describe a tensor");
    var resource = Resource.of(null, descriptor, 0, "", JCudnn::cudnnDestroyTensorDescriptor);
    Cuda.checkDnn(
        JCudnn.cudnnSetTensor4dDescriptor(descriptor, format, type, s.n(), s.c(), s.h(), s.w()),
        "describe a tensor of " + s);
    return resource;
  }

  private static Resource<cudnnFilterDescriptor> filters(Shape s, int format, int type) {
    cudnnFilterDescriptor descriptor = new cudnnFilterDescriptor();
    Cuda.checkDnn(JCudnn.cudnnCreateFilterDescriptor(descriptor), "describe filters");
    var resource = Resource.of(null, descriptor, 0, "", JCudnn::cudnnDestroyFilterDescriptor);
    Cuda.checkDnn(
        JCudnn.cudnnSetFilter4dDescriptor(descriptor, type, format, s.n(), s.c(), s.h(), s.w()),
        "describe filters of " + s);
    return resource;
  }

  private static Resource<cudnnConvolutionDescriptor> convolution(Window window, int groups) {
    cudnnConvolutionDescriptor descriptor = new cudnnConvolutionDescriptor();
    Cuda.checkDnn(JCudnn.cudnnCreateConvolutionDescriptor(descriptor), "describe a convolution");
    var resource = Resource.of(null, descriptor, 0, "", JCudnn::cudnnDestroyConvolutionDescriptor);
    int pad = window.pad();
    int stride = window.stride();
    Cuda.checkDnn(
        JCudnn.cudnnSetConvolution2dDescriptor(
            descriptor,
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
        JCudnn.cudnnSetConvolutionGroupCount(descriptor, groups), "take " + groups + " groups");
    return resource;
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
    return x.get();
  }

  cudnnTensorDescriptor y() {
    return y.get();
  }

  cudnnFilterDescriptor filters() {
    return filters.get();
  }

  cudnnConvolutionDescriptor convolution() {
    return convolution.get();
  }

  ConvolutionAlgorithm algorithm() {
    return algorithm;
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
    x.close();
    y.close();
    filters.close();
    convolution.close();
  }
}
