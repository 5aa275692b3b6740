// Operations of one number at a time, whatever the layout.

KERNEL relu(MARK, const Number *x, Number *y, int elements) {
  BEGIN
  long long i = ELEMENT;
  if (i < elements) {
    float value = load(x + i);
    store(y + i, value > 0 || value != value ? value : 0.0f);
  }
}

KERNEL relu_backward(MARK, const Number *dy, const Number *y, Number *dx, int elements) {
  BEGIN
  long long i = ELEMENT;
  if (i < elements) {
    store(dx + i, load(y + i) > 0 ? load(dy + i) : 0.0f);
  }
}

KERNEL tanh_forward(MARK, const Number *x, Number *y, int elements) {
  BEGIN
  long long i = ELEMENT;
  if (i < elements) {
    store(y + i, tanhf(load(x + i)));
  }
}

KERNEL tanh_backward(MARK, const Number *dy, const Number *y, Number *dx,
                                   int elements) {
  BEGIN
  long long i = ELEMENT;
  if (i < elements) {
    float value = load(y + i);
    store(dx + i, load(dy + i) * (1 - value * value));
  }
}

KERNEL scale(MARK, const Number *x, Number *y, int elements, float factor) {
  BEGIN
  long long i = ELEMENT;
  if (i < elements) {
    store(y + i, factor * load(x + i));
  }
}

// y = a + b; y may be a.
KERNEL add(MARK, const Number *a, const Number *b, Number *y, int elements) {
  BEGIN
  long long i = ELEMENT;
  if (i < elements) {
    store(y + i, load(a + i) + load(b + i));
  }
}

// The same of numbers that are single precision whatever STORAGE is.
KERNEL add_single(MARK, const float *a, const float *b, float *y, int elements) {
  BEGIN
  long long i = ELEMENT;
  if (i < elements) {
    y[i] = a[i] + b[i];
  }
}

// y = the smaller of a and b; y may be a.
KERNEL minimum(MARK, const Number *a, const Number *b, Number *y, int elements) {
  BEGIN
  long long i = ELEMENT;
  if (i < elements) {
    float first = load(a + i);
    float second = load(b + i);
    store(y + i, second < first ? second : first);
  }
}

// The same of numbers that are single precision whatever STORAGE is.
KERNEL minimum_single(MARK, const float *a, const float *b, float *y, int elements) {
  BEGIN
  long long i = ELEMENT;
  if (i < elements) {
    y[i] = b[i] < a[i] ? b[i] : a[i];
  }
}

// The copy of parameters that products of reduced precision read.
KERNEL convert(MARK, const float *x, Number *y, int elements) {
  BEGIN
  long long i = ELEMENT;
  if (i < elements) {
    store(y + i, x[i]);
  }
}
