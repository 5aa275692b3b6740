package org.alexnet.cuda.convolution;

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
import org.alexnet.cuda.convolution.AlgorithmSearch.Want;
import org.alexnet.cuda.device.Addresses;
import org.alexnet.cuda.device.Closeables;
import org.alexnet.cuda.device.Cuda;
import org.alexnet.cuda.device.Device;
import org.alexnet.cuda.device.Resource;
import org.alexnet.cuda.device.Scalars;
import org.alexnet.cuda.kernel.CudaKernel.Call;
import org.alexnet.cuda.kernel.Layouts;
import org.alexnet.network.Window;
import org.alexnet.program.Shape;

/**
 * A convolution by cuDNN's older interface, with its descriptors and the algorithm that was chosen
 * for it: what computes where the graph interface has no plan.
 */
public final class AlgorithmPlan implements ConvolutionPlan {
  /** What choices of this kind say. */
  static final String OLDER = "by cuDNN's older interface";

  private final Device device;
  private final ConvolutionProblem problem;
  private final List<AutoCloseable> owned = new ArrayList<>();
  private final cudnnTensorDescriptor x = new cudnnTensorDescriptor();
  private final cudnnTensorDescriptor y = new cudnnTensorDescriptor();
  private final cudnnFilterDescriptor filters = new cudnnFilterDescriptor();
  private final cudnnConvolutionDescriptor convolution = new cudnnConvolutionDescriptor();
  private ConvolutionAlgorithm algorithm; // null where only descriptors are wanted

  /**
   * Chooses an algorithm.
   *
   * @param want what is wanted of it
   * @param before what was chosen when the run began, or nothing
   * @param most bytes of scratch memory
   */
  public AlgorithmPlan(
      Device device,
      ConvolutionProblem problem,
      Layouts layouts,
      Want want,
      String before,
      long most) {
    this(device, problem, layouts);
    try {
      algorithm = new AlgorithmSearch(this, layouts).choose(want, before, most);
      takeMathType(algorithm.mathType());
    } catch (RuntimeException e) {
      close();
      throw e;
    }
  }

  /** Descriptors alone, for the algorithms that others are compared with. */
  AlgorithmPlan(Device device, ConvolutionProblem problem, Layouts layouts) {
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
  }

  /** Products are formed of these from now on. */
  void takeMathType(int mathType) {
    Cuda.checkDnn(
        JCudnn.cudnnSetConvolutionMathType(convolution, mathType), "take a kind of arithmetic");
  }

  Device device() {
    return device;
  }

  @Override
  public ConvolutionProblem problem() {
    return problem;
  }

  @Override
  public long workspaceBytes() {
    return algorithm.workspaceBytes();
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

  public ConvolutionAlgorithm algorithm() {
    return algorithm;
  }

  /** The algorithm by cuDNN's name. */
  @Override
  public String choice() {
    return text(algorithm);
  }

  String text(ConvolutionAlgorithm by) {
    int number = by.number();
    String name =
        switch (problem.direction()) {
          case FORWARD -> cudnnConvolutionFwdAlgo.stringFor(number);
          case BACKWARD_DATA -> cudnnConvolutionBwdDataAlgo.stringFor(number);
          case BACKWARD_WEIGHTS -> cudnnConvolutionBwdFilterAlgo.stringFor(number);
        };
    return "%s, %s, workspace %,d bytes, %s"
        .formatted(name, cudnnMathType.stringFor(by.mathType()), by.workspaceBytes(), OLDER);
  }

  @Override
  public Call call(String label, Operands at) {
    return () ->
        Cuda.checkDnn(
            call(algorithm, at), "compute the %s of %s".formatted(problem.direction(), label));
  }

  /** Puts it into the stream by another algorithm than the one chosen; cuDNN's status. */
  int run(ConvolutionAlgorithm other, Operands at) {
    takeMathType(other.mathType());
    return call(other, at);
  }

  private int call(ConvolutionAlgorithm by, Operands at) {
    Pointer xs = Addresses.of(at.x());
    Pointer ws = Addresses.of(at.filters());
    Pointer ys = Addresses.of(at.y());
    Pointer workspace = Addresses.of(at.workspace());
    int algo = by.number();
    long bytes = by.workspaceBytes();
    return switch (problem.direction()) {
      case FORWARD ->
          JCudnn.cudnnConvolutionForward(
              device.dnn(),
              Scalars.ONE,
              x(),
              xs,
              filters(),
              ws,
              convolution(),
              algo,
              workspace,
              bytes,
              Scalars.ZERO,
              y(),
              ys);
      case BACKWARD_DATA ->
          JCudnn.cudnnConvolutionBackwardData(
              device.dnn(),
              Scalars.ONE,
              filters(),
              ws,
              y(),
              ys,
              convolution(),
              algo,
              workspace,
              bytes,
              Scalars.ZERO,
              x(),
              xs);
      case BACKWARD_WEIGHTS ->
          JCudnn.cudnnConvolutionBackwardFilter(
              device.dnn(),
              Scalars.ONE,
              x(),
              xs,
              y(),
              ys,
              convolution(),
              algo,
              workspace,
              bytes,
              Scalars.ZERO,
              filters(),
              ws);
    };
  }

  @Override
  public void close() {
    Closeables.all(owned);
  }
}
