package org.alexnet.program;

/**
 * A named array of 32-bit floating-point numbers. Names are unique in the programs of one network:
 * {@code conv1} is the output of the layer, {@code conv1.weight} its filters, {@code
 * conv1.weight.momentum} the update of the last step, {@code conv1.grad} the loss's gradient.
 */
public record Tensor(String name, Shape shape, Role role) {

  /** How long a tensor lives and who writes it. */
  public enum Role {
    /** Written from outside, kept: the mean image. */
    CONSTANT,
    /** Learned, kept. */
    PARAMETER,
    /** Optimizer state, kept. */
    MOMENTUM,
    /** Made and used up within a step. */
    STEP;

    /** Whether the values outlive a step. */
    public boolean persistent() {
      return this != STEP;
    }
  }

  /** A tensor of one step. */
  public static Tensor step(String name, Shape shape) {
    return new Tensor(name, shape, Role.STEP);
  }

  /** The gradient of the loss with respect to this tensor. */
  public Tensor gradient() {
    return step(name + ".grad", shape);
  }

  /** The optimizer state of this parameter. */
  public Tensor momentum() {
    return new Tensor(name + ".momentum", shape, Role.MOMENTUM);
  }

  @Override
  public String toString() {
    return name + " " + shape;
  }
}
