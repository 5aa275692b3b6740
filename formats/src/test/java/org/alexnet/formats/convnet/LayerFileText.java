package org.alexnet.formats.convnet;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Collections;
import org.alexnet.model.Model;
import org.alexnet.model.ModelRequest;
import org.alexnet.model.Models;

/** The two files of a network, put together section by section. */
final class LayerFileText {
  private static final String WEIGHTS = "\nepsB=0.02\nmomB=0.9\n";

  private final StringBuilder layers =
      new StringBuilder(
          "# A test\n\n[data]\ntype=data\ndataIdx=0\n\n[labels]\ntype=data\ndataIdx=1\n");
  private final StringBuilder params = new StringBuilder();

  /** A section of the first file, whose values stand behind each other. */
  LayerFileText layer(String name, String values) {
    layers.append("\n[%s]\n%s\n".formatted(name, values.strip().replaceAll("\\s+", "\n")));
    return this;
  }

  /** A section of the second. */
  LayerFileText params(String name, String values) {
    params.append("\n[%s]\n%s\n".formatted(name, values.strip().replaceAll("\\s+", "\n")));
    return this;
  }

  /** A layer with weights that learn at .01, its biases at .02. */
  LayerFileText weighted(String name, int inputs, String values) {
    layer(name, values);
    return params(
        name,
        each("epsW", "0.01", inputs)
            + each("momW", "0.9", inputs)
            + each("wc", "0.0005", inputs)
            + WEIGHTS);
  }

  private static String each(String key, String value, int inputs) {
    return key + "=" + String.join(",", Collections.nCopies(inputs, value)) + "\n";
  }

  /** The classifier of what stands before it, and its loss. */
  LayerFileText end(String input, int inputs, int classes) {
    weighted("fc", inputs, "type=fc outputs=%d inputs=%s".formatted(classes, input));
    return loss("fc");
  }

  LayerFileText loss(String input) {
    layer("probs", "type=softmax inputs=" + input);
    layer("logprob", "type=cost.logreg inputs=labels,probs");
    return params("logprob", "coeff=1");
  }

  /** Writes both files and reads them. */
  Model read(Path dir, Integer size) throws IOException {
    Path file = dir.resolve("layers-test.cfg");
    Path second = dir.resolve("layer-params-test.cfg");
    Files.writeString(file, layers);
    Files.writeString(second, params);
    return Models.named(new ModelRequest(file.toString(), second, size));
  }

  /** The network of 2012 as its authors wrote it, on two GPUs. */
  static LayerFileText twoColumns(int narrower, int classes) {
    LayerFileText text = new LayerFileText();
    for (String c : new String[] {"a", "b"}) {
      String gpu = " gpu=" + (c.equals("a") ? 0 : 1);
      int conv1 = 48 / narrower;
      int conv2 = 128 / narrower;
      text.weighted(
          "conv1" + c,
          1,
          "type=conv inputs=data channels=3 filters=%d padding=0 stride=4 filterSize=11 initW=0.01 partialSum=5 sharedBiases=1"
                  .formatted(conv1)
              + gpu);
      text.norm("rnorm1" + c, "cmrnorm", "conv1" + c, conv1);
      text.pool("pool1" + c, "rnorm1" + c, conv1).append("neuron=relu\n");
      text.weighted(
          "conv2" + c,
          1,
          "type=conv inputs=pool1%s channels=%d filters=%d padding=2 stride=1 filterSize=5 initW=0.01 initB=1 partialSum=3 neuron=relu"
                  .formatted(c, conv1, conv2)
              + gpu);
      text.norm("rnorm2" + c, "cmrnorm", "conv2" + c, conv2);
      text.norm("cnorm2" + c, "rnorm", "rnorm2" + c, conv2);
      text.pool("pool2" + c, "cnorm2" + c, conv2);
    }
    text.upperLayers(narrower);
    text.weighted("fc1000", 2, "type=fc outputs=%d inputs=hs2a,hs2b gpu=0".formatted(classes));
    return text.loss("fc1000");
  }

  private void upperLayers(int narrower) {
    int conv2 = 128 / narrower;
    int conv3 = 192 / narrower;
    int fc = 2048 / narrower;
    for (String c : new String[] {"a", "b"}) {
      String gpu = " gpu=" + (c.equals("a") ? 0 : 1);
      weighted(
          "conv3" + c,
          2,
          "type=conv inputs=pool2a,pool2b channels=%d,%d filters=%d,%d padding=1,1 stride=1,1 filterSize=3,3 initW=0.03,0.03 partialSum=13 neuron=relu"
                  .formatted(conv2, conv2, conv3, conv3)
              + gpu);
      String form =
          "type=conv inputs=%s channels=%d filters=%d padding=1 stride=1 filterSize=3 initW=0.03"
              + " initB=1 partialSum=13";
      weighted("conv4" + c, 1, form.formatted("conv3" + c, conv3, conv3) + " neuron=relu");
      weighted(
          "conv5" + c, 1, form.formatted("conv4" + c, conv3, conv2) + " groups=1 randSparse=0");
      pool("pool3" + c, "conv5" + c, conv2).append("neuron=relu\n");
    }
    for (String c : new String[] {"a", "b"}) {
      String gpu = " gpu=" + (c.equals("a") ? 0 : 1);
      weighted(
          "fc2048" + c,
          2,
          "type=fc inputs=pool3a,pool3b outputs=%d initW=0.01,0.01 initB=1 neuron=relu"
                  .formatted(fc)
              + gpu);
      layer("hs1" + c, "type=hs keep=0.5 inputs=fc2048" + c);
      params("hs1" + c, "enable=true");
    }
    for (String c : new String[] {"a", "b"}) {
      boolean first = c.equals("a");
      weighted(
          "fc2048b" + c,
          2,
          "type=fc inputs=%s outputs=%d initW=0.01,0.01 initB=1 neuron=relu gpu=%d"
              .formatted(first ? "hs1a,hs1b" : "hs1b,hs1a", fc, first ? 0 : 1));
      layer("hs2" + c, "type=hs keep=0.5 inputs=fc2048b" + c);
      params("hs2" + c, "enable=true");
    }
  }

  private void norm(String name, String type, String input, int channels) {
    layer(name, "type=%s inputs=%s channels=%d size=5".formatted(type, input, channels));
    params(
        name, type.equals("cmrnorm") ? "scale=0.0001 pow=0.75 minDiv=2" : "scale=0.001 pow=0.75");
  }

  private StringBuilder pool(String name, String input, int channels) {
    layer(
        name,
        "type=pool pool=max inputs=%s sizeX=3 stride=2 channels=%d".formatted(input, channels));
    return layers;
  }
}
