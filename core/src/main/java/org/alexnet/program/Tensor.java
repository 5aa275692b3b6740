package org.alexnet.program;

/**
 * A named array of 32-bit floating-point numbers: {@code conv1} is the output of the layer, {@code
 * conv1.weight} its filters, {@code conv1.weight.momentum} the update of the last step, {@code
 * conv1.grad} the loss's gradient.
 *
 * @param name unique among the tensors of its column or shard. Where a network is cut, the tensors
 *     of one name are the parts, or copies, of the tensor that an uncut network calls so
 * @param part which part of that tensor it is, and which column or shard makes it
 */
public record Tensor(String name, Shape shape, Role role, Part part) {

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

  /** A whole tensor. */
  public Tensor(String name, Shape shape, Role role) {
    this(name, shape, role, Part.WHOLE);
  }

  /** A tensor of one step. */
  public static Tensor step(String name, Shape shape) {
    return new Tensor(name, shape, Role.STEP);
  }

  /** The same as another part. */
  public Tensor in(Part other) {
    return new Tensor(name, shape, role, other);
  }

  /** The gradient of the loss with respect to this tensor. */
  public Tensor gradient() {
    return new Tensor(name + ".grad", shape, Role.GRADIENT, part);
  }

  /** The sum of the squares of the gradient of this parameter, or of this part of it. */
  public Tensor gradientSquares() {
    return new Tensor(name + ".grad.squares", Shape.vector(1), Role.STEP, part);
  }

  /**
   * One of several contributions to this gradient.
   *
   * @param number that of the operation that contributes, among those that read the tensor
   */
  Tensor contribution(int number) {
    return new Tensor(name + "." + number, shape, role, part);
  }

  /** Whether the backward pass makes it. */
  public boolean isGradient() {
    return role == Role.GRADIENT;
  }

  /** The optimizer state of this parameter. */
  public Tensor momentum() {
    return new Tensor(name + ".momentum", shape, Role.MOMENTUM, part);
  }

  /** Columns and shards are lettered as in {@code conv3 [b]}, but for the first. */
  @Override
  public String toString() {
    return name + (part.index() == 0 ? " " : " [" + part.letter() + "] ") + shape;
  }
}
