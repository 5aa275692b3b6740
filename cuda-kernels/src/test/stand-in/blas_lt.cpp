// cuBLASLt: products with epilogues. What it is given is taken at its word: a matrix of other sizes or
// another epilogue gives other numbers.
#include <map>

#include "product.hpp"

namespace standin {
namespace {

enum Status { OK = 0, NO_HANDLE = 1, BAD_VALUE = 7, EXECUTION_FAILED = 13, UNSUPPORTED = 15 };
enum { COMPUTE_32F = 68, COMPUTE_32F_FAST_TF32 = 77 };
enum { RELU = 2, BIAS = 4, RELU_BIAS = 6, BIAS_GRADIENT_OF_B = 512, NONE = 1 };
enum { TRANSPOSE_A = 3, TRANSPOSE_B = 4, EPILOGUE = 7, VECTOR = 8 };
enum { MOST_WORKSPACE = 1, REDUCTIONS = 3 };
constexpr std::uint64_t MAGIC = 0xA1C0;

struct Handle : Object {
  Handle() : Object("lt handle", currentDevice()) {}
};

struct Description : Object {
  int compute;
  std::map<int, std::uint64_t> attributes;
  explicit Description(int compute) : Object("lt descriptor", -1), compute(compute) {}
  std::uint64_t get(int name, std::uint64_t otherwise) const {
    auto found = attributes.find(name);
    return found == attributes.end() ? otherwise : found->second;
  }
};

struct Layout : Object {
  Format format;
  long rows, columns, leading;
  Layout(Format f, long rows, long columns, long leading)
      : Object("lt descriptor", -1), format(f), rows(rows), columns(columns), leading(leading) {}
};

struct Answer {
  std::uint64_t algorithm[8];
  std::size_t workspace;
  int status;
  float waves;
  int reserved[4];
};
static_assert(sizeof(Answer) == 96);

// Whether sizes and types go together, as cuBLASLt documents.
int check(Description* d, Layout* a, Layout* b, Layout* c) {
  if (!find(d, "lt descriptor") || !find(a, "lt descriptor") || !find(b, "lt descriptor") ||
      !find(c, "lt descriptor"))
    return BAD_VALUE;
  bool ta = d->get(TRANSPOSE_A, 0), tb = d->get(TRANSPOSE_B, 0);
  long m = ta ? a->columns : a->rows, k = ta ? a->rows : a->columns;
  long n = tb ? b->rows : b->columns;
  if ((tb ? b->columns : b->rows) != k || c->rows != m || c->columns != n) return BAD_VALUE;
  bool types = a->format == b->format && (c->format == a->format || c->format == Format::FLOAT);
  if (d->compute == COMPUTE_32F_FAST_TF32) types = types && a->format == Format::FLOAT;
  auto epilogue = d->get(EPILOGUE, NONE);
  bool known = epilogue == NONE || epilogue == RELU || epilogue == BIAS || epilogue == RELU_BIAS ||
               epilogue == BIAS_GRADIENT_OF_B;
  return types && known ? OK : UNSUPPORTED;
}

}  // namespace
}  // namespace standin

using namespace standin;

