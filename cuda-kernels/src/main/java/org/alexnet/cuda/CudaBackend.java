package org.alexnet.cuda;

import static jcuda.driver.JCudaDriver.cuInit;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.alexnet.AlexNetException;
import org.alexnet.backend.Backend;
import org.alexnet.backend.BackendOptions;
import org.alexnet.backend.Executable;
import org.alexnet.backend.ImageMemory;
import org.alexnet.backend.LargestBatch;
import org.alexnet.backend.Peers;
import org.alexnet.backend.Precision;
import org.alexnet.backend.plan.DeviceRates;
import org.alexnet.backend.plan.Kernel;
import org.alexnet.backend.plan.Lowered;
import org.alexnet.backend.plan.MemoryPlan;
import org.alexnet.backend.plan.MemoryPlanner;
import org.alexnet.backend.plan.Preparation;
import org.alexnet.cuda.convolution.AlgorithmSearch;
import org.alexnet.cuda.convolution.AlgorithmSearch.Want;
import org.alexnet.cuda.convolution.ConvolutionPlan;
import org.alexnet.cuda.convolution.ConvolutionPlans;
import org.alexnet.cuda.convolution.ConvolutionProblem;
import org.alexnet.cuda.convolution.ModelChoices;
import org.alexnet.cuda.device.Closeables;
import org.alexnet.cuda.device.Cuda;
import org.alexnet.cuda.device.Device;
import org.alexnet.cuda.device.KernelCompiler;
import org.alexnet.cuda.exchange.NcclUse;
import org.alexnet.cuda.kernel.CudaKernel;
import org.alexnet.cuda.kernel.Layouts;
import org.alexnet.cuda.library.load.Loaded;
import org.alexnet.cuda.product.BlasLt;
import org.alexnet.cuda.product.FusedProducts;
import org.alexnet.cuda.product.RateMeasurement;
import org.alexnet.program.CompiledNetwork;
import org.alexnet.program.StepProgram.Phase;

/** The open CUDA backend: its devices, and the convolutions that algorithms were chosen for. */
final class CudaBackend implements Backend {
  /** What both cuDNN and whole cache lines want. */
  private static final int ALIGNMENT = 512;

  /**
   * What gradients are multiplied by in half precision, whose smallest number is 6e-8. AlexNet is
   * one of the networks that Micikevicius et al. ("Mixed precision training", 2018) found to need
   * about this much. A power of two, so that it changes no bits of what it scales.
   */
  private static final float HALF_LOSS_SCALE = 1024;

  /** Scratch memory with which a network either fits, or does not for another reason. */
  private static final long LEAST_SCRATCH = 8L << 20;

  private final BackendOptions options;
  private final List<Device> devices = new ArrayList<>();
  private final ModelChoices choices = new ModelChoices();
  private final ConvolutionPlans plans = new ConvolutionPlans(choices);
  private final List<FusedProducts> products = new ArrayList<>(); // by device
  private final List<Preparation> preparations = new ArrayList<>();
  private final CudaImageMemory images = new CudaImageMemory(this);
  private boolean graphs;
  private final NcclUse nccl;
  private long scratch = Long.MAX_VALUE; // bytes that a convolution may ask for at most

  /**
   * @param ordinals of its devices, as CUDA counts
   */
  CudaBackend(List<Integer> ordinals, BackendOptions options, Loaded loaded) {
    this.options = options;
    this.graphs = options.graphs();
    this.nccl = new NcclUse(loaded.nccl(), devices, options);
    KernelCompiler compiler = new KernelCompiler(loaded, options.precision(), this::prepared);
    try {
      Cuda.check(cuInit(0), "start");
      for (int ordinal : ordinals) {
        devices.add(new Device(ordinal, options.precision(), compiler));
        products.add(new FusedProducts(BlasLt.open(loaded.blasLt(), devices.getLast()), choices));
      }
      for (Device one : devices) {
        for (Device other : devices) {
          if (one != other) {
            one.reach(other);
          }
        }
      }
    } catch (Cuda.Failure e) {
      close();
      throw e.explained("\"alexnet devices\" shows what was found.");
    } catch (RuntimeException e) {
      close();
      throw e;
    }
  }

  @Override
  public String name() {
    return "cuda";
  }

  Precision precision() {
    return options.precision();
  }

  /** The other workers. */
  Peers peers() {
    return options.peers();
  }

  /** Notes what took its time. */
  void prepared(Preparation done) {
    preparations.add(done);
  }

  @Override
  public List<Preparation> preparations() {
    return List.copyOf(preparations);
  }

  @Override
  public Optional<ImageMemory> imageMemory() {
    return Optional.of(images);
  }

  /** The same, with what only this backend asks. */
  CudaImageMemory images() {
    return images;
  }

  /** Threads that the host may use. */
  int threads() {
    return options.threads();
  }

  /** Whether steps are replayed as graphs. */
  boolean graphs() {
    return graphs;
  }

  /** From now on every kernel of a step is launched by itself; the user is told once. */
  void giveUpGraphs(Cuda.Failure failure) {
    if (graphs) {
      graphs = false;
      options
          .say()
          .accept(
              "A step cannot be recorded as a graph (%s); its kernels are launched one by one, with the same results."
                  .formatted(failure.getMessage()));
    }
  }

  /** What adds up gradients of devices, where their order may be any, and waits for devices. */
  NcclUse nccl() {
    return nccl;
  }

