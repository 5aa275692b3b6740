package org.alexnet.cuda.convolution;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
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
  private final ModelChoices choices;
  private final List<ConvolutionPlan> replaced = new ArrayList<>(); // what is bound may use them

  /**
   * No plan yet.
   *
   * @param choices those of all devices
   */
  public ConvolutionPlans(ModelChoices choices) {
    this.choices = choices;
  }

  /**
   * The plan of a problem, perhaps without its epilogue, which is then to be done by itself.
   *
   * @param want what is wanted of it
   * @param run what was chosen when the run began, or nothing: it is chosen again if it works
   * @param most bytes of scratch memory
   */
  public ConvolutionPlan of(
      Device device,
      ConvolutionProblem problem,
      Layouts layouts,
      Want want,
      String run,
      long most) {
    Key key = new Key(device, problem, want);
    ConvolutionPlan plan = plans.get(key);
    if (plan == null || plan.workspaceBytes() > most) {
      String before = choices.before(device, problem, want, run);
      boolean older = before.contains(AlgorithmPlan.OLDER);
      plan = older ? null : GraphSearch.choose(device, problem, layouts, want, before, most);
      if (plan != null) {
        keep(key, plan);
      } else if (problem.epilogue() != Epilogue.NONE) {
        plan = of(device, problem.with(Epilogue.NONE), layouts, want, run, most);
      } else {
        plan = new AlgorithmPlan(device, problem, layouts, want, before, most);
        keep(key, plan);
      }
      choices.note(device, problem, want, plan.choice());
    }
    return plan;
  }

  private void keep(Key key, ConvolutionPlan plan) {
    ConvolutionPlan other = plans.put(key, plan);
    if (other != null) {
      replaced.add(other);
    }
  }

  @Override
  public void close() {
    replaced.addAll(plans.values());
    Closeables.all(new ArrayList<>(replaced));
    replaced.clear();
    plans.clear();
  }
}