extern "C" {

unsigned long cublasLtGetVersion() { return standin_cuda * 10000; }

int cublasLtCreate(Handle** handle) {
  ENTRY;
  if (ready()) return NO_HANDLE;
  if (refuseInCapture()) return EXECUTION_FAILED;
  *handle = new Handle;
  return OK;
}

int cublasLtDestroy(Handle* handle) {
  ENTRY;
  if (!find(handle, "lt handle")) return NO_HANDLE;
  handle->end();
  return OK;
}

int cublasLtMatmulDescCreate(Description** made, int compute, int scale) {
  ENTRY;
  if (scale != 0 || (compute != COMPUTE_32F && compute != COMPUTE_32F_FAST_TF32)) return BAD_VALUE;
  *made = new Description(compute);
  return OK;
}

int cublasLtMatmulDescSetAttribute(Description* d, int name, const void* value, std::size_t size) {
  ENTRY;
  if (!find(d, "lt descriptor") || !value) return BAD_VALUE;
  if (size != (name == VECTOR ? 8 : 4)) return BAD_VALUE;
  if (name != TRANSPOSE_A && name != TRANSPOSE_B && name != EPILOGUE && name != VECTOR)
    return BAD_VALUE;
  std::uint64_t number = 0;
  std::memcpy(&number, value, size);
  d->attributes[name] = number;
  return OK;
}

int cublasLtMatmulDescDestroy(Description* d) {
  ENTRY;
  if (!find(d, "lt descriptor")) return BAD_VALUE;
  d->end();
  return OK;
}

int cublasLtMatrixLayoutCreate(Layout** made, int type, std::uint64_t rows, std::uint64_t columns,
                               std::int64_t leading) {
  ENTRY;
  Format f;
  if (!format(type, f) || leading < std::int64_t(rows)) return BAD_VALUE;
  *made = new Layout(f, long(rows), long(columns), leading);
  return OK;
}

int cublasLtMatrixLayoutDestroy(Layout* layout) {
  ENTRY;
  if (!find(layout, "lt descriptor")) return BAD_VALUE;
  layout->end();
  return OK;
}

int cublasLtMatmulPreferenceCreate(Description** made) {
  ENTRY;
  *made = new Description(0);
  return OK;
}

int cublasLtMatmulPreferenceSetAttribute(Description* p, int name, const void* value,
                                         std::size_t size) {
  ENTRY;
  if (!find(p, "lt descriptor") || !value) return BAD_VALUE;
  if (size != (name == MOST_WORKSPACE ? 8 : 4)) return BAD_VALUE;
  std::uint64_t number = 0;
  std::memcpy(&number, value, size);
  p->attributes[name] = number;
  return OK;
}

int cublasLtMatmulPreferenceDestroy(Description* p) { return cublasLtMatmulDescDestroy(p); }

int cublasLtMatmulAlgoGetHeuristic(Handle* handle, Description* d, Layout* a, Layout* b, Layout* c,
                                   Layout* result, Description* preference, int most,
                                   Answer* results, int* count) {
  ENTRY;
  *count = 0;
  if (!find(handle, "lt handle")) return NO_HANDLE;
  if (int status = check(d, a, b, result)) return status;
  if (!find(c, "lt descriptor") || !find(preference, "lt descriptor")) return BAD_VALUE;
  if (options().blasLt == LT_HAS_NONE) return UNSUPPORTED;
  for (int i = 0; i < std::min(most, 2); i++) {
    std::memset(&results[i], 0, sizeof(Answer));
    results[i].algorithm[0] = MAGIC + i;
    results[i].workspace = std::min<std::size_t>(4096, preference->get(MOST_WORKSPACE, 0));
    ++*count;
  }
  return OK;
}

int cublasLtMatmul(Handle* handle, Description* d, const float* alpha, char* a, Layout* as,
                   char* b, Layout* bs, const float* beta, char* c, Layout* cs, char* result,
                   Layout* rs, const std::uint64_t* algorithm, char* workspace, std::size_t size,
                   void* handleOfStream) {
  ENTRY;
  if (!find(handle, "lt handle") || ready()) return NO_HANDLE;
  if (int status = check(d, as, bs, rs)) return status;
  if (!alpha || !beta || !algorithm || c != result || cs->rows != rs->rows) return BAD_VALUE;
  if ((algorithm[0] & ~std::uint64_t(1)) != MAGIC || size < 4096 || !workspace) return BAD_VALUE;
  if (handle->device != currentDevice()) {
    violation("an lt handle is used in the context of another device", handle->device,
              LAUNCH_FAILED);
    return NO_HANDLE;
  }
  int error;
  Stream* stream = streamOf(handleOfStream, error);
  if (!stream) return EXECUTION_FAILED;
  auto epilogue = d->get(EPILOGUE, NONE);
  auto* vector = reinterpret_cast<char*>(d->get(VECTOR, 0));
  bool withBias = epilogue == BIAS || epilogue == RELU_BIAS;
  bool gradient = epilogue == BIAS_GRADIENT_OF_B;
  if ((withBias || gradient) && !vector) return BAD_VALUE;
  bool first = algorithm[0] == MAGIC;
  if (first && options().blasLt == LT_FIRST_REFUSES) return UNSUPPORTED;
  bool wrong = first && options().blasLt == LT_FIRST_IS_WRONG;
  bool losesNaN = options().blasLt == LT_LOSES_NAN;
  Product product{bool(d->get(TRANSPOSE_A, 0)), bool(d->get(TRANSPOSE_B, 0)),
                  d->compute == COMPUTE_32F_FAST_TF32, *alpha, *beta,
                  Matrix{a, as->format, as->rows, as->columns, as->leading},
                  Matrix{b, bs->format, bs->rows, bs->columns, bs->leading},
                  Matrix{result, rs->format, rs->rows, rs->columns, rs->leading},
                  workspace, 4096,
                  Epilogue{withBias, epilogue == RELU || epilogue == RELU_BIAS, gradient, vector,
                           wrong, losesNaN}};
  Work work{"product", handle->device, true, false, [product] { product.run(); }};
  return enqueue(stream, work) ? EXECUTION_FAILED : OK;
}
}
