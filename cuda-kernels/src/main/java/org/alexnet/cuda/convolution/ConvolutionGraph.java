package org.alexnet.cuda.convolution;

import static jcuda.jcudnn.cudnnBackendAttributeName.*;
import static jcuda.jcudnn.cudnnBackendAttributeType.*;
import static jcuda.jcudnn.cudnnBackendDescriptorType.*;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import jcuda.jcudnn.cudnnConvolutionMode;
import jcuda.jcudnn.cudnnDataType;
import jcuda.jcudnn.cudnnNanPropagation;
import jcuda.jcudnn.cudnnPointwiseMode;
import org.alexnet.cuda.convolution.ConvolutionPlan.Operands;
import org.alexnet.cuda.convolution.ConvolutionProblem.Epilogue;
import org.alexnet.cuda.device.Closeables;
import org.alexnet.cuda.device.Cuda;
import org.alexnet.cuda.device.Storage;
import org.alexnet.program.Shape;

/**
 * A convolution and its epilogue as a graph of operations of cuDNN's: what its heuristics are asked
 * about, and what its plans compute. The groups of a grouped convolution may be computed one by
 * one; a graph is then that of one group, whose channels are some of those that lie in memory.
 */
final class ConvolutionGraph implements AutoCloseable {
  private static final int X = 1;
  private static final int FILTERS = 2;
  private static final int Y = 3;
  private static final int BIAS = 4;
  private static final int PRODUCT = 5;
  private static final int SUM = 6;

  /** What addresses are multiples of. */
  private static final int ALIGNMENT = 16;

  /** Attributes and numbers of cuDNN 9 that JCudnn 11.7 does not know. */
  private static final int DEVICE_PROPERTIES = 38;

  private static final int DEVICE_JSON = 2702;
  private static final int HEURISTICS_DEVICE = 204;
  private static final int PLAN_DEVICE = 407;
  private static final int HEURISTICS_A = 3;
  private static final int HEURISTICS_FALLBACK = 2;

  /** Answers of the heuristics that are looked at, and notes of an engine. */
  private static final int MOST = 32;

  /** What plans are made for: a device that is there, or one that is only described. */
  sealed interface Target {
    /**
     * @param handle address of cuDNN's handle
     */
    record Present(long handle) implements Target {}

    /**
     * @param properties as cuDNN takes them
     */
    record Described(Descriptor properties) implements Target {
      /**
       * @param json cuDNN's own description of a device
       */
      static Described of(String json) {
        Descriptor properties = new Descriptor(DEVICE_PROPERTIES, "a device");
        properties.text(DEVICE_JSON, json).finish();
        return new Described(properties);
      }
    }
  }

  /** What cuDNN notes of an engine's arithmetic, in its order. */
  enum Note {
    TENSOR_CORES,
    INPUTS_ROUNDED,
    SUMS_ROUNDED,
    FOURIER,
    NOT_DETERMINISTIC,
    WINOGRAD
  }

  /**
   * A way to compute the graph.
   *
   * @param config with its knobs
   * @param number as cuDNN counts
   */
  record Engine(Descriptor config, long number, Set<Note> notes) {}

  private final ConvolutionProblem problem;
  private final Storage storage;
  private final boolean channelsLast;
  private final boolean separate;
  private final Target target;
  private final List<AutoCloseable> owned = new ArrayList<>();
  private final Descriptor graph;

  /**
   * @param separate whether it is one group of several
   * @throws Cuda.Failure where cuDNN knows no such graph
   */
  ConvolutionGraph(
      ConvolutionProblem problem,
      Storage storage,
      boolean channelsLast,
      boolean separate,
      Target target) {
    this.problem = problem;
    this.storage = storage;
    this.channelsLast = channelsLast;
    this.separate = separate;
    this.target = target;
    try {
      graph = describe();
    } catch (RuntimeException e) {
      close();
      throw e;
    }
  }

