package org.alexnet.backend.plan;

/**
 * Where a kernel stands among those of its device. Kernels of one lane run in their order; those of
 * different lanes run beside each other, but for what {@link KernelOrder} says.
 */
public enum Lane {
  /** Computes the network. */
  COMPUTE,

  /** Updates parameters whose gradients come first, while the others are computed. */
  UPDATE,

  /** Sums up what devices contribute to gradients. */
  SUM,

  /** Brings sums to all devices: the other direction of their links. */
  SPREAD
}
