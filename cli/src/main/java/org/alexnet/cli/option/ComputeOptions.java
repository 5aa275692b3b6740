package org.alexnet.cli.option;

import org.alexnet.backend.ConvolutionMethod;
import org.alexnet.backend.Precision;
import picocli.CommandLine.Option;

/** On what a command computes, and by which arithmetic. */
public class ComputeOptions extends DeviceOptions {
  @Option(
      names = "--precision",
      paramLabel = "P",
      converter = Arithmetic.class,
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

  /** Reads a way to compute convolutions. */
  static final class Method extends Named<ConvolutionMethod> {
    Method() {
      super(ConvolutionMethod::named);
    }
  }

  /** Reads an arithmetic. */
  static final class Arithmetic extends Named<Precision> {
    Arithmetic() {
      super(Precision::named);
    }
  }
}
