package org.alexnet.program;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.SequencedMap;
import java.util.Set;
import java.util.stream.IntStream;
import org.alexnet.InvalidNetworkException;
import org.alexnet.Words;
import org.alexnet.network.Activation;
import org.alexnet.network.Blur;
import org.alexnet.network.ChannelSelection;
import org.alexnet.network.Concatenation;
import org.alexnet.network.ContrastNorm;
import org.alexnet.network.Convolution;
import org.alexnet.network.Dropout;
import org.alexnet.network.FilterLayer;
import org.alexnet.network.FullyConnected;
import org.alexnet.network.HorizontalFlip;
import org.alexnet.network.Layer;
import org.alexnet.network.LocalResponseNorm;
import org.alexnet.network.LocallyConnected;
import org.alexnet.network.Network;
import org.alexnet.network.Node;
import org.alexnet.network.Parameter;
import org.alexnet.network.Pooling;
import org.alexnet.network.PositionBias;
import org.alexnet.network.Relu;
import org.alexnet.network.SoftmaxCrossEntropy;
import org.alexnet.network.Subsample;
import org.alexnet.network.Sum;
import org.alexnet.network.Tanh;
import org.alexnet.program.StepProgram.Phase;

/** The forward operations of a network, and how each of its parameters learns. */
final class Forward {
  private final Network network;
  private final Phase phase;
  private final Placement placement;
  private final List<Op> ops = new ArrayList<>();
  private final SequencedMap<Tensor, Parameter> parameters = new LinkedHashMap<>();
  private final SequencedMap<String, Tensor> outputs = new LinkedHashMap<>();
  private final PartInputs inputs;
  private final Map<String, List<Tensor>> made = new HashMap<>(); // parts, by layer
  private int home; // the column of what is not cut into columns
  private List<Tensor> current; // parts of what the layer reads, then makes; one if it is not cut
  private final List<Tensor> labels = new ArrayList<>(); // of each shard
  private Tensor finite;
  private int batch;

  private Forward(Network network, Phase phase, Placement placement) {
    this.network = network;
    this.phase = phase;
    this.placement = placement;
    this.inputs = new PartInputs(placement, ops);
  }

  static Forward of(Network network, int batch, Phase phase, Placement placement) {
    Forward forward = new Forward(network, phase, placement);
    forward.batch = batch;
    forward.load();
    for (int i = 0; i < network.nodes().size(); i++) {
      Node node = network.nodes().get(i);
      Layer layer = node.layer();
      try {
        forward.home = placement.inColumns() ? node.column() : 0;
        forward.add(layer, network.sources(i));
        forward.current.forEach(part -> part.shape().imageElements()); // counts them
      } catch (ArithmeticException e) { // sizes are multiplied exactly
        throw misfit(layer, "a tensor would have more elements than can be counted, 2,147,483,647");
      }
    }
    forward.dropUnreadImages();
    return forward;
  }

  private void add(Layer layer, List<String> sources) {
    List<List<Tensor>> read = sources.stream().map(made::get).toList();
    current = read.getFirst();
    switch (layer) {
      case Convolution conv -> filters(conv, convolution(conv));
      case LocallyConnected local -> filters(local, locallyConnected(local));
      case PositionBias sum -> current = each(part -> positionBias(sum, part));
      case FullyConnected fc -> fullyConnected(fc);
      case SoftmaxCrossEntropy loss -> losses(loss);
      case Pooling pool -> current = each(part -> pool(pool, part));
      case Relu relu -> current = each(part -> relu(relu, part));
      case Tanh tanh -> current = each(part -> tanh(tanh, part));
      case Activation function -> current = each(part -> activation(function, part));
      case LocalResponseNorm norm -> localResponseNorm(norm);
      case ContrastNorm norm -> current = each(part -> contrastNorm(norm, part));
      case Blur blur -> current = each(part -> blur(blur, part));
      case Subsample kept -> current = each(part -> subsample(kept, part));
      case HorizontalFlip flip -> current = each(part -> flip(flip, part));
      case ChannelSelection selection -> channelSelection(selection);
      case Dropout drop -> current = each(part -> dropout(drop, part));
      case Concatenation join -> concatenation(join, read);
      case Sum sum -> sum(sum, read);
    }
    made.put(layer.name(), current);
    outputs.put(layer.name(), current.getFirst());
  }