  /** Whether each group's operands can begin where others end. */
  static boolean canSeparate(ConvolutionProblem problem, Storage storage, boolean channelsLast) {
    int groups = problem.groups();
    Shape x = problem.x();
    Shape y = problem.y();
    long xs = channelsLast ? 1 : (long) x.h() * x.w();
    long ys = channelsLast ? 1 : (long) y.h() * y.w();
    return groups > 1
        && x.c() / groups * xs * storage.bytes() % ALIGNMENT == 0
        && y.c() / groups * ys * storage.bytes() % ALIGNMENT == 0
        && problem.filters().elements() / groups * storage.bytes() % ALIGNMENT == 0;
  }

  private Descriptor create(int type, String what) {
    Descriptor made = new Descriptor(type, what);
    owned.add(made);
    return made;
  }

  private int parts() {
    return separate ? problem.groups() : 1;
  }

  /**
   * A tensor.
   *
   * @param whole as it lies in memory
   * @param n how many images or filters of it
   * @param c how many channels
   */
  private Descriptor tensor(int id, Shape whole, int n, int c, int type, boolean virtual) {
    long plane = (long) whole.h() * whole.w();
    long[] strides =
        channelsLast
            ? new long[] {plane * whole.c(), 1, (long) whole.w() * whole.c(), whole.c()}
            : new long[] {plane * whole.c(), plane, whole.w(), 1};
    return create(CUDNN_BACKEND_TENSOR_DESCRIPTOR, "a tensor of " + whole)
        .choice(CUDNN_ATTR_TENSOR_DATA_TYPE, CUDNN_TYPE_DATA_TYPE, type)
        .numbers(CUDNN_ATTR_TENSOR_DIMENSIONS, n, c, whole.h(), whole.w())
        .numbers(CUDNN_ATTR_TENSOR_STRIDES, strides)
        .numbers(CUDNN_ATTR_TENSOR_UNIQUE_ID, id)
        .numbers(CUDNN_ATTR_TENSOR_BYTE_ALIGNMENT, ALIGNMENT)
        .flag(CUDNN_ATTR_TENSOR_IS_VIRTUAL, virtual)
        .finish();
  }

  private Descriptor describe() {
    int type = storage.dnnType();
    int single = cudnnDataType.CUDNN_DATA_FLOAT;
    Shape xs = problem.x();
    Shape ws = problem.filters();
    Shape ys = problem.y();
    int channels = ys.c() / parts();
    Epilogue epilogue = problem.epilogue();
    boolean alone = epilogue == Epilogue.NONE;
    Descriptor x = tensor(X, xs, xs.n(), xs.c() / parts(), type, false);
    Descriptor w = tensor(FILTERS, ws, ws.n() / parts(), ws.c(), type, false);
    Descriptor y = tensor(Y, ys, ys.n(), channels, type, false);
    Descriptor product = alone ? y : tensor(PRODUCT, ys, ys.n(), channels, single, true);
    List<Descriptor> operations = new ArrayList<>(List.of(convolution(x, w, product)));
    if (!alone) {
      Descriptor bias = tensor(BIAS, new Shape(1, channels, 1, 1), 1, channels, type, false);
      boolean last = epilogue == Epilogue.BIAS;
      Descriptor sum = last ? y : tensor(SUM, ys, ys.n(), channels, single, true);
      operations.add(pointwise(cudnnPointwiseMode.CUDNN_POINTWISE_ADD, product, bias, sum));
      if (!last) {
        operations.add(pointwise(cudnnPointwiseMode.CUDNN_POINTWISE_RELU_FWD, sum, null, y));
      }
    }
    Descriptor made = create(CUDNN_BACKEND_OPERATIONGRAPH_DESCRIPTOR, problem.toString());
    if (target instanceof Target.Present present) {
      made.longs(CUDNN_ATTR_OPERATIONGRAPH_HANDLE, CUDNN_TYPE_HANDLE, present.handle());
    }
    return made.others(CUDNN_ATTR_OPERATIONGRAPH_OPS, operations).finish();
  }

