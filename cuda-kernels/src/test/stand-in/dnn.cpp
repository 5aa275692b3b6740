// cuDNN: descriptors, and the three convolutions with a choice of algorithms, by the older interface
// and as graphs (dnn_graph.hpp).
#include <algorithm>
#include <cstring>
#include <map>

#include "core.hpp"
#include "numbers.hpp"

namespace standin {
namespace {

enum Status {
  OK = 0,
  NO_HANDLE = 1001,
  BAD_PARAM = 2000,
  NULL_POINTER = 2002,
  UNSUPPORTED = 3000,
  EXECUTION_FAILED = 5000,
};

enum { NCHW = 0, NHWC = 1 };
enum { DEFAULT_MATH = 0, FMA_MATH = 3 };
enum Direction { FORWARD, BACKWARD_DATA, BACKWARD_FILTER };
const char* const NAMES[] = {"conv forward", "conv backward data", "conv backward filter"};

struct Handle : Object {
  void* stream = nullptr;
  Handle() : Object("dnn handle", currentDevice()) {}
};

// A tensor's or a filter's: n, c, h, w, or k, c, r, s.
struct Descriptor : Object {
  bool set = false;
  Format format = Format::FLOAT;
  int layout = NCHW;
  long n = 0, c = 0, h = 0, w = 0;
  explicit Descriptor() : Object("descriptor", -1) {}
};

struct Shape {
  Format format;
  long n, c, h, w;
  long stride[4];  // of n, c, h, w
  explicit Shape(const Descriptor& d) : format(d.format), n(d.n), c(d.c), h(d.h), w(d.w) {
    if (d.layout == NCHW) set(c * h * w, h * w, w, 1);
    else set(c * h * w, 1, w * c, c);
  }
  Shape(Format format, const long* sizes, const long* strides)
      : format(format), n(sizes[0]), c(sizes[1]), h(sizes[2]), w(sizes[3]) {
    set(strides[0], strides[1], strides[2], strides[3]);
  }
  void set(long sn, long sc, long sh, long sw) {
    long all[] = {sn, sc, sh, sw};
    std::copy(all, all + 4, stride);
  }
  long size() const { return n * c * h * w; }
  std::size_t at(long i, long j, long y, long x) const {
    return i * stride[0] + j * stride[1] + y * stride[2] + x * stride[3];
  }
  // Of a view of some channels only these.
  bool touch(const void* data, bool write) const {
    auto start = static_cast<const char*>(data);
    std::size_t each = bytes(format);
    if (at(n - 1, c - 1, h - 1, w - 1) + 1 == std::size_t(size()))
      return standin::touch(start, size() * each, write);
    bool last = stride[1] == 1;
    long pixels = last ? h * w : 1, run = last ? c : c * h * w;
    for (long i = 0; i < n; i++)
      for (long p = 0; p < pixels; p++)
        if (!standin::touch(start + at(i, 0, p / w, p % w) * each, run * each, write)) return false;
    return true;
  }
  // The values in the order n, c, h, w.
  std::vector<float> read(const void* data, bool tf32) const {
    std::vector<float> values(size());
    std::size_t to = 0;
    for (long i = 0; i < n; i++)
      for (long j = 0; j < c; j++)
        for (long y = 0; y < h; y++)
          for (long x = 0; x < w; x++) {
            float v = load(data, at(i, j, y, x), format);
            values[to++] = tf32 ? toTf32(v) : v;
          }
    return values;
  }
};

struct ConvolutionDescriptor : Object {
  bool set = false;
  long padH = 0, padW = 0, strideH = 1, strideW = 1, dilationH = 1, dilationW = 1, groups = 1;
  int math = DEFAULT_MATH;
  ConvolutionDescriptor() : Object("descriptor", -1) {}
};

struct Geometry {
  long padH, padW, strideH, strideW, dilationH, dilationW, groups;
};

// One call, with everything it needs when it runs later.
struct Convolution {
  Direction direction;
  Shape x, w, y;
  Geometry g;
  bool tf32, deterministic;
  AlgorithmFault fault;
  float alpha, beta;
  const void *first, *second;  // forward x, w; backward data w, dy; backward filter x, dy
  void* result;
  char* workspace;
  std::size_t workspaceSize;
  const void* bias = nullptr;  // of the results' channels, in their format
  bool relu = false;

