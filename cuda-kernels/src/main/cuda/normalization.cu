// Local response normalisation: s = k + factor * sum of squares, y = x s^-beta. The sum is over
// neighbouring channels of a group, or over neighbouring pixels of a channel.

// s^-beta. For the paper's beta only correctly rounded operations are used.
__device__ __forceinline__ float power(float s, float beta) {
  if (beta == 0.75f) {
    float root = sqrtf(s);
    return 1 / (root * sqrtf(root));
  }
  return powf(s, -beta);
}

// The channels that are neighbours of one within its group.
__device__ __forceinline__ int firstChannel(int c, int group, int half) {
  int begin = c / group * group;
  return c - half > begin ? c - half : begin;
}

__device__ __forceinline__ int endChannel(int c, int group, int half) {
  int end = (c / group + 1) * group;
  return c + half + 1 < end ? c + half + 1 : end;
}

KERNEL normalize_across(MARK, const Number *x, Number *y, float *s, int elements, int C, int H,
                        int W, int group, int half, float factor, float k, float beta) {
  BEGIN
  long long i = ELEMENT;
  if (i >= elements) {
    return;
  }
  int c = placeOf(i, C, H, W).c;
  long long stride = channelStride(H, W);
  float sum = 0;
  int end = endChannel(c, group, half);
  for (int j = firstChannel(c, group, half); j < end; j++) {
    float value = load(x + i + (j - c) * stride);
    sum += value * value;
  }
  float scale = k + factor * sum;
  s[i] = scale;
  store(y + i, load(x + i) * power(scale, beta));
}

KERNEL normalize_across_backward(MARK, const Number *dy, const Number *x, const float *s,
                                 Number *dx, int elements, int C, int H, int W, int group,
                                 int half, float factor, float beta) {
  BEGIN
  long long i = ELEMENT;
  if (i >= elements) {
    return;
  }
  int c = placeOf(i, C, H, W).c;
  long long stride = channelStride(H, W);
  float sum = 0;
  int end = endChannel(c, group, half);
  for (int j = firstChannel(c, group, half); j < end; j++) {
    long long e = i + (j - c) * stride;
    sum += load(dy + e) * load(x + e) * power(s[e], beta) / s[e];
  }
  float own = load(dy + i) * power(s[i], beta);
  store(dx + i, own - 2 * factor * beta * load(x + i) * sum);
}

KERNEL normalize_within(MARK, const Number *x, Number *y, float *s, int elements, int C, int H,
                        int W, int half, float factor, float k, float beta) {
  BEGIN
  long long i = ELEMENT;
  if (i >= elements) {
    return;
  }
  Place p = placeOf(i, C, H, W);
  float sum = 0;
  for (int h = p.h - half; h <= p.h + half; h++) {
    for (int w = p.w - half; w <= p.w + half; w++) {
      if (h >= 0 && h < H && w >= 0 && w < W) {
        float value = load(x + indexOf(p.n, p.c, h, w, C, H, W));
        sum += value * value;
      }
    }
  }
  float scale = k + factor * sum;
  s[i] = scale;
  store(y + i, load(x + i) * power(scale, beta));
}

KERNEL normalize_within_backward(MARK, const Number *dy, const Number *x, const float *s,
                                 Number *dx, int elements, int C, int H, int W, int half,
                                 float factor, float beta) {
  BEGIN
  long long i = ELEMENT;
  if (i >= elements) {
    return;
  }
  Place p = placeOf(i, C, H, W);
  float sum = 0;
  for (int h = p.h - half; h <= p.h + half; h++) {
    for (int w = p.w - half; w <= p.w + half; w++) {
      if (h >= 0 && h < H && w >= 0 && w < W) {
        long long e = indexOf(p.n, p.c, h, w, C, H, W);
        sum += load(dy + e) * load(x + e) * power(s[e], beta) / s[e];
      }
    }
  }
  float own = load(dy + i) * power(s[i], beta);
  store(dx + i, own - 2 * factor * beta * load(x + i) * sum);
}