  private Descriptor convolution(Descriptor x, Descriptor w, Descriptor y) {
    long pad = problem.window().pad();
    long stride = problem.window().stride();
    Descriptor how =
        create(CUDNN_BACKEND_CONVOLUTION_DESCRIPTOR, "a convolution")
            .numbers(CUDNN_ATTR_CONVOLUTION_SPATIAL_DIMS, 2)
            .choice(
                CUDNN_ATTR_CONVOLUTION_COMP_TYPE,
                CUDNN_TYPE_DATA_TYPE,
                cudnnDataType.CUDNN_DATA_FLOAT)
            .choice(
                CUDNN_ATTR_CONVOLUTION_CONV_MODE,
                CUDNN_TYPE_CONVOLUTION_MODE,
                cudnnConvolutionMode.CUDNN_CROSS_CORRELATION)
            .numbers(CUDNN_ATTR_CONVOLUTION_PRE_PADDINGS, pad, pad)
            .numbers(CUDNN_ATTR_CONVOLUTION_POST_PADDINGS, pad, pad)
            .numbers(CUDNN_ATTR_CONVOLUTION_DILATIONS, 1, 1)
            .numbers(CUDNN_ATTR_CONVOLUTION_FILTER_STRIDES, stride, stride)
            .finish();
    return switch (problem.direction()) {
      case FORWARD ->
          create(CUDNN_BACKEND_OPERATION_CONVOLUTION_FORWARD_DESCRIPTOR, "a convolution")
              .other(CUDNN_ATTR_OPERATION_CONVOLUTION_FORWARD_X, x)
              .other(CUDNN_ATTR_OPERATION_CONVOLUTION_FORWARD_W, w)
              .other(CUDNN_ATTR_OPERATION_CONVOLUTION_FORWARD_Y, y)
              .other(CUDNN_ATTR_OPERATION_CONVOLUTION_FORWARD_CONV_DESC, how)
              .factor(CUDNN_ATTR_OPERATION_CONVOLUTION_FORWARD_ALPHA, 1)
              .factor(CUDNN_ATTR_OPERATION_CONVOLUTION_FORWARD_BETA, 0)
              .finish();
      case BACKWARD_DATA ->
          create(CUDNN_BACKEND_OPERATION_CONVOLUTION_BACKWARD_DATA_DESCRIPTOR, "a data gradient")
              .other(CUDNN_ATTR_OPERATION_CONVOLUTION_BWD_DATA_DX, x)
              .other(CUDNN_ATTR_OPERATION_CONVOLUTION_BWD_DATA_W, w)
              .other(CUDNN_ATTR_OPERATION_CONVOLUTION_BWD_DATA_DY, y)
              .other(CUDNN_ATTR_OPERATION_CONVOLUTION_BWD_DATA_CONV_DESC, how)
              .factor(CUDNN_ATTR_OPERATION_CONVOLUTION_BWD_DATA_ALPHA, 1)
              .factor(CUDNN_ATTR_OPERATION_CONVOLUTION_BWD_DATA_BETA, 0)
              .finish();
      case BACKWARD_WEIGHTS ->
          create(
                  CUDNN_BACKEND_OPERATION_CONVOLUTION_BACKWARD_FILTER_DESCRIPTOR,
                  "a filter gradient")
              .other(CUDNN_ATTR_OPERATION_CONVOLUTION_BWD_FILTER_X, x)
              .other(CUDNN_ATTR_OPERATION_CONVOLUTION_BWD_FILTER_DW, w)
              .other(CUDNN_ATTR_OPERATION_CONVOLUTION_BWD_FILTER_DY, y)
              .other(CUDNN_ATTR_OPERATION_CONVOLUTION_BWD_FILTER_CONV_DESC, how)
              .factor(CUDNN_ATTR_OPERATION_CONVOLUTION_BWD_FILTER_ALPHA, 1)
              .factor(CUDNN_ATTR_OPERATION_CONVOLUTION_BWD_FILTER_BETA, 0)
              .finish();
    };
  }

