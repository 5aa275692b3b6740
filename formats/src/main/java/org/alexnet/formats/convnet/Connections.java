package org.alexnet.formats.convnet;

import java.util.List;
import org.alexnet.formats.convnet.Graph.Output;
import org.alexnet.network.FullyConnected;
import org.alexnet.network.Layer;
import org.alexnet.network.ParameterSpec;

/** A fully-connected layer. */
final class Connections implements Weighted {
  /** What weights start with unless the file says otherwise. */
  private static final float DEVIATION = 0.01f;

  private final List<Output> inputs;
  private final int outputs;
  private final List<ParameterSpec> weights;
  private final ParameterSpec bias;

  Connections(Section section, List<Output> inputs, LearningFile learning) {
    this.inputs = inputs;
    this.outputs = section.whole("outputs");
    List<Integer> sizes =
        inputs.stream()
            .map(input -> Math.multiplyExact(input.channels(), input.size() * input.size()))
            .toList();
    this.weights =
        learning.weights(section, section.numbers("initW", inputs.size(), DEVIATION), sizes);
    this.bias = learning.bias(section, section.number("initB", 0));
  }

  @Override
  public boolean joins() {
    return inputs.size() == 1
        || inputs.stream().allMatch(inputs.getFirst()::joins)
            && weights.stream().allMatch(weights.getFirst()::equals)
            && weights.getFirst().bounds() == null; // they are of the filters of each input
  }

  @Override
  public Layer part(String name, int input) {
    return new FullyConnected(
        name, outputs, 1, weights.get(input), input == 0 ? bias : Filters.NONE);
  }

  @Override
  public Output output() {
    return new Output("", outputs, 1, true);
  }
}
