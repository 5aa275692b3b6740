package org.alexnet.pictures.drawing;

/** Which point of a text its place is of. */
public enum Align {
  /** Its left end. */
  LEFT,
  /** Its middle. */
  CENTRE,
  /** Its right end. */
  RIGHT
}
