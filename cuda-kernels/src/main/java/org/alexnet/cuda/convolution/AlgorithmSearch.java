package org.alexnet.cuda.convolution;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import jcuda.jcudnn.JCudnn;
import jcuda.jcudnn.cudnnConvolutionBwdDataAlgo;
import jcuda.jcudnn.cudnnConvolutionBwdFilterAlgo;
import jcuda.jcudnn.cudnnConvolutionFwdAlgo;
import jcuda.jcudnn.cudnnMathType;
import org.alexnet.AlexNetException;
import org.alexnet.Message;
import org.alexnet.Setting;
import org.alexnet.cuda.device.Cuda;
import org.alexnet.cuda.device.Device;
import org.alexnet.cuda.kernel.Layouts;

/**
 * Chooses cuDNN's algorithm for a convolution: the fastest that was measured, or the first of a
 * fixed order, which is the same in every run. What cuDNN says to support may refuse to run all the
 * same, and releases of it had algorithms that compute wrongly for some shapes; so each is run on
 * random numbers first and compared with a plain one.
 *
 * <p>cuDNN's own search is not used. It answers for kinds of arithmetic that were not asked for,
 * and JCudnn does not hand over which of its answers is for which, so that an algorithm might be
 * run with another's scratch memory.
 */
public final class AlgorithmSearch {
  /**
   * Scratch memory that a convolution may ask for, and the share of what is free. In tf32, cuDNN
   * has tensor cores of an Ampere or Ada GPU for the filters of a first layer of 1024 images only
   * with 1.8 GB.
   */
  static final long WORKSPACE = 2L << 30;

  private static final int SHARE = 4;

  /** Runs that a measurement takes the median of. */
  private static final int RUNS = 5;

  private final AlgorithmPlan plan;
  private final Device device;
  private final Layouts layouts;
  private final Agreement agreement;

  AlgorithmSearch(AlgorithmPlan plan, Layouts layouts) {
    this.plan = plan;
    this.device = plan.device();
    this.layouts = layouts;
    this.agreement = new Agreement(device.precision(), plan.problem().products());
  }

  /** What is wanted of a choice. */
  public enum Want {
    /** The first of a fixed order, untried: for a plan that is only looked at. */
    UNTRIED,
    /** The first of the same order that is seen to work and to give the same bits again. */
    REPEATABLE,
    /** The fastest that is seen to work. */
    FASTEST
  }

  /**
   * An algorithm that serves what is wanted. Where there is no memory to try any, it is the first
   * of the order.
   *
   * @param before what was chosen when the run began, or nothing: it is taken again if it works
   * @param most bytes of scratch memory
   */
  ConvolutionAlgorithm choose(Want want, String before, long most) {
    device.use();
    boolean repeat = want != Want.FASTEST;
    List<ConvolutionAlgorithm> candidates = candidates(order(), mathTypes(), repeat, most);
    if (candidates.isEmpty()) {
      throw new AlexNetException(
          Message.of(
              "cuDNN has no %salgorithm in %,d MB for the convolution %s; take a smaller %s.",
              repeat ? "deterministic " : "", most >> 20, plan.problem(), Setting.BATCH));
    }
    if (want == Want.UNTRIED) {
      return candidates.getFirst();
    }
    List<ConvolutionAlgorithm> references = plain(most);
    references.addAll(candidates);
    try {
      return tried(want, candidates, references, before);
    } catch (Cuda.Failure e) {
      if (e.outOfMemory()) {
        return candidates.getFirst();
      }
      throw e;
    }
  }

  /** Scratch memory that a convolution may ask for. */
  public static long most(Device device) {
    return Math.min(WORKSPACE, device.freeBytes() / SHARE);
  }

