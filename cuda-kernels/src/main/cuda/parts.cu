// Copies of parts of images.

// A part of x, from an image and a channel on, becomes a part of y.
KERNEL copy_part(MARK, const Number *x, Number *y, int elements, Sizes part, Sizes sizeX,
                 int imageX, int channelX, Sizes sizeY, int imageY, int channelY) {
  BEGIN
  long long i = ELEMENT;
  if (i < elements) {
    Place p = placeOf(i, part);
    store(y + indexOf(imageY + p.n, channelY + p.c, p.h, p.w, sizeY),
          load(x + indexOf(imageX + p.n, channelX + p.c, p.h, p.w, sizeX)));
  }
}

// The same of numbers that are single precision whatever STORAGE is: scores and labels.
KERNEL copy_part_single(MARK, const float *x, float *y, int elements, Sizes part, Sizes sizeX,
                        int imageX, int channelX, Sizes sizeY, int imageY, int channelY) {
  BEGIN
  long long i = ELEMENT;
  if (i < elements) {
    Place p = placeOf(i, part);
    y[indexOf(imageY + p.n, channelY + p.c, p.h, p.w, sizeY)] =
        x[indexOf(imageX + p.n, channelX + p.c, p.h, p.w, sizeX)];
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
