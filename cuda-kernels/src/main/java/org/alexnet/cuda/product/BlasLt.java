package org.alexnet.cuda.product;

import static java.lang.foreign.ValueLayout.ADDRESS;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import java.lang.foreign.Arena;
import java.lang.foreign.MemoryLayout;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.SymbolLookup;
import java.lang.invoke.MethodHandle;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.alexnet.cuda.device.Cuda;
import org.alexnet.cuda.device.Device;
import org.alexnet.cuda.library.load.Functions;

/**
 * cuBLASLt on a device: the part of cuBLAS that computes a product together with what is done to
 * its numbers before they are stored. It is called without a binding, as NVRTC is.
 */
public final class BlasLt implements AutoCloseable {
  private static final List<String> FUNCTIONS =
      List.of(
          "cublasLtCreate",
          "cublasLtDestroy",
          "cublasLtMatmulDescCreate",
          "cublasLtMatmulDescSetAttribute",
          "cublasLtMatmulDescDestroy",
          "cublasLtMatrixLayoutCreate",
          "cublasLtMatrixLayoutDestroy",
          "cublasLtMatmulPreferenceCreate",
          "cublasLtMatmulPreferenceSetAttribute",
          "cublasLtMatmulPreferenceDestroy",
          "cublasLtMatmulAlgoGetHeuristic",
          "cublasLtMatmul");

  private static final int SUCCESS = 0;
  private static final int SINGLE = 0; // CUDA_R_32F, of the factors

  private final SymbolLookup library;
  private final Device device;
  private final Arena arena = Arena.ofShared();
  private final List<Runnable> owned = new ArrayList<>();
  private final MethodHandle setAttribute;
  private final MethodHandle setPreference;
  private final MethodHandle heuristic;
  private final MethodHandle matmul;
  private final MemorySegment handle;

  private BlasLt(SymbolLookup library, Device device) {
    this.library = library;
    this.device = device;
    this.setAttribute =
        function("cublasLtMatmulDescSetAttribute", ADDRESS, JAVA_INT, ADDRESS, JAVA_LONG);
    this.setPreference =
        function("cublasLtMatmulPreferenceSetAttribute", ADDRESS, JAVA_INT, ADDRESS, JAVA_LONG);
    MemoryLayout[] asking = new MemoryLayout[10];
    Arrays.fill(asking, ADDRESS);
    asking[7] = JAVA_INT;
    this.heuristic = function("cublasLtMatmulAlgoGetHeuristic", asking);
    MemoryLayout[] multiplying = new MemoryLayout[16];
    Arrays.fill(multiplying, ADDRESS);
    multiplying[14] = JAVA_LONG;
    this.matmul = function("cublasLtMatmul", multiplying);
    device.use();
    this.handle = create(function("cublasLtCreate", ADDRESS), function("cublasLtDestroy", ADDRESS));
  }

  /**
   * Opens it.
   *
   * @param library null where it was not found
   * @return null where it lacks what is called
   * @throws Cuda.Failure if it does not start
   */
  public static BlasLt open(SymbolLookup library, Device device) {
    boolean whole =
        library != null && FUNCTIONS.stream().allMatch(name -> library.find(name).isPresent());
    return whole ? new BlasLt(library, device) : null;
  }

  Device device() {
    return device;
  }

  /** Memory that lives as long as this. */
  Arena arena() {
    return arena;
  }

  private MethodHandle function(String name, MemoryLayout... arguments) {
    return Functions.of(library, name, arguments);
  }

  private static void check(int status, String what) {
    Cuda.checkBlas(status, what);
  }

  /**
   * What a function makes of arguments behind the place of the result; it is given back at last.
   */
  private MemorySegment create(MethodHandle create, MethodHandle destroy, Object... arguments) {
    MemorySegment place = arena.allocate(ADDRESS);
    List<Object> all = new ArrayList<>(List.of(place));
    all.addAll(List.of(arguments));
    check(Functions.call(create, all.toArray()), "describe a product");
    MemorySegment made = place.get(ADDRESS, 0);
    owned.addFirst(() -> Functions.call(destroy, made));
    return made;
  }

  /** A product's description, with sums in single precision. */
  MemorySegment description(int computeType) {
    return create(
        function("cublasLtMatmulDescCreate", ADDRESS, JAVA_INT, JAVA_INT),
        function("cublasLtMatmulDescDestroy", ADDRESS),
        computeType,
        SINGLE);
  }

  void set(MemorySegment description, int attribute, int value) {
    MemorySegment place = arena.allocateFrom(JAVA_INT, value);
    check(Functions.call(setAttribute, description, attribute, place, 4L), "describe a product");
  }

  void set(MemorySegment description, int attribute, long value) {
    MemorySegment place = arena.allocateFrom(JAVA_LONG, value);
    check(Functions.call(setAttribute, description, attribute, place, 8L), "describe a product");
  }

  /** A matrix column by column. */
  MemorySegment matrix(int type, long rows, long columns) {
    return create(
        function("cublasLtMatrixLayoutCreate", ADDRESS, JAVA_INT, JAVA_LONG, JAVA_LONG, JAVA_LONG),
        function("cublasLtMatrixLayoutDestroy", ADDRESS),
        type,
        rows,
        columns,
        rows);
  }

  MemorySegment preference() {
    return create(
        function("cublasLtMatmulPreferenceCreate", ADDRESS),
        function("cublasLtMatmulPreferenceDestroy", ADDRESS));
  }

  void prefer(MemorySegment preference, int attribute, long value, int bytes) {
    MemorySegment place = arena.allocateFrom(JAVA_LONG, value); // little-endian: also as 4 bytes
    check(
        Functions.call(setPreference, preference, attribute, place, (long) bytes),
        "describe a product");
  }

  /**
   * Ways to compute a product, the best first as cuBLASLt sees it.
   *
   * @param matrices of both operands and twice of the result
   * @param results room for as many as there is room for
   * @return how many; 0 where it has none
   */
  int ask(
      MemorySegment description,
      List<MemorySegment> matrices,
      MemorySegment preference,
      MemorySegment results,
      int most) {
    MemorySegment count = arena.allocate(JAVA_INT);
    device.use();
    int status =
        Functions.call(
            heuristic,
            handle,
            description,
            matrices.get(0),
            matrices.get(1),
            matrices.get(2),
            matrices.get(3),
            preference,
            most,
            results,
            count);
    return status == SUCCESS ? count.get(JAVA_INT, 0) : 0;
  }

  /** Computes a product; its status. */
  int multiply(Object... arguments) {
    Object[] all = new Object[arguments.length + 1];
    all[0] = handle;
    System.arraycopy(arguments, 0, all, 1, arguments.length);
    return Functions.call(matmul, all);
  }

  @Override
  public void close() {
    device.use();
    owned.forEach(Runnable::run);
    owned.clear();
    arena.close();
  }
}
