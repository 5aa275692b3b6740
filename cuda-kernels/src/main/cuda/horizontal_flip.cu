// Images mirrored.

KERNEL horizontal_flip(MARK, const Number *x, Number *y, int elements, Sizes size) {
  BEGIN
  long long i = ELEMENT;
  if (i < elements) {
    Place p = placeOf(i, size);
    store(y + i, load(x + indexOf(p.n, p.c, p.h, (int)size.W.value - 1 - p.w, size)));
  }
}
