package org.alexnet.cuda;

import static jcuda.driver.JCudaDriver.cuEventElapsedTime;
import static jcuda.driver.JCudaDriver.cuEventRecord;
import static jcuda.driver.JCudaDriver.cuEventSynchronize;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import jcuda.driver.CUevent;
import jcuda.jcudnn.JCudnn;
import jcuda.jcudnn.cudnnConvolutionBwdDataAlgo;
import jcuda.jcudnn.cudnnConvolutionBwdFilterAlgo;
import jcuda.jcudnn.cudnnConvolutionFwdAlgo;
import jcuda.jcudnn.cudnnMathType;
import org.alexnet.AlexNetException;
import org.alexnet.cuda.Device.EventUse;

/**
 * Chooses cuDNN's algorithm for a convolution: the fastest that was measured, or the first of a
 * fixed order, which is the same in every run.
 *
 * <p>cuDNN's own search is not used. It answers for kinds of arithmetic that were not asked for,
 * and JCudnn does not hand over which of its answers is for which, so that an algorithm might be
 * run with another's scratch memory.
 */
final class AlgorithmSearch {
  /** Scratch memory that a convolution may ask for, and the share of what is free. */
  private static final long WORKSPACE = 512L << 20;

  private static final int SHARE = 4;

  /** Runs that a measurement takes the median of, after one that is not counted. */
  private static final int RUNS = 5;

  private final ConvolutionPlan plan;
  private final Device device;
  private final Storage storage;

  AlgorithmSearch(ConvolutionPlan plan, Storage storage) {
    this.plan = plan;
    this.device = plan.device();
    this.storage = storage;
  }

  /**
   * @param measure whether to try them out; otherwise only those that give the same bits every time
   *     are considered
   */
  ConvolutionAlgorithm choose(boolean measure) {
    device.use();
    long most = Math.min(WORKSPACE, device.freeBytes() / SHARE);
    List<ConvolutionAlgorithm> candidates = candidates(measure, most);
    if (candidates.isEmpty()) {
      throw new AlexNetException(
          "cuDNN has no %salgorithm in %,d MB for the convolution %s; take a smaller --batch."
              .formatted(measure ? "" : "deterministic ", most >> 20, plan.problem()));
    }
    if (!measure || candidates.size() == 1) {
      return candidates.getFirst();
    }
    return fastest(candidates).orElse(candidates.getFirst());
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
      case DATA ->
          new int[] {
            cudnnConvolutionBwdDataAlgo.CUDNN_CONVOLUTION_BWD_DATA_ALGO_1,
            cudnnConvolutionBwdDataAlgo.CUDNN_CONVOLUTION_BWD_DATA_ALGO_WINOGRAD_NONFUSED,
            cudnnConvolutionBwdDataAlgo.CUDNN_CONVOLUTION_BWD_DATA_ALGO_WINOGRAD,
            cudnnConvolutionBwdDataAlgo.CUDNN_CONVOLUTION_BWD_DATA_ALGO_FFT_TILING,
            cudnnConvolutionBwdDataAlgo.CUDNN_CONVOLUTION_BWD_DATA_ALGO_FFT,
            cudnnConvolutionBwdDataAlgo.CUDNN_CONVOLUTION_BWD_DATA_ALGO_0
          };
      case FILTER ->
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

  /** As cuDNN's documentation says: the others add up with atomic operations. */
  private boolean deterministic(int algorithm) {
    return switch (plan.problem().direction()) {
      case FORWARD -> true;
      case DATA -> algorithm != cudnnConvolutionBwdDataAlgo.CUDNN_CONVOLUTION_BWD_DATA_ALGO_0;
      case FILTER ->
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

  private List<ConvolutionAlgorithm> candidates(boolean measure, long most) {
    List<ConvolutionAlgorithm> all = new ArrayList<>();
    for (int algorithm : order()) {
      for (int mathType : mathTypes()) {
        long[] bytes = new long[1];
        plan.takeMathType(mathType);
        boolean supported = workspace(algorithm, bytes) == 0 && bytes[0] <= most;
        if (supported && (measure || deterministic(algorithm))) {
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
      case DATA ->
          JCudnn.cudnnGetConvolutionBackwardDataWorkspaceSize(
              device.dnn(),
              plan.filters(),
              plan.y(),
              plan.convolution(),
              plan.x(),
              algorithm,
              bytes);
      case FILTER ->
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

  private record Timed(ConvolutionAlgorithm algorithm, float milliseconds) {}

  /** Nothing where there is no room to try. Nothing stays allocated. */
  private Optional<ConvolutionAlgorithm> fastest(List<ConvolutionAlgorithm> candidates) {
    ConvolutionProblem problem = plan.problem();
    int bytes = storage.bytes();
    long most =
        candidates.stream().mapToLong(ConvolutionAlgorithm::workspaceBytes).max().orElseThrow();
    try (var x = device.allocate(problem.x().elements() * bytes);
        var w = device.allocate(problem.filters().elements() * bytes);
        var y = device.allocate(problem.y().elements() * bytes);
        var workspace = device.allocate(most);
        var before = device.event(EventUse.TIME);
        var after = device.event(EventUse.TIME)) {
      List<Timed> timed = new ArrayList<>();
      for (ConvolutionAlgorithm candidate : candidates) {
        Run run = () -> plan.run(candidate, x.get(), w.get(), y.get(), workspace.get());
        if (run.status() == 0) { // what is said to be supported may still refuse
          timed.add(new Timed(candidate, milliseconds(run, before.get(), after.get())));
        }
      }
      return timed.stream()
          .min(Comparator.comparingDouble(Timed::milliseconds))
          .map(Timed::algorithm);
    } catch (Cuda.Failure e) {
      if (e.outOfMemory()) {
        return Optional.empty();
      }
      throw e;
    }
  }

  private interface Run {
    int status();
  }

  private float milliseconds(Run run, CUevent before, CUevent after) {
    float[] times = new float[RUNS];
    for (int i = 0; i < RUNS; i++) {
      Cuda.check(cuEventRecord(before, device.compute()), "record an event");
      Cuda.checkDnn(run.status(), "try " + plan.problem());
      Cuda.check(cuEventRecord(after, device.compute()), "record an event");
      Cuda.check(cuEventSynchronize(after), "try " + plan.problem());
      float[] time = new float[1];
      Cuda.check(cuEventElapsedTime(time, before, after), "time " + plan.problem());
      times[i] = time[0];
    }
    Arrays.sort(times);
    return times[RUNS / 2];
  }
}