  List<Op> ops() {
    return ops;
  }

  /** With their derivatives and the updates. */
  List<Op> differentiated() {
    return Differentiation.of(ops, parameters, inputs.moved(), placement, this::finiteNear);
  }

  /** What layers learn, each column's part by itself, with the declaration of the whole. */
  SequencedMap<Tensor, Parameter> parameters() {
    return parameters;
  }

  /**
   * What each layer makes, by layer: of one that is cut the first part, of the loss the
   * probabilities, and of a dropout that does nothing what it is given.
   */
  SequencedMap<String, Tensor> outputs() {
    return outputs;
  }

  /** The flag of a finite loss, on the device of a tensor. */
  private Tensor finiteNear(Tensor tensor) {
    return finiteAt(placement.device(tensor), finite);
  }

  private Tensor finiteAt(int device, Tensor flag) {
    return inputs.on(device, network.nodes().getLast().name(), flag);
  }

  /** Every device loads the images by itself, or every shard its own. */
  private void load() {
    List<Tensor> images = new ArrayList<>();
    if (placement.shards() > 1) {
      for (int shard = 0; shard < placement.shards(); shard++) {
        if (placement.runs(shard)) {
          Part part = new Part(Part.Axis.IMAGES, shard, placement.shards());
          int first = placement.firstImage(batch, shard);
          images.add(load(part, first, placement.share(batch, shard)));
        }
      }
    } else {
      for (int device = 0; device < placement.deviceCount(); device++) {
        Tensor data = load(placement.home(device), 0, batch);
        inputs.copy(data);
        images.add(data);
      }
    }
    made.put(Network.DATA, placement.shards() > 1 ? images : images.subList(0, 1));
  }

  /**
   * Loads some images of the batch and their labels.
   *
   * @param first number of the first in the batch
   */
  private Tensor load(Part part, int first, int images) {
    int c = network.input().channels();
    int stored = network.input().stored();
    int size = network.input().size();
    Part copy = placement.home(placement.device(part.index()));
    Tensor mean =
        new Tensor(
            CompiledNetwork.MEAN, new Shape(1, c, stored, stored), Tensor.Role.CONSTANT, copy);
    Tensor data = Tensor.step("data", new Shape(images, c, size, size)).in(part);
    Tensor classes = Tensor.step("labels", new Shape(images, 1, 1, 1)).in(part);
    ops.add(new Op.LoadInput("data", mean, data, classes, network.input().scales(), first));
    if (part.index() < placement.shards()) {
      labels.add(classes);
    }
    return data;
  }

  /** A device that reads no image, since the first layers are elsewhere, loads none. */
  private void dropUnreadImages() {
    Set<Tensor> read = new HashSet<>();
    ops.forEach(op -> read.addAll(op.reads()));
    ops.removeIf(
        op ->
            op instanceof Op.LoadInput
                && op.index() > 0
                && op.writes().stream().noneMatch(read::contains));
  }

  /** What a layer makes of one part of its input. */
  private interface Step {
    Tensor of(Tensor part);
  }

  private List<Tensor> each(Step step) {
    return current.stream().map(step::of).toList();
  }

  private Tensor output(Layer layer, Shape shape, Part part) {
    String name = layer == network.classifier() ? CompiledNetwork.LOGITS : layer.name();
    return Tensor.step(name, shape).in(part);
  }

