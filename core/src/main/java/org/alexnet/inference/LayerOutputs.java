package org.alexnet.inference;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.SequencedMap;
import java.util.Set;
import java.util.stream.Stream;
import org.alexnet.Setting;
import org.alexnet.UsageException;
import org.alexnet.network.Layer;
import org.alexnet.network.Network;
import org.alexnet.program.CompiledNetwork;
import org.alexnet.program.Shape;
import org.alexnet.program.Tensor;

/** Which tensors of an evaluation hold the scores and the outputs of the layers asked for. */
final class LayerOutputs {
  private static final List<String> SCORES =
      List.of(CompiledNetwork.LOGITS, CompiledNetwork.PROBABILITIES);

  private final SequencedMap<String, Tensor> all;
  private final SequencedMap<String, List<Integer>> shapes = new LinkedHashMap<>();
  private final List<String> asked;
  private final List<String> tensors;

  /**
   * @param asked names of layers
   * @throws UsageException listing the layers if there is none of a name
   */
  LayerOutputs(Network network, List<String> asked) {
    this.all = CompiledNetwork.outputs(network);
    Set<String> flat = network.flat();
    for (Layer layer : network.layers()) {
      Shape shape = all.get(layer.name()).shape();
      shapes.put(
          layer.name(),
          flat.contains(layer.name())
              ? List.of(shape.imageElements())
              : List.of(shape.c(), shape.h(), shape.w()));
    }
    this.asked = asked.stream().distinct().toList();
    this.asked.forEach(this::shape);
    this.tensors =
        Stream.concat(SCORES.stream(), this.asked.stream().map(layer -> all.get(layer).name()))
            .toList();
  }

  List<String> layers() {
    return List.copyOf(all.keySet());
  }

  List<Integer> shape(String layer) {
    List<Integer> shape = shapes.get(layer);
    if (shape == null) {
      throw UsageException.value(Setting.LAYER, layer, "one of " + String.join(", ", layers()));
    }
    return shape;
  }

  /** Names of the tensors to observe: logits, probabilities, and one for each layer asked for. */
  List<String> tensors() {
    return tensors;
  }

  /** The outputs by layer, of the values of {@link #tensors}. */
  Map<String, float[]> byLayer(List<float[]> values) {
    Map<String, float[]> outputs = new LinkedHashMap<>();
    for (int i = 0; i < asked.size(); i++) {
      outputs.put(asked.get(i), values.get(SCORES.size() + i));
    }
    return outputs;
  }
}
