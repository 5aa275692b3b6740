package org.alexnet.cli.option;

import java.util.Iterator;
import org.alexnet.AlexNetException;
import org.alexnet.model.Model;
import org.alexnet.model.Models;
import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.TypeConversionException;

/** Reads the name of a model; another name is wrong usage, answered with those there are. */
public final class ModelName implements ITypeConverter<Model>, Iterable<String> {
  /** The model of a command that is given none. */
  public static final String DEFAULT = "alexnet-32";

  @Override
  public Model convert(String name) {
    try {
      return Models.named(name);
    } catch (AlexNetException e) {
      throw new TypeConversionException(e.getMessage());
    }
  }

  /** The names, for help. */
  @Override
  public Iterator<String> iterator() {
    return Models.all().stream().map(Model::name).iterator();
  }
}
