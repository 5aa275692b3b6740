package org.alexnet.model;

import com.fasterxml.jackson.core.JsonToken;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.nio.charset.Charset;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Function;
import org.alexnet.AlexNetException;
import org.alexnet.Message;
import org.alexnet.UsageException;
import org.alexnet.file.FileStart;
import org.alexnet.file.JsonFiles;
import org.alexnet.file.TextFiles;
import org.alexnet.model.json.JsonValue;
import org.alexnet.model.json.RecordReader;
import org.alexnet.model.json.RecordWriter;
import org.alexnet.network.Input;
import org.alexnet.network.Network;
import org.alexnet.network.Node;
import org.alexnet.program.CompiledNetwork;

/** A model as a file: its records as JSON, field by field. */
public final class ModelFile implements ModelSource {
  private static final Map<Class<?>, Function<String, ?>> TEXTS =
      Map.of(Schedule.class, Schedule::parse);
  private static final RecordWriter WRITER = new RecordWriter(TEXTS.keySet(), Node.class);

  /** A network by itself: the layers are written with what they read. */
  private record NetworkForm(String name, Input input, List<Node> layers) {
    NetworkForm {
      new Network(name, input, layers); // refused, if it has to be, while its place is known
    }

    Network network() {
      return new Network(name, input, layers);
    }
  }

  /** The fields of a file: those of the network and those of the model beside it. */
  private record Form(
      String name,
      String description,
      Input input,
      List<Node> layers,
      Recipe recipe,
      Model.FewerClasses fewerClasses) {
    Form {
      new Network(name, input, layers); // refused, if it has to be, while its place is known
    }

    Network network() {
      return new Network(name, input, layers);
    }
  }

  /** For {@link java.util.ServiceLoader}. */
  public ModelFile() {}

  @Override
  public String offers() {
    return "a network as a JSON file";
  }

  @Override
  public Optional<Model> find(ModelRequest request) {
    return ModelSource.file(request.name()).filter(ModelFile::isJson).map(ModelFile::read);
  }

  /**
   * @throws AlexNetException if it is in another encoding than JSON must be
   */
  private static boolean isJson(Path file) {
    FileStart start = FileStart.of(file);
    if (begins(start, StandardCharsets.UTF_16LE) || begins(start, StandardCharsets.UTF_16BE)) {
      throw TextFiles.notUtf8(file, null);
    }
    return begins(start, StandardCharsets.UTF_8);
  }

  /** Whether an object of JSON may begin here; many an editor puts a mark before it. */
  private static boolean begins(FileStart start, Charset charset) {
    return start.text(charset).stripLeading().startsWith("{");
  }

  private static Model read(Path file) {
    Form form =
        reader(file.toString())
            .read(
                complete(JsonValue.parse(file.toString(), TextFiles.read(file))),
                Form.class,
                read -> requireSizes(file, read.network()));
    return new Model(form.network(), form.recipe, form.description, form.fewerClasses);
  }

  /** Sizes that are the file's fault are so also where a user may choose others. */
  private static void requireSizes(Path file, Network network) {
    try {
      CompiledNetwork.requireSizes(network, 1);
    } catch (UsageException e) {
      throw new AlexNetException(Message.of("%s: %s", file, e.message()), e);
    }
  }

  /**
   * A network with what earlier versions did not write, where there was one way only: pictures were
   * brought to their size by the shorter side, and biases of convolutions were shared.
   */
  private static JsonValue complete(JsonValue json) {
    if (json instanceof JsonValue.Fields network
        && network.values().get("input") instanceof JsonValue.Fields input) {
      input
          .values()
          .putIfAbsent(
              "resize", new JsonValue.Scalar(input.line(), JsonToken.VALUE_STRING, "cover"));
    }
    if (json instanceof JsonValue.Fields network
        && network.values().get("layers") instanceof JsonValue.Items layers) {
      layers.values().forEach(ModelFile::completeLayer);
    }
    return json;
  }

  private static void completeLayer(JsonValue json) {
    if (json instanceof JsonValue.Fields layer
        && layer.values().get("type") instanceof JsonValue.Scalar type
        && type.text().equals("convolution")) {
      layer
          .values()
          .putIfAbsent(
              "biases", new JsonValue.Scalar(layer.line(), JsonToken.VALUE_STRING, "shared"));
    }
  }

  private static RecordReader reader(String file) {
    return new RecordReader(file, TEXTS, Node.class);
  }

  /**
   * {@return a model as the text of a file}
   *
   * @param model to write, in every field
   */
  public static String text(Model model) {
    return new String(JsonFiles.pretty(json(model)), StandardCharsets.UTF_8);
  }

  /**
   * {@return a model as an object of JSON}
   *
   * @param model to write, in every field
   */
  public static ObjectNode json(Model model) {
    Network network = model.network();
    return WRITER.write(
        new Form(
            network.name(),
            model.description(),
            network.input(),
            network.nodes(),
            model.recipe(),
            model.fewerClasses()));
  }

  /**
   * {@return a network as an object of JSON}
   *
   * @param network to write, in every field
   */
  public static ObjectNode json(Network network) {
    return WRITER.write(new NetworkForm(network.name(), network.input(), network.nodes()));
  }

  /**
   * {@return the network of an object of JSON}
   *
   * @param file where it stands, for messages
   * @param json with every field of a network
   * @throws AlexNetException naming the layer and the field that are wrong
   */
  public static Network network(String file, ObjectNode json) {
    return reader(file)
        .read(
            complete(JsonValue.of(file, json)),
            NetworkForm.class,
            form -> CompiledNetwork.requireSizes(form.network(), 1))
        .network();
  }
}
