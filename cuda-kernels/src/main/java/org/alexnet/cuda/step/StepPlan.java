package org.alexnet.cuda.step;

import static jcuda.driver.JCudaDriver.cuEventElapsedTime;
import static jcuda.driver.JCudaDriver.cuEventRecord;
import static jcuda.driver.JCudaDriver.cuEventSynchronize;
import static jcuda.driver.JCudaDriver.cuGraphDestroy;
import static jcuda.driver.JCudaDriver.cuGraphExecDestroy;
import static jcuda.driver.JCudaDriver.cuGraphInstantiate;
import static jcuda.driver.JCudaDriver.cuGraphLaunch;
import static jcuda.driver.JCudaDriver.cuStreamBeginCapture;
import static jcuda.driver.JCudaDriver.cuStreamEndCapture;
import static jcuda.driver.JCudaDriver.cuStreamWaitEvent;

import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;
import jcuda.driver.CUevent;
import jcuda.driver.CUgraph;
import jcuda.driver.CUgraphExec;
import jcuda.driver.CUstreamCaptureMode;
import org.alexnet.backend.plan.KernelOrder;
import org.alexnet.backend.plan.Lane;
import org.alexnet.cuda.device.Closeables;
import org.alexnet.cuda.device.Cuda;
import org.alexnet.cuda.device.Device;
import org.alexnet.cuda.device.Device.EventUse;
import org.alexnet.cuda.device.Owned;
import org.alexnet.cuda.device.Resource;
import org.alexnet.cuda.kernel.CudaKernel.Call;
import org.alexnet.cuda.kernel.CudaKernel.Group;

/**
 * The calls of one phase for one place of the batch, in order, and their recording as a graph.
 *
 * <p>A step begins and ends on the first device's stream: the others wait for its beginning, and
 * its end waits for theirs, and for their other lanes. So nothing of one step runs beside the next,
 * and one stream's recording takes in all of them.
 */
public final class StepPlan implements AutoCloseable {

  /**
   * A kernel with its calls.
   *
   * @param device number of its device
   * @param lane of its device
   * @param group what it is begun together with; null for nothing
   * @param waits as {@link KernelOrder} says
   */
  record Placed(String label, int device, Lane lane, Group group, int[] waits, List<Call> calls) {}

  private final List<Device> devices;
  private final List<Placed> kernels;
  private final Owned owned = new Owned();
  private final CUevent[] finished; // by kernel; null where nobody waits for it
  private final CUevent begun;
  private final CUevent[] ended; // by device
  private final List<Map<Lane, CUevent>> endedBeside = new ArrayList<>(); // by device
  private CUgraphExec graph;

  StepPlan(List<Device> devices, List<Placed> kernels) {
    this.devices = devices;
    this.kernels = List.copyOf(kernels);
    this.finished = new CUevent[kernels.size()];
    this.ended = new CUevent[devices.size()];
    this.begun = owned.take(devices.getFirst().event(EventUse.ORDER));
    for (int d = 1; d < devices.size(); d++) {
      ended[d] = owned.take(devices.get(d).event(EventUse.ORDER));
    }
    devices.forEach(device -> endedBeside.add(new EnumMap<>(Lane.class)));
    for (Placed kernel : kernels) {
      if (kernel.lane != Lane.COMPUTE) {
        Device device = devices.get(kernel.device);
        endedBeside
            .get(kernel.device)
            .computeIfAbsent(kernel.lane, lane -> owned.take(device.event(EventUse.ORDER)));
      }
      for (int before : kernel.waits) {
        if (before != KernelOrder.NONE && finished[before] == null) {
          finished[before] =
              owned.take(devices.get(kernels.get(before).device).event(EventUse.ORDER));
        }
      }
    }
  }

  /** Puts every call into its stream. */
  public void enqueue() {
    enqueue(null);
  }

  private void record(CUevent event, Device device) {
    Cuda.check(cuEventRecord(event, device.compute()), "record an event");
  }

  private void wait(Device device, CUevent event) {
    Cuda.check(cuStreamWaitEvent(device.compute(), event, 0), "wait for an event");
  }

  /**
   * @param times two events a kernel, before and after it, or null; kernels that are timed run one
   *     after the other
   */
  private void enqueue(List<CUevent> times) {
    Device main = devices.getFirst();
    main.use();
    record(begun, main);
    for (int d = 0; d < devices.size(); d++) {
      Device device = devices.get(d);
      device.use();
      if (d > 0) {
        wait(device, begun);
      }
      for (Lane lane : endedBeside.get(d).keySet()) {
        device.in(lane, () -> wait(device, begun));
      }
    }
    for (int k = 0; k < kernels.size(); ) {
      int end = groupEnd(k);
      Group group = kernels.get(k).group;
      each(k, end, times, (kernel, number, device) -> begin(kernel, number, device, times));
      if (group != null) {
        group.begin();
      }
      try {
        each(k, end, times, (kernel, _, _) -> kernel.calls.forEach(Call::enqueue));
      } catch (RuntimeException e) {
        end(group, e);
        throw e;
      }
      if (group != null) {
        group.end();
      }
      each(k, end, times, (_, number, device) -> end(number, device, times));
      k = end;
    }
    for (int d = devices.size(); d-- > 0; ) {
      Device device = devices.get(d);
      device.use();
      endedBeside
          .get(d)
          .forEach(
              (lane, event) -> {
                device.in(lane, () -> record(event, device));
                wait(device, event);
              });
      if (d > 0) {
        record(ended[d], device);
        main.use();
        wait(main, ended[d]);
      }
    }
    main.use();
  }

