package org.alexnet.cuda.kernel;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.function.Function;
import java.util.function.ToLongFunction;
import jcuda.Pointer;
import org.alexnet.cuda.device.Addresses;
import org.alexnet.cuda.device.Device;
import org.alexnet.cuda.device.Mail;
import org.alexnet.program.Tensor;

/**
 * What a kernel needs to know of the memory it runs in.
 *
 * @param device runs it
 * @param arena keeps its arguments
 * @param number its number, which its launches note when they begin
 * @param progress where they note it
 * @param tensors addresses
 * @param owners the device of a tensor
 * @param workspace address of its scratch memory
 * @param slot where the batch was brought to
 * @param halted address of the word that stops learning, see loss.cu
 * @param tables puts a table into memory of a device, for as long as the executable lives
 * @param mail to and from other workers; null where no kernel has a message
 */
public record Binding(
    Device device,
    Arena arena,
    int number,
    long progress,
    ToLongFunction<Tensor> tensors,
    Function<Tensor, Device> owners,
    long workspace,
    StagedBatch slot,
    long halted,
    ToLongFunction<MemorySegment> tables,
    Mail mail) {

  public long address(Tensor tensor) {
    return tensors.applyAsLong(tensor);
  }

  public Pointer pointer(Tensor tensor) {
    return Addresses.of(address(tensor));
  }

  /** A launch with a thread an element. */
  public Launch each(String kernel, long elements, Object... arguments) {
    return launch(kernel, Launch.blocks(elements), 1, arguments);
  }

  /** A launch of a grid of blocks; the two arguments that all kernels have are put in front. */
  public Launch launch(String kernel, int blocksX, int blocksY, Object... arguments) {
    Object[] all = new Object[arguments.length + 2];
    all[0] = progress;
    all[1] = number;
    System.arraycopy(arguments, 0, all, 2, arguments.length);
    return new Launch(device, arena, kernel, blocksX, blocksY, all);
  }
}
