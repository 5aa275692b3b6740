package org.alexnet.cli.option;

import org.alexnet.AlexNetException;
import org.alexnet.backend.ConvolutionMethod;
import org.alexnet.backend.Precision;
import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.Option;
import picocli.CommandLine.TypeConversionException;

/** On what a command computes, and by which arithmetic. */
public final class ComputeOptions extends DeviceOptions {
  @Option(
      names = "--precision",
      paramLabel = "P",
      converter = Name.class,
      description = "fp32, or on a GPU tf32, bf16 or fp16. Default: fp32.")
  private Precision precision = Precision.FP32;

  @Option(
      names = "--convolution",
      paramLabel = "C",
      converter = Method.class,
      description =
          "auto: on the CPU, with fewer products where that is faster; or direct, product by"
              + " product. GPUs choose by themselves. Default: auto.")
  private ConvolutionMethod convolution = ConvolutionMethod.AUTO;

  @Override
  public ConvolutionMethod convolution() {
    return convolution;
  }

  @Override
  public Precision precision() {
    return precision;
  }

  /** Knows the names. */
  static final class Method implements ITypeConverter<ConvolutionMethod> {
    @Override
    public ConvolutionMethod convert(String name) {
      try {
        return ConvolutionMethod.named(name);
      } catch (AlexNetException e) {
        throw new TypeConversionException(e.getMessage());
      }
    }
  }

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