  const Shape& resultShape() const {
    return direction == FORWARD ? y : direction == BACKWARD_DATA ? x : w;
  }
  const Shape& firstShape() const { return direction == BACKWARD_DATA ? w : x; }
  const Shape& secondShape() const { return direction == FORWARD ? w : y; }

  long taps() const { return w.c * w.h * w.w; }  // of a filter
  long positions() const { return y.h * y.w; }

  // For each tap and position of a group: the place of its input in one image, or -1 in the pad.
  template <class F>
  void eachTap(F f) const {
    for (long c = 0; c < w.c; c++)
      for (long r = 0; r < w.h; r++)
        for (long s = 0; s < w.w; s++)
          for (long p = 0; p < y.h; p++)
            for (long q = 0; q < y.w; q++) {
              long row = p * g.strideH - g.padH + r * g.dilationH;
              long column = q * g.strideW - g.padW + s * g.dilationW;
              bool inside = row >= 0 && row < x.h && column >= 0 && column < x.w;
              f((c * w.h + r) * w.w + s, p * y.w + q,
                inside ? (c * x.h + row) * x.w + column : -1);
            }
  }

  std::vector<double> compute() const {
    std::vector<float> a = firstShape().read(first, tf32), b = secondShape().read(second, tf32);
    std::vector<double> sums(resultShape().size());
    long filters = w.n / g.groups, pixels = w.c * x.h * x.w;
    std::vector<float> columns(taps() * positions()), turned;
    for (long i = 0; i < x.n; i++)
      for (long group = 0; group < g.groups; group++) {
        long image = (i * g.groups + group) * pixels;
        long output = (i * g.groups + group) * filters * positions();
        long filter = group * filters * taps();
        if (direction == FORWARD) {
          eachTap([&](long tap, long at, long from) {
            columns[tap * positions() + at] = from < 0 ? 0 : a[image + from];
          });
          multiply(filters, positions(), taps(), &b[filter], columns.data(), &sums[output]);
        } else if (direction == BACKWARD_FILTER) {
          eachTap([&](long tap, long at, long from) {
            columns[at * taps() + tap] = from < 0 ? 0 : a[image + from];
          });
          multiply(filters, taps(), positions(), &b[output], columns.data(), &sums[filter]);
        } else {
          turned.resize(taps() * filters);
          for (long f = 0; f < filters; f++)
            for (long t = 0; t < taps(); t++) turned[t * filters + f] = a[filter + f * taps() + t];
          std::vector<double> spread(taps() * positions());
          multiply(taps(), positions(), filters, turned.data(), &b[output], spread.data());
          eachTap([&](long tap, long at, long to) {
            if (to >= 0) sums[image + to] += spread[tap * positions() + at];
          });
        }
      }
    return sums;
  }

  // An algorithm that is not deterministic sums in an order that changes: every other run rounds
  // what is not exact the other way.
  double other(double v, Format f) const {
    if (f != Format::FLOAT || double(float(v)) == v) return v;
    float near = float(v);
    return std::nextafter(near, v > near ? INFINITY : -INFINITY);
  }

  // The last number of a result, as an algorithm with a fault has it.
  double spoilt(double v, bool turn) const {
    switch (fault) {
      case WRONG: return v + 1 + std::abs(v);
      case NOT_FINITE: return NAN;
      case UNSTEADY: return turn ? v : v * (1 + 1. / 1024 / 1024);
      default: return v;
    }
  }

