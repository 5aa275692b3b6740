// Functions of one number at a time, whatever the layout.

__device__ __forceinline__ float logisticOf(float x) { return 1 / (1 + expf(-x)); }

KERNEL logistic(MARK, const Number *x, Number *y, int elements) {
  BEGIN
  long long i = ELEMENT;
  if (i < elements) {
    store(y + i, logisticOf(load(x + i)));
  }
}

KERNEL logistic_backward(MARK, const Number *dy, const Number *y, Number *dx, int elements) {
  BEGIN
  long long i = ELEMENT;
  if (i < elements) {
    float value = load(y + i);
    store(dx + i, load(dy + i) * (value * (1 - value)));
  }
}

KERNEL softplus(MARK, const Number *x, Number *y, int elements, float threshold) {
  BEGIN
  long long i = ELEMENT;
  if (i < elements) {
    float value = load(x + i);
    float rest = log1pf(expf(-fabsf(value)));  // no exponential overflows
    store(y + i, value > threshold ? value : (value > 0 ? value : 0.0f) + rest);
  }
}

KERNEL softplus_backward(MARK, const Number *dy, const Number *x, Number *dx, int elements,
                         float threshold) {
  BEGIN
  long long i = ELEMENT;
  if (i < elements) {
    float value = load(x + i);
    store(dx + i, load(dy + i) * (value > threshold ? 1.0f : logisticOf(value)));
  }
}

KERNEL absolute_value(MARK, const Number *x, Number *y, int elements) {
  BEGIN
  long long i = ELEMENT;
  if (i < elements) {
    store(y + i, fabsf(load(x + i)));
  }
}

KERNEL absolute_value_backward(MARK, const Number *dy, const Number *x, Number *dx,
                               int elements) {
  BEGIN
  long long i = ELEMENT;
  if (i < elements) {
    store(dx + i, load(x + i) > 0 ? load(dy + i) : -load(dy + i));
  }
}

KERNEL square(MARK, const Number *x, Number *y, int elements) {
  BEGIN
  long long i = ELEMENT;
  if (i < elements) {
    store(y + i, load(x + i) * load(x + i));
  }
}

KERNEL square_backward(MARK, const Number *dy, const Number *x, Number *dx, int elements) {
  BEGIN
  long long i = ELEMENT;
  if (i < elements) {
    store(dx + i, load(dy + i) * (2 * load(x + i)));
  }
}