  /** In the order of preference: what nearly every shape is supported by and is deterministic. */
  private int[] order() {
    return switch (plan.problem().direction()) {
      case FORWARD ->
          new int[] {
            cudnnConvolutionFwdAlgo.CUDNN_CONVOLUTION_FWD_ALGO_IMPLICIT_PRECOMP_GEMM,
            cudnnConvolutionFwdAlgo.CUDNN_CONVOLUTION_FWD_ALGO_IMPLICIT_GEMM,
            cudnnConvolutionFwdAlgo.CUDNN_CONVOLUTION_FWD_ALGO_WINOGRAD_NONFUSED,
            cudnnConvolutionFwdAlgo.CUDNN_CONVOLUTION_FWD_ALGO_WINOGRAD,
            cudnnConvolutionFwdAlgo.CUDNN_CONVOLUTION_FWD_ALGO_GEMM,
            cudnnConvolutionFwdAlgo.CUDNN_CONVOLUTION_FWD_ALGO_FFT_TILING,
            cudnnConvolutionFwdAlgo.CUDNN_CONVOLUTION_FWD_ALGO_FFT
          };
      case BACKWARD_DATA ->
          new int[] {
            cudnnConvolutionBwdDataAlgo.CUDNN_CONVOLUTION_BWD_DATA_ALGO_1,
            cudnnConvolutionBwdDataAlgo.CUDNN_CONVOLUTION_BWD_DATA_ALGO_WINOGRAD_NONFUSED,
            cudnnConvolutionBwdDataAlgo.CUDNN_CONVOLUTION_BWD_DATA_ALGO_WINOGRAD,
            cudnnConvolutionBwdDataAlgo.CUDNN_CONVOLUTION_BWD_DATA_ALGO_FFT_TILING,
            cudnnConvolutionBwdDataAlgo.CUDNN_CONVOLUTION_BWD_DATA_ALGO_FFT,
            cudnnConvolutionBwdDataAlgo.CUDNN_CONVOLUTION_BWD_DATA_ALGO_0
          };
      case BACKWARD_WEIGHTS ->
          new int[] {
            cudnnConvolutionBwdFilterAlgo.CUDNN_CONVOLUTION_BWD_FILTER_ALGO_1,
            cudnnConvolutionBwdFilterAlgo.CUDNN_CONVOLUTION_BWD_FILTER_ALGO_WINOGRAD_NONFUSED,
            cudnnConvolutionBwdFilterAlgo.CUDNN_CONVOLUTION_BWD_FILTER_ALGO_FFT_TILING,
            cudnnConvolutionBwdFilterAlgo.CUDNN_CONVOLUTION_BWD_FILTER_ALGO_FFT,
            cudnnConvolutionBwdFilterAlgo.CUDNN_CONVOLUTION_BWD_FILTER_ALGO_0,
            cudnnConvolutionBwdFilterAlgo.CUDNN_CONVOLUTION_BWD_FILTER_ALGO_3
          };
    };
  }

  /** Those that others are compared with, the plainest first: they multiply and add. */
  private int[] references() {
    return switch (plan.problem().direction()) {
      case FORWARD ->
          new int[] {
            cudnnConvolutionFwdAlgo.CUDNN_CONVOLUTION_FWD_ALGO_IMPLICIT_GEMM,
            cudnnConvolutionFwdAlgo.CUDNN_CONVOLUTION_FWD_ALGO_GEMM
          };
      case BACKWARD_DATA ->
          new int[] {
            cudnnConvolutionBwdDataAlgo.CUDNN_CONVOLUTION_BWD_DATA_ALGO_0,
            cudnnConvolutionBwdDataAlgo.CUDNN_CONVOLUTION_BWD_DATA_ALGO_1
          };
      case BACKWARD_WEIGHTS ->
          new int[] {
            cudnnConvolutionBwdFilterAlgo.CUDNN_CONVOLUTION_BWD_FILTER_ALGO_0,
            cudnnConvolutionBwdFilterAlgo.CUDNN_CONVOLUTION_BWD_FILTER_ALGO_1
          };
    };
  }

  private List<ConvolutionAlgorithm> plain(long most) {
    return new ArrayList<>(candidates(references(), referenceMath(), false, most));
  }

  /** As cuDNN's documentation says: the others add up with atomic operations. */
  private boolean deterministic(int algorithm) {
    return switch (plan.problem().direction()) {
      case FORWARD -> true;
      case BACKWARD_DATA ->
          algorithm != cudnnConvolutionBwdDataAlgo.CUDNN_CONVOLUTION_BWD_DATA_ALGO_0;
      case BACKWARD_WEIGHTS ->
          algorithm != cudnnConvolutionBwdFilterAlgo.CUDNN_CONVOLUTION_BWD_FILTER_ALGO_0
              && algorithm != cudnnConvolutionBwdFilterAlgo.CUDNN_CONVOLUTION_BWD_FILTER_ALGO_3;
    };
  }

  /** What products may be formed of: cuDNN's own default takes TF32 for single precision. */
  private int[] mathTypes() {
    return switch (device.precision()) {
      case FP32 -> new int[] {cudnnMathType.CUDNN_FMA_MATH};
      case TF32, BF16, FP16 ->
          new int[] {cudnnMathType.CUDNN_TENSOR_OP_MATH, cudnnMathType.CUDNN_DEFAULT_MATH};
    };
  }

  /**
   * Single precision as it is, where cuDNN has it for what is stored, and then what is asked for.
   */
  private int[] referenceMath() {
    return IntStream.concat(IntStream.of(cudnnMathType.CUDNN_FMA_MATH), IntStream.of(mathTypes()))
        .distinct()
        .toArray();
  }

