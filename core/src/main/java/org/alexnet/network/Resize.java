package org.alexnet.network;

/**
 * How a picture of any size is brought to the square that a network's images are kept in. The
 * filter is the same in both: the triangle, as wide as a pixel of the smaller of the two pictures.
 */
public enum Resize {
  /** The shorter side to the size, then the centre, as the paper and torchvision do. */
  COVER,
  /** Both sides to the size, whatever becomes of their ratio, as Caffe's tools do. */
  STRETCH
}
