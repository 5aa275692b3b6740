package org.alexnet.cuda.exchange;

import static java.lang.foreign.ValueLayout.ADDRESS;
import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemoryLayout;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.SymbolLookup;
import java.lang.invoke.MethodHandle;
import org.alexnet.cuda.device.Cuda;
import org.alexnet.cuda.device.Storage;
import org.alexnet.cuda.library.load.Functions;

/** NCCL's functions, and what they answer. */
final class NcclLibrary {
  /** The answer that something was begun and is not over, ncclInProgress. */
  static final int IN_PROGRESS = 7;

  private static final int SUCCESS = 0;
  private static final int SUM = 0; // ncclSum

  /** An ncclUniqueId, which is passed by value. */
  private static final MemoryLayout ID =
      MemoryLayout.structLayout(MemoryLayout.sequenceLayout(128, JAVA_BYTE));

  /**
   * The ncclConfig_t of the first version that has one. A later one takes what it does not have for
   * not said.
   */
  private static final MemoryLayout CONFIG =
      MemoryLayout.structLayout(
          JAVA_LONG.withName("size"),
          JAVA_INT.withName("magic"),
          JAVA_INT.withName("version"),
          JAVA_INT.withName("blocking"),
          MemoryLayout.paddingLayout(4));

  private static final int MAGIC = 0xcafebeef;
  private static final int FIRST_WITH_CONFIG = 21400;

  private final SymbolLookup functions;
  private final MethodHandle text;
  private final MethodHandle version;
  private final MethodHandle uniqueId;
  private final MethodHandle initAll;
  private final MethodHandle initRank;
  private final MethodHandle asyncError;
  private final MethodHandle reduce;
  private final MethodHandle destroy;
  private final MethodHandle abort;
  private final MethodHandle groupStart;
  private final MethodHandle groupEnd;

  @SuppressWarnings("restricted")
  NcclLibrary(SymbolLookup functions) {
    this.functions = functions;
    this.text =
        Linker.nativeLinker()
            .downcallHandle(
                functions.findOrThrow("ncclGetErrorString"),
                FunctionDescriptor.of(ADDRESS, JAVA_INT));
    this.version = function("ncclGetVersion", ADDRESS);
    this.uniqueId = function("ncclGetUniqueId", ADDRESS);
    this.initAll = function("ncclCommInitAll", ADDRESS, JAVA_INT, ADDRESS);
    this.initRank = function("ncclCommInitRankConfig", ADDRESS, JAVA_INT, ID, JAVA_INT, ADDRESS);
    this.asyncError = function("ncclCommGetAsyncError", ADDRESS, ADDRESS);
    this.reduce =
        function(
            "ncclAllReduce", ADDRESS, ADDRESS, JAVA_LONG, JAVA_INT, JAVA_INT, ADDRESS, ADDRESS);
    this.destroy = function("ncclCommDestroy", ADDRESS);
    this.abort = function("ncclCommAbort", ADDRESS);
    this.groupStart = function("ncclGroupStart");
    this.groupEnd = function("ncclGroupEnd");
  }

  private MethodHandle function(String name, MemoryLayout... arguments) {
    return Functions.of(functions, name, arguments);
  }

  /**
   * Checks an answer.
   *
   * @param what was done, as in "NCCL could not ..."
   * @throws Cuda.Failure unless it is success
   */
  void check(int status, String what) {
    if (status != SUCCESS) {
      throw new Cuda.Failure(-1, failure(status, what));
    }
  }

  /** The same where it may also be that something was begun. */
  void checkBegun(int status, String what) {
    if (status != IN_PROGRESS) {
      check(status, what);
    }
  }

  /** What is said of an answer. */
  @SuppressWarnings("restricted")
  String failure(int status, String what) {
    try {
      MemorySegment words = (MemorySegment) text.invokeExact(status);
      return "NCCL could not %s: error %d (%s)"
          .formatted(what, status, words.reinterpret(Long.MAX_VALUE).getString(0));
    } catch (Throwable e) {
      throw new IllegalStateException(e);
    }
  }

  /** As 2.30.7. */
  String version() {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment number = arena.allocate(JAVA_INT);
      check(Functions.call(version, number), "say its version");
      int code = number.get(JAVA_INT, 0);
      return "%d.%d.%d".formatted(code / 10000, code / 100 % 100, code % 100);
    }
  }

  /** What ranks of several processes find each other by. */
  byte[] uniqueId() {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment id = arena.allocate(ID);
      check(Functions.call(uniqueId, id), "start");
      return id.toArray(JAVA_BYTE);
    }
  }

  /**
   * Connects devices of this process.
   *
   * @param made receives a rank for each
   */
  void initAll(MemorySegment made, int... ordinals) {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment devices = arena.allocateFrom(JAVA_INT, ordinals);
      check(Functions.call(initAll, made, ordinals.length, devices), "connect the devices");
    }
  }

  /**
   * Begins to connect the current device with those of other processes; a call in a group.
   *
   * @param made receives the rank, also later
   * @param count of all ranks
   * @param number of this one
   * @throws Cuda.Failure if that cannot even begin
   */
  void initRank(MemorySegment made, int count, byte[] id, int number) {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment config = arena.allocate(CONFIG);
      config.set(JAVA_LONG, 0, CONFIG.byteSize());
      config.set(JAVA_INT, 8, MAGIC);
      config.set(JAVA_INT, 12, FIRST_WITH_CONFIG);
      config.set(JAVA_INT, 16, 0); // it does not block
      MemorySegment copy = arena.allocate(ID);
      copy.copyFrom(MemorySegment.ofArray(id));
      int status = Functions.call(initRank, made, count, copy, number, config);
      checkBegun(status, "connect the workers");
    }
  }

  /** {@link #IN_PROGRESS}, success, or what has gone wrong with a rank. */
  int state(MemorySegment rank) {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment state = arena.allocate(JAVA_INT);
      int status = Functions.call(asyncError, rank, state);
      return status != SUCCESS ? status : state.get(JAVA_INT, 0);
    }
  }

  /** Takes part in a sum. */
  int sum(long from, long to, long count, Storage storage, MemorySegment rank, long stream) {
    int type =
        switch (storage) {
          case HALF -> 6; // ncclFloat16
          case FLOAT -> 7; // ncclFloat32
          case BFLOAT16 -> 9; // ncclBfloat16
          case BYTE -> throw new IllegalArgumentException("bytes are not added up");
        };
    return Functions.call(
        reduce,
        MemorySegment.ofAddress(from),
        MemorySegment.ofAddress(to),
        count,
        type,
        SUM,
        rank,
        MemorySegment.ofAddress(stream));
  }

  int groupStart() {
    return Functions.call(groupStart);
  }

  int groupEnd() {
    return Functions.call(groupEnd);
  }

  void destroy(MemorySegment rank) {
    Functions.call(destroy, rank);
  }

  void abort(MemorySegment rank) {
    Functions.call(abort, rank);
  }
}
