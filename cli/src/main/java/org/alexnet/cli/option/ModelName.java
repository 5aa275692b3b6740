package org.alexnet.cli.option;

import java.util.Iterator;
import org.alexnet.model.Model;
import org.alexnet.model.Models;

/** The names of models, for help. */
public final class ModelName implements Iterable<String> {
  /** What the names are followed by in help. */
  public static final String OR_FILE = ", or a file (summary --show network prints one)";

  /** The model of a command that is given none. */
  public static final String DEFAULT = "alexnet-32";

  @Override
  public Iterator<String> iterator() {
    return Models.all().stream().map(Model::name).iterator();
  }
}
