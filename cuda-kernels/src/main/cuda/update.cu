// The paper's update of all parameters (section 5) in one launch:
//   v = momentum v - decay e w - e g, then w = w + v

// A parameter; UpdateTable.java writes these fields.
struct Segment {
  float *w;
  float *v;
  const void *dw;
  Number *low;  // the copy that products of reduced precision read, or null
  int elements;
  int wide;  // whether dw is single precision
  float rate;
  float decay;
  float *squares;  // the sum of the squares of dw
  int first;       // the first of its pieces
  int pieces;
  float momentum;  // what the momentum is multiplied by
};

// A piece of a parameter for each block.
struct Piece {
  int segment;
  int from;
};

#define PIECE 4096

__device__ __forceinline__ float gradientAt(const Segment &s, int i) {
  return s.wide ? ((const float *)s.dw)[i] : load((const Number *)s.dw + i);
}

// overflow = 1 where a gradient is not finite: a scaled one may be too large for half precision.
// Each block writes its own word; the next kernel gathers them.
KERNEL check_gradients(MARK, const Segment *segments, const Piece *pieces, unsigned int *overflows) {
  BEGIN
  __shared__ unsigned int flags[THREADS];
  Piece piece = pieces[blockIdx.x];
  Segment s = segments[piece.segment];
  int end = piece.from + PIECE < s.elements ? piece.from + PIECE : s.elements;
  unsigned int found = 0;
  for (int i = piece.from + threadIdx.x; i < end; i += THREADS) {
    float g = gradientAt(s, i);
    found |= g - g != 0 ? 1u : 0u;
  }
  bool bad = anyOfBlock(found, flags);
  if (threadIdx.x == 0) {
    overflows[blockIdx.x] = bad ? 1u : 0u;
  }
}

// usable = finite, and 0 as well where a block found an overflow. One block.
KERNEL gather_overflows(MARK, const unsigned int *overflows, int blocks, const float *finite,
                        float *usable) {
  BEGIN
  __shared__ unsigned int flags[THREADS];
  unsigned int found = 0;
  for (int i = threadIdx.x; i < blocks; i += THREADS) {
    found |= overflows[i];
  }
  bool bad = anyOfBlock(found, flags);
  if (threadIdx.x == 0) {
    *usable = bad ? 0.0f : *finite;
  }
}

// Beside the update each block sums up the squares of its gradients; the next kernel gathers them.
KERNEL update(MARK, const Segment *segments, const Piece *pieces, const float *usable,
              float *squares, const Step *step) {
  BEGIN
  __shared__ float sums[THREADS];
  if (*usable == 0) {
    if (threadIdx.x == 0) {
      squares[blockIdx.x] = 0;
    }
    return;
  }
  Piece piece = pieces[blockIdx.x];
  Segment s = segments[piece.segment];
  int end = piece.from + PIECE < s.elements ? piece.from + PIECE : s.elements;
  float rate = step->rate * s.rate;
  float decay = step->decay * s.decay * rate;
  float momentum = step->momentum * s.momentum;
  float unscale = 1 / step->lossScale;
  float sum = 0;
  for (int i = piece.from + threadIdx.x; i < end; i += THREADS) {
    float g = gradientAt(s, i) * unscale;
    sum += g * g;
    float w = s.w[i];
    float v = momentum * s.v[i] - decay * w - rate * g;
    w += v;
    s.v[i] = v;
    s.w[i] = w;
    if (s.low) {
      store(s.low + i, w);
    }
  }
  sum = sumOfBlock(sum, sums);
  if (threadIdx.x == 0) {
    squares[blockIdx.x] = sum;
  }
}

// The sum of a parameter's squares from those of its pieces. One block a parameter.
KERNEL gather_squares(MARK, const Segment *segments, const float *squares) {
  BEGIN
  __shared__ float sums[THREADS];
  Segment s = segments[blockIdx.x];
  float sum = 0;
  for (int i = threadIdx.x; i < s.pieces; i += THREADS) {
    sum += squares[s.first + i];
  }
  sum = sumOfBlock(sum, sums);
  if (threadIdx.x == 0) {
    *s.squares = sum;
  }
}

// Brings each filter within bounds of its norm or deviation: w *= bound / measure. One block a
// filter. Element k of filter f is at (f - f mod inner) length + f mod inner + k inner.
KERNEL bound_filters(MARK, float *w, Number *low, int length, int inner, int deviation, float least,
                     float most, float rate, const float *usable, const Step *step) {
  BEGIN
  __shared__ float sums[THREADS];
  if (*usable == 0 || step->rate * rate == 0) {
    return;
  }
  int f = blockIdx.x;
  int first = f / inner * inner * length + f % inner;
  float mean = 0;
  if (deviation) {
    float sum = 0;
    for (int k = threadIdx.x; k < length; k += THREADS) {
      sum += w[first + k * inner];
    }
    mean = sumOfBlock(sum, sums) / length;
    __syncthreads();
  }
  float squares = 0;
  for (int k = threadIdx.x; k < length; k += THREADS) {
    float difference = w[first + k * inner] - mean;
    squares += difference * difference;
  }
  squares = sumOfBlock(squares, sums);
  float measure = sqrtf(deviation ? squares / length : squares);
  float bound = measure < least ? least : measure > most ? most : measure;
  if (measure == 0 || bound == measure) {
    return;
  }
  float factor = bound / measure;
  for (int k = threadIdx.x; k < length; k += THREADS) {
    float value = w[first + k * inner] * factor;
    w[first + k * inner] = value;
    if (low) {
      store(low + first + k * inner, value);
    }
  }
}
