package org.alexnet.cuda.library.load;

import java.lang.foreign.SymbolLookup;
import java.util.ArrayList;
import java.util.List;
import org.alexnet.AlexNetException;
import org.alexnet.cuda.library.file.CudaLibrary;
import org.alexnet.cuda.library.file.Library;

/**
 * Every function of CUDA's libraries that the backend calls. JCuda binds a function at its first
 * call and ends the process if it is missing, so each is looked up when the libraries are loaded.
 */
public final class RequiredSymbols {
  private static final String DRIVER =
      """
      cuInit cuDriverGetVersion cuGetErrorName cuGetErrorString cuDeviceGetCount cuDeviceGet
      cuDeviceGetName cuDeviceTotalMem_v2 cuDeviceGetAttribute cuDevicePrimaryCtxRetain
      cuCtxSetCurrent cuCtxSynchronize cuMemGetInfo_v2
      cuMemAlloc_v2 cuMemFree_v2 cuMemHostAlloc cuMemFreeHost cuMemHostGetDevicePointer_v2
      cuMemcpyHtoDAsync_v2 cuMemcpyDtoHAsync_v2 cuMemcpyDtoDAsync_v2 cuMemcpyPeerAsync
      cuMemsetD8Async cuStreamCreate cuStreamDestroy_v2 cuStreamSynchronize cuStreamWaitEvent
      cuStreamBeginCapture_v2 cuStreamEndCapture cuEventCreate cuEventDestroy_v2 cuEventRecord
      cuEventSynchronize cuEventQuery cuStreamQuery cuEventElapsedTime cuModuleLoadDataEx cuModuleUnload cuModuleGetFunction
      cuLaunchKernel cuGraphInstantiateWithFlags cuGraphLaunch cuGraphExecDestroy cuGraphDestroy
      cuDeviceCanAccessPeer cuCtxEnablePeerAccess
      """;

  private static final String CUBLAS =
      """
      cublasCreate_v2 cublasDestroy_v2 cublasSetStream_v2 cublasSetWorkspace_v2 cublasSetMathMode
      cublasGetVersion_v2 cublasGemmEx cublasGetStatusString
      """;

  private static final String CUDNN =
      """
      cudnnGetVersion cudnnGetErrorString cudnnCreate cudnnDestroy cudnnSetStream
      cudnnCreateTensorDescriptor cudnnSetTensor4dDescriptor
      cudnnDestroyTensorDescriptor cudnnCreateFilterDescriptor cudnnSetFilter4dDescriptor
      cudnnDestroyFilterDescriptor cudnnCreateConvolutionDescriptor cudnnSetConvolution2dDescriptor
      cudnnDestroyConvolutionDescriptor cudnnSetConvolutionMathType cudnnSetConvolutionGroupCount
      cudnnGetConvolutionForwardWorkspaceSize cudnnGetConvolutionBackwardDataWorkspaceSize
      cudnnGetConvolutionBackwardFilterWorkspaceSize cudnnConvolutionForward
      cudnnConvolutionBackwardData cudnnConvolutionBackwardFilter
      cudnnBackendCreateDescriptor cudnnBackendDestroyDescriptor cudnnBackendSetAttribute
      cudnnBackendFinalize cudnnBackendGetAttribute cudnnBackendExecute
      """;

  private static final String NVRTC =
      """
      nvrtcVersion nvrtcGetErrorString nvrtcCreateProgram nvrtcCompileProgram
      nvrtcGetProgramLogSize nvrtcGetProgramLog nvrtcGetPTXSize nvrtcGetPTX nvrtcDestroyProgram
      nvrtcGetCUBINSize nvrtcGetCUBIN nvrtcGetNumSupportedArchs nvrtcGetSupportedArchs
      """;

  private static final String NCCL =
      """
      ncclGetVersion ncclGetErrorString ncclCommInitAll ncclGetUniqueId ncclCommInitRankConfig
      ncclCommGetAsyncError ncclCommDestroy ncclCommAbort ncclGroupStart ncclGroupEnd ncclAllReduce
      """;

  private RequiredSymbols() {}

  /** Names of the functions that are called in a library. */
  public static List<String> of(CudaLibrary kind) {
    String names =
        switch (kind) {
          case DRIVER -> DRIVER;
          case CUBLAS -> CUBLAS;
          case CUDNN -> CUDNN;
          case NVRTC -> NVRTC;
          case NCCL -> NCCL;
        };
    return List.of(names.strip().split("\\s+"));
  }

  /**
   * Looks each one up.
   *
   * @param version what the library says of itself, for the message
   * @throws AlexNetException if any is missing
   */
  static void check(Library library, int cudaMajor, SymbolLookup loaded, String version) {
    List<String> missing = new ArrayList<>(of(library.kind()));
    missing.removeIf(symbol -> loaded.find(symbol).isPresent());
    if (missing.isEmpty()) {
      return;
    }
    String more = missing.size() == 1 ? "" : " and %d more functions".formatted(missing.size() - 1);
    throw new AlexNetException(
        "%s (%s%s) lacks %s%s, which the backend calls; %s"
            .formatted(
                library.kind().soname(cudaMajor),
                library.file(),
                version.isEmpty() ? "" : ", version " + version,
                missing.getFirst(),
                more,
                remedy(library.kind(), cudaMajor)));
  }

  private static String remedy(CudaLibrary kind, int cudaMajor) {
    return switch (kind) {
      case DRIVER -> driverRemedy(cudaMajor);
      case CUBLAS, NVRTC -> "install CUDA 12.6 or a later release of CUDA 12.";
      case NCCL -> "install NCCL 2.18 or a later release of NCCL 2.";
      case CUDNN -> "install cuDNN 9.5 or a later release of cuDNN 9.";
    };
  }

  /** What to do about a driver that is too old for a release of CUDA. */
  static String driverRemedy(int cudaMajor) {
    return "install NVIDIA driver "
        + (cudaMajor == 13 ? "580" : "525")
        + " or later"
        + (cudaMajor == 13 ? ", or libraries of CUDA 12." : ".");
  }
}
