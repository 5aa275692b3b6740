package org.alexnet.formats.onnx;

import java.util.List;
import org.alexnet.InvalidNetworkException;
import org.alexnet.formats.onnx.message.OnnxFile;
import org.alexnet.network.Rounding;
import org.alexnet.network.Window;

/**
 * Windows over an image, as the attributes of a convolution or a pooling say.
 *
 * @param rounding whether a last window that overhangs the image is kept
 * @param outputs windows along an edge
 */
record Windows(Window window, Rounding rounding, int outputs) {

  /**
   * Reads them.
   *
   * @param kernel edge of a window
   * @param edge of the image
   * @throws InvalidNetworkException if there are none of this kind here
   */
  static Windows of(OnnxFile.Node node, int kernel, int edge) {
    List<Long> strides = node.lists().getOrDefault("strides", List.of(1L, 1L));
    boolean dilated =
        node.lists().getOrDefault("dilations", List.of()).stream().anyMatch(d -> d != 1);
    node.require(!dilated, "dilations", "none");
    node.require(
        strides.size() == 2 && strides.get(0).equals(strides.get(1)),
        "strides " + strides,
        "two equal ones");
    int stride = node.extent(strides.getFirst());
    List<Long> pads = pads(node, edge, kernel, stride);
    boolean square =
        pads.size() == 4 && pads.get(0).equals(pads.get(1)) && pads.get(2).equals(pads.get(3));
    node.require(square, "pads " + pads, "as much above as left, and below as right");
    long begin = pads.get(0);
    long end = pads.get(2);
    node.require(
        begin >= 0 && begin < kernel && end >= begin && end < begin + stride + kernel,
        "pads " + pads,
        "from 0 to less than the kernel, no less at the end");
    Window window = new Window(kernel, stride, (int) begin);
    boolean ceil = node.integers().getOrDefault("ceil_mode", 0L) == 1;
    int outputs =
        ceil
            ? window.ceil(edge)
            : (int) Math.floorDiv(edge + begin + end - kernel, (long) stride) + 1;
    Rounding rounding =
        outputs == window.floor(edge) && !(ceil && begin == end) ? Rounding.FLOOR : Rounding.CEIL;
    node.require(
        outputs >= 1 && rounding.outputs(window, edge) == outputs,
        "pads %s of images of %d".formatted(pads, edge),
        "a window more at most");
    return new Windows(window, rounding, outputs);
  }

  private static List<Long> pads(OnnxFile.Node node, int edge, int kernel, int stride) {
    String auto = node.texts().getOrDefault("auto_pad", "NOTSET");
    long outputs = Math.ceilDiv(edge, stride);
    long all = Math.max(0, (outputs - 1) * stride + kernel - edge);
    return switch (auto) {
      case "NOTSET", "" -> node.lists().getOrDefault("pads", List.of(0L, 0L, 0L, 0L));
      case "VALID" -> List.of(0L, 0L, 0L, 0L);
      case "SAME_UPPER" -> List.of(all / 2, all / 2, all - all / 2, all - all / 2);
      case "SAME_LOWER" -> List.of(all - all / 2, all - all / 2, all / 2, all / 2);
      default -> throw node.no("auto_pad " + auto, "NOTSET, VALID, SAME_UPPER or SAME_LOWER");
    };
  }
}
