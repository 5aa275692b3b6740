package org.alexnet.formats.caffe;

import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Optional;
import java.util.regex.Pattern;
import org.alexnet.AlexNetException;
import org.alexnet.InvalidNetworkException;
import org.alexnet.data.Augmentation;
import org.alexnet.file.FileStart;
import org.alexnet.file.TextFiles;
import org.alexnet.model.Model;
import org.alexnet.model.ModelRequest;
import org.alexnet.model.ModelSource;
import org.alexnet.model.Recipe;
import org.alexnet.model.Schedule;

/** Networks that are described as Caffe's text. */
public final class CaffeNetworks implements ModelSource {
  /** Behind comments, a field that networks begin with. */
  private static final Pattern BEGINNING =
      Pattern.compile(
          "(\\s|#[^\\n]*\\n)*(name|input|input_dim|input_shape|layers?|force_backward)\\s*[:{].*",
          Pattern.DOTALL);

  /** The 2012 network's, as Caffe's replications of it are trained. */
  private static final Recipe RECIPE =
      new Recipe(90, 128, 0.01f, 0.9f, 0.0005f, new Schedule.Plateau(5), Augmentation.NONE);

  /** For {@link java.util.ServiceLoader}. */
  public CaffeNetworks() {}

  @Override
  public String offers() {
    return "a network of Caffe as a .prototxt file";
  }

  @Override
  public Optional<Model> find(ModelRequest request) {
    return ModelSource.file(request.name())
        .filter(CaffeNetworks::isPrototxt)
        .map(CaffeNetworks::read);
  }

  private static boolean isPrototxt(Path file) {
    String start = FileStart.of(file).text(StandardCharsets.UTF_8);
    return BEGINNING.matcher(start).matches();
  }

  private static Model read(Path file) {
    try {
      Prototxt net = Prototxt.parse(file.toString(), TextFiles.read(file));
      return new Model(new NetworkReader(net).read(), RECIPE, "from " + file.getFileName());
    } catch (InvalidNetworkException e) {
      throw new AlexNetException("%s: %s.".formatted(file, e.getMessage()), e);
    }
  }
}
