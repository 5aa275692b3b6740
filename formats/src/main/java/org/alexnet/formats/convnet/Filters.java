package org.alexnet.formats.convnet;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;
import org.alexnet.formats.convnet.Graph.Output;
import org.alexnet.network.Convolution;
import org.alexnet.network.Initial;
import org.alexnet.network.Layer;
import org.alexnet.network.LocallyConnected;
import org.alexnet.network.ParameterSpec;
import org.alexnet.network.Rounding;
import org.alexnet.network.Window;

/** A convolution or a locally connected layer: filters over each of its inputs. */
final class Filters implements Weighted {
  static final String[] KEYS = {
    "channels",
    "filters",
    "filterSize",
    "filterChannels",
    "padding",
    "stride",
    "groups",
    "randSparse",
    "initW",
    "initB",
    "initWFunc",
    "initBFunc",
    "initCFunc"
  };

  static final String[] KEYS_OF_CONVOLUTIONS =
      Stream.concat(Stream.of(KEYS), Stream.of("partialSum", "sharedBiases"))
          .toArray(String[]::new);

  /** Biases of parts that have none: zeros that do not learn. */
  static final ParameterSpec NONE = new ParameterSpec(new Initial.Constant(0), 0, 0);

  private final List<Window> windows = new ArrayList<>();
  private final List<Integer> groups;
  private final List<SparseGroups> sparse;
  private final List<ParameterSpec> weights;
  private final ParameterSpec bias;
  private final boolean local;
  private final Convolution.Biases biases;
  private final int filters;
  private final int size;

  Filters(Section section, List<Output> inputs, LearningFile learning, boolean local) {
    int n = inputs.size();
    this.local = local;
    this.groups = section.wholes("groups", n, 1);
    this.sparse = sparse(section, inputs);
    List<Integer> counts = section.wholes("filters", n);
    List<Integer> kernels = section.wholes("filterSize", n);
    List<Integer> strides = section.wholes("stride", n, 1);
    List<Integer> pads = section.wholes("padding", n, 0);
    List<Integer> sizes = new ArrayList<>();
    for (int i = 0; i < n; i++) {
      windows.add(new Window(kernels.get(i), strides.get(i), pads.get(i)));
      sizes.add(positions(section, windows.get(i), inputs.get(i).size()));
    }
    this.filters = Math.multiplyExact(counts.getFirst(), groups.getFirst());
    this.size = sizes.getFirst();
    for (int i = 1; i < n; i++) {
      if (Math.multiplyExact(counts.get(i), groups.get(i)) != filters || sizes.get(i) != size) {
        throw section.wrong(
            "inputs",
            "give %d maps of %d x %d and %d of %d x %d, which cannot be added"
                .formatted(
                    filters,
                    size,
                    size,
                    counts.get(i) * groups.get(i),
                    sizes.get(i),
                    sizes.get(i)));
      }
    }
    List<Integer> each = new ArrayList<>();
    for (int i = 0; i < n; i++) {
      int read =
          sparse.get(i) != null
              ? sparse.get(i).each()
              : inputs.get(i).channels() / Math.max(1, groups.get(i));
      each.add(Math.multiplyExact(read, kernels.get(i) * kernels.get(i)));
    }
    this.weights = learning.weights(section, section.numbers("initW", n), each);
    this.bias = learning.bias(section, section.number("initB", 0));
    this.biases =
        local || section.flag("sharedBiases", true)
            ? Convolution.Biases.SHARED
            : Convolution.Biases.UNSHARED;
  }

  /** The channels of groups that read any; null for those that read the channels of their place. */
  private List<SparseGroups> sparse(Section section, List<Output> inputs) {
    int n = inputs.size();
    List<Boolean> random = section.flags("randSparse", n, false);
    List<SparseGroups> sparse = new ArrayList<>();
    for (int i = 0; i < n; i++) {
      int channels = inputs.get(i).channels();
      int all = Math.max(1, groups.get(i)); // what else groups must not be, the layer says
      int each =
          random.contains(true) && section.has("filterChannels")
              ? section.wholes("filterChannels", n).get(i)
              : channels / all;
      if (!random.get(i) && each != channels / all) {
        throw section.wrong(
            "filterChannels",
            "is %d, must be %d for an input without randSparse".formatted(each, channels / all));
      }
      sparse.add(random.get(i) ? SparseGroups.of(section, all, channels, each) : null);
    }
    return sparse;
  }

  /**
   * Windows along an edge; the authors' program counts 1 + ceil((2 pad + size - filter) / stride).
   */
  private static int positions(Section section, Window window, int size) {
    int span = 2 * window.pad() + size - window.kernel();
    if (span < 0) {
      throw section.wrong(
          "filterSize",
          "is %d, must be at most the image with its padding, %d"
              .formatted(window.kernel(), 2 * window.pad() + size));
    }
    return OneInput.counted(section, window, size, 1 + Math.ceilDiv(span, window.stride()));
  }

  @Override
  public boolean joins() {
    return windows.size() == 1
        || windows.stream().allMatch(windows.getFirst()::equals)
            && groups.stream().allMatch(count -> count == 1)
            && weights.stream().allMatch(weights.getFirst()::equals)
            && weights.getFirst().bounds() == null; // they are of the filters of each input
  }

  @Override
  public Optional<Layer> before(String name, int input) {
    return Optional.ofNullable(sparse.get(input)).map(groups -> groups.selection(name));
  }

  @Override
  public Layer part(String name, int input) {
    Window window = windows.get(input);
    ParameterSpec own = input == 0 ? bias : NONE;
    return local
        ? new LocallyConnected(
            name, filters, window, Rounding.CEIL, groups.get(input), 1, weights.get(input), own)
        : new Convolution(
            name,
            filters,
            window,
            Rounding.CEIL,
            groups.get(input),
            1,
            input == 0 ? biases : Convolution.Biases.SHARED,
            weights.get(input),
            own);
  }

  @Override
  public Output output() {
    return new Output("", filters, size, false);
  }
}
