package org.alexnet.cli.output;

import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.stream.Collectors;
import org.alexnet.network.AbsoluteValue;
import org.alexnet.network.Blur;
import org.alexnet.network.ChannelSelection;
import org.alexnet.network.Concatenation;
import org.alexnet.network.ContrastNorm;
import org.alexnet.network.Convolution;
import org.alexnet.network.Dropout;
import org.alexnet.network.FilterLayer;
import org.alexnet.network.FullyConnected;
import org.alexnet.network.HorizontalFlip;
import org.alexnet.network.Layer;
import org.alexnet.network.LocalResponseNorm;
import org.alexnet.network.LocallyConnected;
import org.alexnet.network.Logistic;
import org.alexnet.network.Pooling;
import org.alexnet.network.PositionBias;
import org.alexnet.network.Relu;
import org.alexnet.network.SoftmaxCrossEntropy;
import org.alexnet.network.Softplus;
import org.alexnet.network.Square;
import org.alexnet.network.Subsample;
import org.alexnet.network.Sum;
import org.alexnet.network.Tanh;
import org.alexnet.program.CompiledNetwork;
import org.alexnet.program.Op;
import org.alexnet.program.Shape;
import org.alexnet.program.Tensor;

/**
 * A layer of the summary.
 *
 * @param output of one image; N is the batch
 * @param parameters learned numbers
 * @param multiplyAdds of one image's forward pass
 */
public record LayerRow(
    String name, String type, Shape output, int groups, long parameters, long multiplyAdds) {

  /** The layers of a network, counted from what its training program does. */
  public static List<LayerRow> of(CompiledNetwork programs) {
    List<Op> ops = programs.train().ops();
    Set<String> forward =
        programs.evaluate().tensors().stream().map(Tensor::name).collect(Collectors.toSet());
    Shape output = ops.getFirst().writes().getFirst().shape();
    List<LayerRow> rows = new ArrayList<>();
    for (Layer layer : programs.network().layers()) {
      List<Op> own =
          ops.stream()
              .filter(op -> op.layer().equals(layer.name()))
              .filter(op -> op.writes().stream().anyMatch(t -> isForward(t, layer, forward)))
              .toList();
      if (!own.isEmpty()) {
        output = own.getLast().writes().getFirst().shape();
      }
      long parameters =
          own.stream()
              .flatMap(op -> op.reads().stream())
              .filter(t -> t.role() == Tensor.Role.PARAMETER)
              .distinct()
              .mapToLong(t -> t.shape().elements())
              .sum();
      long multiplyAdds = own.stream().mapToLong(Op::multiplyAdds).sum() / programs.batch();
      rows.add(
          new LayerRow(layer.name(), type(layer), output, groups(layer), parameters, multiplyAdds));
    }
    return rows;
  }

  /** Dropout has no part in the evaluation, or a smaller one. */
  private static boolean isForward(Tensor tensor, Layer layer, Set<String> forward) {
    boolean stepwise = tensor.role() == Tensor.Role.STEP;
    return stepwise && (forward.contains(tensor.name()) || tensor.name().equals(layer.name()));
  }

  private static int groups(Layer layer) {
    return layer instanceof FilterLayer filters ? filters.groups() : 1;
  }

  private static String type(Layer layer) {
    return switch (layer) {
      case Convolution l -> "convolution";
      case LocallyConnected l -> "locally-connected";
      case PositionBias l -> "position-bias";
      case Pooling pool ->
          switch (pool.kind()) {
            case MAX -> "max-pooling";
            case AVERAGE -> "average-pooling";
          };
      case Relu l -> "relu";
      case Tanh l -> "tanh";
      case Logistic l -> "logistic";
      case Softplus l -> "softplus";
      case AbsoluteValue l -> "absolute-value";
      case Square l -> "square";
      case LocalResponseNorm norm ->
          switch (norm.region()) {
            case ACROSS_MAPS -> "local-response-norm";
            case WITHIN_MAP -> "map-response-norm";
          };
      case ContrastNorm l -> "contrast-norm";
      case Blur l -> "blur";
      case Subsample l -> "subsample";
      case HorizontalFlip l -> "horizontal-flip";
      case ChannelSelection l -> "channel-selection";
      case FullyConnected l -> "fully-connected";
      case Dropout l -> "dropout";
      case Concatenation l -> "concatenation";
      case Sum l -> "sum";
      case SoftmaxCrossEntropy l -> "softmax";
    };
  }
}
