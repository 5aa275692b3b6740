package org.alexnet.cli;

import org.alexnet.AlexNetException;
import org.alexnet.backend.Precision;
import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.Option;
import picocli.CommandLine.TypeConversionException;

/** The arithmetic of a command. */
final class PrecisionOption {
  @Option(
      names = "--precision",
      paramLabel = "P",
      converter = Name.class,
      description = "fp32 (the default), or on a GPU tf32, bf16 or fp16.")
  Precision value = Precision.FP32;

  /** Knows the names. */
  static final class Name implements ITypeConverter<Precision> {
    @Override
    public Precision convert(String name) {
      try {
        return Precision.named(name);
      } catch (AlexNetException e) {
        throw new TypeConversionException(e.getMessage());
      }
    }
  }
}
