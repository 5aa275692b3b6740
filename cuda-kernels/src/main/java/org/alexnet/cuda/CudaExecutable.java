package org.alexnet.cuda;

import java.util.ArrayList;
import java.util.EnumMap;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.alexnet.AlexNetException;
import org.alexnet.Message;
import org.alexnet.Setting;
import org.alexnet.backend.Executable;
import org.alexnet.backend.LargestBatch;
import org.alexnet.backend.StepResult;
import org.alexnet.backend.StepSettings;
import org.alexnet.backend.plan.Lowered;
import org.alexnet.backend.plan.MemoryPlan;
import org.alexnet.backend.plan.Parts;
import org.alexnet.backend.plan.Preparation;
import org.alexnet.cuda.device.Closeables;
import org.alexnet.cuda.device.Cuda;
import org.alexnet.cuda.device.Device;
import org.alexnet.cuda.device.DeviceMemory;
import org.alexnet.cuda.device.GeneratedKernel;
import org.alexnet.cuda.device.Mail;
import org.alexnet.cuda.device.PinnedBatch;
import org.alexnet.cuda.kernel.CudaKernel;
import org.alexnet.cuda.kernel.Layout;
import org.alexnet.cuda.kernel.Layouts;
import org.alexnet.cuda.step.BatchSlot;
import org.alexnet.cuda.step.BatchSlot.Losses;
import org.alexnet.cuda.step.BoundStep;
import org.alexnet.cuda.step.StepPlan;
import org.alexnet.cuda.step.StoredTensors;
import org.alexnet.data.Batch;
import org.alexnet.data.KeptImages;
import org.alexnet.program.CompiledNetwork;
import org.alexnet.program.StepProgram;
import org.alexnet.program.StepProgram.Phase;
import org.alexnet.program.Tensor;

/**
 * A network bound to one block of memory a device. Some batches can be under way: while one is
 * computed on, the next is copied, and what the last one gave goes back.
 */
final class CudaExecutable implements Executable {
  /**
   * Places of batches. An evaluation takes less time than a training step, so that the next batch
   * must be on its way before the host has looked at the results of the last but one.
   */
  static final int SLOTS = 3;

  /** Training steps under way: what is saved of a run, and when, must not lag far behind. */
  private static final int TRAINING_STEPS = 2;

  /** Bytes of a device for what is small: settings, tables, words. */
  static final long SPARE = 4L << 20;

  private final CudaBackend backend;
  private final Lowered lowered;
  private final MemoryPlan plan;
  private final List<Device> devices;
  private final List<DeviceMemory> memories = new ArrayList<>();
  private final Map<Batch, PinnedBatch> batches = new IdentityHashMap<>();
  private final UnderWay[] underWay = new UnderWay[SLOTS];
  private final Map<Phase, long[][]> traffic = new EnumMap<>(Phase.class);
  private final Map<Phase, Integer> runs = new EnumMap<>(Phase.class);
  private StoredTensors tensors;
  private Mail mail; // null where no kernel has a message
  private BoundStep[] bound = new BoundStep[0];
  private long pixelBytes;
  private int next;
  private Phase ran = Phase.EVALUATE;
  private StepSettings settings = StepSettings.evaluation();

  CudaExecutable(CudaBackend backend, Lowered lowered, MemoryPlan plan, Layouts layouts) {
    this.backend = backend;
    this.lowered = lowered;
    this.plan = plan;
    this.devices = backend.devices().subList(0, plan.devices().size());
    try {
      for (int d = 0; d < devices.size(); d++) {
        devices.get(d).compile(generated(d));
        memories.add(allocate(d));
      }
      tensors = new StoredTensors(lowered, plan, layouts, memories, backend.lossScale());
      mail = mail(layouts);
      for (Phase phase : Phase.values()) {
        traffic.put(phase, lowered.programs().traffic(phase, t -> layouts.of(t.x()).bytes()));
        runs.put(phase, 0);
      }
    } catch (RuntimeException e) {
      close();
      throw e;
    }
  }

