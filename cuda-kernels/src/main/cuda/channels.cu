// Copies of parts of images.

// Channels `firstX`... of x become channels `firstY`... of y, `count` of them.
KERNEL copy_channels(MARK, const Number *x, Number *y, int elements, Sizes part, Sizes sizeX,
                     int firstX, Sizes sizeY, int firstY) {
  BEGIN
  long long i = ELEMENT;
  if (i < elements) {
    Place p = placeOf(i, part);
    store(y + indexOf(p.n, firstY + p.c, p.h, p.w, sizeY),
          load(x + indexOf(p.n, firstX + p.c, p.h, p.w, sizeX)));
  }
}

// y = x with zeros to its right and below it, or without its last columns and rows.
KERNEL resize_canvas(MARK, const Number *x, Number *y, int elements, Sizes sizeY, Sizes sizeX) {
  BEGIN
  long long i = ELEMENT;
  if (i < elements) {
    Place p = placeOf(i, sizeY);
    bool inside = p.h < (int)sizeX.H.value && p.w < (int)sizeX.W.value;
    store(y + i, inside ? load(x + indexOf(p.n, p.c, p.h, p.w, sizeX)) : 0.0f);
  }
}
