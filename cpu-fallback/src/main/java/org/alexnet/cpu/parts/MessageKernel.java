package org.alexnet.cpu.parts;

import java.util.List;
import org.alexnet.backend.plan.BufferUse;
import org.alexnet.backend.plan.PeerMessage;
import org.alexnet.cpu.execution.Binding;
import org.alexnet.cpu.execution.CpuKernel;
import org.alexnet.cpu.execution.Layouts;
import org.alexnet.program.Op;

/**
 * Hands values as they lie in memory to another worker, or waits for such, which are laid out as
 * here.
 *
 * @param op what it does: {@link Op.Send} or {@link Op.Receive}
 * @param rows the values
 */
public record MessageKernel(Op op, Rows rows, PeerMessage message, Layouts layouts)
    implements CpuKernel {

  /** Sends a tensor. */
  public static MessageKernel of(Op.Send op, RowsInPlace places, Layouts layouts) {
    return new MessageKernel(op, places.of(op.x()), PeerMessage.of(op), layouts);
  }

  /** Receives a tensor. */
  public static MessageKernel of(Op.Receive op, RowsInPlace places, Layouts layouts) {
    return new MessageKernel(op, places.of(op.y()), PeerMessage.of(op), layouts);
  }

  @Override
  public String label() {
    return op.layer() + (message.arrives() ? " receive" : " send");
  }

  @Override
  public String layer() {
    return op.layer();
  }

  @Override
  public boolean backward() {
    return rows.tensor().isGradient();
  }

  @Override
  public List<BufferUse> uses() {
    return List.of(message.arrives() ? layouts.write(rows.tensor()) : layouts.read(rows.tensor()));
  }

  @Override
  public int tasks() {
    return 1;
  }

  @Override
  public Bound bind(Binding binding) {
    int at = rows.offset(binding);
    int floats = rows.floats();
    int worker = message.worker();
    int number = message.number();
    return message.arrives()
        ? context -> context.exchange().peers().receive(worker, number, context.m(), at, floats)
        : context -> context.exchange().peers().send(worker, number, context.m(), at, floats);
  }
}
