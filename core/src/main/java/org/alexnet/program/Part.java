package org.alexnet.program;

/**
 * Which part of a tensor this is, where a network is cut: a column has a part of the channels, a
 * shard a part of the images. A tensor of one part is whole; each column or shard that needs such a
 * tensor makes or is sent a copy.
 *
 * @param axis what the tensor is cut along; says nothing of a whole one
 * @param index of the column or shard that makes it; {@link Placement} gives each a device
 * @param count parts of the tensor, 1 if it is whole. Their sizes need not be equal
 */
public record Part(Axis axis, int index, int count) {

  /** What a tensor is cut along. */
  public enum Axis {
    /** Channels of images, outputs of parameters: a column's part. */
    CHANNELS,
    /** Images of the batch: a shard's part. */
    IMAGES
  }

  /** All of a tensor, made by the first column or shard, or by a network that is not cut. */
  public static final Part WHOLE = whole(0);

  public Part {
    if (index < 0 || count < 1 || (count > 1 && index >= count)) {
      throw new IllegalArgumentException("part %d of %d".formatted(index, count));
    }
    axis = count == 1 ? Axis.CHANNELS : axis;
  }

  /** All of a tensor, made by the column or shard of an index. */
  public static Part whole(int index) {
    return new Part(Axis.CHANNELS, index, 1);
  }

  public boolean isWhole() {
    return count == 1;
  }

  /**
   * Where this part begins in something that is cut as evenly as it can be: the first parts have
   * one more where it does not divide.
   *
   * @param size of all parts together
   */
  public int begin(int size) {
    return index * (size / count) + Math.min(index, size % count);
  }

  /** What a column or shard is called: a, b, ..., z, 26, ... */
  public String letter() {
    return index < 26 ? String.valueOf((char) ('a' + index)) : String.valueOf(index);
  }
}
