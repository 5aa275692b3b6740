// Local contrast normalization within a map: s = k + factor * sum of (x - mean)^2 and y = x s^-beta
// over the part of a square window that lies in the image.

// The pixels of the window about a pixel.
struct Box {
  int top, bottom, left, right;  // the last included
};

__device__ __forceinline__ Box boxOf(int h, int w, int half, const Sizes &size) {
  Box box;
  box.top = h - half > 0 ? h - half : 0;
  box.left = w - half > 0 ? w - half : 0;
  box.bottom = h + half < (int)size.H.value ? h + half : (int)size.H.value - 1;
  box.right = w + half < (int)size.W.value ? w + half : (int)size.W.value - 1;
  return box;
}

__device__ __forceinline__ int pixelsOf(Box box) {
  return (box.bottom - box.top + 1) * (box.right - box.left + 1);
}

KERNEL contrast_norm_centre(MARK, const Number *x, float *centred, int elements, Sizes size,
                            int half) {
  BEGIN
  long long i = ELEMENT;
  if (i >= elements) {
    return;
  }
  Place p = placeOf(i, size);
  Box box = boxOf(p.h, p.w, half, size);
  float sum = 0;
  for (int h = box.top; h <= box.bottom; h++) {
    for (int w = box.left; w <= box.right; w++) {
      sum += load(x + indexOf(p.n, p.c, h, w, size));
    }
  }
  centred[i] = load(x + i) - sum / pixelsOf(box);
}

KERNEL contrast_norm(MARK, const Number *x, const float *centred, Number *y, float *s,
                     int elements, Sizes size, int half, float factor, float k, float beta) {
  BEGIN
  long long i = ELEMENT;
  if (i >= elements) {
    return;
  }
  Place p = placeOf(i, size);
  Box box = boxOf(p.h, p.w, half, size);
  float sum = 0;
  for (int h = box.top; h <= box.bottom; h++) {
    for (int w = box.left; w <= box.right; w++) {
      float value = centred[indexOf(p.n, p.c, h, w, size)];
      sum += value * value;
    }
  }
  normalized(x, y, s, i, sum, factor, k, beta);
}

// What the derivative sums up: (x - mean) * sum of dy x s^(-beta - 1).
KERNEL contrast_norm_terms(MARK, const Number *dy, const Number *x, const float *centred,
                           const float *s, float *terms, int elements, Sizes size, int half,
                           float beta) {
  BEGIN
  long long i = ELEMENT;
  if (i >= elements) {
    return;
  }
  Place p = placeOf(i, size);
  Box box = boxOf(p.h, p.w, half, size);
  float sum = 0;
  for (int h = box.top; h <= box.bottom; h++) {
    for (int w = box.left; w <= box.right; w++) {
      sum += term(dy, x, s, indexOf(p.n, p.c, h, w, size), beta);
    }
  }
  terms[i] = centred[i] * sum;
}

KERNEL contrast_norm_backward(MARK, const Number *dy, const float *s, const float *terms,
                              Number *dx, int elements, Sizes size, int half, float factor,
                              float beta) {
  BEGIN
  long long i = ELEMENT;
  if (i >= elements) {
    return;
  }
  Place p = placeOf(i, size);
  Box box = boxOf(p.h, p.w, half, size);
  float sum = 0;
  for (int h = box.top; h <= box.bottom; h++) {
    for (int w = box.left; w <= box.right; w++) {
      sum += terms[indexOf(p.n, p.c, h, w, size)] / pixelsOf(boxOf(h, w, half, size));
    }
  }
  float own = load(dy + i) * power(s[i], beta);
  store(dx + i, own - 2 * factor * beta * (terms[i] - sum));
}
