package org.alexnet.weights.format;

import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.stream.IntStream;

/**
 * How a file keeps a parameter.
 *
 * @param tensor the name in the file
 * @param axes for each axis of the parameter, the axis of the file's tensor that it is: {@code [1,
 *     0]} for weights {@code [in, out]} of a fully-connected layer, which has {@code [out, in]};
 *     empty where they are in the same order
 */
public record StoredAs(String tensor, List<Integer> axes) {
  /**
   * Checks the axes.
   *
   * @throws IllegalArgumentException if one is missing or named twice
   */
  public StoredAs {
    axes = List.copyOf(axes);
    if (!axes.stream().sorted().toList().equals(IntStream.range(0, axes.size()).boxed().toList())) {
      throw new IllegalArgumentException(
          "axes %s of tensor %s: each from 0 to %d is required once"
              .formatted(axes, tensor, axes.size() - 1));
    }
  }

  /**
   * A parameter under another name, with its axes in order.
   *
   * @param tensor its name in the file
   */
  public StoredAs(String tensor) {
    this(tensor, List.of());
  }

  /**
   * {@return the shape that the file's tensor must have for a parameter of a shape}
   *
   * @param parameter the shape that the network declares
   */
  public List<Long> inFile(List<Long> parameter) {
    if (axes.isEmpty()) {
      return parameter;
    }
    if (axes.size() != parameter.size()) {
      throw new IllegalArgumentException(
          "axes %s of tensor %s: one for each extent of %s is required"
              .formatted(axes, tensor, parameter));
    }
    List<Long> shape = new ArrayList<>(Collections.nCopies(axes.size(), 0L));
    for (int axis = 0; axis < axes.size(); axis++) {
      shape.set(axes.get(axis), parameter.get(axis));
    }
    return shape;
  }

  /**
   * {@return the axis of the file's tensor that an axis of the parameter is}
   *
   * @param axis of the parameter, from 0
   */
  public int inFile(int axis) {
    return axes.isEmpty() ? axis : axes.get(axis);
  }

  /**
   * {@return the parameter's values, last extent fastest, of those of the file's tensor}
   *
   * @param values of the file's tensor, last extent fastest
   * @param parameter shape of the parameter
   */
  public float[] reordered(float[] values, List<Long> parameter) {
    if (axes.isEmpty()) {
      return values;
    }
    List<Long> shape = inFile(parameter);
    int[] steps = new int[axes.size()]; // in the file, of each axis of the parameter
    for (int axis = 0; axis < steps.length; axis++) {
      long step = 1;
      for (long extent : shape.subList(axes.get(axis) + 1, steps.length)) {
        step *= extent;
      }
      steps[axis] = (int) step;
    }
    float[] ordered = new float[values.length];
    int[] index = new int[steps.length];
    int from = 0;
    for (int to = 0; to < ordered.length; to++) {
      ordered[to] = values[from];
      for (int axis = steps.length - 1; axis >= 0; axis--) {
        from += steps[axis];
        if (++index[axis] < parameter.get(axis)) {
          break;
        }
        from -= index[axis] * steps[axis];
        index[axis] = 0;
      }
    }
    return ordered;
  }
}
