package org.alexnet.cuda;

import static java.lang.foreign.ValueLayout.ADDRESS;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemoryLayout;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.SymbolLookup;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.stream.Stream;
import org.alexnet.cuda.convolution.ConvolutionProblem.Direction;
import org.junit.jupiter.api.Assumptions;

/**
 * Builds the stand-ins for NVIDIA's libraries ({@code src/test/stand-in}) and controls the one that
 * this process has loaded. A process loads the stand-ins of one folder only.
 */
public final class StandIn {
  private static final Path SOURCES = Path.of("src/test/stand-in").toAbsolutePath();
  private static final Path BUILT = Path.of("target/stand-in").toAbsolutePath();

  /** How many devices there are unless a test says otherwise. */
  static final int DEVICES = 2;

  private StandIn() {}

  /** What was asked for since the process started. */
  record Counts(long launches, long graphLaunches, long allocations, long hostSyncs) {}

  /** A folder with libcuda.so.1, libcudnn.so.9, and cuBLAS and NVRTC of this major version. */
  static Path folder(int cudaMajor) {
    return build(cudaMajor, "");
  }

  /** As {@code folder(12)}, but one of its libraries lacks this function. */
  static Path without(String symbol) {
    return build(12, symbol);
  }

  /** Loads the folder's libraries, dependencies first, so that JCuda finds them by name. */
  @SuppressWarnings("restricted")
  static void load(Path folder) {
    try (Stream<Path> files = Files.list(folder)) {
      List<String> names = files.map(f -> f.getFileName().toString()).sorted().toList();
      System.load(folder.resolve("libcuda.so.1").toString());
      for (String start : List.of("libcublasLt", "libcublas.", "libcudnn", "libnvrtc")) {
        names.stream()
            .filter(name -> name.startsWith(start))
            .forEach(name -> System.load(folder.resolve(name).toString()));
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** Forgets violations, faults and faults to come; a lost device stays lost. */
  public static void reset() {
    call("standin_reset");
  }

  /** Brings back lost devices and failed contexts. */
  public static void heal() {
    call("standin_heal");
  }

  /** The n-th allocation of device memory from now fails, n from 1. */
  public static void failAllocation(int n) {
    call("standin_fail_alloc", n);
  }

  /** The n-th kernel, product or convolution from now fails when it runs, n from 1. */
  static void failLaunch(int n) {
    call("standin_fail_launch", n);
  }

  /** The n-th piece of work from now that is put into a capture is refused, n from 1. */
  static void failCapture(int n) {
    call("standin_fail_capture", n);
  }

  /** The n-th graph from now cannot be made executable, n from 1. */
  static void failInstantiate(int n) {
    call("standin_fail_instantiate", n);
  }

  /** After n more operations on it, everything on the device fails until {@link #heal}. */
  static void loseDevice(int device, int n) {
    call("standin_lose_device", device, n);
  }

  /** What an algorithm of cuDNN's does that the size of its workspace does not tell. */
  public enum AlgorithmFault {
    /** Its call answers that it is not supported. */
    REFUSES(1),
    /** The last number is another. */
    WRONG(2),
    /** The last number is none. */
    NOT_FINITE(3),
    /** The last number has other bits every other time, near enough to be right. */
    UNSTEADY(4);

    private final int number;

    AlgorithmFault(int number) {
      this.number = number;
    }
  }

  /** Gives an algorithm a fault until {@link #reset}; numbers are cuDNN's. */
  public static void spoil(Direction direction, int algorithm, AlgorithmFault fault) {
    call("standin_algorithm_fault", direction.ordinal(), algorithm, fault.number);
  }

  /** How many devices there are from now on, 6 at most; tests begin with {@link #DEVICES}. */
  static void devices(int count) {
    call("standin_devices", count);
  }

  /** How much memory the device has. */
  static void memory(int device, long bytes) {
    invoke(
        "standin_memory", FunctionDescriptor.ofVoid(JAVA_INT, JAVA_LONG), device, (Object) bytes);
  }

  /** What cuBLASLt does until {@link #reset}. */
  enum BlasLtFault {
    NONE,
    /** Its heuristics know no way. */
    HAS_NONE,
    /** Its first way answers that it is not supported. */
    FIRST_REFUSES,
    /** Its first way has a wrong number. */
    FIRST_IS_WRONG,
    /** A ReLU makes 0 of what is not a number. */
    LOSES_NAN
  }

  static void spoilBlasLt(BlasLtFault fault) {
    call("standin_blas_lt", fault.ordinal());
  }

  /** Whether NCCL refuses to start, until {@link #reset}. */
  static void ncclRefuses(boolean refuses) {
    call("standin_nccl", refuses ? 1 : 0);
  }

  /** Ranks of NCCL that join wait for each other forever, until {@link #reset}. */
  static void ncclNeverConnects() {
    call("standin_nccl", 3);
  }

  /** The last of all workers' ranks of NCCL cannot join, until {@link #reset}. */
  static void ncclRefusesTheLast() {
    call("standin_nccl", 2);
  }

  /** Scratch memory that cuDNN's engine on tensor cores asks for besides, until {@link #reset}. */
  static void workspace(long bytes) {
    invoke("standin_workspace", FunctionDescriptor.ofVoid(JAVA_LONG), (Object) bytes);
  }

  /** What was done wrong since the last {@link #reset}, each once. */
  static List<String> violations() {
    return text("standin_violations").lines().toList();
  }

  /** What was made and not yet given back, as "allocation 0, pinned 0, ...". */
  public static String live() {
    return text("standin_live");
  }

  /** How many such things there are. */
  public static int liveTotal() {
    return (int)
        invoke(
            "standin_live",
            FunctionDescriptor.of(JAVA_INT, ADDRESS, JAVA_INT),
            MemorySegment.NULL,
            0);
  }

  /** What was not given back, as "event 1", where the process holds so many contexts to its end. */
  public static List<String> left(int contexts) {
    return Arrays.stream(live().split(", "))
        .filter(kind -> !kind.endsWith(kind.startsWith("context ") ? " " + contexts : " 0"))
        .toList();
  }

  static Counts counts() {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment values = arena.allocate(JAVA_LONG, 4);
      invoke(
          "standin_counts",
          FunctionDescriptor.ofVoid(ADDRESS, ADDRESS, ADDRESS, ADDRESS),
          values,
          values.asSlice(8),
          values.asSlice(16),
          values.asSlice(24));
      return new Counts(
          values.getAtIndex(JAVA_LONG, 0),
          values.getAtIndex(JAVA_LONG, 1),
          values.getAtIndex(JAVA_LONG, 2),
          values.getAtIndex(JAVA_LONG, 3));
    }
  }

  /** Bytes that went from the host to devices. */
  static long sentBytes() {
    return (long) invoke("standin_sent", FunctionDescriptor.of(JAVA_LONG));
  }

  private static void call(String function, int... arguments) {
    MemoryLayout[] types = new MemoryLayout[arguments.length];
    Object[] values = new Object[arguments.length];
    for (int i = 0; i < arguments.length; i++) {
      types[i] = JAVA_INT;
      values[i] = arguments[i];
    }
    invoke(function, FunctionDescriptor.ofVoid(types), values);
  }

  private static String text(String function) {
    try (Arena arena = Arena.ofConfined()) {
      int size = 1 << 16;
      MemorySegment buffer = arena.allocate(size);
      invoke(function, FunctionDescriptor.of(JAVA_INT, ADDRESS, JAVA_INT), buffer, size);
      return buffer.getString(0);
    }
  }

  private static Object invoke(String function, FunctionDescriptor type, Object... arguments) {
    return invokeIn(used(), function, type, arguments);
  }

  @SuppressWarnings("restricted")
  private static Object invokeIn(
      Path library, String function, FunctionDescriptor type, Object... arguments) {
    MemorySegment address =
        SymbolLookup.libraryLookup(library, Arena.global()).findOrThrow(function);
    try {
      return Linker.nativeLinker().downcallHandle(address, type).invokeWithArguments(arguments);
    } catch (Throwable e) {
      throw new AssertionError(e);
    }
  }

  /** The stand-in for the driver that this process calls; where it calls none, CUDA 12's. */
  private static Path used() {
    try (Stream<String> maps = Files.lines(Path.of("/proc/self/maps"))) {
      return maps.filter(line -> line.endsWith("/libcuda.so.1"))
          .map(line -> Path.of(line.substring(line.indexOf('/'))))
          .filter(path -> path.startsWith(BUILT))
          .distinct()
          .filter(path -> (int) invokeIn(path, "standin_used", FunctionDescriptor.of(JAVA_INT)) > 0)
          .findFirst()
          .orElseGet(() -> folder(12).resolve("libcuda.so.1"));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /**
   * The folder is named by what the sources and the processor are, so that a change makes a new
   * one. It appears whole: it is built beside its place, by one process at a time. What is compiled
   * is kept for the next.
   */
  private static synchronized Path build(int cudaMajor, String without) {
    try {
      requireCompiler();
      Files.createDirectories(BUILT);
      String name = "cuda-" + cudaMajor + (without.isEmpty() ? "" : "-without-" + without);
      String hash = hash();
      Path folder = BUILT.resolve(name + "-" + hash);
      try (FileChannel file =
              FileChannel.open(
                  BUILT.resolve("lock"), StandardOpenOption.CREATE, StandardOpenOption.WRITE);
          var lock = file.lock()) {
        if (!Files.exists(folder)) {
          Path unfinished = Files.createTempDirectory(BUILT, "unfinished");
          run(
              List.of(
                  "sh",
                  SOURCES.resolve("build.sh").toString(),
                  unfinished.toString(),
                  String.valueOf(cudaMajor),
                  without),
              BUILT.resolve("objects-" + hash));
          Files.move(unfinished, folder);
        }
        assert lock.isValid();
      }
      return folder;
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static void requireCompiler() {
    String reason = "stand-in tests skipped: they need Linux on x86-64 and g++ in the PATH";
    boolean suits =
        System.getProperty("os.name").equals("Linux")
            && System.getProperty("os.arch").equals("amd64");
    for (String folder : System.getenv().getOrDefault("PATH", "").split(":")) {
      if (suits && Files.isExecutable(Path.of(folder, "g++"))) {
        return;
      }
    }
    System.out.println(reason);
    Assumptions.abort(reason);
  }

  private static String hash() throws IOException {
    try {
      MessageDigest hash = MessageDigest.getInstance("SHA-256");
      List<Path> sources;
      try (Stream<Path> files = Files.list(SOURCES)) {
        sources = files.filter(f -> !f.toString().endsWith(".md")).sorted().toList();
      }
      for (Path source : sources) {
        hash.update(Files.readAllBytes(source));
      }
      // Code for this processor is no code for every other that shares the folder.
      try (Stream<String> lines = Files.lines(Path.of("/proc/cpuinfo"))) {
        lines
            .filter(line -> line.startsWith("flags"))
            .findFirst()
            .ifPresent(flags -> hash.update(flags.getBytes()));
      }
      return HexFormat.of().formatHex(hash.digest(), 0, 6);
    } catch (NoSuchAlgorithmException e) {
      throw new AssertionError(e);
    }
  }

  private static void run(List<String> command, Path objects) throws IOException {
    ProcessBuilder builder = new ProcessBuilder(command).redirectErrorStream(true);
    builder.environment().put("STANDIN_OBJECTS", objects.toString());
    Process process = builder.start();
    String output = new String(process.getInputStream().readAllBytes());
    try {
      if (process.waitFor() != 0) {
        throw new AssertionError("The stand-ins do not build:\n" + output);
      }
    } catch (InterruptedException e) {
      throw new AssertionError(e);
    }
  }
}
