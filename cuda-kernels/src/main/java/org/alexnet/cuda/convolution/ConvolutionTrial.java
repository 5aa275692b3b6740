package org.alexnet.cuda.convolution;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static jcuda.driver.JCudaDriver.cuMemcpyDtoHAsync;
import static jcuda.driver.JCudaDriver.cuMemcpyHtoDAsync;
import static jcuda.driver.JCudaDriver.cuMemsetD8Async;
import static jcuda.driver.JCudaDriver.cuStreamSynchronize;

import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.function.Function;
import java.util.stream.Stream;
import jcuda.driver.CUdeviceptr;
import org.alexnet.cuda.convolution.AlgorithmSearch.Want;
import org.alexnet.cuda.convolution.ConvolutionPlan.Operands;
import org.alexnet.cuda.convolution.ConvolutionProblem.Epilogue;
import org.alexnet.cuda.device.Addresses;
import org.alexnet.cuda.device.Cuda;
import org.alexnet.cuda.device.Device;
import org.alexnet.cuda.device.Owned;
import org.alexnet.cuda.device.Stopwatch;
import org.alexnet.cuda.device.Storage;
import org.alexnet.cuda.kernel.Layouts;
import org.alexnet.program.Shape;
import org.alexnet.random.Philox;

/**
 * A convolution's operands on the device, filled with random numbers, and scratch memory: what is
 * needed to see what a way of cuDNN's computes and how long it takes.
 */
final class ConvolutionTrial implements AutoCloseable {
  /**
   * Random numbers that are made; an operand with more repeats them. A prime, so that no two images
   * or rows are the same.
   */
  private static final int NUMBERS = 1_048_573;

  /** A result is looked at in so many pieces of so many numbers, from its first to its last. */
  private static final int PIECES = 64;

  private static final int PIECE = 1 << 14;

  /** Numbers of a result that are computed by definition, from its first to its last. */
  private static final int SAMPLES = 8;

  private static final long SEED = 2012;

  /** A way to compute it. */
  interface Way {
    /** Puts it into the device's stream; cuDNN's status. */
    int run(Operands at);
  }

  private final ConvolutionProblem problem;
  private final Device device;
  private final Storage storage;
  private final boolean channelsLast;
  private final Owned owned = new Owned();
  private final Addresses.Device x;
  private final Addresses.Device filters;
  private final Addresses.Device y;
  private final Addresses.Device bias;
  private final float[] biases;
  private final Addresses.Device workspace;
  private final Addresses.Host between;
  private final MemorySegment memory;
  private final Stopwatch watch;
  private final PlainConvolution plain;

  /**
   * Allocates and fills it.
   *
   * @param problem the bias of an epilogue is kept as the images are
   * @param workspaceBytes scratch memory, enough for every way that will be tried
   * @throws Cuda.Failure if there is not enough memory, or as any call may fail
   */
  ConvolutionTrial(
      Device device, ConvolutionProblem problem, Layouts layouts, long workspaceBytes) {
    this.problem = problem;
    this.device = device;
    this.storage = layouts.storage();
    this.channelsLast = layouts.channelsLast();
    try {
      x = owned.take(device.allocate(problem.x().elements() * storage.bytes()));
      filters = owned.take(device.allocate(problem.filters().elements() * storage.bytes()));
      y = owned.take(device.allocate(problem.y().elements() * storage.bytes()));
      Shape channels = new Shape(1, problem.y().c(), 1, 1);
      bias = owned.take(device.allocate(channels.elements() * storage.bytes()));
      workspace = owned.take(device.allocate(workspaceBytes));
      int bytes = bytes(most());
      between = owned.take(device.allocateHost(bytes));
      memory = between.memory(bytes);
      watch = new Stopwatch(device, owned);
      plain =
          new PlainConvolution(
              problem,
              fill(x, problem.x(), "x"),
              fill(filters, problem.filters(), "filters"),
              fill(y, problem.y(), "y"));
      biases = fill(bias, channels, "bias").numbers();
    } catch (RuntimeException e) {
      close();
      throw e;
    }
  }

  /** Numbers that go to the device or come back at once, at most. */
  private int most() {
    long filled =
        Stream.of(problem.x(), problem.filters(), problem.y())
            .mapToLong(Shape::elements)
            .max()
            .orElseThrow();
    long results = problem.result().elements();
    return Math.max((int) Math.min(NUMBERS, filled), pieces(results) * piece(results));
  }

  /** The same numbers every time, from -1 to 1: no sum of their products is too large for fp16. */
  private PlainConvolution.Operand fill(Addresses.Device to, Shape shape, String name) {
    long elements = shape.elements();
    float[] numbers = new float[(int) Math.min(NUMBERS, elements)];
    Philox random = new Philox(SEED, 0, Philox.stream(name));
    int[] words = new int[4];
    for (int i = 0; i < numbers.length; i++) {
      if ((i & 3) == 0) {
        random.block(i >> 2, words);
      }
      numbers[i] = (words[i & 3] >> 8) * 0x1p-23f;
    }
    byte[] stored = storage.encode(numbers);
    MemorySegment.copy(stored, 0, memory, JAVA_BYTE, 0, bytes(numbers.length));
    for (long at = 0; at < elements; at += numbers.length) {
      int count = (int) Math.min(numbers.length, elements - at);
      Cuda.check(
          cuMemcpyHtoDAsync(at(to, at), between, bytes(count), device.compute()),
          "send data to " + device.name());
    }
    Cuda.check(cuStreamSynchronize(device.compute()), "send data to " + device.name());
    return new PlainConvolution.Operand(shape, channelsLast, storage.decode(stored));
  }