  float lossScale() {
    return options.precision() == Precision.FP16 ? HALF_LOSS_SCALE : 1;
  }

  List<Device> devices() {
    return devices;
  }

  Device device(int number) {
    return devices.get(number);
  }

  /** The products of a device that are computed with what follows them. */
  FusedProducts products(int device) {
    return products.get(device);
  }

  /** What was chosen when the run began, by kernel; empty for a new one. */
  Map<String, String> choicesBefore() {
    return options.choices();
  }

  /**
   * The plan of a convolution; the same problem has the same one.
   *
   * @param label of the kernel that it is for
   * @param want what is wanted of cuDNN's algorithms
   */
  ConvolutionPlan plan(
      Device device, String label, ConvolutionProblem problem, Layouts layouts, Want want) {
    String before = choicesBefore().getOrDefault(label, "");
    long most = Math.min(scratch, AlgorithmSearch.most(device));
    return plans.of(device, problem, layouts, want, before, most);
  }

  @Override
  public Lowered lower(CompiledNetwork programs) {
    int wanted = programs.placement().deviceCount();
    if (wanted > devices.size()) {
      throw new IllegalArgumentException(
          "a program for %d devices on a backend opened with %d".formatted(wanted, devices.size()));
    }
    try {
      Want want = options.deterministic() ? Want.REPEATABLE : Want.FASTEST;
      long begin = System.nanoTime();
      nccl.start(programs.placement());
      Lowered lowered = lowerToFit(programs, want);
      String what = "kernels chosen for %s, and what libraries offer tried";
      prepared(
          new Preparation(
              what.formatted(programs.network().name()),
              (System.nanoTime() - begin) * 1e-9,
              false));
      return lowered;
    } catch (Cuda.Failure e) {
      throw e.explained(
          "This was while kernels were chosen for %s.".formatted(programs.network().name()));
    }
  }

  /**
   * On a device where the network fits only with less scratch memory than the fastest convolutions
   * ask for, those are chosen that need less.
   */
  private Lowered lowerToFit(CompiledNetwork programs, Want want) {
    long[] free = devices.stream().mapToLong(Device::freeBytes).toArray();
    scratch = Long.MAX_VALUE;
    Lowered lowered = lower(programs, want);
    if (fits(lowered, free) || !fits(withoutScratch(lowered), free)) {
      return lowered;
    }
    long limit = scratchBytes(lowered);
    while (limit > LEAST_SCRATCH && !fits(lowered, free)) {
      long enough = scratch;
      limit /= 2;
      scratch = limit;
      try {
        lowered = lower(programs, want);
      } catch (AlexNetException e) { // a convolution needs more
        scratch = enough;
        break;
      }
    }
    return lowered;
  }

  private static long scratchBytes(Lowered lowered) {
    return Stream.of(Phase.values())
        .flatMap(phase -> lowered.kernels(phase).stream())
        .mapToLong(Kernel::workspaceBytes)
        .max()
        .orElse(0);
  }

  private static Lowered withoutScratch(Lowered lowered) {
    return new Lowered(
        lowered.programs(),
        withoutScratch(lowered.train()),
        withoutScratch(lowered.evaluate()),
        lowered.alignment());
  }

  private static List<CudaKernel> withoutScratch(List<? extends Kernel> kernels) {
    return kernels.stream().map(kernel -> ((CudaKernel) kernel).withoutScratch()).toList();
  }

  private static boolean fits(Lowered lowered, long[] free) {
    MemoryPlan plan = MemoryPlanner.plan(lowered);
    return IntStream.range(0, plan.devices().size())
        .allMatch(d -> bytes(lowered.programs(), plan, d) <= free[d]);
  }

  /** What a network takes of a device, with staged images. */
  static long bytes(CompiledNetwork programs, MemoryPlan plan, int device) {
    long staged = CudaExecutable.SLOTS * programs.carriedBytes() + CudaExecutable.SPARE;
    return plan.devices().get(device).totalBytes() + staged;
  }

  /** For a plan that is only looked at, algorithms need not be tried. */
  Lowered lower(CompiledNetwork programs, Want want) {
    Layouts layouts = Layouts.of(programs, precision());
    return new Lowered(
        programs,
        CudaLowering.lower(programs, programs.train(), this, layouts, want),
        CudaLowering.lower(programs, programs.evaluate(), this, layouts, want),
        ALIGNMENT);
  }

  /**
   * The largest batch of a network whose plan and staged images fit into a device, or 0.
   *
   * @param device number of the device
   * @param free bytes that it has
   */
  int largestBatch(CompiledNetwork programs, int device, long free) {
    return LargestBatch.of(
        programs,
        smaller -> {
          MemoryPlan plan = MemoryPlanner.plan(lower(smaller, Want.UNTRIED));
          return bytes(smaller, plan, device) <= free;
        });
  }

  @Override
  public Executable bind(Lowered lowered, MemoryPlan plan) {
    return new CudaExecutable(this, lowered, plan, Layouts.of(lowered.programs(), precision()));
  }

  @Override
  public Optional<DeviceRates> measureRates() {
    try {
      return RateMeasurement.of(devices.getFirst());
    } catch (Cuda.Failure e) {
      throw e.explained("This was while its speed was measured.");
    }
  }

  @Override
  public void close() {
    nccl.close();
    plans.close();
    Closeables.all(products);
    Closeables.all(devices);
  }
}
