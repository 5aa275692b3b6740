package org.alexnet.program;

import java.util.ArrayList;
import java.util.List;
import java.util.stream.Collectors;
import org.alexnet.network.Convolution;
import org.alexnet.network.FullyConnected;
import org.alexnet.network.Initial;
import org.alexnet.network.Input;
import org.alexnet.network.Layer;
import org.alexnet.network.Network;
import org.alexnet.network.ParameterSpec;
import org.alexnet.network.Rounding;
import org.alexnet.network.SoftmaxCrossEntropy;
import org.alexnet.network.Window;

/** Small networks, and programs in a form that can be compared at a glance. */
final class Programs {
  static final ParameterSpec WEIGHT = ParameterSpec.of(new Initial.FanIn(2));
  static final ParameterSpec BIAS = new ParameterSpec(new Initial.Constant(0), 2, 0);

  private Programs() {}

  /** Of 2 x 6 x 6, and a loss. */
  static Network network(Layer... layers) {
    List<Layer> all = new ArrayList<>(List.of(layers));
    all.add(new SoftmaxCrossEntropy("softmax"));
    return Network.chain("net", new Input(2, 6, 6, 1), all);
  }

  /** A convolution of 3 x 3 that keeps the size. */
  static Convolution conv(String name, int filters, int groups, int columns) {
    Window window = new Window(3, 1, 1);
    return new Convolution(name, filters, window, Rounding.FLOOR, groups, columns, WEIGHT, BIAS);
  }

  static FullyConnected fc(String name, int outputs, int columns) {
    return new FullyConnected(name, outputs, columns, WEIGHT, BIAS);
  }

  /** One line an operation: its kind, what it reads and what it writes, with columns but a. */
  static List<String> lines(StepProgram program) {
    return program.ops().stream().map(Programs::line).toList();
  }

  static String line(Op op) {
    return "%s: %s -> %s"
        .formatted(op.getClass().getSimpleName(), names(op.reads()), names(op.writes()));
  }

  private static String names(List<Tensor> tensors) {
    return tensors.stream()
        .map(t -> t.name() + (t.part().index() == 0 ? "" : " " + "ab".charAt(t.part().index())))
        .collect(Collectors.joining(", "));
  }
}