  /**
   * What a part of a layer learns: a range of the outputs, or all of them, of which every device
   * has one copy for its shards.
   *
   * @param channels of the layer's input, all columns together
   * @param in the shape of a part of that input
   * @param part of the layer's output
   * @param outputs channels of that part
   */
  private List<Tensor> parameters(Layer layer, int channels, Shape in, Part part, int outputs) {
    Part own =
        placement.shards() > 1 && part.axis() == Part.Axis.IMAGES
            ? placement.home(placement.device(part.index()))
            : part;
    List<Tensor> tensors = new ArrayList<>();
    for (Parameter whole : layer.parameters(channels, in.h(), in.w())) {
      List<Integer> sizes = new ArrayList<>(whole.shape());
      sizes.set(whole.outputAxis(), outputs);
      Tensor tensor =
          new Tensor(whole.name(), Shape.ofParameter(sizes), Tensor.Role.PARAMETER, own);
      parameters.put(tensor, whole);
      tensors.add(tensor);
    }
    return tensors;
  }

  /** How many columns filters are cut into. */
  private int columns(FilterLayer layer) {
    return placement.inColumns() ? layer.columns() : 1;
  }

  /**
   * How many columns a fully-connected layer is cut into: those that it declares, or beside shards
   * as many as there are shards, unless it has fewer outputs.
   */
  private int columns(FullyConnected layer) {
    if (placement.shards() > 1) {
      return layer.outputs() < placement.shards() ? 1 : placement.shards();
    }
    return placement.inColumns() ? layer.columns() : 1;
  }

  /** What a column makes; the whole belongs to the column of its node. */
  private Part part(int column, int columns) {
    return columns == 1 ? Part.whole(home) : new Part(Part.Axis.CHANNELS, column, columns);
  }

  /** Whether these are parts of the batch. */
  private static boolean sharded(List<Tensor> parts) {
    return parts.getFirst().part().axis() == Part.Axis.IMAGES;
  }

  /** What is small and made for each part of something: the whole of it for each shard. */
  private static Part perOutput(Part part) {
    return part.axis() == Part.Axis.IMAGES ? Part.whole(part.index()) : part;
  }

  private int channels() {
    return sharded(current)
        ? current.getFirst().shape().c()
        : current.stream().mapToInt(part -> part.shape().c()).sum();
  }

  /**
   * All of the input for each column. Every transfer comes before the first column's own operation,
   * so that in reverse no column waits for another's gradient before it has done its own part.
   */
  private List<Tensor> wholes(Layer layer, int columns) {
    return shares(layer, columns, 1);
  }

  /**
   * For each column its share of the parts of the input: all, or those of the group that the column
   * belongs to.
   *
   * @param groups divides the columns, and the parts of the input
   */
  private List<Tensor> shares(Layer layer, int columns, int groups) {
    int parts = current.size() / groups;
    List<Tensor> shares = new ArrayList<>();
    for (int column = 0; column < columns; column++) {
      int first = column * groups / columns * parts;
      shares.add(
          inputs.joined(
              placement.device(part(column, columns).index()),
              layer.name(),
              current.subList(first, first + parts)));
    }
    return shares;
  }

  /** What filters make of a part of their input, which has as many groups. */
  private interface Filtering {
    void add(Tensor x, List<Tensor> learned, Tensor y, int groups);
  }

  private void filters(FilterLayer conv, Filtering filtering) {
    Shape in = current.getFirst().shape();
    int h = outputs(conv, conv.rounding().outputs(conv.window(), in.h()), in);
    int w = outputs(conv, conv.rounding().outputs(conv.window(), in.w()), in);
    requireGroups(conv, conv.groups(), channels());
    if (sharded(current)) {
      current = each(x -> filtered(conv, filtering, x, x.part(), conv.groups(), h, w));
      return;
    }
    int columns = columns(conv);
    int sharing = Math.min(columns, conv.groups()); // groups of columns that read the same
    if (columns > 1 && current.size() % sharing != 0) {
      throw misfit(
          conv,
          "its groups keep to %d columns, and its input has %s; it cannot be spread over devices"
              .formatted(sharing, Words.count(current.size(), "column")));
    }
    List<Tensor> from = shares(conv, columns, sharing);
    List<Tensor> parts = new ArrayList<>();
    for (int column = 0; column < columns; column++) {
      Part part = part(column, columns);
      parts.add(filtered(conv, filtering, from.get(column), part, conv.groups() / sharing, h, w));
    }
    current = parts;
  }

