// A filter along the rows of each map, then along its columns; beyond the image lie zeros.

KERNEL blur_rows(MARK, const Number *x, const float *filter, float *y, int elements, Sizes size,
                 int half) {
  BEGIN
  long long i = ELEMENT;
  if (i >= elements) {
    return;
  }
  Place p = placeOf(i, size);
  int first = p.w - half > 0 ? p.w - half : 0;
  int last = p.w + half < (int)size.W.value ? p.w + half : (int)size.W.value - 1;
  float sum = 0;
  for (int w = first; w <= last; w++) {
    sum += filter[w - p.w + half] * load(x + indexOf(p.n, p.c, p.h, w, size));
  }
  y[i] = sum;
}

KERNEL blur_columns(MARK, const float *x, const float *filter, Number *y, int elements,
                    Sizes size, int half) {
  BEGIN
  long long i = ELEMENT;
  if (i >= elements) {
    return;
  }
  Place p = placeOf(i, size);
  int first = p.h - half > 0 ? p.h - half : 0;
  int last = p.h + half < (int)size.H.value ? p.h + half : (int)size.H.value - 1;
  float sum = 0;
  for (int h = first; h <= last; h++) {
    sum += filter[h - p.h + half] * x[indexOf(p.n, p.c, h, p.w, size)];
  }
  store(y + i, sum);
}
