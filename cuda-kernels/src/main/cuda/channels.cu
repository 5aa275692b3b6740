// Copies of parts of images.

// Channels `firstX`... of x become channels `firstY`... of y, `count` of them.
KERNEL copy_channels(MARK, const Number *x, Number *y, int elements, int count, int H, int W,
                     int channelsX, int firstX, int channelsY, int firstY) {
  BEGIN
  long long i = ELEMENT;
  if (i < elements) {
    Place p = placeOf(i, count, H, W);
    store(y + indexOf(p.n, firstY + p.c, p.h, p.w, channelsY, H, W),
          load(x + indexOf(p.n, firstX + p.c, p.h, p.w, channelsX, H, W)));
  }
}

// y = x with zeros to its right and below it, or without its last columns and rows.
KERNEL resize_canvas(MARK, const Number *x, Number *y, int elements, int C, int H, int W,
                     int heightX, int widthX) {
  BEGIN
  long long i = ELEMENT;
  if (i < elements) {
    Place p = placeOf(i, C, H, W);
    bool inside = p.h < heightX && p.w < widthX;
    store(y + i, inside ? load(x + indexOf(p.n, p.c, p.h, p.w, C, heightX, widthX)) : 0.0f);
  }
}
