package org.alexnet.model;

import java.io.File;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.ServiceLoader;
import java.util.stream.Collectors;
import org.alexnet.AlexNetException;
import org.alexnet.InvalidNetworkException;
import org.alexnet.Message;
import org.alexnet.Setting;
import org.alexnet.UsageException;
import org.alexnet.file.FileStart;
import org.alexnet.network.Network;
import org.alexnet.program.CompiledNetwork;

/** The one place where a model is found: in the catalogue, in a file, or where a program says. */
public final class Models {
  private Models() {}

  /** {@return every model of the catalogue} */
  public static List<Model> all() {
    return Catalogue.ALL;
  }

  /**
   * {@return whether a network is that of the catalogue under its name, with as many classes}
   *
   * @param network any
   * @param dropout whether it kept its dropout layers
   */
  public static boolean catalogued(Network network, boolean dropout) {
    return all().stream()
        .filter(model -> model.name().equals(network.name()))
        .map(model -> model.withClasses(network.classes()).network())
        .anyMatch(known -> network.equals(dropout ? known : known.withoutDropout()));
  }

  /**
   * {@return the model of a name or of a file; names of the catalogue come first}
   *
   * @param name in the catalogue, or the path of a file
   * @throws UsageException if no source knows it, listing what there is
   * @throws AlexNetException if it is a file, and wrong
   */
  public static Model named(String name) {
    return named(ModelRequest.of(name));
  }

  /**
   * {@return the model of a request; names of the catalogue come first}
   *
   * @param request a name, or the path of a file, and what belongs to it
   * @throws UsageException if no source knows it, listing what there is, or it takes nothing of
   *     what is given with it
   * @throws AlexNetException if it is a file, and wrong
   */
  public static Model named(ModelRequest request) {
    List<ModelSource> sources = new ArrayList<>(List.of(new Catalogue()));
    ServiceLoader.load(ModelSource.class, ModelSource.class.getClassLoader()).forEach(sources::add);
    for (ModelSource source : sources) {
      Optional<Model> model = find(source, request);
      if (model.isPresent()) {
        requireTaken(request, source, sources);
        return model.get();
      }
    }
    throw unknown(request.name(), sources);
  }

  /** What a source finds, if its layers fit together. */
  private static Optional<Model> find(ModelSource source, ModelRequest request) {
    Optional<Model> found = source.find(request);
    try {
      found.ifPresent(model -> CompiledNetwork.requireSizes(model.network(), 1));
    } catch (InvalidNetworkException e) {
      throw new AlexNetException("%s: %s.".formatted(request.name(), e.getMessage()), e);
    } catch (UsageException e) { // sizes that are the file's fault, also where others may be chosen
      throw new AlexNetException(Message.of("%s: %s", request.name(), e.message()), e);
    }
    return found;
  }

  private static void requireTaken(
      ModelRequest request, ModelSource source, List<ModelSource> sources) {
    for (Setting setting : request.given()) {
      if (!source.takes().contains(setting)) {
        String takers =
            sources.stream()
                .filter(other -> other.takes().contains(setting))
                .map(ModelSource::offers)
                .collect(Collectors.joining(", or to "));
        throw new UsageException(
            Message.of(
                takers.isEmpty() ? "%s takes no %s.%s" : "%s takes no %s; that belongs to %s.",
                request.name(),
                setting,
                takers));
      }
    }
  }

  /**
   * {@return the model that a file describes; empty if it describes none}
   *
   * @param file of a network, of weights, or of anything else
   * @throws AlexNetException if it describes a network, and one that cannot be
   */
  public static Optional<Model> inFile(Path file) {
    return ServiceLoader.load(ModelSource.class, ModelSource.class.getClassLoader()).stream()
        .map(source -> find(source.get(), ModelRequest.of(file.toString())))
        .flatMap(Optional::stream)
        .findFirst();
  }

  private static AlexNetException unknown(String name, List<ModelSource> sources) {
    String known = sources.stream().map(ModelSource::offers).collect(Collectors.joining(", "));
    File file = new File(name);
    if (file.isDirectory()) {
      return new UsageException(
          "%s is a folder, and no model; there are: %s.".formatted(name, known));
    }
    return file.isFile()
        ? new AlexNetException(
            "%s is not a network file: it %s; there are: %s."
                .formatted(name, FileStart.of(file.toPath()), known))
        : new UsageException(
            "There is no model \"%s\", and no file of that name; there are: %s."
                .formatted(InvalidNetworkException.shortened(name), known));
  }
}
