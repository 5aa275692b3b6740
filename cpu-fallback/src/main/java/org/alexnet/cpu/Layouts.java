package org.alexnet.cpu;

import java.util.HashMap;
import java.util.Map;
import org.alexnet.backend.BufferUse;
import org.alexnet.program.Op;
import org.alexnet.program.Programs;
import org.alexnet.program.Shape;
import org.alexnet.program.Tensor;

/** The layout of every tensor of both programs, chosen once. */
final class Layouts {
  private final Map<Tensor, Layout> special = new HashMap<>();

  /** Parameters, their gradients and their momentum are panels of the given width. */
  static Layouts of(Programs programs, int columns) {
    Layouts layouts = new Layouts();
    for (Op op : programs.train().ops()) {
      switch (op) {
        case Op.Convolve conv -> {
          Shape w = conv.weight().shape();
          int outputs = w.n() / conv.groups();
          layouts.learned(
              conv.weight(),
              conv.bias(),
              new Layout.Panels(conv.groups(), outputs, w.withN(1), columns));
        }
        case Op.Connect fc -> {
          Shape window = fc.x().shape().withN(1);
          layouts.learned(
              fc.weight(),
              fc.bias(),
              new Layout.Panels(1, fc.weight().shape().n(), window, columns));
        }
        case Op.LoadInput load -> layouts.special.put(load.mean(), plain(load.mean()));
        default -> {}
      }
    }
    return layouts;
  }

  private static Layout plain(Tensor tensor) {
    return new Layout.Plain(Math.toIntExact(tensor.shape().elements()));
  }

  private void learned(Tensor weight, Tensor bias, Layout.Panels panels) {
    for (Tensor tensor : new Tensor[] {weight, weight.gradient(), weight.momentum()}) {
      special.put(tensor, panels);
    }
    for (Tensor tensor : new Tensor[] {bias, bias.gradient(), bias.momentum()}) {
      special.put(tensor, panels.bias());
    }
  }

  Layout of(Tensor tensor) {
    Layout layout = special.get(tensor);
    return layout != null ? layout : new Layout.Images(tensor.shape());
  }

  Layout.Panels panels(Tensor weight) {
    return (Layout.Panels) special.get(weight);
  }

  private long bytes(Tensor tensor) {
    return (long) of(tensor).floats() * Float.BYTES;
  }

  BufferUse read(Tensor tensor) {
    return BufferUse.read(tensor, bytes(tensor));
  }

  BufferUse write(Tensor tensor) {
    return BufferUse.write(tensor, bytes(tensor));
  }

  BufferUse update(Tensor tensor) {
    return BufferUse.update(tensor, bytes(tensor));
  }
}