  void run() const {
    static bool turn = false;
    turn = !turn;
    if (workspaceSize) {
      if (!touch(workspace, workspaceSize, true)) return;
      std::memset(workspace, 0xa5, workspaceSize);
    }
    const Shape& out = resultShape();
    if (!firstShape().touch(first, false)) return;
    if (!secondShape().touch(second, false)) return;
    if (bias && !standin::touch(bias, out.c * bytes(out.format), false)) return;
    if (beta != 0 && !out.touch(result, false)) return;
    if (!out.touch(result, true)) return;
    std::vector<double> sums = compute();
    std::size_t from = 0;
    for (long i = 0; i < out.n; i++)
      for (long j = 0; j < out.c; j++)
        for (long yy = 0; yy < out.h; yy++)
          for (long xx = 0; xx < out.w; xx++) {
            std::size_t at = out.at(i, j, yy, xx);
            double v = alpha * sums[from++];
            if (beta != 0) v += double(beta) * load(result, at, out.format);
            if (bias) v += load(bias, j, out.format);
            if (relu && v < 0) v = 0;
            if (!deterministic && turn) v = other(v, out.format);
            if (from == sums.size()) v = spoilt(v, turn);
            store(result, at, out.format, v);
          }
  }
};

struct Algorithm {
  int number;
  bool deterministic;
  bool workspace;
};
// As in cuDNN, numbers mean something else in each direction.
const std::vector<Algorithm>& algorithms(Direction d) {
  static const std::vector<Algorithm> forward = {{1, true, true}, {0, true, false}};
  static const std::vector<Algorithm> backward = {
      {0, false, false}, {1, true, true}, {5, true, true}};
  return d == FORWARD ? forward : backward;
}

const Algorithm* algorithm(Direction d, int number) {
  for (auto& a : algorithms(d))
    if (a.number == number) return &a;
  return nullptr;
}

// Some size that depends on shapes and arithmetic, so that one's does not do for another.
std::size_t workspaceSize(const Algorithm& a, const Shape& x, const Shape& w, int math) {
  if (!a.workspace) return 0;
  return 1024 + 16 * std::size_t(x.n) + 4 * std::size_t(w.size()) + 256 * std::size_t(math);
}

int check(Handle* h) {
  if (!find(h, "dnn handle")) return NO_HANDLE;
  if (ready()) return EXECUTION_FAILED;
  if (h->device != currentDevice()) {
    violation("a dnn handle is used in the context of another device", h->device, LAUNCH_FAILED);
    return NO_HANDLE;
  }
  return OK;
}

long outputSize(long in, long pad, long filter, long dilation, long stride) {
  return 1 + (in + 2 * pad - ((filter - 1) * dilation + 1)) / stride;
}

bool isSet(Descriptor* d) { return find(d, "descriptor") && d->set; }

bool goodShapes(Handle* h, Descriptor* x, Descriptor* w, ConvolutionDescriptor* c, Descriptor* y) {
  (void)h;
  if (!isSet(x) || !isSet(w) || !isSet(y) || !find(c, "descriptor") || !c->set) return false;
  if (x->format != w->format || x->format != y->format) return false;
  if (x->layout != y->layout || x->layout != w->layout) return false;
  if (x->n != y->n || x->c != w->c * c->groups || y->c != w->n || w->n % c->groups) return false;
  if (x->h + 2 * c->padH < (w->h - 1) * c->dilationH + 1) return false;
  if (x->w + 2 * c->padW < (w->w - 1) * c->dilationW + 1) return false;
  return y->h == outputSize(x->h, c->padH, w->h, c->dilationH, c->strideH) &&
         y->w == outputSize(x->w, c->padW, w->w, c->dilationW, c->strideW);
}

Convolution convolution(Direction d, Descriptor* x, Descriptor* w, ConvolutionDescriptor* c,
                        Descriptor* y, const Algorithm& a) {
  Geometry g{c->padH, c->padW, c->strideH, c->strideW, c->dilationH, c->dilationW, c->groups};
  bool tf32 = x->format == Format::FLOAT && c->math != FMA_MATH;
  return {d, Shape(*x), Shape(*w), Shape(*y), g, tf32, a.deterministic,
          algorithmFault(d, a.number), 1, 0, nullptr, nullptr, nullptr, nullptr, 0};
}

int convolve(Direction d, Handle* handle, const void* alpha, Descriptor* x, Descriptor* w,
             ConvolutionDescriptor* c, Descriptor* y, const void* first, const void* second,
             int number, void* workspace, std::size_t size, const void* beta, void* result) {
  if (int status = check(handle)) return status;
  if (!goodShapes(handle, x, w, c, y)) return BAD_PARAM;
  const Algorithm* a = algorithm(d, number);
  if (!a || algorithmFault(d, number) == REFUSES) return UNSUPPORTED;
  if (!alpha || !beta || !first || !second || !result) return NULL_POINTER;
  Convolution call = convolution(d, x, w, c, y, *a);
  call.alpha = *static_cast<const float*>(alpha);
  call.beta = *static_cast<const float*>(beta);
  call.first = first;
  call.second = second;
  call.result = result;
  call.workspace = static_cast<char*>(workspace);
  call.workspaceSize = workspaceSize(*a, call.x, call.w, c->math);
  if (size < call.workspaceSize || (call.workspaceSize && !workspace)) return BAD_PARAM;
  int error;
  Stream* stream = streamOf(handle->stream, error);
  if (!stream) return EXECUTION_FAILED;
  Work work{NAMES[d], handle->device, true, false, [call] { call.run(); }};
  return enqueue(stream, work) ? EXECUTION_FAILED : OK;
}

int sizeOf(Direction d, Handle* handle, Descriptor* x, Descriptor* w, ConvolutionDescriptor* c,
           Descriptor* y, int number, std::size_t* size) {
  if (int status = check(handle)) return status;
  if (!goodShapes(handle, x, w, c, y) || !size) return BAD_PARAM;
  const Algorithm* a = algorithm(d, number);
  if (!a) return UNSUPPORTED;
  *size = workspaceSize(*a, Shape(*x), Shape(*w), c->math);
  return OK;
}

int describe(Descriptor* d, int layout, int type, long n, long c, long h, long w) {
  if (!find(d, "descriptor")) return BAD_PARAM;
  if (layout != NCHW && layout != NHWC) return UNSUPPORTED;
  if (n < 1 || c < 1 || h < 1 || w < 1) return BAD_PARAM;
  switch (type) {
    case 0: d->format = Format::FLOAT; break;
    case 2: d->format = Format::HALF; break;
    case 9: d->format = Format::BFLOAT16; break;
    default: return UNSUPPORTED;
  }
  d->set = true;
  d->layout = layout;
  d->n = n;
  d->c = c;
  d->h = h;
  d->w = w;
  return OK;
}

int end(Object* d) {
  if (!find(d, "descriptor")) return BAD_PARAM;
  d->end();
  return OK;
}

#include "dnn_graph.hpp"

}  // namespace
}  // namespace standin