  /** What is not a number stays so: it must be found in the loss. */
  private Descriptor pointwise(int mode, Descriptor x, Descriptor b, Descriptor y) {
    Descriptor how =
        create(CUDNN_BACKEND_POINTWISE_DESCRIPTOR, "an epilogue")
            .choice(CUDNN_ATTR_POINTWISE_MODE, CUDNN_TYPE_POINTWISE_MODE, mode)
            .choice(
                CUDNN_ATTR_POINTWISE_MATH_PREC,
                CUDNN_TYPE_DATA_TYPE,
                cudnnDataType.CUDNN_DATA_FLOAT);
    if (b == null) {
      how.choice(
          CUDNN_ATTR_POINTWISE_NAN_PROPAGATION,
          CUDNN_TYPE_NAN_PROPOGATION,
          cudnnNanPropagation.CUDNN_PROPAGATE_NAN);
    }
    how.finish();
    Descriptor operation =
        create(CUDNN_BACKEND_OPERATION_POINTWISE_DESCRIPTOR, "an epilogue")
            .other(CUDNN_ATTR_OPERATION_POINTWISE_PW_DESCRIPTOR, how)
            .other(CUDNN_ATTR_OPERATION_POINTWISE_XDESC, x);
    if (b != null) {
      operation.other(CUDNN_ATTR_OPERATION_POINTWISE_BDESC, b);
    }
    return operation.other(CUDNN_ATTR_OPERATION_POINTWISE_YDESC, y).finish();
  }

  /** What cuDNN's heuristics answer, the best first as they see it, then what always works. */
  List<Engine> engines() {
    List<Engine> all = new ArrayList<>();
    for (int mode : new int[] {HEURISTICS_A, HEURISTICS_FALLBACK}) {
      try {
        all.addAll(ask(mode));
      } catch (Cuda.Failure e) {
        continue; // has none
      }
    }
    return all;
  }

  private List<Engine> ask(int mode) {
    Descriptor heuristics =
        create(CUDNN_BACKEND_ENGINEHEUR_DESCRIPTOR, "heuristics for " + problem)
            .other(CUDNN_ATTR_ENGINEHEUR_OPERATION_GRAPH, graph)
            .choice(CUDNN_ATTR_ENGINEHEUR_MODE, CUDNN_TYPE_HEUR_MODE, mode);
    if (target instanceof Target.Described described) {
      heuristics.other(HEURISTICS_DEVICE, described.properties());
    }
    heuristics.finish();
    List<Descriptor> room =
        IntStream.range(0, MOST)
            .mapToObj(i -> create(CUDNN_BACKEND_ENGINECFG_DESCRIPTOR, "an engine"))
            .toList();
    return heuristics.fill(CUDNN_ATTR_ENGINEHEUR_RESULTS, room).stream().map(this::engine).toList();
  }

  private Engine engine(Descriptor config) {
    Descriptor engine =
        config
            .fill(
                CUDNN_ATTR_ENGINECFG_ENGINE,
                List.of(create(CUDNN_BACKEND_ENGINE_DESCRIPTOR, "an engine")))
            .getFirst();
    Set<Note> notes =
        Arrays.stream(
                engine.choices(CUDNN_ATTR_ENGINE_NUMERICAL_NOTE, CUDNN_TYPE_NUMERICAL_NOTE, MOST))
            .filter(note -> note < Note.values().length)
            .mapToObj(note -> Note.values()[note])
            .collect(Collectors.toCollection(TreeSet::new));
    return new Engine(config, engine.number(CUDNN_ATTR_ENGINE_GLOBAL_INDEX), notes);
  }

