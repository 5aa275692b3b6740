// Dropout from the generator that all backends share: Philox 4x32-10 (Salmon et al., SC 2011).

__device__ __forceinline__ unsigned int philox(unsigned long long element, unsigned int step,
                                               unsigned int stream, unsigned int k0,
                                               unsigned int k1) {
  unsigned long long block = element >> 2;
  unsigned int c0 = (unsigned int)block;
  unsigned int c1 = (unsigned int)(block >> 32);
  unsigned int c2 = step;
  unsigned int c3 = stream;
  for (int round = 0; round < 10; round++) {
    unsigned int high0 = __umulhi(0xD2511F53u, c0);
    unsigned int high1 = __umulhi(0xCD9E8D57u, c2);
    unsigned int low0 = 0xD2511F53u * c0;
    unsigned int low1 = 0xCD9E8D57u * c2;
    c0 = high1 ^ c1 ^ k0;
    c2 = high0 ^ c3 ^ k1;
    c1 = low1;
    c3 = low0;
    k0 += 0x9E3779B9u;
    k1 += 0xBB67AE85u;
  }
  unsigned int word = (unsigned int)element & 3u;
  return word == 0 ? c0 : word == 1 ? c1 : word == 2 ? c2 : c3;
}

// Elements are counted N C H W in the whole tensor of the whole batch. x begins there with `image` and
// `channel`.
KERNEL dropout(MARK, const Number *x, Number *y, int elements, Sizes size, int image, int channel,
               int channels, unsigned int threshold, float scale, unsigned int stream,
               const Step *step) {
  BEGIN
  long long i = ELEMENT;
  if (i >= elements) {
    return;
  }
  Place p = placeOf(i, size);
  unsigned long long element =
      ((((unsigned long long)image + p.n) * channels + channel + p.c) * size.H.value + p.h) *
          size.W.value +
      p.w;
  unsigned int word = philox(element, (unsigned int)step->step, stream, step->seed0, step->seed1);
  store(y + i, word >= threshold ? load(x + i) * scale : 0.0f);
}