  /**
   * What the filters of a part make.
   *
   * @param groups of the part
   */
  private Tensor filtered(
      FilterLayer conv, Filtering filtering, Tensor x, Part part, int groups, int h, int w) {
    int filters = sharded(current) ? conv.filters() : conv.filters() / columns(conv);
    Shape in = current.getFirst().shape();
    List<Tensor> learned = parameters(conv, channels(), in, part, filters);
    Tensor y = output(conv, new Shape(x.shape().n(), filters, h, w), part);
    filtering.add(x, learned, y, groups);
    return y;
  }

  private Filtering convolution(Convolution conv) {
    return (x, learned, y, groups) -> {
      Tensor filters = learned.get(0);
      Tensor bias = learned.get(1);
      switch (conv.biases()) {
        case SHARED ->
            ops.add(new Op.Convolution(conv.name(), x, filters, bias, y, conv.window(), groups));
        case UNSHARED -> {
          Tensor product = Tensor.step(conv.name() + ".product", y.shape()).in(y.part());
          Tensor none =
              Tensor.step(conv.name() + ".zeros", Shape.vector(y.shape().c()))
                  .in(perOutput(y.part()));
          ops.add(new Op.Zeros(conv.name(), none));
          ops.add(
              new Op.Convolution(conv.name(), x, filters, none, product, conv.window(), groups));
          ops.add(new Op.PositionBias(conv.name(), product, bias, y));
        }
      }
    };
  }

  /** The products with filters, then the biases. */
  private Filtering locallyConnected(LocallyConnected local) {
    return (x, learned, y, groups) -> {
      Tensor product = Tensor.step(local.name() + ".product", y.shape()).in(y.part());
      ops.add(
          new Op.LocallyConnected(
              local.name(), x, learned.get(0), product, local.window(), groups));
      ops.add(new Op.PositionBias(local.name(), product, learned.get(1), y));
    };
  }

  private void fullyConnected(FullyConnected fc) {
    if (sharded(current) && placement.parallelism() == Parallelism.DATA) {
      current = each(x -> fullyConnected(fc, x, x.part(), fc.outputs()));
      return;
    }
    int columns = columns(fc);
    List<Tensor> from = wholes(fc, columns);
    List<Tensor> parts = new ArrayList<>();
    for (int column = 0; column < columns; column++) {
      int outputs = columns == 1 ? fc.outputs() : placement.share(fc.outputs(), column);
      parts.add(fullyConnected(fc, from.get(column), part(column, columns), outputs));
    }
    current = parts;
  }

  private Tensor fullyConnected(FullyConnected fc, Tensor x, Part part, int outputs) {
    List<Tensor> learned = parameters(fc, x.shape().c(), x.shape(), part, outputs);
    Tensor y = output(fc, new Shape(x.shape().n(), outputs, 1, 1), part);
    ops.add(new Op.FullyConnected(fc.name(), x, learned.get(0), learned.get(1), y));
    return y;
  }

  private Tensor pool(Pooling pool, Tensor x) {
    Shape in = x.shape();
    int h = outputs(pool, pool.rounding().outputs(pool.window(), in.h()), in);
    int w = outputs(pool, pool.rounding().outputs(pool.window(), in.w()), in);
    Tensor y = output(pool, new Shape(in.n(), in.c(), h, w), x.part());
    ops.add(
        switch (pool.kind()) {
          case MAX -> {
            Tensor argmax = Tensor.step(pool.name() + ".argmax", y.shape()).in(x.part());
            yield new Op.MaxPool(pool.name(), x, y, argmax, pool.window());
          }
          case AVERAGE -> new Op.AveragePool(pool.name(), x, y, pool.window());
        });
    return y;
  }

