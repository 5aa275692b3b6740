// The first operation of a program where the first convolution has a stride: the input is written as
// blocks of STRIDE x STRIDE pixels, the pixels of a colour after those of another, so that they are
// channels of a convolution without stride. What is outside of the image is 0.
//
// A template; InputBlocks.java writes a kernel for each input, whose sizes are constants of S:
//   C, H, W        colours, rows and columns of the input
//   STRIDE, PAD    of the convolution
//   ROWS, COLUMNS  of blocks

template <class S>
__device__ __forceinline__ void loadBlocks(const unsigned char *__restrict__ pixels,
                                           const int *__restrict__ images,
                                           const float *__restrict__ shift,
                                           const float *__restrict__ mean, Number *data,
                                           float *labels, int count, const Channels &scales,
                                           int first, const Step *step) {
  constexpr int AREA = S::STRIDE * S::STRIDE;
  constexpr int VECTORS = S::C * AREA / VECTOR;
  unsigned int block = blockIdx.x * THREADS + threadIdx.x;
  int v = (int)(block % VECTORS);
  block /= VECTORS;
  int column = (int)(block % S::COLUMNS);
  block /= S::COLUMNS;
  int row = (int)(block % S::ROWS);
  int n = (int)(block / S::ROWS);
  if (n >= count) {
    return;
  }
  int4 image = ((const int4 *)images)[first + n];  // label, first row, first column, mirror
  int height = step->height;
  int width = step->width;
  bool floats = step->floats;
  bool cropped = step->cropped;
  long long number = first + n;
  if (step->kept) {
    number = ((const int *)pixels)[number];
    pixels = step->kept;
  }
  long long from = number * S::C * (cropped ? S::H * S::W : height * width);
  float values[VECTOR];
#pragma unroll
  for (int i = 0; i < VECTOR; i++) {
    int e = v * VECTOR + i;
    int c = e / AREA;
    int h = row * S::STRIDE - S::PAD + e % AREA / S::STRIDE;
    int w = column * S::STRIDE - S::PAD + e % S::STRIDE;
    values[i] = 0;
    if (h >= 0 && h < S::H && w >= 0 && w < S::W) {
      int x = image.w ? S::W - 1 - w : w;
      int stored = (c * height + image.y + h) * width + image.z + x;
      long long pixel = from + (cropped ? (c * S::H + h) * S::W + x : stored);
      if (floats) {
        values[i] = ((const float *)pixels)[pixel];
      } else {
        values[i] = (float)pixels[pixel] * channelOf(scales, c) - mean[stored] +
                    shift[(first + n) * S::C + c];
      }
    }
  }
  long long at = ((long long)n * S::ROWS + row) * S::COLUMNS + column;
  storeWords(data + (at * VECTORS + v) * VECTOR, packAll(values));
  if (v == 0 && row == 0 && column == 0) {
    labels[n] = (float)image.x;
  }
}
