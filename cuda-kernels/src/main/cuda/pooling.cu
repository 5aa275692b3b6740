// Pooling over square windows that may overlap, overhang and be padded. Gradients are gathered, a
// thread for each input, so that overlapping windows add in a fixed order.

// The windows that hold a row or column: from `first` to `end`.
struct Windows {
  int first, end;
};

__device__ __forceinline__ Windows windowsOf(int at, int outputs, int kernel, int stride,
                                             int pad) {
  int before = at + pad - kernel;
  Windows windows;
  windows.first = before < 0 ? 0 : before / stride + 1;
  int last = (at + pad) / stride;
  windows.end = last + 1 < outputs ? last + 1 : outputs;
  return windows;
}

KERNEL max_pool(MARK, const Number *x, Number *y, unsigned char *argmax, int elements, int C,
                int H, int W, int outH, int outW, int kernel, int stride, int pad) {
  BEGIN
  long long i = ELEMENT;
  if (i >= elements) {
    return;
  }
  Place p = placeOf(i, C, outH, outW);
  float best = 0;
  int where = -1;
  for (int kh = 0; kh < kernel; kh++) {
    int h = p.h * stride - pad + kh;
    for (int kw = 0; kw < kernel; kw++) {
      int w = p.w * stride - pad + kw;
      if (h >= 0 && h < H && w >= 0 && w < W) {
        float value = load(x + indexOf(p.n, p.c, h, w, C, H, W));
        if (where < 0 || value > best || (value != value && best == best)) {
          best = value;
          where = kh * kernel + kw;
        }
      }
    }
  }
  store(y + i, best);
  argmax[i] = (unsigned char)where;
}

KERNEL max_pool_backward(MARK, const Number *dy, const unsigned char *argmax, Number *dx,
                         int elements, int C, int H, int W, int outH, int outW, int kernel,
                         int stride, int pad) {
  BEGIN
  long long i = ELEMENT;
  if (i >= elements) {
    return;
  }
  Place p = placeOf(i, C, H, W);
  Windows rows = windowsOf(p.h, outH, kernel, stride, pad);
  Windows columns = windowsOf(p.w, outW, kernel, stride, pad);
  float sum = 0;
  for (int h = rows.first; h < rows.end; h++) {
    for (int w = columns.first; w < columns.end; w++) {
      long long o = indexOf(p.n, p.c, h, w, C, outH, outW);
      int where = (p.h + pad - h * stride) * kernel + p.w + pad - w * stride;
      if (argmax[o] == where) {
        sum += load(dy + o);
      }
    }
  }
  store(dx + i, sum);
}

// Pixels of a window that lie in the image, along one edge.
__device__ __forceinline__ int covered(int window, int size, int kernel, int stride, int pad) {
  int from = window * stride - pad;
  int end = from + kernel;
  return (end < size ? end : size) - (from > 0 ? from : 0);
}

KERNEL average_pool(MARK, const Number *x, Number *y, int elements, int C, int H, int W, int outH,
                    int outW, int kernel, int stride, int pad) {
  BEGIN
  long long i = ELEMENT;
  if (i >= elements) {
    return;
  }
  Place p = placeOf(i, C, outH, outW);
  float sum = 0;
  for (int kh = 0; kh < kernel; kh++) {
    int h = p.h * stride - pad + kh;
    for (int kw = 0; kw < kernel; kw++) {
      int w = p.w * stride - pad + kw;
      if (h >= 0 && h < H && w >= 0 && w < W) {
        sum += load(x + indexOf(p.n, p.c, h, w, C, H, W));
      }
    }
  }
  int pixels =
      covered(p.h, H, kernel, stride, pad) * covered(p.w, W, kernel, stride, pad);
  store(y + i, sum / pixels);
}

KERNEL average_pool_backward(MARK, const Number *dy, Number *dx, int elements, int C, int H, int W,
                             int outH, int outW, int kernel, int stride, int pad) {
  BEGIN
  long long i = ELEMENT;
  if (i >= elements) {
    return;
  }
  Place p = placeOf(i, C, H, W);
  Windows rows = windowsOf(p.h, outH, kernel, stride, pad);
  Windows columns = windowsOf(p.w, outW, kernel, stride, pad);
  float sum = 0;
  for (int h = rows.first; h < rows.end; h++) {
    for (int w = columns.first; w < columns.end; w++) {
      int pixels = covered(h, H, kernel, stride, pad) * covered(w, W, kernel, stride, pad);
      sum += load(dy + indexOf(p.n, p.c, h, w, C, outH, outW)) / pixels;
    }
  }
  store(dx + i, sum);
}
