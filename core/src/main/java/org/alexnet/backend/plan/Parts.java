package org.alexnet.backend.plan;

import java.util.List;
import java.util.function.BiConsumer;
import java.util.function.Function;
import org.alexnet.program.Part;
import org.alexnet.program.StepProgram;
import org.alexnet.program.Tensor;

/**
 * Whole tensors of a network that is cut. Along the channels, a part of an activation is a range of
 * its channels and one of a parameter a range of its outputs; along the images, a part is a range
 * of images. What is not cut may be on several devices, and all copies are written.
 */
public final class Parts {
  private Parts() {}

  /**
   * The values of a tensor, N C H W. Of images that are in no part, since another worker has them,
   * they are 0.
   *
   * @param program where it occurs
   * @param tensor one of the program, or a whole one whose parts are in the program
   * @param fetch reads a tensor of the program
   */
  public static float[] read(StepProgram program, Tensor tensor, Function<Tensor, float[]> fetch) {
    List<Tensor> parts = sources(program, tensor);
    Tensor first = parts.getFirst();
    if (first.equals(tensor) || first.part().isWhole()) {
      return fetch.apply(first);
    }
    float[] whole = new float[Math.toIntExact(tensor.shape().elements())];
    Cut cut = Cut.of(tensor, parts);
    for (Tensor part : parts) {
      float[] own = fetch.apply(part);
      cut.each(part, (at, from, n) -> System.arraycopy(own, from, whole, at, n));
    }
    return whole;
  }

  /**
   * The tensors of a program that {@link #read} fetches of one.
   *
   * @param program where it occurs
   * @param tensor one of the program, or a whole one whose parts are in the program
   */
  public static List<Tensor> sources(StepProgram program, Tensor tensor) {
    List<Tensor> parts = parts(program, tensor);
    if (parts.contains(tensor)) {
      return List.of(tensor);
    }
    return parts.getFirst().part().isWhole() ? List.of(parts.getFirst()) : parts;
  }

  /**
   * Overwrites a tensor.
   *
   * @param values N C H W
   * @param store writes a tensor of the program
   */
  public static void write(
      StepProgram program, Tensor tensor, float[] values, BiConsumer<Tensor, float[]> store) {
    if (values.length != tensor.shape().elements()) {
      throw new IllegalArgumentException(
          "%s takes %d values, got %d".formatted(tensor, tensor.shape().elements(), values.length));
    }
    List<Tensor> parts = parts(program, tensor);
    if (parts.getFirst().part().isWhole()) {
      parts.forEach(copy -> store.accept(copy, values));
    } else if (parts.contains(tensor)) {
      store.accept(tensor, values);
    } else {
      Cut cut = Cut.of(tensor, parts);
      for (Tensor part : parts) {
        float[] own = new float[Math.toIntExact(part.shape().elements())];
        cut.each(part, (at, from, n) -> System.arraycopy(values, at, own, from, n));
        store.accept(part, own);
      }
    }
  }

  /** The parts of a tensor in their order, or its copies. */
  private static List<Tensor> parts(StepProgram program, Tensor tensor) {
    List<Tensor> parts = program.parts(tensor.name());
    if (parts.isEmpty()) {
      throw new IllegalArgumentException(tensor + " is not in this program");
    }
    return parts;
  }

  /** Runs of elements that a whole tensor and a part have in common. */
  private record Cut(Tensor whole, List<Tensor> parts) {

    /** Receives where a run begins in the whole and in the part, and its length. */
    interface Run {
      void at(int whole, int part, int length);
    }

    static Cut of(Tensor whole, List<Tensor> parts) {
      if (ofSomeImages(parts)) {
        return new Cut(whole, parts);
      }
      long elements = parts.stream().mapToLong(part -> part.shape().elements()).sum();
      if (elements != whole.shape().elements()) {
        throw new IllegalArgumentException("%s is not made of %s".formatted(whole, parts));
      }
      return new Cut(whole, parts);
    }

    private static boolean ofSomeImages(List<Tensor> parts) {
      Part first = parts.getFirst().part();
      return first.axis() == Part.Axis.IMAGES && parts.size() < first.count();
    }

    void each(Tensor part, Run run) {
      // Cut by channels, each image has a run of its own; cut by outputs or images, all is one run.
      int runs = whole.shape().n() == part.shape().n() ? whole.shape().n() : 1;
      int pitch = Math.toIntExact(whole.shape().elements() / runs);
      int first = 0;
      if (ofSomeImages(parts)) {
        int images = whole.shape().n();
        first = part.part().begin(images) * (pitch / images);
      } else {
        for (Tensor before : parts.subList(0, parts.indexOf(part))) {
          first += Math.toIntExact(before.shape().elements() / runs);
        }
      }
      int length = Math.toIntExact(part.shape().elements() / runs);
      for (int i = 0; i < runs; i++) {
        run.at(i * pitch + first, i * length, length);
      }
    }
  }
}
