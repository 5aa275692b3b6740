package org.alexnet.formats.onnx;

import java.nio.file.Path;
import java.util.Optional;
import org.alexnet.AlexNetException;
import org.alexnet.InvalidNetworkException;
import org.alexnet.data.Augmentation;
import org.alexnet.file.FileStart;
import org.alexnet.formats.MappedFile;
import org.alexnet.formats.NetworkFiles;
import org.alexnet.formats.onnx.message.OnnxFile;
import org.alexnet.model.Model;
import org.alexnet.model.ModelRequest;
import org.alexnet.model.ModelSource;
import org.alexnet.model.Recipe;
import org.alexnet.model.Schedule;

/** Networks that are graphs of ONNX. */
public final class OnnxNetworks implements ModelSource {
  /** A graph says nothing of training: this program's recipe for the network of 2012. */
  private static final Recipe RECIPE =
      new Recipe(90, 128, 0.01f, 0.9f, 0.0005f, new Schedule.Plateau(5), Augmentation.NONE);

  /** For {@link java.util.ServiceLoader}. */
  public OnnxNetworks() {}

  @Override
  public String offers() {
    return "a graph as an ONNX file";
  }

  @Override
  public Optional<Model> find(ModelRequest request) {
    return ModelSource.file(request.name())
        .filter(file -> OnnxFormat.isOnnx(FileStart.of(file).bytes()))
        .map(OnnxNetworks::read);
  }

  private static Model read(Path file) {
    String stem = file.getFileName().toString().replaceAll("\\.onnx$", "");
    try (OnnxFile onnx = OnnxFile.of(MappedFile.open(file))) {
      return new Model(
          new GraphReader(onnx).network(NetworkFiles.name(stem, "onnx")),
          RECIPE,
          "from " + file.getFileName());
    } catch (InvalidNetworkException e) {
      throw new AlexNetException("%s: %s.".formatted(file, e.getMessage()), e);
    }
  }
}
