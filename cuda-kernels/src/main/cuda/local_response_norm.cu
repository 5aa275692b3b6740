// Local response normalization: s = k + factor * sum of squares, y = x s^-beta. The sum is over
// neighbouring channels of a group, or over neighbouring pixels of a channel.

// s^-beta. For the paper's beta only correctly rounded operations are used.
__device__ __forceinline__ float power(float s, float beta) {
  if (beta == 0.75f) {
    float root = sqrtf(s);
    return 1 / (root * sqrtf(root));
  }
  return powf(s, -beta);
}

// y and s of an element whose squares were summed up.
__device__ __forceinline__ void normalized(const Number *x, Number *y, float *s, long long i,
                                           float sum, float factor, float k, float beta) {
  float scale = k + factor * sum;
  s[i] = scale;
  store(y + i, load(x + i) * power(scale, beta));
}

// What the derivative sums up: dy x s^(-beta - 1).
__device__ __forceinline__ float term(const Number *dy, const Number *x, const float *s,
                                      long long e, float beta) {
  return load(dy + e) * load(x + e) * power(s[e], beta) / s[e];
}

// dx of an element whose neighbours' terms were summed up.
__device__ __forceinline__ void derived(const Number *dy, const Number *x, const float *s,
                                        Number *dx, long long i, float sum, float factor,
                                        float beta) {
  float own = load(dy + i) * power(s[i], beta);
  store(dx + i, own - 2 * factor * beta * load(x + i) * sum);
}

// The channels that are neighbours of one within its group.
struct ChannelRange {
  int first, end;
};

__device__ __forceinline__ ChannelRange neighbours(int c, Divisor group, int half) {
  int begin = (int)(quotient(c, group) * group.value);
  int end = begin + (int)group.value;
  ChannelRange channels;
  channels.first = c - half > begin ? c - half : begin;
  channels.end = c + half + 1 < end ? c + half + 1 : end;
  return channels;
}

KERNEL local_response_norm_across(MARK, const Number *x, Number *y, float *s, int elements, Sizes size,
                        Divisor group, int half, float factor, float k, float beta) {
  BEGIN
  long long i = ELEMENT;
  if (i >= elements) {
    return;
  }
  int c = placeOf(i, size).c;
  long long stride = channelStride(size);
  ChannelRange near = neighbours(c, group, half);
  float sum = 0;
  for (int j = near.first; j < near.end; j++) {
    float value = load(x + i + (j - c) * stride);
    sum += value * value;
  }
  normalized(x, y, s, i, sum, factor, k, beta);
}

#if NHWC
// A block's elements and those beside them, whose terms each thread needs some of.
#define MOST_HALF 15

// The neighbours of an element lie beside it: roots and quotients are found once an element.
KERNEL local_response_norm_across_backward(MARK, const Number *dy, const Number *x, const float *s,
                                 Number *dx, int elements, Sizes size, Divisor group, int half,
                                 float factor, float beta) {
  BEGIN
  __shared__ float terms[THREADS + 2 * MOST_HALF];
  long long begin = (long long)blockIdx.x * THREADS - half;
  for (int j = threadIdx.x; j < THREADS + 2 * half; j += THREADS) {
    long long e = begin + j;
    if (e >= 0 && e < elements) {
      terms[j] = term(dy, x, s, e, beta);
    }
  }
  __syncthreads();
  long long i = ELEMENT;
  if (i >= elements) {
    return;
  }
  int c = placeOf(i, size).c;
  ChannelRange near = neighbours(c, group, half);
  float sum = 0;
  for (int j = near.first; j < near.end; j++) {
    sum += terms[(int)threadIdx.x + half + j - c];
  }
  derived(dy, x, s, dx, i, sum, factor, beta);
}
#else
KERNEL local_response_norm_across_backward(MARK, const Number *dy, const Number *x, const float *s,
                                 Number *dx, int elements, Sizes size, Divisor group, int half,
                                 float factor, float beta) {
  BEGIN
  long long i = ELEMENT;
  if (i >= elements) {
    return;
  }
  int c = placeOf(i, size).c;
  long long stride = channelStride(size);
  ChannelRange near = neighbours(c, group, half);
  float sum = 0;
  for (int j = near.first; j < near.end; j++) {
    sum += term(dy, x, s, i + (j - c) * stride, beta);
  }
  derived(dy, x, s, dx, i, sum, factor, beta);
}
#endif

KERNEL local_response_norm_within(MARK, const Number *x, Number *y, float *s, int elements, Sizes size,
                        int half, float factor, float k, float beta) {
  BEGIN
  long long i = ELEMENT;
  if (i >= elements) {
    return;
  }
  Place p = placeOf(i, size);
  float sum = 0;
  for (int h = p.h - half; h <= p.h + half; h++) {
    for (int w = p.w - half; w <= p.w + half; w++) {
      if (h >= 0 && h < (int)size.H.value && w >= 0 && w < (int)size.W.value) {
        float value = load(x + indexOf(p.n, p.c, h, w, size));
        sum += value * value;
      }
    }
  }
  normalized(x, y, s, i, sum, factor, k, beta);
}

KERNEL local_response_norm_within_backward(MARK, const Number *dy, const Number *x, const float *s,
                                 Number *dx, int elements, Sizes size, int half,
                                 float factor, float beta) {
  BEGIN
  long long i = ELEMENT;
  if (i >= elements) {
    return;
  }
  Place p = placeOf(i, size);
  float sum = 0;
  for (int h = p.h - half; h <= p.h + half; h++) {
    for (int w = p.w - half; w <= p.w + half; w++) {
      if (h >= 0 && h < (int)size.H.value && w >= 0 && w < (int)size.W.value) {
        long long e = indexOf(p.n, p.c, h, w, size);
        sum += term(dy, x, s, e, beta);
      }
    }
  }
  derived(dy, x, s, dx, i, sum, factor, beta);
}
