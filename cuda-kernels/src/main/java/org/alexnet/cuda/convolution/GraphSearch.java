package org.alexnet.cuda.convolution;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.function.Predicate;
import jcuda.jcudnn.cudnnHandle;
import org.alexnet.backend.Precision;
import org.alexnet.cuda.convolution.AlgorithmSearch.Want;
import org.alexnet.cuda.convolution.ConvolutionGraph.Engine;
import org.alexnet.cuda.convolution.ConvolutionGraph.Note;
import org.alexnet.cuda.convolution.ConvolutionGraph.Target;
import org.alexnet.cuda.device.Cuda;
import org.alexnet.cuda.device.Device;
import org.alexnet.cuda.kernel.Layouts;

/**
 * Chooses a plan of cuDNN's graph interface for a convolution: among the first that its heuristics
 * name, for all groups together and for each by itself. As with {@link AlgorithmSearch}, each is
 * run on random numbers and compared before it may be chosen.
 */
final class GraphSearch {
  /**
   * Plans of a graph that are made, tried and measured. A measurement that lasts seconds a layer
   * would not pay, and the heuristics' later answers are seldom better.
   */
  private static final int CANDIDATES = 4;

  /**
   * Of two graphs, first the one on tensor cores, then that with less scratch memory for copies.
   */
  private static final Comparator<List<GraphPlan>> ORDER =
      Comparator.comparing((List<GraphPlan> plans) -> !plans.getFirst().onTensorCores())
          .thenComparing(plans -> plans.getFirst().workspaceBytes());

  private final Precision precision;
  private final Layouts layouts;
  private final Target target;
  private final cudnnHandle dnn;

  /**
   * @param dnn null for a device that is only described
   */
  GraphSearch(Precision precision, Layouts layouts, Target target, cudnnHandle dnn) {
    this.precision = precision;
    this.layouts = layouts;
    this.target = target;
    this.dnn = dnn;
  }

  static GraphSearch on(Device device, Layouts layouts) {
    return new GraphSearch(
        device.precision(), layouts, new Target.Present(device.dnn().address()), device.dnn());
  }

  /** Whether an engine's arithmetic is what was asked for. */
  private boolean serves(Engine engine, boolean repeat) {
    boolean exact = precision == Precision.FP32;
    return !engine.notes().contains(Note.SUMS_ROUNDED)
        && !(exact && engine.notes().contains(Note.TENSOR_CORES))
        && !(exact && engine.notes().contains(Note.INPUTS_ROUNDED))
        && !(repeat && engine.notes().contains(Note.NOT_DETERMINISTIC));
  }

  /**
   * Plans in the order of preference, which own their graph together; none where cuDNN has none.
   * Where any is on tensor cores and may be, all are.
   *
   * @param repeat whether only such are wanted that give the same bits again
   * @param most bytes of scratch memory
   */
  List<GraphPlan> candidates(ConvolutionProblem problem, boolean repeat, long most) {
    List<List<GraphPlan>> graphs = new ArrayList<>();
    boolean parts =
        ConvolutionGraph.canSeparate(problem, layouts.storage(), layouts.channelsLast());
    for (boolean separate : parts ? new boolean[] {false, true} : new boolean[] {false}) {
      try {
        graphs.add(plans(problem, separate, repeat, most));
      } catch (Cuda.Failure e) {
        continue; // cuDNN knows no such graph
      }
    }
    graphs.removeIf(List::isEmpty);
    graphs.sort(ORDER);
    List<GraphPlan> plans = new ArrayList<>();
    graphs.forEach(plans::addAll);
    if (!plans.isEmpty() && plans.getFirst().onTensorCores()) {
      keep(plans, GraphPlan::onTensorCores);
    }
    return plans;
  }

  private List<GraphPlan> plans(
      ConvolutionProblem problem, boolean separate, boolean repeat, long most) {
    List<GraphPlan> plans = new ArrayList<>();
    ConvolutionGraph graph =
        new ConvolutionGraph(problem, layouts.storage(), layouts.channelsLast(), separate, target);
    try {
      List<Engine> engines = new ArrayList<>(graph.engines());
      engines.removeIf(engine -> !serves(engine, repeat));
      // Otherwise in cuDNN's order.
      engines.sort(Comparator.comparing(e -> !e.notes().contains(Note.TENSOR_CORES)));
      for (Engine engine : engines) {
        GraphPlan plan = plans.size() < CANDIDATES ? plan(graph, engine) : null;
        if (plan != null && plan.workspaceBytes() <= most) {
          plans.add(plan);
        } else if (plan != null) {
          plan.close();
        }
      }
    } finally {
      if (plans.isEmpty()) {
        graph.close();
      }
    }
    return plans;
  }

  private GraphPlan plan(ConvolutionGraph graph, Engine engine) {
    try {
      return new GraphPlan(graph, engine, dnn);
    } catch (Cuda.Failure e) {
      return null; // not supported after all
    }
  }

  /** Closes plans that are not kept, and graphs that none is left of. */
  static void keep(List<GraphPlan> plans, Predicate<GraphPlan> kept) {
    List<ConvolutionGraph> before = plans.stream().map(GraphPlan::graph).distinct().toList();
    plans.stream().filter(kept.negate()).forEach(GraphPlan::close);
    plans.removeIf(kept.negate());
    List<ConvolutionGraph> after = plans.stream().map(GraphPlan::graph).toList();
    before.stream().filter(graph -> !after.contains(graph)).forEach(ConvolutionGraph::close);
  }

  /**
   * A plan that serves what is wanted, or null where none does.
   *
   * @param before what was chosen when the run began, or nothing
   * @param most bytes of scratch memory
   */
  static ConvolutionPlan choose(
      Device device,
      ConvolutionProblem problem,
      Layouts layouts,
      Want want,
      String before,
      long most) {
    device.use();
    List<GraphPlan> plans = on(device, layouts).candidates(problem, want != Want.FASTEST, most);
    GraphPlan[] chosen = new GraphPlan[1];
    try {
      if (!plans.isEmpty()) {
        chosen[0] =
            want == Want.UNTRIED
                ? plans.getFirst()
                : tried(device, problem, layouts, want, plans, most, before);
      }
    } catch (Cuda.Failure e) {
      if (!e.outOfMemory()) {
        throw e;
      }
      chosen[0] = plans.getFirst(); // there is no memory to try any
    } finally {
      keep(plans, plan -> plan == chosen[0]);
    }
    return chosen[0] == null ? null : chosen[0].owningGraph();
  }

  private static GraphPlan tried(
      Device device,
      ConvolutionProblem problem,
      Layouts layouts,
      Want want,
      List<GraphPlan> plans,
      long most,
      String before) {
    Agreement agreement = new Agreement(device.precision(), problem.products());
    try (AlgorithmPlan plain = new AlgorithmPlan(device, problem, layouts)) {
      AlgorithmSearch references = new AlgorithmSearch(plain, layouts);
      long workspace = references.referenceBytes(most);
      for (GraphPlan plan : plans) {
        workspace = Math.max(workspace, plan.workspaceBytes());
      }
      try (ConvolutionTrial trial = new ConvolutionTrial(device, problem, layouts, workspace)) {
        float[] right = references.reference(trial, most);
        if (right == null) {
          return null;
        }
        trial.finish(right);
        return trial.choose(
            want,
            plans,
            agreement,
            right,
            plan -> plan::run,
            GraphPlan::choice,
            Knobs.named(before));
      }
    }
  }
}
