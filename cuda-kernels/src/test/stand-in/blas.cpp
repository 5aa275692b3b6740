// cuBLAS: handles, and the one product that the backend calls.
#include "product.hpp"

namespace standin {
namespace {

enum Status {
  OK = 0,
  NO_HANDLE = 1,
  BAD_VALUE = 7,
  EXECUTION_FAILED = 13,
  UNSUPPORTED = 15,
};

enum { COMPUTE_32F = 68, COMPUTE_32F_PEDANTIC = 69, COMPUTE_32F_FAST_TF32 = 77 };
enum { TF32_MATH = 3 };

struct Handle : Object {
  void* stream = nullptr;
  char* workspace = nullptr;
  std::size_t workspaceSize = 0;
  int math = 0;
  Handle() : Object("blas handle", currentDevice()) {}
};

// What cuBLAS documents for sums in fp32.
bool allowed(Format a, Format b, Format c, int compute) {
  if (a != b) return false;
  if (compute == COMPUTE_32F_FAST_TF32) return a == Format::FLOAT && c == Format::FLOAT;
  if (compute != COMPUTE_32F && compute != COMPUTE_32F_PEDANTIC) return false;
  return c == Format::FLOAT || c == a;
}

int check(Handle* h) {
  if (!find(h, "blas handle")) return NO_HANDLE;
  if (ready()) return EXECUTION_FAILED;
  if (h->device != currentDevice()) {
    violation("a blas handle is used in the context of another device", h->device, LAUNCH_FAILED);
    return NO_HANDLE;
  }
  return OK;
}

}  // namespace
}  // namespace standin

using namespace standin;

