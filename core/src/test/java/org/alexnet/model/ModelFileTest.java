package org.alexnet.model;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTimeoutPreemptively;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.charset.Charset;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.alexnet.AlexNetException;
import org.alexnet.UsageException;
import org.alexnet.backend.Narrow;
import org.alexnet.backend.TestNetworks;
import org.alexnet.network.ChannelSelection;
import org.alexnet.network.Input;
import org.alexnet.network.Layer;
import org.alexnet.network.Network;
import org.alexnet.network.Resize;
import org.alexnet.program.CompiledNetwork;
import org.alexnet.program.Placement;
import org.alexnet.weights.Weights;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;

/** Networks as files. */
class ModelFileTest {
  private static final Duration QUICKLY = Duration.ofSeconds(10);
  private static final Model SMALL = Models.named("alexnet-32");

  @TempDir Path dir;

  private Path write(String text) throws IOException {
    return Files.writeString(dir.resolve("net.json"), text);
  }

  private Model read(String text) throws IOException {
    return Models.named(write(text).toString());
  }

  /** The sentence with which a text is refused, which begins with the file. */
  private String refused(String text) throws IOException {
    Path file = write(text);
    AlexNetException e =
        assertTimeoutPreemptively(
            QUICKLY,
            () -> assertThrows(AlexNetException.class, () -> Models.named(file.toString())));
    assertFalse(e instanceof UsageException, "the file is at fault");
    String message = e.getMessage();
    assertTrue(message.startsWith(file.toString()), message);
    assertTrue(message.length() < 600 && message.endsWith("."), message);
    assertFalse(message.contains("\n"), message);
    return message.substring(file.toString().length());
  }

  static Stream<Model> models() {
    Recipe recipe = SMALL.recipe();
    return Stream.concat(
        Models.all().stream(),
        TestNetworks.small().stream().map(network -> new Model(network, recipe, "a test")));
  }

  @ParameterizedTest
  @MethodSource("models")
  void equalModelsComeBack(Model model) throws IOException {
    String text = ModelFile.text(model);
    Model back = read(text);
    assertEquals(model, back);
    assertEquals(text, ModelFile.text(back));
    assertEquals(model.withClasses(2), back.withClasses(2));
    assertEquals(
        model.network(), ModelFile.network("run", ModelFile.json(model.network())), "in a run");
  }

  /** Whole and cut into columns: the same operations, and the same bits to begin with. */
  @ParameterizedTest
  @MethodSource("models")
  void programsAndFirstWeightsAreTheSame(Model model) throws IOException {
    Network back = read(ModelFile.text(model)).network();
    for (List<String> devices : List.of(List.of("a"), List.of("a", "b"))) {
      Placement placement =
          Placement.of(
              back, back.columns() % 2 == 0 ? devices : devices.subList(0, 1), devices.size() > 1);
      assertEquals(
          CompiledNetwork.of(model.network(), 2, placement, List.of()),
          CompiledNetwork.of(back, 2, placement, List.of()));
    }
    boolean large = Models.all().contains(model);
    var expected =
        Weights.initial(
            large ? Narrow.eighth(model.network()) : model.network(), 3, Weights.Overrides.NONE);
    var got = Weights.initial(large ? Narrow.eighth(back) : back, 3, Weights.Overrides.NONE);
    assertEquals(expected.keySet(), got.keySet());
    expected.forEach(
        (name, tensor) -> assertTrue(Arrays.equals(tensor.values(), got.get(name).values()), name));
  }