using namespace standin;
using Tensor = standin::Descriptor;
using Filter = standin::Descriptor;

extern "C" {

std::size_t cudnnGetVersion() {
  ENTRY;
  return 90501;
}

std::size_t cudnnGetCudartVersion() {
  ENTRY;
  return standin_cuda == 13 ? 13000 : 12060;
}

const char* cudnnGetErrorString(int status) {
  switch (status) {
    case OK: return "CUDNN_STATUS_SUCCESS";
    case NO_HANDLE: return "CUDNN_STATUS_NOT_INITIALIZED";
    case BAD_PARAM: return "CUDNN_STATUS_BAD_PARAM";
    case NULL_POINTER: return "CUDNN_STATUS_BAD_PARAM_NULL_POINTER";
    case UNSUPPORTED: return "CUDNN_STATUS_NOT_SUPPORTED";
    case EXECUTION_FAILED: return "CUDNN_STATUS_EXECUTION_FAILED";
    default: return "CUDNN_STATUS_UNKNOWN";
  }
}

int cudnnCreate(Handle** handle) {
  ENTRY;
  if (ready()) return NO_HANDLE;
  if (refuseInCapture()) return EXECUTION_FAILED;
  *handle = new Handle;
  return OK;
}

int cudnnDestroy(Handle* handle) {
  ENTRY;
  if (!find(handle, "dnn handle")) return NO_HANDLE;
  handle->end();
  return OK;
}

int cudnnSetStream(Handle* handle, void* stream) {
  ENTRY;
  if (int status = check(handle)) return status;
  int error;
  if (!streamOf(stream, error)) {
    violation("cudnnSetStream with no stream of the handle's device", handle->device,
              LAUNCH_FAILED);
    return BAD_PARAM;
  }
  handle->stream = stream;
  return OK;
}

int cudnnGetStream(Handle* handle, void** stream) {
  ENTRY;
  if (int status = check(handle)) return status;
  *stream = handle->stream;
  return OK;
}

int cudnnCreateTensorDescriptor(Tensor** d) {
  ENTRY;
  *d = new Tensor;
  return OK;
}
int cudnnCreateFilterDescriptor(Filter** d) {
  ENTRY;
  *d = new Filter;
  return OK;
}
int cudnnCreateConvolutionDescriptor(ConvolutionDescriptor** d) {
  ENTRY;
  *d = new ConvolutionDescriptor;
  return OK;
}
int cudnnDestroyTensorDescriptor(Tensor* d) {
  ENTRY;
  return end(d);
}
int cudnnDestroyFilterDescriptor(Filter* d) {
  ENTRY;
  return end(d);
}
int cudnnDestroyConvolutionDescriptor(ConvolutionDescriptor* d) {
  ENTRY;
  return end(d);
}

int cudnnSetTensor4dDescriptor(Tensor* d, int layout, int type, int n, int c, int h, int w) {
  ENTRY;
  return describe(d, layout, type, n, c, h, w);
}

int cudnnSetFilter4dDescriptor(Filter* d, int type, int layout, int k, int c, int h, int w) {
  ENTRY;
  return describe(d, layout, type, k, c, h, w);
}

int cudnnSetConvolution2dDescriptor(ConvolutionDescriptor* d, int padH, int padW, int strideH,
                                    int strideW, int dilationH, int dilationW, int mode,
                                    int computeType) {
  ENTRY;
  if (!find(d, "descriptor")) return BAD_PARAM;
  if (padH < 0 || padW < 0 || strideH < 1 || strideW < 1 || dilationH < 1 || dilationW < 1)
    return BAD_PARAM;
  if (mode != 1 || computeType != 0) return UNSUPPORTED;  // cross-correlation, sums in fp32
  d->set = true;
  d->padH = padH;
  d->padW = padW;
  d->strideH = strideH;
  d->strideW = strideW;
  d->dilationH = dilationH;
  d->dilationW = dilationW;
  return OK;
}

int cudnnSetConvolutionMathType(ConvolutionDescriptor* d, int math) {
  ENTRY;
  if (!find(d, "descriptor") || math < 0 || math > 3) return BAD_PARAM;
  d->math = math;
  return OK;
}

int cudnnSetConvolutionGroupCount(ConvolutionDescriptor* d, int groups) {
  ENTRY;
  if (!find(d, "descriptor") || groups < 1) return BAD_PARAM;
  d->groups = groups;
  return OK;
}

int cudnnGetConvolution2dForwardOutputDim(ConvolutionDescriptor* c, Tensor* x, Filter* f, int* n,
                                          int* k, int* h, int* w) {
  ENTRY;
  if (!isSet(x) || !isSet(f) || !find(c, "descriptor") || !c->set) return BAD_PARAM;
  *n = int(x->n);
  *k = int(f->n);
  *h = int(outputSize(x->h, c->padH, f->h, c->dilationH, c->strideH));
  *w = int(outputSize(x->w, c->padW, f->w, c->dilationW, c->strideW));
  return OK;
}

int cudnnGetConvolutionForwardWorkspaceSize(Handle* handle, Tensor* x, Filter* w,
                                            ConvolutionDescriptor* c, Tensor* y, int algorithm,
                                            std::size_t* size) {
  ENTRY;
  return sizeOf(FORWARD, handle, x, w, c, y, algorithm, size);
}
int cudnnGetConvolutionBackwardDataWorkspaceSize(Handle* handle, Filter* w, Tensor* dy,
                                                 ConvolutionDescriptor* c, Tensor* dx,
                                                 int algorithm, std::size_t* size) {
  ENTRY;
  return sizeOf(BACKWARD_DATA, handle, dx, w, c, dy, algorithm, size);
}
int cudnnGetConvolutionBackwardFilterWorkspaceSize(Handle* handle, Tensor* x, Tensor* dy,
                                                   ConvolutionDescriptor* c, Filter* dw,
                                                   int algorithm, std::size_t* size) {
  ENTRY;
  return sizeOf(BACKWARD_FILTER, handle, x, dw, c, dy, algorithm, size);
}

int cudnnConvolutionForward(Handle* handle, const void* alpha, Tensor* x, const void* xData,
                            Filter* w, const void* wData, ConvolutionDescriptor* c, int algorithm,
                            void* workspace, std::size_t size, const void* beta, Tensor* y,
                            void* yData) {
  ENTRY;
  return convolve(FORWARD, handle, alpha, x, w, c, y, xData, wData, algorithm, workspace, size,
                  beta, yData);
}
int cudnnConvolutionBackwardData(Handle* handle, const void* alpha, Filter* w, const void* wData,
                                 Tensor* dy, const void* dyData, ConvolutionDescriptor* c,
                                 int algorithm, void* workspace, std::size_t size,
                                 const void* beta, Tensor* dx, void* dxData) {
  ENTRY;
  return convolve(BACKWARD_DATA, handle, alpha, dx, w, c, dy, wData, dyData, algorithm, workspace,
                  size, beta, dxData);
}
int cudnnConvolutionBackwardFilter(Handle* handle, const void* alpha, Tensor* x,
                                   const void* xData, Tensor* dy, const void* dyData,
                                   ConvolutionDescriptor* c, int algorithm, void* workspace,
                                   std::size_t size, const void* beta, Filter* dw, void* dwData) {
  ENTRY;
  return convolve(BACKWARD_FILTER, handle, alpha, x, dw, c, dy, xData, dyData, algorithm,
                  workspace, size, beta, dwData);
}

int cudnnBackendCreateDescriptor(int type, Part** part) {
  ENTRY;
  *part = new Part(type);
  return OK;
}
int cudnnBackendDestroyDescriptor(Part* part) {
  ENTRY;
  if (!find(part, "graph descriptor")) return BAD_PARAM;
  part->end();
  return OK;
}
int cudnnBackendSetAttribute(Part* part, int name, int type, std::int64_t count, void* values) {
  ENTRY;
  return setAttribute(part, name, type, count, values);
}
int cudnnBackendFinalize(Part* part) {
  ENTRY;
  return finalize(part);
}
int cudnnBackendGetAttribute(Part* part, int name, int type, std::int64_t room,
                             std::int64_t* count, void* values) {
  ENTRY;
  return getAttribute(part, name, type, room, count, values);
}
int cudnnBackendExecute(Handle* handle, Part* plan, Part* pack) {
  ENTRY;
  return execute(handle, plan, pack);
}
}
