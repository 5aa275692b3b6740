package org.alexnet.cuda;

import java.util.ArrayList;
import java.util.List;
import jcuda.Pointer;
import jcuda.jcudnn.JCudnn;
import jcuda.jcudnn.cudnnConvolutionBwdDataAlgoPerf;
import jcuda.jcudnn.cudnnConvolutionBwdFilterAlgoPerf;
import jcuda.jcudnn.cudnnConvolutionFwdAlgoPerf;
import jcuda.jcudnn.cudnnDeterminism;
import org.alexnet.AlexNetException;

/** Chooses cuDNN's algorithm for a convolution, by measuring them or by cuDNN's advice. */
final class AlgorithmSearch {
  /** More than any direction has. */
  private static final int MOST = 16;

  /** Scratch memory that a convolution may ask for, and the share of what is free. */
  private static final long WORKSPACE = 512L << 20;

  private static final int SHARE = 4;

  private final ConvolutionPlan plan;
  private final Device device;
  private final Storage storage;

  AlgorithmSearch(ConvolutionPlan plan, Storage storage) {
    this.plan = plan;
    this.device = plan.device();
    this.storage = storage;
  }

  /**
   * @param measure whether to try them out and take the fastest; otherwise the first of those that
   *     cuDNN advises and that give the same bits every time
   */
  ConvolutionAlgorithm choose(boolean measure) {
    device.use();
    long most = Math.min(WORKSPACE, device.freeBytes() / SHARE);
    List<ConvolutionAlgorithm> found = measure ? measured(most) : List.of();
    if (found.isEmpty()) {
      found = advised();
    }
    return found.stream()
        .filter(a -> a.workspaceBytes() <= most)
        .filter(a -> measure || a.deterministic())
        .findFirst()
        .orElseThrow(
            () ->
                new AlexNetException(
                    "cuDNN has no %salgorithm in %,d MB for the convolution %s; take a smaller --batch."
                        .formatted(measure ? "" : "deterministic ", most >> 20, plan.problem())));
  }

  /** The fastest first; none where there is no room to try. Nothing stays allocated. */
  private List<ConvolutionAlgorithm> measured(long workspaceBytes) {
    ConvolutionProblem problem = plan.problem();
    int bytes = storage.bytes();
    try (var x = device.allocate(problem.x().elements() * bytes);
        var w = device.allocate(problem.filters().elements() * bytes);
        var y = device.allocate(problem.y().elements() * bytes);
        var workspace = device.allocate(workspaceBytes)) {
      return find(x.get(), w.get(), y.get(), workspace.get(), workspaceBytes);
    } catch (Cuda.Failure e) {
      if (e.outOfMemory()) {
        return List.of();
      }
      throw e;
    }
  }

  private List<ConvolutionAlgorithm> find(
      Pointer x, Pointer w, Pointer y, Pointer workspace, long bytes) {
    int[] count = new int[1];
    Perfs perfs = new Perfs();
    int status =
        switch (plan.problem().direction()) {
          case FORWARD ->
              JCudnn.cudnnFindConvolutionForwardAlgorithmEx(
                  device.dnn(),
                  plan.x(),
                  x,
                  plan.filters(),
                  w,
                  plan.convolution(),
                  plan.y(),
                  y,
                  MOST,
                  count,
                  perfs.forward,
                  workspace,
                  bytes);
          case DATA ->
              JCudnn.cudnnFindConvolutionBackwardDataAlgorithmEx(
                  device.dnn(),
                  plan.filters(),
                  w,
                  plan.y(),
                  y,
                  plan.convolution(),
                  plan.x(),
                  x,
                  MOST,
                  count,
                  perfs.data,
                  workspace,
                  bytes);
          case FILTER ->
              JCudnn.cudnnFindConvolutionBackwardFilterAlgorithmEx(
                  device.dnn(),
                  plan.x(),
                  x,
                  plan.y(),
                  y,
                  plan.convolution(),
                  plan.filters(),
                  w,
                  MOST,
                  count,
                  perfs.filter,
                  workspace,
                  bytes);
        };
    Cuda.checkDnn(status, "try out algorithms for " + plan.problem());
    return perfs.list(count[0]);
  }

  private List<ConvolutionAlgorithm> advised() {
    int[] count = new int[1];
    Perfs perfs = new Perfs();
    int status =
        switch (plan.problem().direction()) {
          case FORWARD ->
              JCudnn.cudnnGetConvolutionForwardAlgorithm_v7(
                  device.dnn(),
                  plan.x(),
                  plan.filters(),
                  plan.convolution(),
                  plan.y(),
                  MOST,
                  count,
                  perfs.forward);
          case DATA ->
              JCudnn.cudnnGetConvolutionBackwardDataAlgorithm_v7(
                  device.dnn(),
                  plan.filters(),
                  plan.y(),
                  plan.convolution(),
                  plan.x(),
                  MOST,
                  count,
                  perfs.data);
          case FILTER ->
              JCudnn.cudnnGetConvolutionBackwardFilterAlgorithm_v7(
                  device.dnn(),
                  plan.x(),
                  plan.y(),
                  plan.convolution(),
                  plan.filters(),
                  MOST,
                  count,
                  perfs.filter);
        };
    Cuda.checkDnn(status, "advise an algorithm for " + plan.problem());
    return perfs.list(count[0]);
  }

  /** Room for the answers of one direction; JCudnn has a class for each. */
  private final class Perfs {
    final cudnnConvolutionFwdAlgoPerf[] forward = new cudnnConvolutionFwdAlgoPerf[MOST];
    final cudnnConvolutionBwdDataAlgoPerf[] data = new cudnnConvolutionBwdDataAlgoPerf[MOST];
    final cudnnConvolutionBwdFilterAlgoPerf[] filter = new cudnnConvolutionBwdFilterAlgoPerf[MOST];

    Perfs() {
      for (int i = 0; i < MOST; i++) {
        forward[i] = new cudnnConvolutionFwdAlgoPerf();
        data[i] = new cudnnConvolutionBwdDataAlgoPerf();
        filter[i] = new cudnnConvolutionBwdFilterAlgoPerf();
      }
    }

    List<ConvolutionAlgorithm> list(int count) {
      List<ConvolutionAlgorithm> all = new ArrayList<>();
      for (int i = 0; i < count; i++) {
        switch (plan.problem().direction()) {
          case FORWARD -> {
            var p = forward[i];
            add(all, p.status, p.algo, p.time, p.memory, p.determinism);
          }
          case DATA -> {
            var p = data[i];
            add(all, p.status, p.algo, p.time, p.memory, p.determinism);
          }
          case FILTER -> {
            var p = filter[i];
            add(all, p.status, p.algo, p.time, p.memory, p.determinism);
          }
        }
      }
      return all;
    }

    private void add(
        List<ConvolutionAlgorithm> all,
        int status,
        int number,
        float time,
        long memory,
        int determinism) {
      if (status == 0) {
        boolean deterministic = determinism == cudnnDeterminism.CUDNN_DETERMINISTIC;
        all.add(new ConvolutionAlgorithm(number, time, memory, deterministic));
      }
    }
  }
}