  private Mail mail(Layouts layouts) {
    List<Layout> messages =
        Stream.of(Phase.values())
            .flatMap(phase -> lowered.kernels(phase).stream())
            .filter(kernel -> kernel.message() != null)
            .map(kernel -> layouts.of(kernel.uses().getFirst().tensor()))
            .toList();
    return messages.isEmpty()
        ? null
        : new Mail(
            devices,
            backend.peers(),
            backend.nccl(),
            messages.stream().mapToLong(Layout::bytes).max().orElseThrow(),
            messages.stream().mapToInt(Layout::elements).max().orElseThrow());
  }

  private List<GeneratedKernel> generated(int device) {
    return Stream.of(Phase.values())
        .flatMap(phase -> lowered.kernels(phase).stream())
        .filter(kernel -> lowered.device(kernel) == device)
        .flatMap(kernel -> ((CudaKernel) kernel).generated().stream())
        .toList();
  }

  private DeviceMemory allocate(int number) {
    MemoryPlan.Blocks blocks = plan.devices().get(number);
    Device device = devices.get(number);
    try {
      return new DeviceMemory(device, blocks);
    } catch (Cuda.Failure e) {
      if (e.outOfMemory()) {
        throw tooLarge(number, blocks);
      }
      throw e.explained("Is the device in use by another program?");
    }
  }

  private AlexNetException tooLarge(int number, MemoryPlan.Blocks blocks) {
    Device device = devices.get(number);
    // What is allocated already counts as free, for it is given back.
    long free = device.freeBytes() + (memories.size() > number ? blocks.totalBytes() : 0);
    int batch = lowered.programs().batch();
    int images = backend.largestBatch(lowered.programs(), number, free);
    Message remedy =
        LargestBatch.remedy(
            images, Message.of("free some, or use another device (alexnet devices)"));
    long kept = backend.images().bytes(device);
    return new AlexNetException(
        Message.of(
            "%s at batch %d needs %,d MB on %s, where %,d MB are free%s. %s",
            lowered.programs().network().name(),
            batch,
            blocks.totalBytes() >> 20,
            device.name(),
            free >> 20,
            kept == 0
                ? ""
                : Message.of(" and %,d MB are images (%s)", kept >> 20, Setting.DATA_ON_DEVICE),
            remedy));
  }

  // Binding.

  @Override
  public Batch newBatch(Batch.Format stored, Batch.Format carried) {
    int images = lowered.programs().batch();
    return newBatch(() -> new PinnedBatch(devices.getFirst(), stored, carried, images));
  }

  @Override
  public Batch newBatch(KeptImages images) {
    int count = lowered.programs().batch();
    return newBatch(() -> new PinnedBatch(devices.getFirst(), images, count));
  }

  private Batch newBatch(Work<PinnedBatch> make) {
    return guarded(
        () -> {
          PinnedBatch made = make.run();
          batches.put(made.batch(), made);
          makeRoom(made.batch());
          return made.batch();
        });
  }

  @Override
  public void release(Batch batch) {
    PinnedBatch own = batches.remove(batch);
    if (own != null) {
      waitForDevices(); // one of them may still copy from it
      own.close();
    }
  }

  /** Room on the devices for what a batch carries. */
  private void makeRoom(Batch batch) {
    long bytes = batch.bytes() * lowered.programs().batch();
    if (bytes > pixelBytes) {
      try {
        rebind(bytes);
      } catch (Cuda.Failure e) {
        if (e.outOfMemory()) {
          throw tooLarge(0, plan.devices().getFirst());
        }
        throw e;
      }
    }
  }

  /** Makes room for larger pixels: everything that knows an address is bound anew. */
  private void rebind(long bytes) {
    settle();
    pixelBytes = 0;
    Closeables.all(new ArrayList<>(List.of(bound)));
    bound = new BoundStep[0];
    List<BoundStep> fresh = new ArrayList<>();
    try {
      while (fresh.size() < SLOTS) {
        fresh.add(new BoundStep(lowered, tensors, bytes, mail));
      }
    } catch (RuntimeException e) {
      Closeables.all(new ArrayList<>(fresh));
      throw e;
    }
    bound = fresh.toArray(BoundStep[]::new);
    pixelBytes = bytes;
  }

