package org.alexnet.cli.option;

import java.util.function.Function;
import org.alexnet.AlexNetException;
import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.TypeConversionException;

/** Reads a value by its name; another name is wrong usage, answered with those there are. */
public abstract class Named<T> implements ITypeConverter<T> {
  private final Function<String, T> values;

  /**
   * @param values throws {@link AlexNetException} for a name that there is not
   */
  protected Named(Function<String, T> values) {
    this.values = values;
  }

  @Override
  public final T convert(String name) {
    try {
      return values.apply(name);
    } catch (AlexNetException e) {
      throw new TypeConversionException(e.getMessage());
    }
  }
}
