package org.alexnet.cli.option;

import java.util.Iterator;
import org.alexnet.UsageException;
import org.alexnet.model.Model;
import org.alexnet.model.Models;
import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.TypeConversionException;

/**
 * Reads the name or the file of a model. Another name is wrong usage, answered with those there
 * are; a file that is wrong is a failure.
 */
public final class ModelName implements ITypeConverter<Model>, Iterable<String> {
  /** What the names are followed by in help. */
  public static final String OR_FILE = ", or a file (summary --show network prints one)";

  /** The model of a command that is given none. */
  public static final String DEFAULT = "alexnet-32";

  @Override
  public Model convert(String name) {
    try {
      return Models.named(name);
    } catch (UsageException e) {
      throw new TypeConversionException(e.getMessage());
    }
  }

  /** The names, for help. */
  @Override
  public Iterator<String> iterator() {
    return Models.all().stream().map(Model::name).iterator();
  }
}
