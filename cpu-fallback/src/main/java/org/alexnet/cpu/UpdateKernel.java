package org.alexnet.cpu;

import java.util.ArrayList;
import java.util.List;
import org.alexnet.backend.StepSettings;
import org.alexnet.backend.plan.BufferUse;
import org.alexnet.cpu.execution.Binding;
import org.alexnet.cpu.execution.CpuKernel;
import org.alexnet.cpu.execution.Layouts;
import org.alexnet.cpu.kernel.Kernels;
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
    }
    return uses;
  }

  @Override
  public long workspaceBytes() {
    return 0;
  }

  /** A part of one parameter. */
  private record Piece(int w, int v, int dw, int n, float rate, float decay) {}

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
                update.rate(),
                update.decay()));
      }
    }
    int finite = binding.offset(updates.getFirst().finite());
    return context -> {
      if (context.m()[finite] == 0) {
        return;
      }
      StepSettings settings = context.settings();
      context
          .pool()
          .run(
              pieces.size(),
              (task, worker) -> {
                Piece p = pieces.get(task);
                float rate = settings.rate() * p.rate;
                float decay = settings.decay() * p.decay * rate;
                kernels.update(context.m(), p.w, p.v, p.dw, p.n, settings.momentum(), decay, rate);
              });
    };
  }
}