  @Override
  public MemoryPlan plan() {
    return plan;
  }

  @Override
  public long allocatedBytes() {
    return plan.devices().subList(0, memories.size()).stream()
        .mapToLong(MemoryPlan.Blocks::totalBytes)
        .sum();
  }

  // Steps.

  @Override
  public int stepsAhead() {
    return TRAINING_STEPS;
  }

  @Override
  public int evaluationsAhead() {
    return SLOTS;
  }

  @Override
  public Pending train(Batch batch, StepSettings step) {
    lowered.programs().requireTraining();
    return start(Phase.TRAIN, batch, step, List.of());
  }

  @Override
  public Pending evaluate(Batch batch) {
    return start(Phase.EVALUATE, batch, StepSettings.evaluation(), List.of());
  }

  @Override
  public PendingTensors evaluate(Batch batch, List<Tensor> tensors) {
    return start(Phase.EVALUATE, batch, StepSettings.evaluation(), tensors)::tensors;
  }

  private UnderWay start(Phase phase, Batch batch, StepSettings step, List<Tensor> wanted) {
    return guarded(
        () -> {
          int number = next;
          next = (next + 1) % SLOTS;
          finish(number);
          bring(number, phase, batch, step);
          UnderWay pending = new UnderWay(number, phase, batch, wanted);
          try {
            enqueue(phase, bound[number].plan(phase));
            bound[number]
                .slot()
                .copyOut(tensors.losses(phase), tensors.sources(phase, pending.fetched));
          } catch (RuntimeException | Error e) {
            waitAfter(e);
            throw e;
          }
          pending.messages = mail == null ? 0 : mail.putIn();
          underWay[number] = pending;
          return pending;
        });
  }

  /**
   * Puts a step into streams, as a graph where that can be. What a step sends to other workers or
   * receives from them passes through this process, which a recorded graph would have to be cut
   * for; and it would be of no use, since the process is at work for each message anyway.
   */
  private void enqueue(Phase phase, StepPlan steps) {
    // The libraries load what they need at the first step, which cannot be recorded.
    boolean first = runs.merge(phase, 1, Integer::sum) == 1;
    if (backend.graphs() && !first && mail == null) {
      replay(phase, steps);
    } else {
      steps.enqueue();
    }
  }

  /**
   * A step that is in streams by half is waited for: what it works on may be given back then. It
   * waits for nothing but what was put in before.
   */
  private void waitAfter(Throwable e) {
    backend.nccl().giveUpAfterFault();
    try {
      memories.forEach(DeviceMemory::synchronizeAll);
    } catch (RuntimeException lost) {
      e.addSuppressed(lost);
    }
  }

  private void replay(Phase phase, StepPlan steps) {
    boolean recorded = steps.recorded();
    long begin = System.nanoTime();
    steps.replay(backend::giveUpGraphs);
    if (!recorded && steps.recorded()) {
      String what = phase == Phase.TRAIN ? "a training step" : "an evaluation";
      double seconds = (System.nanoTime() - begin) * 1e-9;
      backend.prepared(new Preparation("graph of " + what + " recorded", seconds, false));
    }
  }

  private void bring(int number, Phase phase, Batch batch, StepSettings step) {
    if (!batch.pixels().isNative()) {
      throw new IllegalArgumentException("the batch is not in page-locked memory: use newBatch");
    }
    // It may be another executable's, as when a step is repeated to find what is not finite.
    makeRoom(batch);
    ran = phase;
    settings = step;
    bound[number].slot().copyIn(batch, step, phase == Phase.TRAIN);
  }

  private void finish(int number) {
    if (underWay[number] != null) {
      underWay[number].complete();
    }
  }

