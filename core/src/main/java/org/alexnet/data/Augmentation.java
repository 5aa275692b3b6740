package org.alexnet.data;

/** Placeholder until merge. */
public enum Augmentation {
  NONE,
  SHAPES,
  PAPER
}