  /** Those that cuDNN supports in so much scratch memory. */
  private List<ConvolutionAlgorithm> candidates(
      int[] algorithms, int[] mathTypes, boolean repeat, long most) {
    List<ConvolutionAlgorithm> all = new ArrayList<>();
    for (int algorithm : algorithms) {
      for (int mathType : mathTypes) {
        long[] bytes = new long[1];
        plan.takeMathType(mathType);
        boolean supported = workspace(algorithm, bytes) == 0 && bytes[0] <= most;
        if (supported && (!repeat || deterministic(algorithm))) {
          all.add(new ConvolutionAlgorithm(algorithm, mathType, bytes[0]));
        }
      }
    }
    return all;
  }

  private int workspace(int algorithm, long[] bytes) {
    return switch (plan.problem().direction()) {
      case FORWARD ->
          JCudnn.cudnnGetConvolutionForwardWorkspaceSize(
              device.dnn(),
              plan.x(),
              plan.filters(),
              plan.convolution(),
              plan.y(),
              algorithm,
              bytes);
      case BACKWARD_DATA ->
          JCudnn.cudnnGetConvolutionBackwardDataWorkspaceSize(
              device.dnn(),
              plan.filters(),
              plan.y(),
              plan.convolution(),
              plan.x(),
              algorithm,
              bytes);
      case BACKWARD_WEIGHTS ->
          JCudnn.cudnnGetConvolutionBackwardFilterWorkspaceSize(
              device.dnn(),
              plan.x(),
              plan.y(),
              plan.convolution(),
              plan.filters(),
              algorithm,
              bytes);
    };
  }

  /** Scratch memory that a plain algorithm needs, in so much. */
  long referenceBytes(long most) {
    return plain(most).stream().mapToLong(ConvolutionAlgorithm::workspaceBytes).max().orElse(0);
  }

  /** What a plain algorithm computes that is right where it was looked up; null if none is. */
  float[] reference(ConvolutionTrial trial, long most) {
    return reference(trial, plain(most));
  }

  private ConvolutionTrial.Way way(ConvolutionAlgorithm algorithm) {
    return at -> plan.run(algorithm, at);
  }

  /** What works: it runs, computes what the reference does and, if asked, the same bits again. */
  private ConvolutionAlgorithm tried(
      Want want,
      List<ConvolutionAlgorithm> candidates,
      List<ConvolutionAlgorithm> references,
      String before) {
    long most =
        Stream.concat(candidates.stream(), references.stream())
            .mapToLong(ConvolutionAlgorithm::workspaceBytes)
            .max()
            .orElseThrow();
    try (ConvolutionTrial trial = new ConvolutionTrial(device, plan.problem(), layouts, most)) {
      float[] right = reference(trial, references);
      ConvolutionAlgorithm chosen =
          right == null
              ? null
              : trial.choose(want, candidates, agreement, right, this::way, plan::text, before);
      if (chosen == null) {
        throw noneWorks(candidates.size());
      }
      return chosen;
    }
  }

  private AlexNetException noneWorks(int tried) {
    return new AlexNetException(
        Message.of(
            "cuDNN offers %d algorithms for the convolution %s, and refuses or computes wrongly"
                + " with each; install another release of cuDNN 9, or use %s.",
            tried, plan.problem(), Setting.BACKEND.to("cpu")));
  }

  /**
   * What the first of the references that serves computes, or null if none does. One serves that is
   * right where it is compared with the convolution's definition.
   */
  private float[] reference(ConvolutionTrial trial, List<ConvolutionAlgorithm> references) {
    for (ConvolutionAlgorithm reference : references) {
      byte[] result = trial.result(way(reference));
      float[] numbers = result == null ? null : layouts.storage().decode(result);
      if (numbers != null && agreement.right(numbers, trial.distance(numbers))) {
        return numbers;
      }
    }
    return null;
  }

  /** A clock. */
  public interface Clock<T> {
    float milliseconds(T way);
  }

  /**
   * The one with the smallest median. They take turns, so that a GPU that gets warm or is lent to
   * somebody else meanwhile is so for all of them; each has run before.
   */
  public static <T> T fastest(List<T> candidates, Clock<T> clock) {
    float[][] times = new float[candidates.size()][RUNS];
    for (int run = 0; run < RUNS; run++) {
      for (int i = 0; i < times.length; i++) {
        times[i][run] = clock.milliseconds(candidates.get(i));
      }
    }
    int best = 0;
    for (int i = 0; i < times.length; i++) {
      Arrays.sort(times[i]);
      best = times[i][RUNS / 2] < times[best][RUNS / 2] ? i : best;
    }
    return candidates.get(best);
  }
}