  /** Ends a group of which a call failed, or the next one would be a part of it. */
  private static void end(Group group, RuntimeException failed) {
    try {
      if (group != null) {
        group.end();
      }
    } catch (RuntimeException e) {
      failed.addSuppressed(e);
    }
  }

  /** Does something for a kernel in its stream. */
  private interface Part {
    void of(Placed kernel, int number, Device device);
  }

  /** For kernels from one number to before another, each in its lane unless it is timed. */
  private void each(int from, int to, List<CUevent> times, Part part) {
    for (int k = from; k < to; k++) {
      int number = k;
      Placed kernel = kernels.get(k);
      Device device = devices.get(kernel.device);
      device.use();
      Lane lane = times == null ? kernel.lane : Lane.COMPUTE;
      device.in(lane, () -> part.of(kernel, number, device));
    }
  }

  /** The end of the kernels that are begun together with one. */
  private int groupEnd(int number) {
    Group group = kernels.get(number).group;
    int end = number + 1;
    while (group != null && end < kernels.size() && kernels.get(end).group == group) {
      end++;
    }
    return end;
  }

  /** Has a kernel wait for others. */
  private void begin(Placed kernel, int number, Device device, List<CUevent> times) {
    for (int before : kernel.waits) {
      if (before != KernelOrder.NONE) {
        wait(device, finished[before]);
      }
    }
    if (times != null) {
      record(times.get(2 * number), device);
    }
  }

  /** Lets others go on that wait for a kernel. */
  private void end(int number, Device device, List<CUevent> times) {
    if (times != null) {
      record(times.get(2 * number + 1), device);
    }
    if (finished[number] != null) {
      record(finished[number], device);
    }
  }

  /**
   * The same as {@link #enqueue()} in one call, recorded the first time. Where there can be no
   * graph, every call is put into its stream after all.
   *
   * @param noGraph told why
   */
  public void replay(Consumer<Cuda.Failure> noGraph) {
    Device main = devices.getFirst();
    try {
      if (graph == null) {
        graph = capture(main);
      }
      main.use();
      Cuda.check(cuGraphLaunch(graph, main.compute()), "launch a step's graph");
    } catch (Cuda.Failure e) {
      // Nothing of the step has run yet. If the device is at fault, this fails too and says so.
      enqueue();
      noGraph.accept(e);
    }
  }

  /** Whether there is a graph already. */
  public boolean recorded() {
    return graph != null;
  }

  private CUgraphExec capture(Device main) {
    main.use();
    // Other threads may go on allocating page-locked memory meanwhile.
    Cuda.check(
        cuStreamBeginCapture(
            main.compute(), CUstreamCaptureMode.CU_STREAM_CAPTURE_MODE_THREAD_LOCAL),
        "record a step");
    CUgraph recorded = new CUgraph();
    try {
      enqueue();
    } catch (RuntimeException e) {
      main.use();
      // It ends for every stream that took part, and answers that nothing was recorded.
      cuStreamEndCapture(main.compute(), recorded);
      throw e;
    }
    int code = cuStreamEndCapture(main.compute(), recorded);
    try (var template =
        Resource.of(main, recorded, code, "record a step", g -> cuGraphDestroy(g))) {
      CUgraphExec executable = new CUgraphExec();
      int made = cuGraphInstantiate(executable, template.get(), 0);
      return owned.take(
          Resource.of(
              main, executable, made, "make a graph of a step", g -> cuGraphExecDestroy(g)));
    }
  }

  /** Runs it kernel by kernel and times each, waiting for other devices included; seconds. */
  public double[] profile() {
    List<Resource<CUevent>> events = new ArrayList<>();
    for (Placed kernel : kernels) {
      events.add(devices.get(kernel.device).event(EventUse.TIME));
      events.add(devices.get(kernel.device).event(EventUse.TIME));
    }
    try {
      List<CUevent> times = events.stream().map(Resource::get).toList();
      enqueue(times);
      double[] seconds = new double[kernels.size()];
      for (int k = 0; k < seconds.length; k++) {
        CUevent end = times.get(2 * k + 1);
        Cuda.check(cuEventSynchronize(end), "compute " + kernels.get(k).label);
        float[] milliseconds = new float[1];
        Cuda.check(
            cuEventElapsedTime(milliseconds, times.get(2 * k), end),
            "time " + kernels.get(k).label);
        seconds[k] = milliseconds[0] * 1e-3;
      }
      return seconds;
    } finally {
      Closeables.all(events);
    }
  }

  @Override
  public void close() {
    owned.close();
  }
}
