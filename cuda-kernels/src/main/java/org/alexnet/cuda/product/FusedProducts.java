package org.alexnet.cuda.product;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static jcuda.driver.JCudaDriver.cuMemcpyDtoHAsync;
import static jcuda.driver.JCudaDriver.cuMemcpyHtoDAsync;
import static jcuda.driver.JCudaDriver.cuStreamSynchronize;

import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import org.alexnet.cuda.convolution.Agreement;
import org.alexnet.cuda.convolution.AlgorithmSearch;
import org.alexnet.cuda.convolution.AlgorithmSearch.Want;
import org.alexnet.cuda.convolution.ModelChoices;
import org.alexnet.cuda.device.Addresses;
import org.alexnet.cuda.device.Cuda;
import org.alexnet.cuda.device.Device;
import org.alexnet.cuda.device.Owned;
import org.alexnet.cuda.device.Stopwatch;
import org.alexnet.cuda.device.Storage;
import org.alexnet.cuda.product.FusedProduct.Epilogue;
import org.alexnet.cuda.product.FusedProduct.Form;
import org.alexnet.cuda.product.FusedProduct.Operands;
import org.alexnet.cuda.product.FusedProduct.Problem;

/**
 * Chooses a way of cuBLASLt's for a product with its epilogue: the fastest, or where runs must
 * repeat on any day the first, of those that compute on random numbers what a product and our own
 * epilogue do, give the same bits again, and let through what is not a number, which must be found
 * in the loss. Where there is none, callers do one after the other. The same problem has the same
 * way.
 */
public final class FusedProducts implements AutoCloseable {
  /** Random numbers that are made; a prime, so that no two rows are the same. */
  private static final int NUMBERS = 1_048_573;

  /** What is chosen where no way serves. */
  static final String APART = "cuBLAS, and what follows by a kernel of its own";

  private final Map<Problem, Optional<FusedProduct>> chosen = new HashMap<>();
  private final BlasLt library; // null where there is none
  private final ModelChoices choices;

  /**
   * Those of a device.
   *
   * @param library null where there is none
   * @param choices those of all devices
   */
  public FusedProducts(BlasLt library, ModelChoices choices) {
    this.library = library;
    this.choices = choices;
  }

  /**
   * The way of a problem, if there is one.
   *
   * @param want whether the fastest is taken, or the first
   * @param run what was chosen when the run began, or nothing: it is taken again if it works
   */
  public Optional<FusedProduct> of(Problem problem, Want want, String run) {
    if (library == null || want == Want.UNTRIED || run.equals(APART)) {
      return Optional.empty();
    }
    return chosen.computeIfAbsent(
        problem,
        any -> {
          String before = choices.before(library.device(), problem, want, run);
          Optional<FusedProduct> way =
              before.equals(APART) ? Optional.empty() : choose(problem, want, before);
          String choice = way.map(w -> w.text() + " ").orElse(APART);
          choices.note(library.device(), problem, want, choice);
          return way;
        });
  }

  private Optional<FusedProduct> choose(Problem problem, Want want, String before) {
    List<FusedProduct> ways = FusedProduct.ways(library, problem);
    if (ways.isEmpty()) {
      return Optional.empty();
    }
    try (Trial trial = new Trial(library.device(), problem)) {
      if (want == Want.REPEATABLE) {
        return ways.stream().filter(trial::passes).findFirst();
      }
      List<FusedProduct> good = ways.stream().filter(trial::passes).toList();
      return good.stream()
          .filter(way -> before.startsWith(way.text() + " "))
          .findFirst()
          .or(() -> good.stream().limit(1).map(any -> trial.fastest(good)).findFirst());
    } catch (Cuda.Failure e) {
      if (!e.outOfMemory() || want == Want.REPEATABLE) { // or runs would not repeat
        throw e;
      }
      return Optional.empty(); // none to try any
    }
  }

  /** Operands with random numbers, and what is to come of them. */
  private static final class Trial implements AutoCloseable {
    private final Device device;
    private final Problem problem;
    private final Owned owned = new Owned();
    private final Addresses.Device a;
    private final Addresses.Device b;
    private final Addresses.Device c;
    private final Addresses.Device vector;
    private final Stopwatch watch;
    private final Addresses.Host host;
    private final MemorySegment memory;
    private final float[] right;
    private final float[] rightVector;

    Trial(Device device, Problem problem) {
      this.device = device;
      this.problem = problem;
      long as = (long) problem.rows() * problem.depth();
      long bs = (long) problem.depth() * problem.columns();
      long cs = (long) problem.rows() * problem.columns();
      try {
        a = owned.take(device.allocate(as * problem.a().storage().bytes()));
        b = owned.take(device.allocate(bs * problem.b().storage().bytes()));
        c = owned.take(device.allocate(cs * Float.BYTES));
        vector = owned.take(device.allocate((long) problem.vector() * Float.BYTES));
        watch = new Stopwatch(device, owned);
        long filled = Math.min(NUMBERS, Math.max(as, bs));
        long most = Float.BYTES * Math.max(filled, Math.max(cs, problem.vector()));
        host = owned.take(device.allocateHost(most));
        memory = host.memory(most);
        Random random = new Random(2012);
        float[] first = fill(a, (int) as, problem.a().storage(), random);
        fill(b, (int) bs, problem.b().storage(), random);
        float[] bias = fill(vector, problem.vector(), problem.c(), random);
        plain().enqueue();
        right = fetch(c, (int) cs, Storage.FLOAT);
        rightVector = problem.epilogue() == Epilogue.BIAS_GRADIENT ? sums(first) : finish(bias);
      } catch (RuntimeException e) {
        close();
        throw e;
      }
    }

