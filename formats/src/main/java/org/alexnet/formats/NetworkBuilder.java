package org.alexnet.formats;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.alexnet.InvalidNetworkException;
import org.alexnet.network.Concatenation;
import org.alexnet.network.Layer;
import org.alexnet.network.LocalResponseNorm;
import org.alexnet.network.Network;
import org.alexnet.network.Node;

/**
 * Puts layers that read tensors by name in the order of a network. Channels that are split,
 * normalized part by part and joined again become a normalization in groups.
 */
public final class NetworkBuilder {
  /** A share of the channels of a layer's output. */
  private record Part(String of, int index, int count) {}

  /** Such a share, normalized. */
  private record Normed(Part part, LocalResponseNorm norm) {}

  private final List<Node> nodes = new ArrayList<>();

  /** The layer, or the part of it, that a tensor holds. */
  private final Map<String, Object> tensors = new HashMap<>();

  /** Says that a tensor holds the images. */
  public void data(String tensor) {
    tensors.put(tensor, Network.DATA);
  }

  /** Says that a tensor is the same as another, as for a layer that does nothing here. */
  public void same(String tensor, String as) {
    tensors.put(tensor, require("tensor " + as, as));
  }

  /** Says that tensors hold equal shares of another's channels. */
  public void split(String name, String tensor, List<String> into) {
    String of = layer(name, tensor);
    for (int i = 0; i < into.size(); i++) {
      tensors.put(into.get(i), new Part(of, i, into.size()));
    }
  }

  /** The layer that made a tensor. */
  public String layer(String reader, String tensor) {
    if (require(reader, tensor) instanceof String layer) {
      return layer;
    }
    throw new InvalidNetworkException(
        reader, "it reads some channels of a layer; only normalizations that are joined again may");
  }

  private Object require(String reader, String tensor) {
    Object made = tensors.get(tensor);
    if (made == null) {
      throw new InvalidNetworkException(
          reader,
          "it reads %s, which no layer before it makes"
              .formatted(InvalidNetworkException.shortened(tensor)));
    }
    return made;
  }

  /**
   * Adds a layer.
   *
   * @param layer what it is here
   * @param inputs tensors that it reads
   * @param output the tensor that it makes
   */
  public void add(Layer layer, List<String> inputs, String output) {
    if (layer instanceof LocalResponseNorm norm
        && require(layer.name(), inputs.getFirst()) instanceof Part part) {
      tensors.put(output, new Normed(part, norm));
      return;
    }
    if (layer instanceof Concatenation
        && require(layer.name(), inputs.getFirst()) instanceof Normed first) {
      join(layer.name(), first, inputs);
    } else {
      nodes.add(new Node(layer, inputs.stream().map(input -> layer(layer.name(), input)).toList()));
    }
    tensors.put(output, layer.name());
  }

  private void join(String name, Normed first, List<String> inputs) {
    LocalResponseNorm whole = named(first.norm, name).withGroups(first.part.count);
    for (int i = 0; i < inputs.size(); i++) {
      boolean follows =
          require(name, inputs.get(i)) instanceof Normed(Part part, LocalResponseNorm norm)
              && part.equals(new Part(first.part.of, i, inputs.size()))
              && named(norm, name).withGroups(inputs.size()).equals(whole);
      if (!follows) {
        throw new InvalidNetworkException(
            name, "it joins parts that are not those of one layer, normalized alike");
      }
    }
    nodes.add(new Node(whole, List.of(first.part.of)));
  }

  private static LocalResponseNorm named(LocalResponseNorm norm, String name) {
    return new LocalResponseNorm(
        name,
        norm.region(),
        norm.size(),
        norm.alpha(),
        norm.beta(),
        norm.k(),
        norm.convention(),
        norm.groups());
  }

  /** Layers and what they read, so far. */
  public List<Node> nodes() {
    return nodes;
  }
}
