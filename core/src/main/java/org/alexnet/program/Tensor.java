package org.alexnet.program;

/**
 * A named array of 32-bit floating-point numbers: {@code conv1} is the output of the layer, {@code
 * conv1.weight} its filters, {@code conv1.weight.momentum} the update of the last step, {@code
 * conv1.grad} the loss's gradient.
 *
 * @param name unique among the tensors of its column. Where a network is cut into columns, the
 *     tensors of one name are the parts of the tensor that an uncut network calls so
 * @param column the column that makes it; 0 in a network that is not cut
 */
public record Tensor(String name, Shape shape, Role role, int column) {

  /** How long a tensor lives and who writes it. */
  public enum Role {
    /** Written from outside, kept: the mean image. Every device has all of it. */
    CONSTANT,
    /** Learned, kept. */
    PARAMETER,
    /** Optimizer state, kept. */
    MOMENTUM,
    /** Made by the forward pass and used up within a step. */
    STEP,
    /** Of the loss, with respect to another tensor or a contribution to that; one step long. */
    GRADIENT;

    /** Whether the values outlive a step. */
    public boolean persistent() {
      return switch (this) {
        case CONSTANT, PARAMETER, MOMENTUM -> true;
        case STEP, GRADIENT -> false;
      };
    }
  }

  /** A tensor of the first column. */
  public Tensor(String name, Shape shape, Role role) {
    this(name, shape, role, 0);
  }

  /** A tensor of one step. */
  public static Tensor step(String name, Shape shape) {
    return new Tensor(name, shape, Role.STEP);
  }

  /** The same in another column. */
  public Tensor in(int other) {
    return new Tensor(name, shape, role, other);
  }

  /** The gradient of the loss with respect to this tensor. */
  public Tensor gradient() {
    return new Tensor(name + ".grad", shape, Role.GRADIENT, column);
  }

  /**
   * One of several contributions to this gradient.
   *
   * @param number that of the operation that contributes, among those that read the tensor
   */
  Tensor part(int number) {
    return new Tensor(name + "." + number, shape, role, column);
  }

  /** Whether the backward pass makes it. */
  public boolean isGradient() {
    return role == Role.GRADIENT;
  }

  /** The optimizer state of this parameter. */
  public Tensor momentum() {
    return new Tensor(name + ".momentum", shape, Role.MOMENTUM, column);
  }

  /** Columns are lettered as in {@code conv3 [b]}, but for the first. */
  @Override
  public String toString() {
    return name + (column == 0 ? " " : " [" + Placement.letter(column) + "] ") + shape;
  }
}
