package org.alexnet.cuda.product;

import static java.lang.foreign.ValueLayout.JAVA_FLOAT;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.alexnet.backend.Precision;
import org.alexnet.cuda.device.Cuda;
import org.alexnet.cuda.device.Device;
import org.alexnet.cuda.device.Storage;
import org.alexnet.cuda.kernel.CudaKernel.Call;

/**
 * A product by cuBLASLt with its epilogue, and one way to compute it. As {@link Product} does, it
 * gives the library the transposed problem, C' = B' A'.
 */
final class FusedProduct {
  /** What is done besides, each with a vector. */
  enum Epilogue {
    /** A number is added to each column of c. */
    BIAS(4),
    /** The same, and what is below 0 becomes 0. */
    BIAS_RELU(6),
    /** The rows of a' are summed up: the gradient of a bias, where a' is that of an output. */
    BIAS_GRADIENT(512);

    private final int number; // CUBLASLT_EPILOGUE_...

    Epilogue(int number) {
      this.number = number;
    }
  }

  /**
   * A matrix of the problem.
   *
   * @param transposed whether it lies so
   */
  record Form(Storage storage, boolean transposed) {}

  /**
   * What is computed: c [rows, columns] = a b.
   *
   * @param depth length of the sums
   * @param c how the result is kept, and the vector of the epilogue
   */
  record Problem(int rows, int columns, int depth, Form a, Form b, Storage c, Epilogue epilogue) {
    /** Numbers of the epilogue's vector. */
    int vector() {
      return epilogue == Epilogue.BIAS_GRADIENT ? rows : columns;
    }
  }

  /** Addresses of the operands, of the result and of the epilogue's vector. */
  record Operands(long a, long b, long c, long vector) {}

  // CUBLASLT_MATMUL_DESC_..., CUBLASLT_MATMUL_PREF_...
  private static final int TRANSPOSE_FIRST = 3;
  private static final int TRANSPOSE_SECOND = 4;
  private static final int EPILOGUE = 7;
  private static final int EPILOGUE_VECTOR = 8;
  private static final int MOST_WORKSPACE = 1;
  private static final int REDUCTIONS = 3;

  /** Parts of a sum are added in single precision and in their order. */
  private static final long IN_SINGLE_PRECISION = 2;

  private static final int COMPUTE_32F = 68;
  private static final int COMPUTE_32F_FAST_TF32 = 77;

  /** Bytes of cublasLtMatmulHeuristicResult_t, of the algorithm in it, and its status behind. */
  private static final int RESULT = 96;

  private static final int ALGORITHM = 64;
  private static final int STATUS = 72;

  /** Ways that are tried. */
  private static final int WAYS = 4;

  private final BlasLt library;
  private final Problem problem;
  private final List<MemorySegment> matrices;
  private final MemorySegment algorithm;
  private final int answer; // from 1
  private final Map<Long, MemorySegment> descriptions = new HashMap<>();
  private final MemorySegment one;
  private final MemorySegment zero;

  private FusedProduct(
      BlasLt library,
      Problem problem,
      List<MemorySegment> matrices,
      MemorySegment algorithm,
      int answer) {
    this.library = library;
    this.problem = problem;
    this.matrices = matrices;
    this.algorithm = algorithm;
    this.answer = answer;
    this.one = library.arena().allocateFrom(JAVA_FLOAT, 1);
    this.zero = library.arena().allocateFrom(JAVA_FLOAT, 0);
  }

  /** The ways that cuBLASLt names, the best first as it sees it; none where it has none. */
  static List<FusedProduct> ways(BlasLt library, Problem problem) {
    MemorySegment first = matrix(library, problem.b, problem.columns, problem.depth);
    MemorySegment second = matrix(library, problem.a, problem.depth, problem.rows);
    MemorySegment result = library.matrix(problem.c.blasType(), problem.columns, problem.rows);
    List<MemorySegment> matrices = List.of(first, second, result, result);
    MemorySegment preference = library.preference();
    library.prefer(preference, MOST_WORKSPACE, Device.BLAS_WORKSPACE, 8);
    library.prefer(preference, REDUCTIONS, IN_SINGLE_PRECISION, 4);
    MemorySegment results = library.arena().allocate((long) WAYS * RESULT, 8);
    int count = library.ask(describe(library, problem, 1), matrices, preference, results, WAYS);
    List<FusedProduct> ways = new ArrayList<>();
    for (int i = 0; i < count; i++) {
      MemorySegment way = results.asSlice((long) i * RESULT, RESULT);
      if (way.get(JAVA_INT, STATUS) == 0) {
        ways.add(new FusedProduct(library, problem, matrices, way.asSlice(0, ALGORITHM), i + 1));
      }
    }
    return ways;
  }

  /** A matrix as it lies, column by column; the sizes are those of what it stands for. */
  private static MemorySegment matrix(BlasLt library, Form form, int rows, int columns) {
    int type = form.storage.blasType();
    return form.transposed
        ? library.matrix(type, columns, rows)
        : library.matrix(type, rows, columns);
  }

  private static MemorySegment describe(BlasLt library, Problem problem, long vector) {
    boolean tf32 = library.device().precision() == Precision.TF32;
    MemorySegment description = library.description(tf32 ? COMPUTE_32F_FAST_TF32 : COMPUTE_32F);
    library.set(description, TRANSPOSE_FIRST, problem.b.transposed ? 1 : 0);
    library.set(description, TRANSPOSE_SECOND, problem.a.transposed ? 1 : 0);
    library.set(description, EPILOGUE, problem.epilogue.number);
    library.set(description, EPILOGUE_VECTOR, vector);
    return description;
  }

  /** Puts it into the device's stream; cuBLAS's status. */
  int run(Operands at) {
    MemorySegment description =
        descriptions.computeIfAbsent(at.vector, vector -> describe(library, problem, vector));
    Device device = library.device();
    return library.multiply(
        description,
        one,
        MemorySegment.ofAddress(at.b),
        matrices.get(0),
        MemorySegment.ofAddress(at.a),
        matrices.get(1),
        zero,
        MemorySegment.ofAddress(at.c),
        matrices.get(2),
        MemorySegment.ofAddress(at.c),
        matrices.get(3),
        algorithm,
        MemorySegment.ofAddress(device.blasWorkspace()),
        Device.BLAS_WORKSPACE,
        MemorySegment.ofAddress(device.computeAddress()));
  }

  /**
   * The product, to be put into the device's stream.
   *
   * @param label for messages
   */
  Call call(String label, Operands at) {
    descriptions.computeIfAbsent(at.vector, vector -> describe(library, problem, vector));
    return () -> Cuda.checkBlas(run(at), "multiply for " + label);
  }

  /** The algorithm, which has settings besides its number, by its place among the answers. */
  String text() {
    return "cuBLASLt algorithm %d (answer %d)"
        .formatted(algorithm.get(JAVA_LONG, 0) & 0xFFFF, answer);
  }
}
