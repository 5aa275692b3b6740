// Locally connected layers: each position of the output has filters of its own. Weights are [positions,
// filters, channels of a group, pixels of a window]; `filters` counts those of a group. A thread
// makes one number, so that every sum has a fixed order.

KERNEL locally_connected(MARK, const Number *x, const Number *weight, Number *y, int elements,
                         Sizes in, Sizes out, Sizes weights, int kernel, int stride, int pad,
                         Divisor filters) {
  BEGIN
  long long i = ELEMENT;
  if (i >= elements) {
    return;
  }
  Place p = placeOf(i, out);
  int position = p.h * (int)out.W.value + p.w;
  int channels = (int)weights.H.value;
  int first = (int)quotient(p.c, filters) * channels;
  float sum = 0;
  for (int kh = 0; kh < kernel; kh++) {
    int h = p.h * stride - pad + kh;
    for (int kw = 0; kw < kernel; kw++) {
      int w = p.w * stride - pad + kw;
      if (h >= 0 && h < (int)in.H.value && w >= 0 && w < (int)in.W.value) {
        for (int c = 0; c < channels; c++) {
          sum += load(x + indexOf(p.n, first + c, h, w, in)) *
                 load(weight + indexOf(position, p.c, c, kh * kernel + kw, weights));
        }
      }
    }
  }
  store(y + i, sum);
}

KERNEL locally_connected_backward_data(MARK, const Number *dy, const Number *weight, Number *dx,
                                       int elements, Sizes in, Sizes out, Sizes weights,
                                       int kernel, Divisor stride, int pad, int filters) {
  BEGIN
  long long i = ELEMENT;
  if (i >= elements) {
    return;
  }
  Place p = placeOf(i, in);
  Divisor channels = weights.H;
  int first = (int)quotient(p.c, channels) * filters;
  int c = (int)rest(p.c, channels);
  Windows rows = windowsOf(p.h, out.H.value, kernel, stride, pad);
  Windows columns = windowsOf(p.w, out.W.value, kernel, stride, pad);
  int step = (int)stride.value;
  float sum = 0;
  for (int h = rows.first; h < rows.end; h++) {
    for (int w = columns.first; w < columns.end; w++) {
      int position = h * (int)out.W.value + w;
      int tap = (p.h + pad - h * step) * kernel + p.w + pad - w * step;
      for (int f = first; f < first + filters; f++) {
        sum += load(dy + indexOf(p.n, f, h, w, out)) *
               load(weight + indexOf(position, f, c, tap, weights));
      }
    }
  }
  store(dx + i, sum);
}

// The gradient of weights is single precision whatever STORAGE is.
KERNEL locally_connected_backward_weights(MARK, const Number *x, const Number *dy, float *dw,
                                          int elements, int images, Sizes in, Sizes out,
                                          Sizes weights, Divisor kernel, int stride, int pad,
                                          Divisor filters) {
  BEGIN
  long long i = ELEMENT;
  if (i >= elements) {
    return;
  }
  Place p = placeOf(i, weights);  // position, filter, channel of a group, pixel of the window
  int row = (int)quotient(p.n, out.W);
  int column = (int)rest(p.n, out.W);
  int h = row * stride - pad + (int)quotient(p.w, kernel);
  int w = column * stride - pad + (int)rest(p.w, kernel);
  float sum = 0;
  if (h >= 0 && h < (int)in.H.value && w >= 0 && w < (int)in.W.value) {
    int c = (int)quotient(p.c, filters) * (int)weights.H.value + p.h;
    for (int n = 0; n < images; n++) {
      sum += load(x + indexOf(n, c, h, w, in)) * load(dy + indexOf(n, p.c, row, column, out));
    }
  }
  dw[i] = sum;
}

// y = x + bias, which has the sizes and the order of one image.
KERNEL position_bias(MARK, const Number *x, const float *bias, Number *y, int elements,
                     Divisor image) {
  BEGIN
  long long i = ELEMENT;
  if (i < elements) {
    store(y + i, load(x + i) + bias[rest((unsigned int)i, image)]);
  }
}

KERNEL position_bias_backward(MARK, const Number *dy, float *db, int image, int images) {
  BEGIN
  long long i = ELEMENT;
  if (i < image) {
    float sum = 0;
    for (int n = 0; n < images; n++) {
      sum += load(dy + (long long)n * image + i);
    }
    db[i] = sum;
  }
}