  private int bytes(int elements) {
    return elements * storage.bytes();
  }

  private CUdeviceptr at(Addresses.Device start, long element) {
    return Addresses.onDevice(start.address() + element * storage.bytes());
  }

  private int enqueue(Way way) {
    return way.run(
        new Operands(
            x.address(), filters.address(), y.address(), bias.address(), workspace.address()));
  }

  /**
   * What a way computes: all of the result, or of a large one pieces from its first number to its
   * last. What it does not write is not a number.
   *
   * @return the numbers as they are stored, or null if cuDNN refuses
   */
  byte[] result(Way way) {
    Cuda.check(
        cuMemsetD8Async(
            result(), (byte) 0xFF, problem.result().elements() * storage.bytes(), device.compute()),
        "clear memory of " + device.name());
    return enqueue(way) == 0 ? fetch(problem.result().elements()) : null;
  }

  private Addresses.Device result() {
    return switch (problem.direction()) {
      case FORWARD -> y;
      case BACKWARD_DATA -> x;
      case BACKWARD_WEIGHTS -> filters;
    };
  }

  private byte[] fetch(long elements) {
    int piece = piece(elements);
    int pieces = pieces(elements);
    for (int i = 0; i < pieces; i++) {
      Cuda.check(
          cuMemcpyDtoHAsync(
              Addresses.of(between.address() + bytes(i * piece)),
              at(result(), start(elements, i)),
              bytes(piece),
              device.compute()),
          "fetch data from " + device.name());
    }
    Cuda.check(cuStreamSynchronize(device.compute()), "try " + problem);
    return memory.asSlice(0, bytes(pieces * piece)).toArray(JAVA_BYTE);
  }

  private static int piece(long elements) {
    return (int) Math.min(PIECE, elements);
  }

  private static int pieces(long elements) {
    return (int) Math.min(PIECES, Math.ceilDiv(elements, (long) piece(elements)));
  }

  /** The first number of a piece; pieces may overlap. */
  private static long start(long elements, int piece) {
    return piece == 0 ? 0 : (elements - piece(elements)) * piece / (pieces(elements) - 1);
  }

  /** The place in memory of a number of a result that was fetched. */
  private long index(int at) {
    long elements = problem.result().elements();
    return start(elements, at / piece(elements)) + at % piece(elements);
  }

  /** What the epilogue makes of a product that was fetched, in place. */
  void finish(float[] product) {
    if (problem.epilogue() == Epilogue.NONE) {
      return;
    }
    Shape shape = problem.y();
    int plane = channelsLast ? 1 : shape.h() * shape.w();
    for (int i = 0; i < product.length; i++) {
      product[i] += biases[(int) (index(i) / plane % shape.c())];
      if (problem.epilogue() == Epilogue.BIAS_RELU) {
        product[i] = Math.max(0, product[i]);
      }
    }
  }

  /** How far a product is from the convolution's definition, where it was looked up. */
  double distance(float[] result) {
    double most = 0;
    for (int i = 0; i < SAMPLES; i++) {
      int at = (int) ((result.length - 1L) * i / (SAMPLES - 1));
      long index = index(at);
      most = Math.max(most, Math.abs(result[at] - plain.at(index)));
    }
    return most;
  }

  /**
   * The first of some candidates that agree with a result and give the same bits again, or of all
   * that agree the one that was chosen before or else the fastest.
   *
   * @param right what the way of each must compute
   * @param way how a candidate computes it
   * @param text what a choice begins with that names the candidate
   * @param before what was chosen when the run began, or nothing
   * @return null if none works
   */
  <T> T choose(
      Want want,
      List<T> candidates,
      Agreement agreement,
      float[] right,
      Function<T, Way> way,
      Function<T, String> text,
      String before) {
    List<T> good = new ArrayList<>();
    for (T candidate : candidates) {
      byte[] result = result(way.apply(candidate));
      boolean agrees = result != null && agreement.agrees(right, storage.decode(result));
      if (agrees && want == Want.FASTEST) {
        good.add(candidate);
      } else if (agrees && Arrays.equals(result, result(way.apply(candidate)))) {
        return candidate;
      }
    }
    if (good.isEmpty()) {
      return null;
    }
    return good.stream()
        .filter(candidate -> before.startsWith(text.apply(candidate)))
        .findFirst()
        .orElseGet(() -> AlgorithmSearch.fastest(good, one -> milliseconds(way.apply(one))));
  }

  /** How long a way takes, once. */
  float milliseconds(Way way) {
    return watch.milliseconds(
        "try " + problem, () -> Cuda.checkDnn(enqueue(way), "try " + problem));
  }

  @Override
  public void close() {
    owned.close();
  }
}
