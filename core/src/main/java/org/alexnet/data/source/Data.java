package org.alexnet.data.source;

import org.alexnet.data.ImageSource;

/**
 * Images as somebody chose them: by a name that {@link DataSets} opens, or as a source that a
 * program gives and keeps open.
 *
 * @param name as a user writes it, or what a given source is called in a run's settings
 * @param given the source that a program gave; null for a name
 */
public record Data(String name, ImageSource given) {
  /** Begins the names of sources that a program gave. */
  private static final String PROGRAM = "program:";

  /**
   * {@return images by name}
   *
   * @param source as for {@link DataSets#open}
   */
  public static Data named(String source) {
    return new Data(source, null);
  }

  /**
   * {@return images that a program gives, which closes them itself when they are no longer used}
   *
   * @param source of at least one image
   */
  public static Data given(ImageSource source) {
    return new Data(PROGRAM + source.description(), new GivenSource(source));
  }

  /** {@return what this is, for messages} */
  public String description() {
    return given == null ? name : given.description();
  }

  /**
   * {@return whether a name is that of images that a program gave, which only it can give again}
   *
   * @param name of a source
   */
  public static boolean isGiven(String name) {
    return name.startsWith(PROGRAM);
  }

  /**
   * {@return what images that a program gave called themselves}
   *
   * @param name of a source for which {@link #isGiven} is true
   */
  public static String givenDescription(String name) {
    return name.substring(PROGRAM.length());
  }
}
