package org.alexnet.model.json;

import java.util.Locale;

/** What things of Java are called in JSON. */
final class Names {
  private Names() {}

  /** A component: {@code fewerClasses} is {@code fewer_classes}. */
  static String field(String component) {
    return words(component, "_");
  }

  /** A record of a sealed family: {@code MeanImage} is {@code mean-image}. */
  static String type(Class<?> record) {
    return words(record.getSimpleName(), "-");
  }

  /** A constant: {@code ACROSS_MAPS} is {@code across-maps}. */
  static String constant(Enum<?> constant) {
    return constant.name().toLowerCase(Locale.ROOT).replace('_', '-');
  }

  private static String words(String camel, String separator) {
    return camel.replaceAll("(?<=.)(?=\\p{Upper})", separator).toLowerCase(Locale.ROOT);
  }
}
