// Pooling over square windows that may overlap, overhang and be padded. Gradients are gathered, a
// thread for each input, so that overlapping windows add in a fixed order.

// The windows that hold a row or column: from `first` to `end`.
struct Windows {
  int first, end;
};

__device__ __forceinline__ Windows windowsOf(int at, int outputs, int kernel, Divisor stride,
                                             int pad) {
  int before = at + pad - kernel;
  Windows windows;
  windows.first = before < 0 ? 0 : (int)quotient(before, stride) + 1;
  int last = (int)quotient(at + pad, stride);
  windows.end = last + 1 < outputs ? last + 1 : outputs;
  return windows;
}

KERNEL max_pool(MARK, const Number *x, Number *y, unsigned char *argmax, int elements,
                Sizes in, Sizes out, int kernel, Divisor stride, int pad) {
  BEGIN
  long long i = ELEMENT;
  if (i >= elements) {
    return;
  }
  Place p = placeOf(i, out);
  float best = 0;
  int where = -1;
  for (int kh = 0; kh < kernel; kh++) {
    int h = p.h * (int)stride.value - pad + kh;
    for (int kw = 0; kw < kernel; kw++) {
      int w = p.w * (int)stride.value - pad + kw;
      if (h >= 0 && h < (int)in.H.value && w >= 0 && w < (int)in.W.value) {
        float value = load(x + indexOf(p.n, p.c, h, w, in));
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
                         int elements, Sizes in, Sizes out, int kernel,
                         Divisor stride, int pad) {
  BEGIN
  long long i = ELEMENT;
  if (i >= elements) {
    return;
  }
  Place p = placeOf(i, in);
  Windows rows = windowsOf(p.h, out.H.value, kernel, stride, pad);
  Windows columns = windowsOf(p.w, out.W.value, kernel, stride, pad);
  float sum = 0;
  for (int h = rows.first; h < rows.end; h++) {
    for (int w = columns.first; w < columns.end; w++) {
      long long o = indexOf(p.n, p.c, h, w, out);
      int step = (int)stride.value;
      int where = (p.h + pad - h * step) * kernel + p.w + pad - w * step;
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

KERNEL average_pool(MARK, const Number *x, Number *y, int elements, Sizes in, Sizes out,
                    int kernel, Divisor stride, int pad) {
  BEGIN
  long long i = ELEMENT;
  if (i >= elements) {
    return;
  }
  Place p = placeOf(i, out);
  float sum = 0;
  for (int kh = 0; kh < kernel; kh++) {
    int h = p.h * (int)stride.value - pad + kh;
    for (int kw = 0; kw < kernel; kw++) {
      int w = p.w * (int)stride.value - pad + kw;
      if (h >= 0 && h < (int)in.H.value && w >= 0 && w < (int)in.W.value) {
        sum += load(x + indexOf(p.n, p.c, h, w, in));
      }
    }
  }
  int pixels =
      covered(p.h, in.H.value, kernel, stride.value, pad) * covered(p.w, in.W.value, kernel, stride.value, pad);
  store(y + i, sum / pixels);
}

KERNEL average_pool_backward(MARK, const Number *dy, Number *dx, int elements, Sizes in, Sizes out,
                             int kernel, Divisor stride, int pad) {
  BEGIN
  long long i = ELEMENT;
  if (i >= elements) {
    return;
  }
  Place p = placeOf(i, in);
  Windows rows = windowsOf(p.h, out.H.value, kernel, stride, pad);
  Windows columns = windowsOf(p.w, out.W.value, kernel, stride, pad);
  float sum = 0;
  for (int h = rows.first; h < rows.end; h++) {
    for (int w = columns.first; w < columns.end; w++) {
      int pixels = covered(h, in.H.value, kernel, stride.value, pad) * covered(w, in.W.value, kernel, stride.value, pad);
      sum += load(dy + indexOf(p.n, p.c, h, w, out)) / pixels;
    }
  }
  store(dx + i, sum);
}