  /** Waits for every step under way. */
  private void settle() {
    for (int i = 0; i < underWay.length; i++) {
      finish(i);
    }
  }

  /** A step that was begun. */
  private final class UnderWay implements Pending {
    private final int number;
    private final Phase phase;
    private final Batch batch;
    private final List<Tensor> wanted;
    private final List<Tensor> fetched;
    private long messages; // that were put in by its end
    private StepResult result;
    private List<float[]> values;

    /**
     * With other workers, losses and errors come of what is fetched: theirs are here as tensors.
     */
    UnderWay(int number, Phase phase, Batch batch, List<Tensor> wanted) {
      this.number = number;
      this.phase = phase;
      this.batch = batch;
      this.wanted = wanted;
      this.fetched = new ArrayList<>(wanted);
      if (mail != null) {
        StepProgram program = lowered.programs().program(phase);
        fetched.addAll(program.parts(CompiledNetwork.LOSS));
        fetched.addAll(program.parts(CompiledNetwork.PROBABILITIES));
      }
    }

    List<float[]> tensors() {
      await();
      return values;
    }

    @Override
    public StepResult await() {
      return guarded(
          () -> {
            complete();
            return result;
          });
    }

    private void complete() {
      if (result != null) {
        return;
      }
      BatchSlot slot = bound[number].slot();
      backend.nccl().await(slot.done(), "compute a step");
      StepProgram program = lowered.programs().program(phase);
      if (mail == null) {
        result = slot.result(batch.count());
      } else {
        mail.await(messages);
        result = StepResult.of(program, t -> tensors.decode(t, slot.fetched(t)), batch);
      }
      values =
          wanted.stream()
              .map(tensor -> Parts.read(program, tensor, t -> tensors.decode(t, slot.fetched(t))))
              .toList();
      underWay[number] = null;
      if (phase == Phase.TRAIN && !Double.isFinite(result.lossSum())) {
        // Steps begun meanwhile lie before this in the stream and have learned nothing either.
        clearHalted();
      }
    }
  }

  /** Each loss halts its device. The first one's stream has the next step behind it. */
  private void clearHalted() {
    for (Losses found : tensors.losses(Phase.TRAIN)) {
      DeviceMemory memory = memories.get(found.device());
      memory.clearHalted();
      if (found.device() != 0) {
        memory.synchronize();
      }
    }
  }

  @Override
  public double[] profile(Batch batch, StepSettings step) {
    return guarded(
        () -> {
          settle();
          bring(next, Phase.TRAIN, batch, step);
          double[] seconds = bound[next].plan(Phase.TRAIN).profile();
          memories.forEach(DeviceMemory::synchronize);
          clearHalted();
          return seconds;
        });
  }

  @Override
  public long[][] bytesTransferred() {
    return traffic.get(ran);
  }

  // Tensors.

  @Override
  public float[] read(Tensor tensor) {
    return guarded(
        () -> {
          settle();
          return tensors.read(ran, tensor);
        });
  }

  @Override
  public void write(Tensor tensor, float[] values) {
    guarded(
        () -> {
          settle();
          tensors.write(ran, tensor, values);
          return null;
        });
  }

  // Faults.

  private interface Work<T> {
    T run();
  }

  private <T> T guarded(Work<T> work) {
    try {
      return work.run();
    } catch (Cuda.Failure e) {
      throw StepFault.explained(e, ran, lowered.kernels(ran), settings, memories);
    }
  }

  /** Whatever comes of the steps under way. */
  private void waitForDevices() {
    for (UnderWay pending : underWay) {
      if (pending != null) {
        backend.nccl().awaitEnd(bound[pending.number].slot().done());
      }
    }
  }

  @Override
  public void close() {
    waitForDevices();
    if (mail != null) {
      mail.close();
    }
    Closeables.all(new ArrayList<>(List.of(bound)));
    Closeables.all(new ArrayList<>(batches.values()));
    batches.clear();
    Closeables.all(memories);
  }
}
