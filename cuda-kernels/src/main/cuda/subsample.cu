// Pixels on every so many rows and columns.

KERNEL subsample(MARK, const Number *x, Number *y, int elements, Sizes in, Sizes out, int stride,
                 int firstRow, int firstColumn) {
  BEGIN
  long long i = ELEMENT;
  if (i < elements) {
    Place p = placeOf(i, out);
    int h = firstRow + p.h * stride;
    int w = firstColumn + p.w * stride;
    store(y + i, load(x + indexOf(p.n, p.c, h, w, in)));
  }
}

KERNEL subsample_backward(MARK, const Number *dy, Number *dx, int elements, Sizes in, Sizes out,
                          Divisor stride, int firstRow, int firstColumn) {
  BEGIN
  long long i = ELEMENT;
  if (i >= elements) {
    return;
  }
  Place p = placeOf(i, in);
  int h = p.h - firstRow;
  int w = p.w - firstColumn;
  float value = 0;
  if (h >= 0 && w >= 0 && rest(h, stride) == 0 && rest(w, stride) == 0) {
    int row = (int)quotient(h, stride);
    int column = (int)quotient(w, stride);
    if (row < (int)out.H.value && column < (int)out.W.value) {
      value = load(dy + indexOf(p.n, p.c, row, column, out));
    }
  }
  store(dx + i, value);
}
