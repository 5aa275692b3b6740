package org.alexnet.formats.caffe;

import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.regex.Pattern;
import org.alexnet.AlexNetException;
import org.alexnet.InvalidNetworkException;
import org.alexnet.Message;
import org.alexnet.Setting;
import org.alexnet.UsageException;
import org.alexnet.data.Augmentation;
import org.alexnet.file.FileStart;
import org.alexnet.file.TextFiles;
import org.alexnet.model.Model;
import org.alexnet.model.ModelRequest;
import org.alexnet.model.ModelSource;
import org.alexnet.model.Recipe;
import org.alexnet.model.Schedule;
import org.alexnet.network.Network;

/** Networks that are described as Caffe's text. */
public final class CaffeNetworks implements ModelSource {
  /** Behind comments, a field that networks begin with. */
  private static final Pattern BEGINNING =
      Pattern.compile(
          "(\\s|#[^\\n]*\\n)*(name|input|input_dim|input_shape|layers?|force_backward"
              + "|(train_|test_)?net|test_(iter|interval)|base_lr|lr_policy|max_iter|solver_mode"
              + "|display|momentum|weight_decay|gamma|stepsize|type)\\s*[:{].*",
          Pattern.DOTALL);

  /** The 2012 network's, as Caffe's replications of it are trained. */
  private static final Recipe RECIPE =
      new Recipe(90, 128, 0.01f, 0.9f, 0.0005f, new Schedule.Plateau(5), Augmentation.NONE);

  /** For {@link java.util.ServiceLoader}. */
  public CaffeNetworks() {}

  @Override
  public String offers() {
    return "a network of Caffe as a .prototxt file, or its solver";
  }

  @Override
  public Set<Setting> takes() {
    return Set.of(Setting.SOLVER, Setting.SIZE);
  }

  @Override
  public Optional<Model> find(ModelRequest request) {
    return ModelSource.file(request.name())
        .filter(CaffeNetworks::isPrototxt)
        .map(file -> read(file, request));
  }

  private static boolean isPrototxt(Path file) {
    String start = FileStart.of(file).text(StandardCharsets.UTF_8);
    return BEGINNING.matcher(start).matches();
  }

  /** A network by itself, one and its solver, or a solver that names one. */
  private static Model read(Path file, ModelRequest request) {
    Prototxt text = parse(file);
    boolean alone = file.equals(request.solver());
    if (Solver.is(text)) {
      if (request.solver() != null && !alone) {
        throw new UsageException(
            Message.of(
                "%s is a solver, and so is %s (%s): give the file of a network.",
                file, request.solver(), Setting.SOLVER));
      }
      Solver solver = new Solver(file, text);
      Path net = solver.net();
      return read(net, parse(net), solver, request.size());
    }
    if (request.solver() == null) {
      return read(file, text, null, request.size());
    }
    Prototxt other = alone ? text : parse(request.solver());
    if (!Solver.is(other)) {
      throw new AlexNetException(
          request.solver() + " is no solver: it has neither base_lr nor lr_policy nor max_iter.");
    }
    Solver solver = new Solver(request.solver(), other);
    solver.requireNet(file);
    return read(file, text, solver, request.size());
  }

  private static Prototxt parse(Path file) {
    return Prototxt.parse(file.toString(), TextFiles.read(file));
  }

  private static Model read(Path file, Prototxt text, Solver solver, Integer size) {
    try {
      NetworkReader reader = new NetworkReader(file, text, size);
      Network network = reader.read();
      Augmentation augmentation = reader.augmentation();
      int seen = network.input().size();
      List<String> remarks = new ArrayList<>();
      Recipe recipe;
      if (solver == null) {
        recipe = RECIPE.with(augmentation);
        remarks.add("from " + file.getFileName());
      } else {
        recipe = solver.recipe(reader.batch(), seen, augmentation);
        remarks.add("from %s and %s".formatted(solver.file().getFileName(), file.getFileName()));
        remarks.addAll(solver.remarks(recipe, seen));
      }
      reader.remark().ifPresent(remarks::add);
      return new Model(network, recipe, String.join("; ", remarks));
    } catch (InvalidNetworkException e) {
      throw new AlexNetException("%s: %s.".formatted(file, e.getMessage()), e);
    }
  }
}
