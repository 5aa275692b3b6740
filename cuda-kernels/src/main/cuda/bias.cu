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

#if NHWC
// Channels lie together and are a multiple of VECTOR: a block has `lanes` vectors of channels beside
// each other and as many rows of them as there is room for; blockIdx.y says which vectors.
struct Lane {
  unsigned int slot, slots;
  int channel;
};

__device__ __forceinline__ Lane laneOf(Divisor lanes) {
  Lane lane;
  lane.slot = quotient(threadIdx.x, lanes);
  lane.slots = quotient(THREADS, lanes);
  unsigned int vector = blockIdx.y * lanes.value + threadIdx.x - lane.slot * lanes.value;
  lane.channel = (int)(vector * VECTOR);
  return lane;
}

// Vectors that a thread reads before it writes one.
#define AT_ONCE 4

KERNEL bias_rows(MARK, Number *y, const float *b, int rows, int C, Divisor lanes, int rectify) {
  BEGIN
  Lane lane = laneOf(lanes);
  if (lane.slot >= lane.slots) {
    return;
  }
  float bias[VECTOR];
  for (int i = 0; i < VECTOR; i++) {
    bias[i] = b[lane.channel + i];
  }
  long long step = (long long)gridDim.x * lane.slots;
  for (long long r = (long long)blockIdx.x * lane.slots + lane.slot; r < rows;
       r += AT_ONCE * step) {
    Words words[AT_ONCE];
#pragma unroll
    for (int k = 0; k < AT_ONCE; k++) {
      if (r + k * step < rows) {
        words[k] = loadWords(y + (r + k * step) * C + lane.channel);
      }
    }
#pragma unroll
    for (int k = 0; k < AT_ONCE; k++) {
      if (r + k * step < rows) {
        float values[VECTOR];
        unpackAll(words[k], values);
#pragma unroll
        for (int i = 0; i < VECTOR; i++) {
          values[i] = biased(values[i], bias[i], rectify);
        }
        storeWords(y + (r + k * step) * C + lane.channel, packAll(values));
      }
    }
  }
}

// dx = dy where y > 0, and parts of the sums of dx over rows.
KERNEL relu_backward_bias(MARK, const Number *__restrict__ dy, const Number *__restrict__ y,
                          Number *__restrict__ dx, float *partial, int rows, int C,
                          Divisor lanes) {
  BEGIN
  __shared__ float sums[THREADS * VECTOR];
  Lane lane = laneOf(lanes);
  float bias[VECTOR];
  for (int i = 0; i < VECTOR; i++) {
    bias[i] = 0;
  }
  if (lane.slot < lane.slots) {
    long long step = (long long)gridDim.x * lane.slots;
#pragma unroll 4
    for (long long r = (long long)blockIdx.x * lane.slots + lane.slot; r < rows; r += step) {
      long long at = r * C + lane.channel;
      float g[VECTOR], values[VECTOR];
      unpackAll(loadWords(dy + at), g);
      unpackAll(loadWords(y + at), values);
#pragma unroll
      for (int i = 0; i < VECTOR; i++) {
        g[i] = values[i] > 0 ? g[i] : 0.0f;
        bias[i] += g[i];
      }
      storeWords(dx + at, packAll(g));
    }
  }
#pragma unroll
  for (int i = 0; i < VECTOR; i++) {
    sums[threadIdx.x * VECTOR + i] = bias[i];
  }
  __syncthreads();
  int channels = (int)lanes.value * VECTOR;
  for (int c = threadIdx.x; c < channels; c += THREADS) {
    float sum = sums[c];
    for (int slot = 1; slot < (int)lane.slots; slot++) {
      sum += sums[slot * channels + c];
    }
    partial[(long long)blockIdx.x * C + (int)blockIdx.y * channels + c] = sum;
  }
}
#endif

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

// db = the sum of the parts: a block has some channels, and its threads take turns with the parts.
#define SUM_CHANNELS 8

KERNEL bias_gradient_sum(MARK, const float *__restrict__ partial, float *db, int C, int parts) {
  BEGIN
  __shared__ float sums[THREADS];
  int lane = threadIdx.x % SUM_CHANNELS;
  int c = blockIdx.x * SUM_CHANNELS + lane;
  float sum = 0;
  if (c < C) {
#pragma unroll 4
    for (int p = threadIdx.x / SUM_CHANNELS; p < parts; p += THREADS / SUM_CHANNELS) {
      sum += partial[(long long)p * C + c];
    }
  }
  sums[threadIdx.x] = sum;
  __syncthreads();
  if (threadIdx.x < SUM_CHANNELS && c < C) {
    for (int k = 1; k < THREADS / SUM_CHANNELS; k++) {
      sum += sums[k * SUM_CHANNELS + lane];
    }
    db[c] = sum;
  }
}