  private int outputs(Layer layer, int count, Shape in) {
    if (count < 1) {
      throw misfit(layer, "its window does not fit in an input of " + in);
    }
    return count;
  }

  private Tensor positionBias(PositionBias sum, Tensor x) {
    List<Tensor> learned = parameters(sum, channels(), x.shape(), x.part(), x.shape().c());
    Tensor y = output(sum, x.shape(), x.part());
    ops.add(new Op.PositionBias(sum.name(), x, learned.getFirst(), y));
    return y;
  }

  private Tensor relu(Relu relu, Tensor x) {
    Tensor y = output(relu, x.shape(), x.part());
    ops.add(new Op.Relu(relu.name(), x, y));
    return y;
  }

  private Tensor tanh(Tanh tanh, Tensor x) {
    Tensor y = output(tanh, x.shape(), x.part());
    ops.add(new Op.Tanh(tanh.name(), x, y));
    return y;
  }

  private Tensor activation(Activation function, Tensor x) {
    Tensor y = output(function, x.shape(), x.part());
    ops.add(new Op.Activation(function.name(), function, x, y));
    return y;
  }

  private void localResponseNorm(LocalResponseNorm norm) {
    boolean across = norm.region() == LocalResponseNorm.Region.ACROSS_MAPS;
    requireGroups(norm, norm.groups(), channels());
    if (!across || sharded(current)) {
      current = each(part -> localResponseNorm(norm, part));
      return;
    }
    if (placement.shards() > 1) { // the columns are none that the network declares
      current = wholes(norm, 1);
    }
    int columns = current.size();
    InvalidNetworkException.require(
        norm.groups() % columns == 0,
        norm.name(),
        "groups",
        norm.groups(),
        "a multiple of the %d columns of its input to be spread over devices".formatted(columns));
    LocalResponseNorm own = norm.withGroups(norm.groups() / columns);
    current = each(part -> localResponseNorm(own, part));
  }

  private Tensor localResponseNorm(LocalResponseNorm norm, Tensor x) {
    Tensor y = output(norm, x.shape(), x.part());
    Tensor s = Tensor.step(norm.name() + ".scale", x.shape()).in(x.part());
    ops.add(new Op.LocalResponseNorm(norm.name(), x, y, s, norm));
    return y;
  }

  private Tensor contrastNorm(ContrastNorm norm, Tensor x) {
    Tensor y = output(norm, x.shape(), x.part());
    Tensor centred = Tensor.step(norm.name() + ".centred", x.shape()).in(x.part());
    Tensor s = Tensor.step(norm.name() + ".scale", x.shape()).in(x.part());
    ops.add(new Op.ContrastNorm(norm.name(), x, y, centred, s, norm));
    return y;
  }

  private Tensor blur(Blur blur, Tensor x) {
    Tensor y = output(blur, x.shape(), x.part());
    ops.add(new Op.Blur(blur.name(), x, y, blur.filter()));
    return y;
  }

  private Tensor subsample(Subsample kept, Tensor x) {
    Shape in = x.shape();
    Shape out = new Shape(in.n(), in.c(), kept.outputs(in.h()), kept.outputs(in.w()));
    Tensor y = output(kept, out, x.part());
    ops.add(new Op.Subsample(kept.name(), x, y, kept));
    return y;
  }

  private Tensor flip(HorizontalFlip flip, Tensor x) {
    Tensor y = output(flip, x.shape(), x.part());
    ops.add(new Op.HorizontalFlip(flip.name(), x, y));
    return y;
  }

