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

#if NHWC
// Filters for images in blocks of stride x stride pixels, see load_blocks.cuh: [F, window, window,
// C stride stride] from [F, kernel, kernel, C], with zeros where a block is larger.
KERNEL block_filters(MARK, const Number *w, Number *blocks, int elements, int C, int kernel,
                     int stride, int window) {
  BEGIN
  int i = (int)ELEMENT;
  if (i < elements) {
    int channels = C * stride * stride;
    int c = i % channels;
    int column = i / channels % window * stride + c % stride;
    int row = i / (channels * window) % window * stride + c / stride % stride;
    int filter = i / (channels * window * window);
    bool inside = row < kernel && column < kernel;
    int at = ((filter * kernel + row) * kernel + column) * C + c / (stride * stride);
    store(blocks + i, inside ? load(w + at) : 0.0f);
  }
}

// The gradients of such filters back, without those of the zeros.
KERNEL unblock_filters(MARK, const Number *blocks, Number *w, int elements, int C, int kernel,
                       int stride, int window) {
  BEGIN
  int i = (int)ELEMENT;
  if (i < elements) {
    int column = i / C % kernel;
    int row = i / (C * kernel) % kernel;
    int filter = i / (C * kernel * kernel);
    int c = (i % C * stride + row % stride) * stride + column % stride;
    int at = ((filter * window + row / stride) * window + column / stride) * C * stride * stride;
    store(w + i, load(blocks + at + c));
  }
}
#endif
