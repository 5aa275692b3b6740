package org.alexnet.reference;

import java.util.List;
import java.util.function.Function;
import org.alexnet.network.Subsample;
import org.alexnet.program.Op;
import org.alexnet.program.Shape;
import org.alexnet.program.Tensor;

/** Operations on images that nothing is learned of. */
final class FixedOps {
  private FixedOps() {}

  static void blur(Op.Blur op, Function<Tensor, View> memory) {
    View x = memory.apply(op.x());
    View y = memory.apply(op.y());
    MapOps.each(y.shape(), (n, c, h, w) -> y.set(n, c, h, w, blurred(op.filter(), x, n, c, h, w)));
  }

  private static double blurred(List<Float> filter, View x, int n, int c, int h, int w) {
    int half = filter.size() / 2;
    double sum = 0;
    for (int i = Math.max(0, h - half); i <= Math.min(x.shape().h() - 1, h + half); i++) {
      double row = 0;
      for (int j = Math.max(0, w - half); j <= Math.min(x.shape().w() - 1, w + half); j++) {
        row += (double) filter.get(j - w + half) * x.get(n, c, i, j);
      }
      sum += filter.get(i - h + half) * row;
    }
    return sum;
  }

  static void subsample(Op.Subsample op, Function<Tensor, View> memory) {
    View x = memory.apply(op.x());
    View y = memory.apply(op.y());
    Subsample kept = op.kept();
    Shape in = x.shape();
    MapOps.each(
        y.shape(),
        (n, c, h, w) ->
            y.set(
                n,
                c,
                h,
                w,
                x.get(
                    n,
                    c,
                    kept.first(in.h()) + h * kept.stride(),
                    kept.first(in.w()) + w * kept.stride())));
  }

  static void subsampleBackward(Op.SubsampleBackward op, Function<Tensor, View> memory) {
    View dy = memory.apply(op.dy());
    View dx = memory.apply(op.dx());
    Subsample kept = op.kept();
    Shape in = dx.shape();
    MapOps.each(in, (n, c, h, w) -> dx.set(n, c, h, w, 0));
    MapOps.each(
        dy.shape(),
        (n, c, h, w) ->
            dx.set(
                n,
                c,
                kept.first(in.h()) + h * kept.stride(),
                kept.first(in.w()) + w * kept.stride(),
                dy.get(n, c, h, w)));
  }

  static void flip(Op.HorizontalFlip op, Function<Tensor, View> memory) {
    View x = memory.apply(op.x());
    View y = memory.apply(op.y());
    int last = x.shape().w() - 1;
    MapOps.each(y.shape(), (n, c, h, w) -> y.set(n, c, h, w, x.get(n, c, h, last - w)));
  }

  static void selectChannels(Op.ChannelSelection op, Function<Tensor, View> memory) {
    View x = memory.apply(op.x());
    View y = memory.apply(op.y());
    MapOps.each(y.shape(), (n, c, h, w) -> y.set(n, c, h, w, x.get(n, op.channels().get(c), h, w)));
  }

  static void selectChannelsBackward(
      Op.ChannelSelectionBackward op, Function<Tensor, View> memory) {
    View dy = memory.apply(op.dy());
    View dx = memory.apply(op.dx());
    MapOps.each(
        dx.shape(),
        (n, c, h, w) -> {
          double sum = 0;
          for (int i = 0; i < op.channels().size(); i++) {
            if (op.channels().get(i) == c) {
              sum += dy.get(n, i, h, w);
            }
          }
          dx.set(n, c, h, w, sum);
        });
  }
}