  /** An engine, as cuDNN counts, and its knobs by their names. */
  String text(Engine engine) {
    List<Descriptor> room =
        IntStream.range(0, MOST)
            .mapToObj(i -> create(CUDNN_BACKEND_KNOB_CHOICE_DESCRIPTOR, "a knob"))
            .toList();
    String knobs =
        engine.config().fill(CUDNN_ATTR_ENGINECFG_KNOB_CHOICES, room).stream()
            .map(ConvolutionGraph::knob)
            .collect(Collectors.joining(" "));
    return "engine %d%s".formatted(engine.number(), knobs.isEmpty() ? "" : " with " + knobs);
  }

  private static String knob(Descriptor knob) {
    int type = knob.choices(CUDNN_ATTR_KNOB_CHOICE_KNOB_TYPE, CUDNN_TYPE_KNOB_TYPE, 1)[0];
    return Knobs.name(type) + "=" + knob.number(CUDNN_ATTR_KNOB_CHOICE_KNOB_VALUE);
  }

  /**
   * An execution plan.
   *
   * @throws Cuda.Failure where the engine does not support the graph after all
   */
  Descriptor plan(Engine engine) {
    Descriptor plan = new Descriptor(CUDNN_BACKEND_EXECUTION_PLAN_DESCRIPTOR, "a plan");
    try {
      switch (target) {
        case Target.Present p ->
            plan.longs(CUDNN_ATTR_EXECUTION_PLAN_HANDLE, CUDNN_TYPE_HANDLE, p.handle());
        case Target.Described d -> plan.other(PLAN_DEVICE, d.properties());
      }
      return plan.other(CUDNN_ATTR_EXECUTION_PLAN_ENGINE_CONFIG, engine.config()).finish();
    } catch (RuntimeException e) {
      plan.close();
      throw e;
    }
  }

  /** What its plans' scratch memory is. */
  static long workspaceBytes(Descriptor plan) {
    return plan.number(CUDNN_ATTR_EXECUTION_PLAN_WORKSPACE_SIZE);
  }

  /** The operands of each group that is computed by itself, or of the whole. */
  List<Descriptor> variantPacks(Operands at) {
    return IntStream.range(0, parts()).mapToObj(part -> variantPack(at, part)).toList();
  }

  private Descriptor variantPack(Operands at, int part) {
    Shape x = problem.x();
    Shape y = problem.y();
    int channels = y.c() / parts();
    long bytes = storage.bytes();
    long xs = channelsLast ? 1 : (long) x.h() * x.w();
    long ys = channelsLast ? 1 : (long) y.h() * y.w();
    List<Long> ids = new ArrayList<>(List.of((long) X, (long) FILTERS, (long) Y));
    List<Long> addresses =
        new ArrayList<>(
            List.of(
                at.x() + part * (x.c() / parts()) * xs * bytes,
                at.filters() + part * (problem.filters().elements() / parts()) * bytes,
                at.y() + part * channels * ys * bytes));
    if (problem.epilogue() != Epilogue.NONE) {
      ids.add((long) BIAS);
      addresses.add(at.bias() + part * channels * bytes);
    }
    return create(CUDNN_BACKEND_VARIANT_PACK_DESCRIPTOR, "operands")
        .numbers(
            CUDNN_ATTR_VARIANT_PACK_UNIQUE_IDS, ids.stream().mapToLong(Long::longValue).toArray())
        .longs(
            CUDNN_ATTR_VARIANT_PACK_DATA_POINTERS,
            CUDNN_TYPE_VOID_PTR,
            addresses.stream().mapToLong(Long::longValue).toArray())
        .longs(CUDNN_ATTR_VARIANT_PACK_WORKSPACE, CUDNN_TYPE_VOID_PTR, at.workspace())
        .finish();
  }

  /** What is computed one by one, for tables. */
  String parted() {
    return separate ? ", %d groups one by one".formatted(problem.groups()) : "";
  }

  ConvolutionProblem problem() {
    return problem;
  }

  @Override
  public void close() {
    Closeables.all(owned);
  }
}