    /** The product alone, in single precision. */
    private Product plain() {
      return new Product(
          "a trial",
          device,
          problem.rows(),
          problem.columns(),
          problem.depth(),
          operand(a, problem.a()),
          operand(b, problem.b()),
          operand(c, new Form(Storage.FLOAT, false)));
    }

    private static Product.Operand operand(Addresses.Device at, Form form) {
      return new Product.Operand(Addresses.of(at.address()), form.storage(), form.transposed());
    }

    /** Adds the bias to what is right; there is no other result. */
    private float[] finish(float[] bias) {
      boolean relu = problem.epilogue() == Epilogue.BIAS_RELU;
      for (int i = 0; i < right.length; i++) {
        float sum = right[i] + bias[i % problem.columns() % bias.length];
        right[i] = relu ? Math.max(0, sum) : sum;
      }
      return new float[0];
    }

    /** Sums of a over its depth. */
    private float[] sums(float[] stored) {
      float[] sums = new float[problem.rows()];
      for (int i = 0; i < sums.length; i++) {
        double sum = 0;
        for (int k = 0; k < problem.depth(); k++) {
          int at = problem.a().transposed() ? k * sums.length + i : i * problem.depth() + k;
          sum += stored[at % stored.length];
        }
        sums[i] = (float) sum;
      }
      return sums;
    }

    /**
     * Fills an operand with some numbers, again and again, and returns those as they are stored.
     */
    private float[] fill(Addresses.Device to, int count, Storage storage, Random random) {
      float[] numbers = new float[Math.min(NUMBERS, count)];
      for (int i = 0; i < numbers.length; i++) {
        numbers[i] = random.nextFloat() - 0.5f;
      }
      byte[] stored = storage.encode(numbers);
      long bytes = (long) count * storage.bytes();
      for (long at = 0; at < bytes; at += stored.length) {
        send(to.address() + at, stored, (int) Math.min(stored.length, bytes - at));
      }
      return storage.decode(stored);
    }

    private void send(long to, byte[] stored, int bytes) {
      MemorySegment.copy(stored, 0, memory, JAVA_BYTE, 0, bytes);
      device.use();
      Cuda.check(
          cuMemcpyHtoDAsync(Addresses.onDevice(to), host, bytes, device.compute()),
          "send data to " + device.name());
      Cuda.check(cuStreamSynchronize(device.compute()), "send data to " + device.name());
    }

    private byte[] bytes(Addresses.Device from, int bytes) {
      device.use();
      Cuda.check(cuMemcpyDtoHAsync(host, from, bytes, device.compute()), "fetch data");
      Cuda.check(cuStreamSynchronize(device.compute()), "try a product on " + device.name());
      return memory.asSlice(0, bytes).toArray(JAVA_BYTE);
    }

    private float[] fetch(Addresses.Device from, int count, Storage storage) {
      return storage.decode(bytes(from, count * storage.bytes()));
    }

    private boolean run(FusedProduct way) {
      return way.run(new Operands(a.address(), b.address(), c.address(), vector.address())) == 0;
    }

    /** The result and, where it is one, the vector, as they are stored. */
    private List<byte[]> results() {
      List<byte[]> all = new ArrayList<>();
      all.add(bytes(c, right.length * problem.c().bytes()));
      all.add(bytes(vector, rightVector.length * problem.c().bytes()));
      return all;
    }

    boolean passes(FusedProduct way) {
      if (!run(way)) {
        return false;
      }
      List<byte[]> first = results();
      Agreement agreement = new Agreement(device.precision(), problem.depth());
      if (!agreement.agrees(right, problem.c().decode(first.get(0)))
          || !agreement.agrees(rightVector, problem.c().decode(first.get(1)))
          || !run(way)) {
        return false;
      }
      List<byte[]> second = results();
      return Arrays.equals(first.get(0), second.get(0))
          && Arrays.equals(first.get(1), second.get(1))
          && letsThroughWhatIsNoNumber(way, a, problem.a().storage(), problem.columns(), 1)
          && letsThroughWhatIsNoNumber(
              way, b, problem.b().storage(), problem.rows(), problem.columns());
    }

    /**
     * The first number of an operand takes part in all of the first row or column.
     *
     * @param count numbers of that
     * @param stride how far they lie apart
     */
    private boolean letsThroughWhatIsNoNumber(
        FusedProduct way, Addresses.Device operand, Storage storage, int count, int stride) {
      byte[] before = bytes(operand, storage.bytes());
      send(operand.address(), storage.encode(new float[] {Float.NaN}), storage.bytes());
      boolean all = run(way);
      float[] got = fetch(c, right.length, problem.c());
      send(operand.address(), before, before.length);
      for (int i = 0; i < count; i++) {
        all &= Float.isNaN(got[i * stride]);
      }
      return all;
    }

    FusedProduct fastest(List<FusedProduct> good) {
      return AlgorithmSearch.fastest(
          good, way -> watch.milliseconds("time a product on " + device.name(), () -> run(way)));
    }

    @Override
    public void close() {
      owned.close();
    }
  }

  @Override
  public void close() {
    if (library != null) {
      library.close();
    }
  }
}
