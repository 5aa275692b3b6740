package org.alexnet.program;

import java.util.Comparator;
import java.util.List;
import org.alexnet.Message;
import org.alexnet.Setting;
import org.alexnet.UsageException;
import org.alexnet.network.Network;

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
   */
  static void check(Network network, int batch) {
    Forward one = Forward.of(network, 1, StepProgram.Phase.TRAIN, Placement.WHOLE);
    one.parameters().keySet().stream()
        .filter(parameter -> parameter.shape().elements() > ELEMENTS)
        .findFirst()
        .ifPresent(parameter -> refuseParameter(network, parameter));
    Tensor largest = largest(one.ops());
    long each = largest.shape().elements();
    if (each > ELEMENTS / batch) {
      throw new UsageException(
          Message.of(
              "A batch of %,d is too large for %s: its tensor %s would have %,d elements, and a"
                  + " tensor can have %,d at most; use a batch of %,d or less (%s).",
              batch,
              network.name(),
              largest.name(),
              batch * each,
              ELEMENTS,
              ELEMENTS / each,
              Setting.BATCH));
    }
  }

  private static void refuseParameter(Network network, Tensor parameter) {
    long elements = parameter.shape().elements();
    boolean classifies = parameter.name().startsWith(network.classifier().name() + ".");
    Message remedy =
        classifies
            ? Message.of(
                "use %,d classes or fewer (%s)",
                ELEMENTS / (elements / network.classes()), Setting.CLASSES)
            : Message.of("make the layer smaller");
    throw new UsageException(
        Message.of(
            "%s with %,d classes is too large: its tensor %s would have %,d elements, and a tensor"
                + " can have %,d at most; %s.",
            network.name(), network.classes(), parameter.name(), elements, ELEMENTS, remedy));
  }

  /** The largest tensor that a step makes for an image. */
  private static Tensor largest(List<Op> ops) {
    return ops.stream()
        .flatMap(op -> op.writes().stream())
        .max(Comparator.comparingLong(tensor -> tensor.shape().elements()))
        .orElseThrow();
  }
}
