// The first operation of a program: crop, mirror, mean and colour shift, as Batch says.

// One thread a value of data. For each image there are four integers: label, first row, first
// column, mirror. Data begins with image `first` of the batch.
KERNEL load_input(MARK, const unsigned char *pixels, const int *images, const float *shift,
                  const float *mean, Number *data, float *labels, int elements, Sizes size,
                  Channels scales, int first, const Step *step) {
  BEGIN
  long long i = ELEMENT;
  if (i >= elements) {
    return;
  }
  Place p = placeOf(i, size);
  int n = first + p.n;
  const int *image = images + 4 * n;
  int x = image[3] ? (int)size.W.value - 1 - p.w : p.w;
  long long stored = ((long long)p.c * step->height + image[1] + p.h) * step->width + image[2] + x;
  const unsigned char *from = pixels;
  long long pixel;
  if (step->cropped) {
    pixel = (((long long)n * size.C.value + p.c) * size.H.value + p.h) * size.W.value + x;
  } else {
    long long number = n;
    if (step->kept) {
      from = step->kept;
      number = ((const int *)pixels)[n];
    }
    pixel = number * size.C.value * step->height * step->width + stored;
  }
  float value;
  if (step->floats) {
    value = ((const float *)from)[pixel];
  } else {
    value = (float)from[pixel] * channelOf(scales, p.c) - mean[stored] + shift[n * size.C.value + p.c];
  }
  store(data + i, value);
  if (p.c == 0 && p.h == 0 && p.w == 0) {
    labels[p.n] = (float)image[0];
  }
}
