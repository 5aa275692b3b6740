package org.alexnet.cpu.image;

import java.util.List;
import org.alexnet.cpu.execution.Address;
import org.alexnet.cpu.execution.Binding;
import org.alexnet.program.Op;
import org.alexnet.program.Tensor;

/** Joins parts of a tensor along its channels, and takes them apart. Channels lie innermost. */
public final class ChannelOps {
  private ChannelOps() {}

  public static ImageOp concatenate(Op.Concatenate op) {
    return new Copies(op.parts(), op.y(), true, 0);
  }

  public static ImageOp slice(Op.Slice op) {
    return new Copies(List.of(op.y()), op.x(), false, op.first());
  }

  /**
   * Copies between a whole tensor and parts of it.
   *
   * @param parts consecutive
   * @param toWhole from the parts to the whole, else the other way
   * @param first channel of the whole that the first part begins with
   */
  private record Copies(List<Tensor> parts, Tensor whole, boolean toWhole, int first)
      implements ImageOp {
    @Override
    public List<Tensor> imageReads() {
      return toWhole ? parts : List.of(whole);
    }

    @Override
    public List<Tensor> imageWrites() {
      return toWhole ? List.of(whole) : parts;
    }

    @Override
    public Bound bind(Binding binding) {
      Address all = binding.address(whole);
      Address[] own = parts.stream().map(binding::address).toArray(Address[]::new);
      int channels = whole.shape().c();
      int pixels = whole.shape().h() * whole.shape().w();
      return (context, task, worker, firstImage, count) -> {
        int at = all.of(worker, firstImage) + first;
        for (int i = 0; i < own.length; i++) {
          int width = parts.get(i).shape().c();
          int part = own[i].of(worker, firstImage);
          for (int p = 0; p < count * pixels; p++) {
            int from = toWhole ? part + p * width : at + p * channels;
            int to = toWhole ? at + p * channels : part + p * width;
            System.arraycopy(context.m(), from, context.m(), to, width);
          }
          at += width;
        }
      };
    }
  }
}
