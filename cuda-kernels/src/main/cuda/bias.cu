// Biases of convolutions and fully-connected layers, and their gradients.

// y = y + bias, or max(y + bias, 0), in place. `plane` is the number of pixels where planes lie
// together, and 1 where channels do.
__device__ __forceinline__ float biased(float value, float bias, int rectify) {
  float sum = value + bias;
  return rectify && !(sum > 0) && sum == sum ? 0.0f : sum;
}

KERNEL bias(MARK, Number *y, const float *b, int elements, Divisor C, Divisor plane,
            int rectify) {
  BEGIN
  long long i = ELEMENT;
  if (i < elements) {
    store(y + i, biased(load(y + i), b[rest(quotient((unsigned int)i, plane), C)], rectify));
  }
}

// The same of class scores, which are single precision whatever STORAGE is.
KERNEL bias_scores(MARK, float *y, const float *b, int elements, int C) {
  BEGIN
  long long i = ELEMENT;
  if (i < elements) {
    y[i] = biased(y[i], b[i % C], 0);
  }
}

// The biases of a convolution that has none.
KERNEL zeros(MARK, float *y, int elements) {
  BEGIN
  long long i = ELEMENT;
  if (i < elements) {
    y[i] = 0;
  }
}

// Sums of the threads of a block, in an order that their number fixes.
__device__ __forceinline__ float blockSum(float value, float *sums) {
  sums[threadIdx.x] = value;
  __syncthreads();
  for (int half = THREADS / 2; half > 0; half /= 2) {
    if (threadIdx.x < half) {
      sums[threadIdx.x] += sums[threadIdx.x + half];
    }
    __syncthreads();
  }
  return sums[0];
}

// Planes lie together: block (c, part) sums a part of the images' pixels of a channel.
KERNEL bias_gradient_planes(MARK, const Number *dy, float *partial, int N, int C, Divisor plane,
                            int part) {
  BEGIN
  __shared__ float sums[THREADS];
  int c = blockIdx.x;
  long long all = (long long)N * plane.value;
  long long from = (long long)blockIdx.y * part;
  long long end = from + part < all ? from + part : all;
  float sum = 0;
  for (long long e = from + threadIdx.x; e < end; e += THREADS) {
    unsigned int n = quotient((unsigned int)e, plane);
    sum += load(dy + ((long long)n * (C - 1) + c) * plane.value + e);
  }
  sum = blockSum(sum, sums);
  if (threadIdx.x == 0) {
    partial[(long long)blockIdx.y * C + c] = sum;
  }
}

// Channels lie together: block (32 channels, part) sums a part of the pixels of all images.
KERNEL bias_gradient_rows(MARK, const Number *dy, float *partial, int rows, int C, int part) {
  BEGIN
  __shared__ float sums[THREADS];
  int lane = threadIdx.x % 32;
  int c = blockIdx.x * 32 + lane;
  long long from = (long long)blockIdx.y * part;
  long long end = from + part < rows ? from + part : rows;
  float sum = 0;
  if (c < C) {
    for (long long r = from + threadIdx.x / 32; r < end; r += THREADS / 32) {
      sum += load(dy + r * C + c);
    }
  }
  sums[threadIdx.x] = sum;
  __syncthreads();
  if (threadIdx.x < 32 && c < C) {
    for (int k = 1; k < THREADS / 32; k++) {
      sum += sums[k * 32 + lane];
    }
    partial[(long long)blockIdx.y * C + c] = sum;
  }
}

// db = the sum of the parts, in their order.
KERNEL bias_gradient_sum(MARK, const float *partial, float *db, int C, int parts) {
  BEGIN
  long long c = ELEMENT;
  if (c < C) {
    float sum = 0;
    for (int p = 0; p < parts; p++) {
      sum += partial[(long long)p * C + c];
    }
    db[c] = sum;
  }
}
