package org.alexnet.benchmarks;

import java.awt.image.BufferedImage;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.List;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import javax.imageio.ImageIO;
import org.alexnet.backend.Backend;
import org.alexnet.backend.BackendOptions;
import org.alexnet.backend.Backends;
import org.alexnet.backend.Executable;
import org.alexnet.backend.StepSettings;
import org.alexnet.data.Augmentation;
import org.alexnet.data.Batch;
import org.alexnet.data.ColourShift;
import org.alexnet.data.DataSet;
import org.alexnet.data.loading.BatchLoader;
import org.alexnet.data.loading.LoaderOptions;
import org.alexnet.data.prepared.Preparation;
import org.alexnet.data.source.DataSets;
import org.alexnet.data.source.OpenOptions;
import org.alexnet.model.Models;
import org.alexnet.network.Network;
import org.alexnet.program.CompiledNetwork;
import org.alexnet.program.Op;
import org.alexnet.program.Placement;
import org.alexnet.program.StepProgram;
import org.alexnet.program.Tensor;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Level;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OperationsPerInvocation;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;
import org.openjdk.jmh.annotations.Warmup;

/**
 * Images a second from a prepared file to the network's input: read and checked, cropped, mirrored,
 * the mean subtracted, colours shifted, as the paper trains.
 */
@State(Scope.Benchmark)
@BenchmarkMode(Mode.Throughput)
@OutputTimeUnit(TimeUnit.SECONDS)
@Fork(1)
@Warmup(iterations = 3, time = 2)
@Measurement(iterations = 5, time = 2)
public class AugmentationBenchmark {
  private static final int IMAGES = 512;
  private static final int BATCH = 128;
  private static final int STORED = 256;

  @Param("2")
  public int threads;

  @Param("cpu")
  public String backend;

  private Path folder;
  private DataSet data;
  private Backend open;
  private Executable executable;
  private BatchLoader loader;
  private int epoch;

  @Setup(Level.Trial)
  public void open() throws IOException {
    folder = Files.createTempDirectory("augmentation");
    makeImages();
    Path packed = folder.resolve("images.axd");
    new Preparation(folder.resolve("images"), packed, STORED, false, threads, t -> {}, (d, n) -> {})
        .run();
    Network network = Models.named("alexnet-2012").network();
    int size = network.input().size();
    data =
        DataSets.open(
            packed.toString(),
            null,
            0,
            new OpenOptions(3, STORED, STORED, size, threads, 1, false, null));
    open = Backends.named(backend).open(new BackendOptions(threads, List.of()));
    executable = executable(open, network, BATCH);
    check(network);
    loader = loader(executable, BATCH, size);
    loader.start(0, 0, 0);
  }

  private void makeImages() throws IOException {
    Random random = new Random(1);
    for (int i = 0; i < IMAGES; i++) {
      BufferedImage image = new BufferedImage(STORED, STORED, BufferedImage.TYPE_INT_RGB);
      for (int p = 0; p < STORED * STORED; p++) {
        image.setRGB(p % STORED, p / STORED, random.nextInt(1 << 24));
      }
      Path file = folder.resolve("images").resolve(i % 2 == 0 ? "a" : "b").resolve(i + ".bmp");
      Files.createDirectories(file.getParent());
      ImageIO.write(image, "bmp", file.toFile());
    }
  }

  /** A program that does nothing but load its input. */
  private Executable executable(Backend on, Network network, int batch) {
    CompiledNetwork whole = CompiledNetwork.of(network, batch);
    StepProgram load =
        new StepProgram(
            StepProgram.Phase.TRAIN, whole.train().ops().subList(0, 1), Set.of("data", "labels"));
    StepProgram none = new StepProgram(StepProgram.Phase.EVALUATE, List.of(), Set.of());
    Executable made = on.compile(new CompiledNetwork(network, batch, Placement.WHOLE, load, none));
    Tensor mean = ((Op.LoadInput) load.ops().getFirst()).mean();
    made.write(mean, data.train().statistics().mean());
    return made;
  }

  private BatchLoader loader(Executable of, int batch, int size) {
    ColourShift colour = new ColourShift(data.train().statistics().colour(), List.of(1f, 1f, 1f));
    LoaderOptions options =
        new LoaderOptions(
            batch, size, size, 1, true, Augmentation.PAPER, threads, LoaderOptions.DEPTH, colour);
    Batch.Format stored = data.train().format();
    return new BatchLoader(
        data.train(), options, () -> of.newBatch(stored, stored.window(size, size)));
  }

  /** Two images against the reference. */
  private void check(Network network) {
    int few = 2;
    try (Backend slow = Backends.named("reference").open(BackendOptions.defaults());
        Executable reference = executable(slow, network, few);
        Executable small = executable(open, network, few);
        BatchLoader batches = loader(small, few, network.input().size())) {
      batches.start(0, 0, 0);
      Batch batch = batches.next();
      Tensor images = CompiledNetwork.of(network, few).train().tensor("data");
      small.profile(batch, StepSettings.evaluation());
      reference.profile(batch, StepSettings.evaluation());
      Operations.check("images", small.read(images), reference.read(images), 1e-6);
    }
  }

  @Benchmark
  @OperationsPerInvocation(BATCH)
  public int images() {
    Batch batch = loader.next();
    if (batch == null) {
      loader.start(++epoch, epoch, 0);
      batch = loader.next();
    }
    executable.profile(batch, StepSettings.evaluation());
    int count = batch.count();
    loader.release(batch);
    return count;
  }

  @TearDown(Level.Trial)
  public void close() throws IOException {
    loader.close();
    executable.close();
    open.close();
    data.close();
    try (Stream<Path> files = Files.walk(folder)) {
      for (Path file : files.sorted(Comparator.reverseOrder()).toList()) {
        Files.delete(file);
      }
    }
  }
}
