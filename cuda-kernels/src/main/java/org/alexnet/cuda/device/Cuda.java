package org.alexnet.cuda.device;

import static jcuda.driver.JCudaDriver.cuGetErrorName;
import static jcuda.driver.JCudaDriver.cuGetErrorString;
import static jcuda.jcublas.JCublas2.cublasGetStatusString;
import static jcuda.jcudnn.JCudnn.cudnnGetErrorString;

import jcuda.driver.CUresult;
import org.alexnet.AlexNetException;

/** What the calls of the three libraries answer. */
public final class Cuda {
  private Cuda() {}

  /** A call of CUDA failed. */
  public static final class Failure extends RuntimeException {
    private static final long serialVersionUID = 1L;

    private final int code;

    public Failure(int code, String message) {
      super(message);
      this.code = code;
    }

    /** As the library counts; -1 where that does not matter. */
    int code() {
      return code;
    }

    public boolean outOfMemory() {
      return code == CUresult.CUDA_ERROR_OUT_OF_MEMORY;
    }

    /** For a user, who is shown no stack trace. */
    public AlexNetException explained(String consequence) {
      return new AlexNetException(getMessage() + ". " + consequence, this);
    }
  }

  /**
   * Checks what the driver answered.
   *
   * @param what was done, as in "CUDA could not ..."
   * @throws Failure unless it is success
   */
  public static void check(int code, String what) {
    if (code != CUresult.CUDA_SUCCESS) {
      String[] name = {""};
      String[] text = {""};
      cuGetErrorName(code, name);
      cuGetErrorString(code, text);
      throw new Failure(
          code, "CUDA could not %s: error %d, %s (%s)".formatted(what, code, name[0], text[0]));
    }
  }

  /** Checks what cuBLAS answered. */
  public static void checkBlas(int status, String what) {
    if (status != 0) {
      throw new Failure(
          -1,
          "cuBLAS could not %s: status %d (%s)"
              .formatted(what, status, cublasGetStatusString(status)));
    }
  }

  /** Checks what cuDNN answered; its own text is right where JCudnn's names are of version 8. */
  public static void checkDnn(int status, String what) {
    if (status != 0) {
      throw new Failure(
          -1,
          "cuDNN could not %s: status %d (%s)"
              .formatted(what, status, cudnnGetErrorString(status)));
    }
  }
}
