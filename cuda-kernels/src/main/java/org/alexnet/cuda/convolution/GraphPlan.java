package org.alexnet.cuda.convolution;

import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.stream.Collectors;
import jcuda.jcudnn.cudnnHandle;
import org.alexnet.cuda.convolution.ConvolutionGraph.Engine;
import org.alexnet.cuda.convolution.ConvolutionGraph.Note;
import org.alexnet.cuda.device.Cuda;
import org.alexnet.cuda.kernel.CudaKernel.Call;

/** A convolution as a plan of cuDNN's graph interface. */
final class GraphPlan implements ConvolutionPlan {
  private final ConvolutionGraph graph;
  private final Engine engine;
  private final cudnnHandle dnn;
  private final Descriptor plan;
  private final String text;
  private final long workspaceBytes;
  private final Map<Operands, List<Descriptor>> packs = new HashMap<>();
  private boolean owns;

  /**
   * @param dnn null for a device that is only described
   * @throws Cuda.Failure where the engine does not support the graph after all
   */
  GraphPlan(ConvolutionGraph graph, Engine engine, cudnnHandle dnn) {
    this.graph = graph;
    this.engine = engine;
    this.dnn = dnn;
    this.plan = graph.plan(engine);
    try {
      this.text = graph.text(engine);
      this.workspaceBytes = ConvolutionGraph.workspaceBytes(plan);
    } catch (RuntimeException e) {
      plan.close();
      throw e;
    }
  }

  /** Closes the graph with it. */
  GraphPlan owningGraph() {
    owns = true;
    return this;
  }

  boolean onTensorCores() {
    return engine.notes().contains(Note.TENSOR_CORES);
  }

  @Override
  public ConvolutionProblem problem() {
    return graph.problem();
  }

  @Override
  public long workspaceBytes() {
    return workspaceBytes;
  }

  @Override
  public String choice() {
    return "cuDNN %s%s%s, %s, workspace %,d bytes"
        .formatted(
            text,
            problem().epilogue(),
            graph.parted(),
            engine.notes().isEmpty() ? "no tensor cores" : notes(),
            workspaceBytes);
  }

  private String notes() {
    return engine.notes().stream()
        .map(note -> note.name().toLowerCase(Locale.ROOT).replace('_', ' '))
        .collect(Collectors.joining(", "));
  }

  /** Puts it into the device's stream; cuDNN's status. */
  int run(Operands at) {
    int status = 0;
    for (Descriptor pack : packs.computeIfAbsent(at, graph::variantPacks)) {
      status = status != 0 ? status : plan.execute(dnn, pack);
    }
    return status;
  }

  @Override
  public Call call(String label, Operands at) {
    packs.computeIfAbsent(at, graph::variantPacks);
    String what = "compute the %s of %s".formatted(problem().direction(), label);
    return () -> Cuda.checkDnn(run(at), what);
  }

  /** The graph, which is closed when no plan of it is left. */
  ConvolutionGraph graph() {
    return graph;
  }

  @Override
  public void close() {
    plan.close();
    if (owns) {
      graph.close();
    }
  }
}
