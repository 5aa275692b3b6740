// Softmax and cross-entropy, and whether a step may be learned from.

// The most probable of some classes: a lower class goes before a higher one of the same
// probability, and what is not a number before nothing. No class is -1.
struct Best {
  float value;
  int at;
};

__device__ __forceinline__ bool goesBefore(Best a, Best b) {
  return a.at >= 0 && (b.at < 0 || a.value > b.value || (a.value == b.value && a.at < b.at));
}

// The best of all threads of the block; `bests` has room for one a thread.
__device__ __forceinline__ Best bestOfBlock(Best best, Best *bests) {
  bests[threadIdx.x] = best;
  __syncthreads();
  for (int half = THREADS / 2; half > 0; half /= 2) {
    if (threadIdx.x < half && goesBefore(bests[threadIdx.x + half], bests[threadIdx.x])) {
      bests[threadIdx.x] = bests[threadIdx.x + half];
    }
    __syncthreads();
  }
  return bests[0];
}

// One block an image. `errors` is 1 where another class than the label is the most probable.
KERNEL softmax(MARK, const float *logits, const float *labels, float *probabilities, float *loss,
               int *errors, int classes) {
  BEGIN
  __shared__ double sums[THREADS];
  __shared__ Best bests[THREADS];
  int n = blockIdx.x;
  int thread = threadIdx.x;
  const float *x = logits + (long long)n * classes;
  float *p = probabilities + (long long)n * classes;
  Best best = {0, -1};
  for (int c = thread; c < classes; c += THREADS) {
    Best one = {x[c], x[c] == x[c] ? c : -1};
    best = goesBefore(one, best) ? one : best;
  }
  best = bestOfBlock(best, bests);
  double max = best.at < 0 ? 0 : best.value;
  double sum = 0;
  for (int c = thread; c < classes; c += THREADS) {
    sum += exp((double)x[c] - max);
  }
  sums[thread] = sum;
  __syncthreads();
  for (int half = THREADS / 2; half > 0; half /= 2) {
    if (thread < half) {
      sums[thread] += sums[thread + half];
    }
    __syncthreads();
  }
  sum = sums[0];
  best = Best{0, -1};
  for (int c = thread; c < classes; c += THREADS) {
    float value = (float)(exp((double)x[c] - max) / sum);
    p[c] = value;
    Best one = {value, value == value ? c : -1};
    best = goesBefore(one, best) ? one : best;
  }
  __syncthreads();
  best = bestOfBlock(best, bests);
  if (thread == 0) {
    int label = (int)labels[n];
    loss[n] = (float)(log(sum) - ((double)x[label] - max));
    errors[n] = best.at == label ? 0 : 1;
  }
}

// finite = 1 if the loss of every real image is finite, of `images` that begin with `first` of the
// batch. One block. A training step whose loss was not stops the learning of those after it as well,
// until the host has heard of it and cleared `halted`: they were begun before anybody could know.
KERNEL finite_loss(MARK, const float *loss, float *finite, unsigned int *halted, int first,
                   int images, const Step *step) {
  BEGIN
  __shared__ unsigned int flags[THREADS];
  unsigned int found = 0;
  for (int n = threadIdx.x; n < images && first + n < step->images; n += THREADS) {
    float difference = loss[n] - loss[n];
    found |= difference != difference ? 1u : 0u;
  }
  bool bad = anyOfBlock(found, flags);
  if (threadIdx.x == 0) {
    if (step->training && bad) {
      *halted = 1;
    }
    *finite = bad || (step->training && *halted) ? 0.0f : 1.0f;
  }
}

// dx = (p - onehot(label)) / images, scaled; 0 for images that are not real.
KERNEL softmax_backward(MARK, const float *probabilities, const float *labels, Number *dx,
                        int elements, int classes, int first, const Step *step) {
  BEGIN
  long long i = ELEMENT;
  if (i < elements) {
    int n = (int)(i / classes);
    int c = (int)(i % classes);
    float difference = probabilities[i] - (c == (int)labels[n] ? 1.0f : 0.0f);
    float gradient = first + n < step->images ? difference / step->images : 0.0f;
    store(dx + i, gradient * step->lossScale);
  }
}
