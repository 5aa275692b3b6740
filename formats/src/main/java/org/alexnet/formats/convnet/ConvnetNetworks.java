package org.alexnet.formats.convnet;

import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.alexnet.AlexNetException;
import org.alexnet.InvalidNetworkException;
import org.alexnet.Setting;
import org.alexnet.UsageException;
import org.alexnet.data.Augmentation;
import org.alexnet.file.FileStart;
import org.alexnet.formats.NetworkFiles;
import org.alexnet.model.Model;
import org.alexnet.model.ModelRequest;
import org.alexnet.model.ModelSource;
import org.alexnet.model.Recipe;
import org.alexnet.model.Schedule;
import org.alexnet.network.Network;

/**
 * Networks in the two files of cuda-convnet, the program that the network of 2012 was trained with:
 * its layers, and how they learn.
 */
public final class ConvnetNetworks implements ModelSource {
  /** Behind comments, a section. */
  private static final Pattern BEGINNING =
      Pattern.compile("(\\s|[#;][^\\n]*\\n)*\\[[^]\\n]+]\\s.*", Pattern.DOTALL);

  /** Nothing but comments as far as the beginning goes. */
  private static final Pattern COMMENTS = Pattern.compile("(\\s|[#;][^\\n]*\\n)*([#;][^\\n]*)?");

  private static final int EPOCHS = 90;
  private static final int BATCH = 128;
  private static final int PATIENCE = 5;

  /** For {@link java.util.ServiceLoader}. */
  public ConvnetNetworks() {}

  @Override
  public String offers() {
    return "a layer file of cuda-convnet (layers.cfg) with its parameters";
  }

  @Override
  public Set<Setting> takes() {
    return Set.of(Setting.PARAMS, Setting.SIZE);
  }

  @Override
  public Optional<Model> find(ModelRequest request) {
    return ModelSource.file(request.name())
        .filter(ConvnetNetworks::isLayerFile)
        .map(file -> read(file, request));
  }

  private static boolean isLayerFile(Path file) {
    String start = FileStart.of(file).text(StandardCharsets.UTF_8);
    return BEGINNING.matcher(start).matches()
        || file.toString().toLowerCase(Locale.ROOT).endsWith(".cfg")
            && COMMENTS.matcher(start).matches();
  }

  private static Model read(Path path, ModelRequest request) {
    if (request.params() == null) {
      throw UsageException.missing(
          Setting.PARAMS, "the file beside %s that says how its layers learn".formatted(path));
    }
    ConfigFile file = ConfigFile.read(path);
    try {
      LearningFile learning =
          new LearningFile(ConfigFile.read(request.params()), LayerReader.learning(file));
      Network network = new LayerReader(file, learning, request.size()).read(name(path));
      boolean crops = network.input().stored() > network.input().size();
      Recipe recipe =
          new Recipe(
              EPOCHS,
              BATCH,
              learning.rate(),
              learning.momentum(),
              learning.decay(),
              new Schedule.Plateau(PATIENCE),
              crops ? Augmentation.PAPER : Augmentation.NONE);
      return new Model(network, recipe, description(path, request, file, learning));
    } catch (InvalidNetworkException e) {
      throw new AlexNetException("%s: %s.".formatted(path, e.getMessage()), e);
    }
  }

  private static String name(Path path) {
    String stem = path.getFileName().toString().replaceAll("\\.[^.]*$", "");
    return NetworkFiles.name(stem, "cuda-convnet");
  }

  /** What the files say and a network of this program does not keep. */
  private static List<String> notes(ConfigFile file, LearningFile learning) {
    List<String> notes = new ArrayList<>();
    if (!learning.schedules().isEmpty()) {
      notes.add("how rates fall (%s)".formatted(String.join(", ", learning.schedules())));
    }
    List<String> functions =
        Stream.of("initWFunc", "initBFunc", "initCFunc")
            .filter(key -> file.sections().values().stream().anyMatch(section -> section.has(key)))
            .toList();
    if (!functions.isEmpty()) {
      notes.add(
          "what functions of Python start it with (%s)".formatted(String.join(", ", functions)));
    }
    return notes;
  }

  private static String description(
      Path path, ModelRequest request, ConfigFile file, LearningFile learning) {
    String files = "from %s and %s".formatted(path.getFileName(), request.params().getFileName());
    List<String> notes = notes(file, learning);
    String source = notes.isEmpty() ? files : files + ", but for " + String.join(" and ", notes);
    return Stream.concat(Stream.of(source), learning.remarks().stream())
        .collect(Collectors.joining("; "));
  }
}
