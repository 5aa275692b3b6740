package org.alexnet.cli.option;

import java.util.function.Function;
import picocli.CommandLine;
import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.TypeConversionException;

/** Reads numbers of a command line; what is none is refused in plain words. */
public final class Numbers {
  private Numbers() {}

  /** Teaches a command line and its commands. */
  public static void register(CommandLine line) {
    ITypeConverter<Integer> ints = reading(Integer::valueOf, whole(Integer.MAX_VALUE));
    ITypeConverter<Long> longs = reading(Long::valueOf, whole(Long.MAX_VALUE));
    ITypeConverter<Float> floats = reading(Float::valueOf, "a number");
    ITypeConverter<Double> doubles = reading(Double::valueOf, "a number");
    line.registerConverter(Integer.class, ints).registerConverter(int.class, ints);
    line.registerConverter(Long.class, longs).registerConverter(long.class, longs);
    line.registerConverter(Float.class, floats).registerConverter(float.class, floats);
    line.registerConverter(Double.class, doubles).registerConverter(double.class, doubles);
  }

  private static String whole(long most) {
    return "a whole number, or it is above %,d".formatted(most);
  }

  private static <T> ITypeConverter<T> reading(Function<String, T> parse, String wanted) {
    return text -> {
      try {
        return parse.apply(text);
      } catch (NumberFormatException e) {
        throw new TypeConversionException("'%s' is not %s".formatted(text, wanted));
      }
    };
  }
}
