package org.alexnet.pictures.drawing;

/** Which point of a text its place is of. */
public enum Align {
  LEFT,
  CENTRE,
  RIGHT
}
