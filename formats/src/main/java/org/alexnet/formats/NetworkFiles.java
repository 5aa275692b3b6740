package org.alexnet.formats;

/** What files of networks of other programs leave open: a name, and how images are stored. */
public final class NetworkFiles {
  private static final int LONGEST_NAME = 64;

  /** Edge that the photographs of ImageNet are stored with. */
  private static final int STORED = 256;

  /** Images of less than this are no crops of those. */
  private static final int LEAST_CROP = 200;

  private NetworkFiles() {}

  /**
   * A name that a network may have.
   *
   * @param stem the name of a file without its suffix
   * @param prefix what begins it where that does not begin with a letter or digit
   */
  public static String name(String stem, String prefix) {
    String name = stem.replaceAll("[^A-Za-z0-9._-]", "_");
    if (name.isEmpty() || !Character.isLetterOrDigit(name.charAt(0))) {
      name = prefix + name;
    }
    return name.substring(0, Math.min(LONGEST_NAME, name.length()));
  }

  /**
   * The edge of the images that are kept and cropped from.
   *
   * @param size edge of the images that the network sees
   */
  public static int stored(int size) {
    return size >= LEAST_CROP && size < STORED ? STORED : size;
  }
}