extern "C" {

int cublasCreate_v2(Handle** handle) {
  ENTRY;
  if (ready()) return NO_HANDLE;
  if (refuseInCapture()) return EXECUTION_FAILED;
  *handle = new Handle;
  return OK;
}

int cublasDestroy_v2(Handle* handle) {
  ENTRY;
  if (!find(handle, "blas handle")) return NO_HANDLE;
  handle->end();
  return OK;
}

int cublasGetVersion_v2(Handle* handle, int* version) {
  ENTRY;
  if (handle && !find(handle, "blas handle")) return NO_HANDLE;
  *version = standin_cuda == 13 ? 130000 : 120603;
  return OK;
}

int cublasGetProperty(int which, int* value) {
  ENTRY;
  const int version[] = {standin_cuda, standin_cuda == 13 ? 0 : 6, standin_cuda == 13 ? 0 : 3};
  if (which < 0 || which > 2) return BAD_VALUE;
  *value = version[which];
  return OK;
}

int cublasSetStream_v2(Handle* handle, void* stream) {
  ENTRY;
  if (int status = check(handle)) return status;
  int error;
  if (!streamOf(stream, error)) {
    violation("cublasSetStream with no stream of the handle's device", handle->device,
              LAUNCH_FAILED);
    return BAD_VALUE;
  }
  handle->stream = stream;
  // As cuBLAS documents: setting the stream takes back the library's own workspace.
  handle->workspace = nullptr;
  handle->workspaceSize = 0;
  return OK;
}

int cublasGetStream_v2(Handle* handle, void** stream) {
  ENTRY;
  if (int status = check(handle)) return status;
  *stream = handle->stream;
  return OK;
}

int cublasSetWorkspace_v2(Handle* handle, void* workspace, std::size_t size) {
  ENTRY;
  if (int status = check(handle)) return status;
  if (reinterpret_cast<Address>(workspace) % 256 != 0) return BAD_VALUE;
  if (size && !holds(workspace, size, handle->device)) {
    violation("cublasSetWorkspace with a range that is not allocated", handle->device,
              LAUNCH_FAILED);
    return BAD_VALUE;
  }
  handle->workspace = static_cast<char*>(workspace);
  handle->workspaceSize = size;
  return OK;
}

int cublasSetMathMode(Handle* handle, int mode) {
  ENTRY;
  if (int status = check(handle)) return status;
  handle->math = mode;
  return OK;
}

int cublasSetAtomicsMode(Handle* handle, int mode) {
  ENTRY;
  if (int status = check(handle)) return status;
  return mode == 0 || mode == 1 ? OK : BAD_VALUE;
}

int cublasSetPointerMode_v2(Handle* handle, int mode) {
  ENTRY;
  if (int status = check(handle)) return status;
  return mode == 0 ? OK : UNSUPPORTED;
}

const char* cublasGetStatusName(int status) {
  switch (status) {
    case OK: return "CUBLAS_STATUS_SUCCESS";
    case NO_HANDLE: return "CUBLAS_STATUS_NOT_INITIALIZED";
    case BAD_VALUE: return "CUBLAS_STATUS_INVALID_VALUE";
    case EXECUTION_FAILED: return "CUBLAS_STATUS_EXECUTION_FAILED";
    case UNSUPPORTED: return "CUBLAS_STATUS_NOT_SUPPORTED";
    default: return "CUBLAS_STATUS_UNKNOWN";
  }
}

const char* cublasGetStatusString(int status) {
  switch (status) {
    case OK: return "success";
    case NO_HANDLE: return "the library was not initialized";
    case BAD_VALUE: return "an unsupported value or parameter was passed to the function";
    case EXECUTION_FAILED: return "the function failed to launch on the GPU";
    case UNSUPPORTED: return "the functionality requested is not supported";
    default: return "unknown status";
  }
}

int cublasGemmEx(Handle* handle, int transposeA, int transposeB, int m, int n, int k,
                 const void* alpha, const void* a, int typeA, int lda, const void* b, int typeB,
                 int ldb, const void* beta, void* c, int typeC, int ldc, int compute,
                 int algorithm) {
  ENTRY;
  if (int status = check(handle)) return status;
  Format fa, fb, fc;
  if (m < 0 || n < 0 || k < 0 || transposeA < 0 || transposeA > 1 || transposeB < 0 ||
      transposeB > 1 || !alpha || !beta || !(algorithm == -1 || algorithm == 99))
    return BAD_VALUE;
  if (!format(typeA, fa) || !format(typeB, fb) || !format(typeC, fc) ||
      !allowed(fa, fb, fc, compute))
    return UNSUPPORTED;
  if (m == 0 || n == 0) return OK;
  long rowsA = transposeA ? k : m, rowsB = transposeB ? n : k;
  if (lda < std::max(1L, rowsA) || ldb < std::max(1L, rowsB) || ldc < m) return BAD_VALUE;
  int error;
  Stream* stream = streamOf(handle->stream, error);
  if (!stream) return EXECUTION_FAILED;
  if (stream->capture && !handle->workspace) {
    violation("gemm is captured while cuBLAS has no workspace of ours", handle->device,
              LAUNCH_FAILED);
    return EXECUTION_FAILED;
  }
  bool tf32 = fa == Format::FLOAT && compute != COMPUTE_32F_PEDANTIC &&
              (compute == COMPUTE_32F_FAST_TF32 || (handle->math & 15) == TF32_MATH);
  auto matrix = [](const void* data, Format f, long rows, long columns, long leading) {
    return Matrix{static_cast<char*>(const_cast<void*>(data)), f, rows, columns, leading};
  };
  Product product{transposeA == 1, transposeB == 1, tf32,
                  *static_cast<const float*>(alpha), *static_cast<const float*>(beta),
                  matrix(a, fa, rowsA, transposeA ? m : k, lda),
                  matrix(b, fb, rowsB, transposeB ? k : n, ldb), matrix(c, fc, m, n, ldc),
                  handle->workspace, handle->workspaceSize};
  Work work{"gemm", handle->device, true, false, [product] { product.run(); }};
  return enqueue(stream, work) ? EXECUTION_FAILED : OK;
}
}
