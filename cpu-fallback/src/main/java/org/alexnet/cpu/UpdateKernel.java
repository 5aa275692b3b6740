package org.alexnet.cpu;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.alexnet.backend.StepSettings;
import org.alexnet.backend.plan.BufferUse;
import org.alexnet.cpu.execution.Binding;
import org.alexnet.cpu.execution.CpuKernel;
import org.alexnet.cpu.execution.Layouts;
import org.alexnet.cpu.kernel.Kernels;
import org.alexnet.cpu.kernel.Tiles;
import org.alexnet.network.ParameterSpec;
import org.alexnet.program.Op;

/** The updates of all parameters whose gradient was written out, in one launch. */
record UpdateKernel(List<Op.Update> updates, Kernels kernels, Layouts layouts)
    implements CpuKernel {

  /** Floats a task. */
  private static final int PIECE = 16_384;

  @Override
  public String label() {
    return "update";
  }

  @Override
  public String layer() {
    return "update";
  }

  @Override
  public boolean backward() {
    return true;
  }

  @Override
  public List<BufferUse> uses() {
    List<BufferUse> uses = new ArrayList<>();
    for (Op.Update update : updates) {
      uses.add(layouts.update(update.w()));
      uses.add(layouts.update(update.v()));
      uses.add(layouts.read(update.dw()));
      uses.add(layouts.read(update.finite()));
      uses.add(layouts.write(update.squares()));
    }
    return uses;
  }

  @Override
  public long workspaceBytes() {
    return (long) tasks() * kernels.tileWidth() * Float.BYTES;
  }

  private int pieces(Op.Update update) {
    return Math.ceilDiv(layouts.of(update.w()).floats(), PIECE);
  }

  /** A part of one parameter. */
  private record Piece(int w, int v, int dw, int n, ParameterSpec how) {}

  @Override
  public int tasks() {
    return updates.stream().mapToInt(this::pieces).sum();
  }

  @Override
  public Bound bind(Binding binding) {
    List<Piece> pieces = new ArrayList<>();
    for (Op.Update update : updates) {
      int floats = layouts.of(update.w()).floats();
      for (int from = 0; from < floats; from += PIECE) {
        pieces.add(
            new Piece(
                binding.offset(update.w()) + from,
                binding.offset(update.v()) + from,
                binding.offset(update.dw()) + from,
                Math.min(PIECE, floats - from),
                update.how()));
      }
    }
    List<BoundedFilters> bounded =
        updates.stream()
            .filter(update -> update.how().bounds() != null)
            .map(
                update ->
                    new BoundedFilters(
                        layouts.panels(update.w()), binding.offset(update.w()), update.how()))
            .toList();
    int finite = binding.offset(updates.getFirst().finite());
    int width = kernels.tileWidth();
    return context -> {
      float[] m = context.m();
      if (m[finite] == 0) {
        updates.forEach(update -> m[binding.offset(update.squares())] = 0);
        return;
      }
      StepSettings settings = context.settings();
      context
          .pool()
          .run(
              pieces.size(),
              (task, worker) -> {
                Piece p = pieces.get(task);
                float rate = settings.rate() * p.how.rate();
                float decay = settings.decay() * p.how.decay() * rate;
                float momentum = settings.momentum() * p.how.momentum();
                int sums = binding.shared() + task * width;
                Arrays.fill(m, sums, sums + width, 0);
                kernels.addSquares(m, p.dw, sums, p.n);
                kernels.update(m, p.w, p.v, p.dw, p.n, momentum, decay, rate);
              });
      int sums = binding.shared();
      for (Op.Update update : updates) {
        int count = pieces(update) * width;
        m[binding.offset(update.squares())] = Tiles.sum(m, sums, count);
        sums += count;
      }
      for (BoundedFilters filters : bounded) {
        if (settings.rate() * filters.how().rate() > 0) {
          context.pool().run(filters.blocks(), (block, worker) -> filters.bound(m, block));
        }
      }
    };
  }
}