  /**
   * Any channel may be chosen, so that all of them are read: those of a shard, or the whole input
   * in the column of the node.
   */
  private void channelSelection(ChannelSelection selection) {
    if (sharded(current)) {
      current = each(x -> channelSelection(selection, x, x.part()));
    } else {
      Tensor x = inputs.joined(placement.device(home), selection.name(), current);
      current = List.of(channelSelection(selection, x, part(0, 1)));
    }
  }

  private Tensor channelSelection(ChannelSelection selection, Tensor x, Part part) {
    List<Integer> channels = selection.channels();
    selection.requireFrom(x.shape().c());
    Tensor y = output(selection, x.shape().withSize(Part.Axis.CHANNELS, channels.size()), part);
    ops.add(new Op.ChannelSelection(selection.name(), x, y, channels));
    return y;
  }

  private Tensor dropout(Dropout drop, Tensor x) {
    if (phase == Phase.EVALUATE && drop.scaling() == Dropout.Scaling.TRAINING) {
      return x;
    }
    Tensor y = output(drop, x.shape(), x.part());
    ops.add(
        switch (phase) {
          case TRAIN -> {
            int before = first(x);
            Op.Dropout.Origin origin =
                sharded(current)
                    ? new Op.Dropout.Origin(before, 0, channels())
                    : new Op.Dropout.Origin(0, before, channels());
            yield Op.Dropout.training(drop, x, y, origin);
          }
          case EVALUATE -> new Op.Scale(drop.name(), x, y, 1 - drop.rate());
        });
    return y;
  }

  /** The channel or image that a part begins with. */
  private int first(Tensor x) {
    if (sharded(current)) {
      return placement.firstImage(batch, x.part().index());
    }
    return current.subList(0, current.indexOf(x)).stream()
        .mapToInt(part -> part.shape().along(x.part().axis()))
        .sum();
  }

  /** Each of these whole, where what is not cut is computed. */
  private List<Tensor> wholes(Layer layer, List<List<Tensor>> read) {
    return read.stream()
        .map(parts -> inputs.joined(placement.device(home), layer.name(), parts))
        .toList();
  }

  /**
   * The terms of each part where all inputs are cut alike.
   *
   * @return nothing where they are not
   */
  private static List<List<Tensor>> aligned(List<List<Tensor>> read) {
    List<Tensor> first = read.getFirst();
    boolean alike =
        first.size() > 1
            && read.stream()
                .allMatch(
                    parts -> parts.size() == first.size() && sharded(parts) == sharded(first));
    return alike
        ? IntStream.range(0, first.size())
            .mapToObj(part -> read.stream().map(parts -> parts.get(part)).toList())
            .toList()
        : List.of();
  }

  /** Shard by shard, else its inputs are joined in the column of the node, each of them whole. */
  private void concatenation(Concatenation join, List<List<Tensor>> read) {
    List<List<Tensor>> aligned = aligned(read);
    current =
        !aligned.isEmpty() && sharded(read.getFirst())
            ? aligned.stream().map(inputs -> concatenated(join, inputs)).toList()
            : List.of(concatenated(join, wholes(join, read)));
  }

  private Tensor concatenated(Concatenation join, List<Tensor> wholes) {
    Shape first = wholes.getFirst().shape();
    int channels = 0;
    for (Tensor whole : wholes) {
      Shape shape = whole.shape();
      if (shape.h() != first.h() || shape.w() != first.w()) {
        throw misfit(
            join,
            "its inputs are %s and %s for an image; only their channels may differ"
                .formatted(first.withN(1), shape.withN(1)));
      }
      channels = Math.addExact(channels, shape.c());
    }
    Tensor y = output(join, first.withSize(Part.Axis.CHANNELS, channels), own(wholes));
    ops.add(new Op.Concatenate(join.name(), Part.Axis.CHANNELS, wholes, y));
    return y;
  }

