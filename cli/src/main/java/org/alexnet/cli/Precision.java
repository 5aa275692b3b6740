package org.alexnet.cli;

import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.Option;
import picocli.CommandLine.TypeConversionException;

/** The arithmetic of a command. */
final class Precision {
  @Option(
      names = "--precision",
      paramLabel = "P",
      converter = Name.class,
      description = "fp32, which is all this version has.")
  String name = "fp32";

  /** Knows one name. */
  static final class Name implements ITypeConverter<String> {
    @Override
    public String convert(String name) {
      if (!name.equals("fp32")) {
        throw new TypeConversionException(
            "--precision %s is not in this version; it computes in fp32".formatted(name));
      }
      return name;
    }
  }
}
