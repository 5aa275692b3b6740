package org.alexnet.program;

import java.util.Comparator;
import org.alexnet.InvalidNetworkException;
import org.alexnet.Message;
import org.alexnet.Setting;
import org.alexnet.UsageException;
import org.alexnet.network.Network;
import org.alexnet.network.Parameter;

/**
 * How large a tensor may be. Backends count its elements in 32 bits, what they fill rows up with
 * included, and arrays of Java take it.
 */
final class TensorLimit {
  private static final int FILLING = 1 << 24;
  private static final long ELEMENTS = Integer.MAX_VALUE - FILLING;

  private TensorLimit() {}

  /**
   * Refuses a network with a tensor that is too large.
   *
   * @param batch images a step
   * @throws UsageException naming the tensor, and the classes or the batch that would do
   * @throws InvalidNetworkException naming the layer, where neither would
   */
  static void check(Network network, int batch) {
    Forward one = Forward.of(network, 1, StepProgram.Phase.TRAIN, Placement.WHOLE);
    one.parameters().sequencedValues().stream()
        .filter(parameter -> parameter.elements() > ELEMENTS)
        .findFirst()
        .ifPresent(parameter -> refuseParameter(network, parameter));
    Op makes = one.ops().stream().max(Comparator.comparingLong(TensorLimit::largest)).orElseThrow();
    long each = largest(makes);
    if (each > ELEMENTS) {
      throw tooLarge(makes.layer(), "its output", each);
    }
    if (each > ELEMENTS / batch) {
      throw new UsageException(
          Message.of(
              "A batch of %,d is too large for %s: its tensor %s would have %,d elements, and a"
                  + " tensor can have %,d at most; use a batch of %,d or less (%s).",
              batch,
              network.name(),
              largestTensor(makes).name(),
              batch * each,
              ELEMENTS,
              ELEMENTS / each,
              Setting.BATCH));
    }
  }

  private static void refuseParameter(Network network, Parameter declared) {
    long elements = declared.elements();
    if (!declared.layer().equals(network.classifier().name())) {
      throw tooLarge(declared.layer(), declared.name(), elements);
    }
    throw new UsageException(
        Message.of(
            "%s with %,d classes is too large: its tensor %s would have %,d elements, and a tensor"
                + " can have %,d at most; use %,d classes or fewer (%s).",
            network.name(),
            network.classes(),
            declared.name(),
            elements,
            ELEMENTS,
            ELEMENTS / (elements / network.classes()),
            Setting.CLASSES));
  }

  private static InvalidNetworkException tooLarge(String layer, String tensor, long elements) {
    return new InvalidNetworkException(
        layer,
        "%s would have %,d elements, and a tensor can have %,d at most; make the layer smaller"
            .formatted(tensor, elements, ELEMENTS));
  }

  /** The largest tensor that an operation makes for an image. */
  private static Tensor largestTensor(Op op) {
    return op.writes().stream()
        .max(Comparator.comparingLong(tensor -> tensor.shape().elements()))
        .orElseThrow();
  }

  private static long largest(Op op) {
    return largestTensor(op).shape().elements();
  }
}
