package org.alexnet.cuda.convolution;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.Map;
import org.alexnet.cuda.convolution.AlgorithmSearch.Want;
import org.alexnet.cuda.convolution.ConvolutionProblem.Epilogue;
import org.alexnet.cuda.device.Closeables;
import org.alexnet.cuda.device.Device;
import org.alexnet.cuda.kernel.Layouts;

/**
 * The plans of an open backend: by cuDNN's graph interface with as much of an epilogue as it fuses,
 * and where that has none that works, by the older one. The same problem has the same plan.
 */
public final class ConvolutionPlans implements AutoCloseable {
  private record Key(Device device, ConvolutionProblem problem, Want want) {}

  private final Map<Key, ConvolutionPlan> plans = new HashMap<>();

  /**
   * The plan of a problem, perhaps without its epilogue, which is then to be done by itself.
   *
   * @param want what is wanted of it
   * @param before what was chosen when the run began, or nothing: it is chosen again if it works
   */
  public ConvolutionPlan of(
      Device device, ConvolutionProblem problem, Layouts layouts, Want want, String before) {
    Key key = new Key(device, problem, want);
    ConvolutionPlan plan = plans.get(key);
    if (plan == null) {
      boolean older = before.contains(AlgorithmPlan.OLDER);
      plan = older ? null : GraphSearch.choose(device, problem, layouts, want, before);
      if (plan != null) {
        plans.put(key, plan);
      } else if (problem.epilogue() != Epilogue.NONE) {
        plan = of(device, problem.with(Epilogue.NONE), layouts, want, before);
      } else {
        plan = new AlgorithmPlan(device, problem, layouts, want, before);
        plans.put(key, plan);
      }
    }
    return plan;
  }

  @Override
  public void close() {
    Closeables.all(new ArrayList<>(plans.values()));
    plans.clear();
  }
}