  /** What is changed of alexnet-32's file, and what the sentence then says after the file. */
  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      textBlock =
          """
          "filters": 64    | "filters": 0    | , line 18, layer conv2: filters is 0, must be at least 1.
          "filters": 64    | "filters": 6.5  | , line 18, layer conv2: filters is 6.5, must be a whole number up to 2,147,483,647.
          "filters": 64    | "filters": "64" | , line 18, layer conv2: filters is "64", must be a whole number
          "filters": 64    | "filters": 99999999999 | filters is 99999999999, must be a whole number up to
          "filters": 64    | "filters": [64] | , line 18, layer conv2: filters is a list of 1, must be a whole number
          "filters": 64, `` | ``             | , line 18, layer conv2: filters is missing; required are type, name, filters, window,
          "filters": 64    | "filters": 64, "colour": 3 | , line 18, layer conv2: there is no field colour; allowed are type, name, filters,
          "filters": 64    | "filters": 64, "filters": 64 | line 18, column
          "filters": 64    | "filters": null | filters is null, must be
          "kernel": 3      | "kernel": -3    | , line 15, layer conv1: window.kernel is -3, must be from 1 to 32,768.
          "kernel": 3      | "kernel": 2147483647 | window.kernel is 2147483647, must be from 1 to 32,768.
          "pad": 1         | "pad": 3        | , line 15, layer conv1: window.pad is 3, must be at least 0 and below the kernel, 3.
          "groups": 1      | "groups": 5     | , line 15, layer conv1: groups is 5, must be a divisor of the 32 filters.
          "groups": 1      | "groups": 2     | , line 15, layer conv1: groups is 2, must be a divisor of the 3 channels of its input.
          "columns": 1     | "columns": 0    | columns is 0, must be from 1 to 26.
          "columns": 1     | "columns": 3    | columns is 3, must be a divisor of the 32 filters
          "gain": 2.0      | "gain": -1      | , line 15, layer conv1: weight.initial.gain is -1.0, must be finite, at least 0.
          "gain": 2.0      | "gain": 1e99    | weight.initial.gain is 1e99, must be a number of single precision
          "gain": 2.0      | "gain": NaN     | wrong at line 15
          "fan-in"         | "fan-out"       | weight.initial.type is "fan-out", must be one of constant, gaussian, fan-in, uniform-fan-in.
          "type": "fan-in", `` | ``          | weight.initial.type is missing; it must be one of constant,
          "rounding": "floor" | "rounding": "down" | rounding is "down", must be one of floor, ceil.
          "relu", "name": "relu2" | "selu", "name": "relu2" | , line 19, layer relu2: type is "selu", must be one of convolution,
          "name": "relu2"  | "name": "relu1" | , line 19, layer relu1: another layer has this name.
          "name": "relu2"  | "name": "a/b"   | , line 19, layer a/b: name is "a/b", must be up to 64 letters
          "name": "relu2"  | "name": ""      | , line 19, layer : name is "", must be up to 64 letters
          "name": "relu2"  | "name": "logits" | , line 19, layer logits: name is "logits", must be
          "name": "relu2"  | "name": 7       | , line 19, layer number 5: name is 7, must be a text
          "name": "alexnet-32" | "name": "../../x" | , line 2: name is "../../x", must be up to 64 letters
          "size": 32       | "size": 0       | , line 6: input.size is 0, must be from 1 to 32,768.
          "stored": 32     | "stored": 31    | input.stored is 31, must be from the size, 32, to 32,768.
          "channels": 3    | "channels": 2147483647 | , line 5: input.channels is 2147483647, must be from 1 to 2,080,767 where images of 32 x 32 are stored.
          "scale": 0.003921569 | "scale": 0  | input.normalization.scale is 0.0, must be finite, above 0.
          "outputs": 512   | "outputs": 2147483647 | , line 24, layer fc1: fc1.weight would have 4,398,046,509,056 elements, and a tensor can have 2,130,706,431 at most
          "outputs": 10    | "outputs": 2147483647 | alexnet-32 with 2,147,483,647 classes is too large: its tensor fc2.weight
          "rate": 0.5, "scaling" | "rate": 1, "scaling" | , line 26, layer drop1: rate is 1.0, must be at least 0 and below 1.
          "kind": "max", "window": {"kernel": 2, | "kind": "max", "window": {"kernel": 33, | , line 17, layer pool1: its window does not fit in an input of 1x32x32x32.
          "schedule": "parts:0.8,0.925" | "schedule": "never" | , line 36: recipe.schedule: schedule "never": must be constant,
          "momentum": 0.9  | "momentum": 1   | , line 34: recipe.momentum is 1.0, must be at least 0 and below 1.
          "batch": 128     | "batch": 0      | recipe.batch is 0, must be at least 1.
          "augmentation": "shapes" | "augmentation": "many" | recipe.augmentation is "many", must be one of none, shapes, paper.
          "recipe"         | "receipt"       | : there is no field receipt; allowed are name, description, input, layers, recipe, fewer_classes.
          "name": "relu2"  | "name": "relu2", "inputs": ["conv9"] | , line 19, layer relu2: inputs: there is no layer conv9.
          "name": "relu2"  | "name": "relu2", "inputs": ["fc1"] | , line 19, layer relu2: inputs: fc1 does not stand before it; a layer reads layers before it.
          "name": "relu2"  | "name": "relu2", "inputs": ["relu2"] | , line 19, layer relu2: inputs: relu2 does not stand before it
          "name": "relu2"  | "name": "relu2", "inputs": ["pool1"] | , line 18, layer conv2: no layer reads it; take it out, or name it among the inputs.
          "name": "relu2"  | "name": "relu2", "inputs": ["conv2", "pool1"] | , line 19, layer relu2: inputs is "conv2, pool1", must be one layer; several are joined by
          "name": "relu2"  | "name": "relu2", "inputs": "conv2" | , line 19, layer relu2: inputs is "conv2", must be a list.
          "name": "relu2"  | "name": "relu2", "inputs": [7] | , line 19, layer relu2: inputs[0] is 7, must be a text
          "type": "relu", "name": "relu2" | "type": "sum", "name": "relu2", "coefficients": [1, 2] | , line 19, layer relu2: coefficients is [1.0, 2.0], must be as many as the inputs, 1.
          "type": "relu", "name": "relu2" | "type": "sum", "name": "relu2", "coefficients": [] | , line 19, layer relu2: coefficients is [], must be finite, one for each input.
          "type": "relu", "name": "relu2" | "type": "sum", "name": "relu2", "inputs": ["conv2", "pool1"], "coefficients": [1, 2] | layer relu2: its inputs are 1x64x
          "type": "relu", "name": "relu2" | "type": "concatenation", "name": "relu2", "inputs": ["conv2", "conv1"] | layer relu2: its inputs are 1x64x
          "type": "relu", "name": "relu2" | "type": "channel-selection", "name": "relu2", "channels": [0, 63, 64] | , line 19, layer relu2: channels[2] is 64, must be below the number of channels of its input, 64.
          "type": "relu", "name": "relu2" | "type": "channel-selection", "name": "relu2", "channels": [0, -1] | , line 19, layer relu2: channels[1] is -1, must be at least 0.
          "type": "relu", "name": "relu2" | "type": "channel-selection", "name": "relu2", "channels": [] | , line 19, layer relu2: channels: 0 are chosen; from 1 to 65,536 are required.
          "type": "relu", "name": "relu2" | "type": "channel-selection", "name": "relu2", "channels": [0, 1.5] | , line 19, layer relu2: channels[1] is 1.5, must be a whole number up to
          "type": "relu", "name": "relu2" | "type": "channel-selection", "name": "relu2", "channels": [0, null] | , line 19, layer relu2: channels[1] is null, must be a whole number up to
          "name": "relu2"  | "name": "relu2", "column": 26 | , line 19, layer relu2: column is 26, must be from 0 to 25.
          "name": "relu2"  | "name": "relu2", "column": "b" | , line 19, layer relu2: column is "b", must be a whole number
          "name": "softmax" | "name": "softmax", "inputs": ["fc1"] | layer softmax: inputs: the loss reads the layer before it.
          "type": "softmax-cross-entropy", "name": "softmax" | "type": "relu", "name": "softmax" | , line 1: the last two layers must be
          "type": "relu", "name": "relu2" | "type": "softmax-cross-entropy", "name": "relu2" | , line 19, layer relu2: there is one softmax loss, at the end.
          """)
  void isRefused(String from, String to, String sentence) throws IOException {
    String before = from.replace("``", "");
    String text = ModelFile.text(SMALL);
    assertTrue(text.contains(before), text);
    int at = text.indexOf(before);
    String after = to == null ? "" : to;
    String said = refused(text.substring(0, at) + after + text.substring(at + before.length()));
    assertTrue(said.contains(sentence), said);
  }

  /** Files of before there were two ways say nothing of how pictures are resized. */
  @Test
  void theShorterSideIsResizedWhereNothingIsSaid() throws IOException {
    String text = ModelFile.text(SMALL);
    String old = text.replace("\"resize\": \"cover\",", "");
    assertTrue(old.length() < text.length(), text);
    assertEquals(SMALL, read(old));
    Input input = read(text.replace("\"cover\"", "\"stretch\"")).network().input();
    assertEquals(Resize.STRETCH, input.resize());
    assertTrue(
        refused(text.replace("\"cover\"", "\"crop\""))
            .contains("input.resize is \"crop\", must be one of cover, stretch."));
  }

  /** Files of before there were two ways say nothing of biases. */
  @Test
  void biasesAreSharedWhereNothingIsSaid() throws IOException {
    String text = ModelFile.text(SMALL);
    String old = text.replace("\"biases\": \"shared\",", "");
    assertTrue(old.length() < text.length(), text);
    assertEquals(SMALL, read(old));
    assertTrue(
        refused(text.replaceFirst("\"shared\"", "\"some\""))
            .contains("layer conv1: biases is \"some\", must be one of shared, unshared."));
  }

  @Test
  void whatIsNoJsonIsRefused() throws IOException {
    String text = ModelFile.text(SMALL);
    assertTrue(refused(text.substring(0, text.length() / 2)).contains("is not valid JSON"));
    assertTrue(refused(text + "{}").contains("something follows"));
    assertTrue(refused("{}").contains("name is missing; required are name, description"));
    assertTrue(refused("{").contains("is not valid JSON"));
    Path file = Files.write(dir.resolve("net.json"), new byte[] {'{', '"', (byte) 0xff});
    AlexNetException e = assertThrows(AlexNetException.class, () -> Models.named(file.toString()));
    assertEquals(file + " is not UTF-8 text; save it in that encoding.", e.getMessage());
  }

  @Test
  void aFileOfAnotherKindIsRefusedByItsFirstBytes() throws IOException {
    Path file = Files.write(dir.resolve("net"), "PK\3\4\"\\and more than is shown".getBytes());
    AlexNetException e = assertThrows(AlexNetException.class, () -> Models.named(file.toString()));
    assertTrue(
        e.getMessage()
            .startsWith(
                file
                    + " is not a network file: it begins with"
                    + " \"PK\\x03\\x04\\x22\\x5cand more t\"; there are: alexnet-32, "),
        e.getMessage());
    Files.write(file, new byte[0]);
    e = assertThrows(AlexNetException.class, () -> Models.named(file.toString()));
    assertTrue(e.getMessage().contains("it is empty; there are:"), e.getMessage());
    assertThrows(UsageException.class, () -> Models.named(dir.toString()));
    assertThrows(UsageException.class, () -> Models.named("\0"));
    e = assertThrows(UsageException.class, () -> Models.named("x".repeat(1 << 20)));
    assertTrue(e.getMessage().length() < 400, "it is shortened");
  }

  @Test
  void marksBeforeTheTextAndOtherEncodings() throws IOException {
    String text = ModelFile.text(SMALL);
    assertEquals(SMALL, read("\uFEFF" + text), "which editors of some systems write");
    for (Charset charset : List.of(StandardCharsets.UTF_16, StandardCharsets.UTF_16LE)) {
      Path file = Files.write(dir.resolve("net.json"), text.getBytes(charset));
      AlexNetException e =
          assertThrows(AlexNetException.class, () -> Models.named(file.toString()));
      assertEquals(file + " is not UTF-8 text; save it in that encoding.", e.getMessage());
    }
    UsageException e = assertThrows(UsageException.class, () -> Models.named(dir.toString()));
    assertTrue(e.getMessage().startsWith(dir + " is a folder, and no model; there are:"));
  }

  @Test
  void whatIsWrongWithJsonIsSaid() throws IOException {
    assertTrue(refused("{\n \"name\": ]").contains("unexpected ']' at line 2, column"));
    assertTrue(refused("{\"name\": nil}").contains("'nil' is no value at line 1, column"));
    assertTrue(refused("{\"name\": \"a\"").contains("it ends too early, at line 1, column"));
  }

  @Test
  void hostileFilesAreRefusedQuickly() throws IOException {
    String text = ModelFile.text(SMALL);
    String megabyte = "x".repeat(900_000);
    assertTrue(refused("{\"" + megabyte + "\": 1}").contains("there is no field xxx"));
    String said = refused(text.replace("\"name\": \"relu2\"", "\"name\": \"" + megabyte + '"'));
    assertTrue(said.contains("must be a text of 200 characters at most"), said);
    said = refused(text.replace("\"filters\": 64", "\"filters\": 1" + "0".repeat(900)));
    assertTrue(said.contains("must be a whole number"), said);
    said = refused(text.replaceFirst("\"gain\": 2.0", "\"gain\": 1" + "0".repeat(900_000)));
    assertTrue(said.contains("is not valid JSON"), said);
    said = refused(text.replace("\"gain\": 2.0", "\"gain\": 1e" + "9".repeat(30)));
    assertTrue(said.contains("must be a number of single precision"), said);
    said = refused("{\"a\": " + "[".repeat(900_000));
    assertTrue(said.contains("values are nested deeper than 16"), said);
    said = refused("{\"a\": ".repeat(100_000));
    assertTrue(said.contains("values are nested deeper than 16"), said);
    said = refused(text.replaceAll("\n", "\n" + " ".repeat(50_000)));
    assertTrue(said.contains(" has more than 1,000,000 bytes, the most"), said);
    said = refused(text.replaceFirst("max", "\\\\u001b[2J"));
    assertTrue(said.contains("kind is \"?[2J\", must be one of max, average"), said);
  }

  /** The small network's file with more layers before the one of a name. */
  private static String before(String name, int count, String layer) {
    String more =
        IntStream.range(0, count).mapToObj(layer::formatted).collect(Collectors.joining("\n"));
    String line = line(name);
    return ModelFile.text(SMALL).replace(line, more + "\n" + line);
  }

  private static String line(String name) {
    return ModelFile.text(SMALL)
        .lines()
        .filter(line -> line.contains('"' + name + '"'))
        .findFirst()
        .orElseThrow();
  }

  @Test
  void aMillionLayersAreRefused() throws IOException {
    String relu = "{\"type\": \"relu\", \"name\": \"r%d\"},";
    String said = refused(before("conv1", 1_000_000, relu));
    assertTrue(said.contains(" has more than 1,000,000 bytes, the most"), said);
    said = refused(before("conv1", 200_000, "{},"));
    assertTrue(said.contains(" has more than 1,000 values, which no network needs"), said);
    said = refused(before("conv1", 300_000, "7,"));
    assertTrue(said.contains(" has more than 65,536 values, which no network needs"), said);
    assertEquals(914, read(before("conv1", 900, relu)).network().layers().size());
  }

  /** As many channels as a layer may choose fit into a file. */
  @Test
  void longListsOfChannelsComeBack() throws IOException {
    List<Integer> channels =
        IntStream.range(0, ChannelSelection.MOST).map(i -> (i * 37 + 5) % 64).boxed().toList();
    Layer selection = new ChannelSelection("relu2", channels);
    Network network =
        SMALL.network().withLayers(layer -> layer.name().equals("relu2") ? selection : layer);
    Model model = new Model(network, SMALL.recipe(), "a test");
    assertEquals(model, read(ModelFile.text(model)));
    assertEquals(network, ModelFile.network("run", ModelFile.json(network)), "in a run");
  }

  @Test
  void sizesThatOverflowAreRefused() throws IOException {
    String conv = line("conv1");
    String grows =
        conv.replace("conv1", "grow%d")
            .replace("\"kernel\": 3", "\"kernel\": 32768")
            .replace("\"pad\": 1", "\"pad\": 32767");
    String said = refused(before("conv1", 3, grows));
    assertTrue(said.contains("layer grow0: a tensor would have more elements than"), said);
    String wide = conv.replace("conv1", "wide%d").replace("32", "100000000");
    said = refused(before("conv1", 1, wide));
    assertTrue(said.contains("layer wide0: a tensor would have more elements than"), said);
    String heavy =
        conv.replace("conv1", "heavy%d")
            .replace("32", "1000000")
            .replace("\"kernel\": 3", "\"kernel\": 31")
            .replace("\"pad\": 1", "\"pad\": 15");
    said = refused(before("conv1", 1, heavy));
    assertTrue(said.contains("layer heavy0: heavy0.weight would have 2,883,000,000"), said);
  }

  /** Every tensor could be there, and all of them together could not. */
  @Test
  void aNetworkThatNoMemoryHoldsIsRefusedWithItsSize() throws IOException {
    String fc = line("fc1").replace("fc1", "fc-%d").replace("512", "46000");
    Network network = read(before("fc1", 900, fc)).network();
    AlexNetException e =
        assertTimeoutPreemptively(
            QUICKLY,
            () ->
                assertThrows(
                    AlexNetException.class,
                    () -> Weights.initial(network, 1, Weights.Overrides.NONE)));
    assertTrue(e.getMessage().startsWith("alexnet-32 has 1,902,"), e.getMessage());
    assertTrue(e.getMessage().contains("parameters, which need 7,25"), e.getMessage());
  }
}