  /** The part that is made of parts that are cut alike, or of what is whole. */
  private Part own(List<Tensor> inputs) {
    Part first = inputs.getFirst().part();
    return first.isWhole() ? part(0, 1) : first;
  }

  /** Part by part where all inputs are cut alike, else whole in the column of the node. */
  private void sum(Sum sum, List<List<Tensor>> read) {
    List<List<Tensor>> aligned = aligned(read);
    current =
        aligned.isEmpty()
            ? List.of(added(sum, wholes(sum, read)))
            : aligned.stream().map(terms -> added(sum, terms)).toList();
  }

  private Tensor added(Sum sum, List<Tensor> terms) {
    Shape shape = terms.getFirst().shape();
    List<Tensor> scaled = new ArrayList<>();
    for (int i = 0; i < terms.size(); i++) {
      Tensor term = terms.get(i);
      if (!term.shape().equals(shape)) {
        throw misfit(
            sum,
            "its inputs are %s and %s for an image; they must be of one shape"
                .formatted(shape.withN(1), term.shape().withN(1)));
      }
      float factor = sum.coefficients().get(i);
      if (factor != 1) {
        String name = "%s.term%d".formatted(sum.name(), i + 1);
        Tensor product = Tensor.step(name, shape).in(own(terms));
        ops.add(new Op.Scale(sum.name(), term, product, factor));
        term = product;
      }
      scaled.add(term);
    }
    Tensor y = output(sum, shape, own(terms));
    ops.add(new Op.Add(sum.name(), scaled, y));
    return y;
  }

  /** One for each shard, or one for the whole batch on the first device. */
  private void losses(SoftmaxCrossEntropy loss) {
    if (sharded(current)) {
      List<Tensor> flags = new ArrayList<>();
      List<Tensor> probabilities = new ArrayList<>();
      for (int shard = 0; shard < current.size(); shard++) {
        Tensor logits = current.get(shard);
        Tensor flag =
            Tensor.step("finite." + logits.part().letter(), Shape.vector(1))
                .in(Part.whole(logits.part().index()));
        flags.add(flag);
        probabilities.add(
            loss(loss, logits, labels.get(shard), flag, logits.part(), first(logits)));
      }
      current = probabilities;
      if (phase == Phase.TRAIN) {
        finite = Tensor.step("finite", Shape.vector(1));
        List<Tensor> near = flags.stream().map(flag -> finiteAt(0, flag)).toList();
        ops.add(new Op.Minimum(loss.name(), near, finite));
      }
    } else {
      finite = Tensor.step("finite", Shape.vector(1));
      Tensor logits = inputs.joined(placement.device(0), loss.name(), current);
      Tensor classes = inputs.joined(placement.device(0), loss.name(), labels);
      current = List.of(loss(loss, logits, classes, finite, Part.WHOLE, 0));
    }
    if (phase == Phase.TRAIN) {
      parameters.keySet().forEach(this::finiteNear);
    }
  }

  private Tensor loss(
      SoftmaxCrossEntropy loss, Tensor logits, Tensor classes, Tensor flag, Part part, int first) {
    Tensor probabilities = Tensor.step(CompiledNetwork.PROBABILITIES, logits.shape()).in(part);
    Tensor each =
        Tensor.step(CompiledNetwork.LOSS, new Shape(logits.shape().n(), 1, 1, 1)).in(part);
    ops.add(
        new Op.SoftmaxCrossEntropy(loss.name(), logits, classes, probabilities, each, flag, first));
    return probabilities;
  }

  private static void requireGroups(Layer layer, int groups, int channels) {
    InvalidNetworkException.require(
        channels % groups == 0,
        layer.name(),
        "groups",
        groups,
        "a divisor of the %s of its input".formatted(Words.count(channels, "channel")));
  }

  private static InvalidNetworkException misfit(Layer layer, String what) {
    return new InvalidNetworkException(layer.name(), what);
  }
}
