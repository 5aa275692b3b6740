package org.alexnet.cli.option;

import java.nio.file.Files;
import java.nio.file.Path;
import org.alexnet.model.Model;
import org.alexnet.model.ModelRequest;
import org.alexnet.model.Models;
import picocli.CommandLine.Option;

/** What belongs to the file of a network where that does not say everything. */
public class ModelFileOptions {
  @Option(
      names = "--params",
      paramLabel = "FILE",
      description = "With a layer file of cuda-convnet: how its layers learn (layer-params.cfg).")
  private Path params;

  @Option(
      names = "--size",
      paramLabel = "N",
      description =
          "With a layer file, or a prototxt that does not say it: rows and columns of the images"
              + " that the network sees. Default of a layer file: 224; with ten classes 32.")
  private Integer size;

  @Option(
      names = "--solver",
      paramLabel = "FILE",
      description =
          "How a network of Caffe is trained (solver.prototxt). Without --model, the network that"
              + " it names.")
  private Path solver;

  /**
   * A model.
   *
   * @param name what --model was given; null for none
   * @param otherwise the name in its place; null for no model
   */
  public final Model model(String name, String otherwise) {
    if (solver != null) {
      Require.that(Files.isRegularFile(solver), "--solver", solver, "a file");
    }
    return chosen(name == null && solver != null ? solver.toString() : name, otherwise);
  }

  private Model chosen(String name, String otherwise) {
    ModelRequest request = new ModelRequest(name == null ? otherwise : name, params, size, solver);
    request
        .given()
        .forEach(
            setting ->
                Require.that(
                    name != null,
                    Flags.of(setting, ""),
                    "without the network it belongs to",
                    "given together with --model"));
    return request.name() == null ? null : Models.named(request);
  }

  /** Whether a network is named, by --model or by a solver that names one. */
  public final boolean named(String name) {
    return name != null || solver != null;
  }

  /**
   * The model of a command that needs one.
   *
   * @param name what --model was given; null for none
   */
  public final Model required(String name) {
    Require.given(named(name), "--model", "a network, or the solver that names one (--solver)");
    return model(name);
  }

  /** The model of a name; null for none. */
  public final Model model(String name) {
    return model(name, null);
  }
}
