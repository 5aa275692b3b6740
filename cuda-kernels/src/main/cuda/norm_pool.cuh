// Local response normalization across channels and max pooling in one pass, forward, and their
// gradients with those of a ReLU before them and of a bias in one pass backward. Either may be
// absent. Channels lie together; a thread has sixteen bytes of them. The sum of squares is computed
// again and not kept.
//
// These are templates: NormPool.java writes a kernel for each shape, whose sizes are constants of a
// struct S:
//   C, GROUP   channels, and those of a group of the normalization
//   HALF       neighbours on either side, where NORM
//   OFFSET     k / factor, so that s = factor * (OFFSET + sum of squares)
//   POWER      -beta log2(factor), so that s^-beta = 2^(POWER - beta log2(s / factor))
//   SLOPE      the same of the derivative's 2 factor beta s^(-beta - 1)
//   H, W, OH, OW, WINDOW, STRIDE, PAD   images, windows, and the window, where POOL
//   COLUMNS    windows of a row that a thread has at once
//   ORDERED    whether what is pooled is at least 0 and sixteen bits wide
//   RELU, BIAS what else there is backward

#ifdef __STAND_IN__
__device__ __forceinline__ float log2Of(float x) { return log2f(x); }
__device__ __forceinline__ float exp2Of(float x) { return exp2f(x); }
__device__ __forceinline__ float rootOf(float x) { return sqrtf(x); }
__device__ __forceinline__ float inverseRootOf(float x) { return 1 / sqrtf(x); }
#else
// One instruction each. Logarithms and powers are right to some units of 2^-22, which is far below
// what sixteen bits keep, roots to 2^-22.
#define APPROXIMATE(name, instruction)                        \
  __device__ __forceinline__ float name(float x) {            \
    float y;                                                  \
    asm(instruction ".approx.ftz.f32 %0, %1;" : "=f"(y) : "f"(x)); \
    return y;                                                 \
  }
APPROXIMATE(log2Of, "lg2")
APPROXIMATE(exp2Of, "ex2")
APPROXIMATE(rootOf, "sqrt")
APPROXIMATE(inverseRootOf, "rsqrt")
#endif

// Single precision takes roots for the paper's beta.
template <class S>
struct Roots {
  static constexpr bool TAKES = STORAGE == 0 && S::BETA == 0.75f;
};

// s^-beta of sums = s / factor.
template <class S>
__device__ __forceinline__ float powerOf(float sums) {
  if constexpr (Roots<S>::TAKES) {
    float inverse = inverseRootOf(S::FACTOR * sums);
    return inverse * rootOf(inverse);
  } else {
    return exp2Of(fmaf(-S::BETA, log2Of(sums), S::POWER));
  }
}

// The same, and 2 factor beta s^(-beta - 1) for the derivative.
template <class S>
__device__ __forceinline__ void powersOf(float sums, float *value, float *slope) {
  if constexpr (Roots<S>::TAKES) {
    float inverse = inverseRootOf(S::FACTOR * sums);
    *value = inverse * rootOf(inverse);
    *slope = 2 * S::FACTOR * S::BETA * *value * (inverse * inverse);
  } else {
    float logarithm = log2Of(sums);
    *value = exp2Of(fmaf(-S::BETA, logarithm, S::POWER));
    *slope = exp2Of(fmaf(-S::BETA - 1, logarithm, S::SLOPE));
  }
}

// A vector of x and where its neighbours lie. At the edge of a group these are its own words, which a
// mask takes away: a thread has no branch then.
template <class S>
struct Around {
  static constexpr int WORDS = (S::HALF + PER_WORD - 1) / PER_WORD;

  const Number *own, *before, *after;
  unsigned int keepsBefore, keepsAfter;

  __device__ __forceinline__ Around(const Number *x, int v) {
    constexpr int VECTORS = S::GROUP / VECTOR;
    bool first = v % VECTORS == 0;
    bool last = v % VECTORS == VECTORS - 1;
    own = x;
    before = first ? x : x - WORDS * PER_WORD;
    after = last ? x : x + VECTOR;
    keepsBefore = first ? 0u : ~0u;
    keepsAfter = last ? 0u : ~0u;
  }

  __device__ __forceinline__ Around at(long long offset) const {
    Around moved = *this;
    moved.own += offset;
    moved.before += offset;
    moved.after += offset;
    return moved;
  }
};

// The same as words.
template <class S>
struct AroundWords {
  static constexpr int WORDS = Around<S>::WORDS;
  static constexpr int SPARE = WORDS * PER_WORD - S::HALF;

  Words own;
  unsigned int before[WORDS + 1], after[WORDS + 1];

  __device__ __forceinline__ void clear() {
#pragma unroll
    for (int i = 0; i < 4; i++) {
      own.of[i] = 0;
    }
#pragma unroll
    for (int i = 0; i < WORDS; i++) {
      before[i] = 0;
      after[i] = 0;
    }
  }

  __device__ __forceinline__ void load(const Around<S> &from) {
    own = loadWords(from.own);
    if constexpr (S::NORM) {
#pragma unroll
      for (int i = 0; i < WORDS; i++) {
        before[i] = ((const unsigned int *)from.before)[i];
        after[i] = ((const unsigned int *)from.after)[i];
      }
    }
  }

  // The vector's numbers with HALF more on either side, 0 beyond the group.
  __device__ __forceinline__ void numbers(const Around<S> &from, float *a) const {
    float side[WORDS * PER_WORD + 1];
#pragma unroll
    for (int i = 0; i < WORDS; i++) {
      unpack(before[i] & from.keepsBefore, side + PER_WORD * i);
    }
#pragma unroll
    for (int i = 0; i < S::HALF; i++) {
      a[i] = side[SPARE + i];
    }
    unpackAll(own, a + S::HALF);
#pragma unroll
    for (int i = 0; i < WORDS; i++) {
      unpack(after[i] & from.keepsAfter, side + PER_WORD * i);
    }
#pragma unroll
    for (int i = 0; i < S::HALF; i++) {
      a[S::HALF + VECTOR + i] = side[i];
    }
  }
};

// OFFSET and the squares of each channel's region.
template <class S>
__device__ __forceinline__ void sumsOfSquares(const float *a, float *sums) {
  if constexpr (S::HALF == 0) {
#pragma unroll
    for (int i = 0; i < VECTOR; i++) {
      sums[i] = fmaf(a[i], a[i], S::OFFSET);
    }
  } else {
    constexpr float SHARE = S::OFFSET / S::HALF;
    float pairs[VECTOR + 2 * S::HALF - 2];
#pragma unroll
    for (int i = 0; i < VECTOR + 2 * S::HALF - 2; i++) {
      pairs[i] = fmaf(a[i], a[i], fmaf(a[i + 1], a[i + 1], SHARE));
    }
#pragma unroll
    for (int i = 0; i < VECTOR; i++) {
      float sum = pairs[i];
#pragma unroll
      for (int k = 1; k < S::HALF; k++) {
        sum += pairs[i + 2 * k];
      }
      sums[i] = fmaf(a[i + 2 * S::HALF], a[i + 2 * S::HALF], sum);
    }
  }
}

// A vector of x, normalized if S says so.
template <class S>
__device__ __forceinline__ Words normalizedWords(const Around<S> &x) {
  AroundWords<S> words;
  words.load(x);
  if constexpr (S::NORM) {
    float a[VECTOR + 2 * S::HALF];
    float sums[VECTOR];
    words.numbers(x, a);
    sumsOfSquares<S>(a, sums);
#pragma unroll
    for (int i = 0; i < VECTOR; i++) {
      sums[i] = a[S::HALF + i] * powerOf<S>(sums[i]);
    }
    return packAll(sums);
  }
  return words.own;
}

// The largest value so far of a window and where it stands. `code` falls from one place of a window
// to the next, so that of equal values the first has the largest.
struct Compared {
  float value;
  int code;  // below 0 where there is none

  static __device__ __forceinline__ Compared none() {
    Compared best = {0, -1};
    return best;
  }

  __device__ __forceinline__ void take(const Compared &o) {
    if (o.code >= 0 &&
        (code < 0 || o.value > value || (o.value != o.value && value == value))) {
      *this = o;
    }
  }
};

// Numbers of sixteen bits that are at least 0 are ordered as their bits are, with what is not a
// number last; the code has the other sixteen.
struct Ordered {
  int key;

  static __device__ __forceinline__ Ordered none() {
    Ordered best = {0};
    return best;
  }

  __device__ __forceinline__ void take(const Ordered &o) { key = o.key > key ? o.key : key; }
};

#define LARGEST_CODE 0xFFFF

__device__ __forceinline__ void rank(const Words &words, int code, Compared *ranks) {
  float values[VECTOR];
  unpackAll(words, values);
#pragma unroll
  for (int i = 0; i < VECTOR; i++) {
    ranks[i].value = values[i];
    ranks[i].code = code;
  }
}

__device__ __forceinline__ void rank(const Words &words, int code, Ordered *ranks) {
#pragma unroll
  for (int i = 0; i < 4; i++) {
    unsigned int word = words.of[i] & 0x7FFF7FFFu;
    ranks[2 * i].key = (int)__byte_perm(word, code, 0x1054);
    ranks[2 * i + 1].key = (int)__byte_perm(word, code, 0x3254);
  }
}

__device__ __forceinline__ Words valuesOf(const Compared *ranks) {
  float values[VECTOR];
#pragma unroll
  for (int i = 0; i < VECTOR; i++) {
    values[i] = ranks[i].value;
  }
  return packAll(values);
}

__device__ __forceinline__ Words valuesOf(const Ordered *ranks) {
  Words words;
#pragma unroll
  for (int i = 0; i < 4; i++) {
    words.of[i] = __byte_perm(ranks[2 * i].key, ranks[2 * i + 1].key, 0x7632);
  }
  return words;
}

__device__ __forceinline__ int codeOf(const Compared &rank) { return rank.code; }
__device__ __forceinline__ int codeOf(const Ordered &rank) { return rank.key; }

// Bytes of places in windows, for each number of a vector.
struct Places {
  unsigned int of[VECTOR / 4];
};

__device__ __forceinline__ Places loadPlaces(const unsigned char *p) {
  Places places;
#if STORAGE == 0
  places.of[0] = *(const unsigned int *)p;
#else
  uint2 two = *(const uint2 *)p;
  places.of[0] = two.x;
  places.of[1] = two.y;
#endif
  return places;
}

__device__ __forceinline__ void storePlaces(unsigned char *p, const Places &places) {
#if STORAGE == 0
  *(unsigned int *)p = places.of[0];
#else
  *(uint2 *)p = make_uint2(places.of[0], places.of[1]);
#endif
}

template <bool ORDERED>
struct RankOf {
  typedef Compared Type;
};
template <>
struct RankOf<true> {
  typedef Ordered Type;
};

// A thread has COLUMNS windows beside each other and goes down a strip of rows of them. The rows that
// a window shares with the next are kept for it.
template <class S>
struct NormPool {
  typedef typename RankOf<(bool)S::ORDERED>::Type Rank;
  static constexpr int VECTORS = S::C / VECTOR;
  static constexpr int SLOTS = THREADS / VECTORS;
  static constexpr int GROUPS = (S::OW + S::COLUMNS - 1) / S::COLUMNS;
  static constexpr int WIDTH = (S::COLUMNS - 1) * S::STRIDE + S::WINDOW;
  static constexpr int SHARED = S::WINDOW > S::STRIDE ? S::WINDOW - S::STRIDE : 0;
  static constexpr int OWN = S::WINDOW > S::STRIDE ? S::STRIDE : S::WINDOW;
  static constexpr bool INSIDE_ROWS =
      S::PAD == 0 && (S::OH - 1) * S::STRIDE + S::WINDOW <= S::H;
  static constexpr bool INSIDE_COLUMNS =
      S::PAD == 0 && S::OW % S::COLUMNS == 0 && (S::OW - 1) * S::STRIDE + S::WINDOW <= S::W;

  Around<S> x;  // at the thread's first column and channel of the image's row 0
  int w;

  // A row of the image goes into the windows.
  __device__ __forceinline__ void row(int h, int code, Rank (*windows)[VECTOR]) const {
    if (!INSIDE_ROWS && (h < 0 || h >= S::H)) {
      return;
    }
    Around<S> line = x.at(h * (S::W * S::C));
#pragma unroll
    for (int c = 0; c < WIDTH; c++) {
      if (INSIDE_COLUMNS || (w + c >= 0 && w + c < S::W)) {
        Rank ranks[VECTOR];
        rank(normalizedWords<S>(line.at(c * S::C)), code - c, ranks);
#pragma unroll
        for (int j = 0; j < S::COLUMNS; j++) {
          if (c >= j * S::STRIDE && c < j * S::STRIDE + S::WINDOW) {
#pragma unroll
            for (int i = 0; i < VECTOR; i++) {
              windows[j][i].take(ranks[i]);
            }
          }
        }
      }
    }
  }

  static __device__ __forceinline__ void clear(Rank (*windows)[VECTOR]) {
#pragma unroll
    for (int j = 0; j < S::COLUMNS; j++) {
#pragma unroll
      for (int i = 0; i < VECTOR; i++) {
        windows[j][i] = Rank::none();
      }
    }
  }

  static __device__ __forceinline__ void merge(Rank (*windows)[VECTOR],
                                               const Rank (*later)[VECTOR]) {
#pragma unroll
    for (int j = 0; j < S::COLUMNS; j++) {
#pragma unroll
      for (int i = 0; i < VECTOR; i++) {
        windows[j][i].take(later[j][i]);
      }
    }
  }

  // `base` is the code of a window's first place, one more a column.
  static __device__ __forceinline__ void write(const Rank (*windows)[VECTOR], int base, int column,
                                               Number *y, unsigned char *argmax) {
#pragma unroll
    for (int j = 0; j < S::COLUMNS; j++) {
      if (S::OW % S::COLUMNS == 0 || column + j < S::OW) {
        storeWords(y + j * S::C, valuesOf(windows[j]));
        Places places;
#pragma unroll
        for (int k = 0; k < VECTOR / 4; k++) {
          unsigned int word = 0;
#pragma unroll
          for (int i = 0; i < 4; i++) {
            unsigned int place = base - j * S::STRIDE - codeOf(windows[j][4 * k + i]);
            word |= (place & 0xFFu) << 8 * i;
          }
          places.of[k] = word;
        }
        storePlaces(argmax + j * S::C, places);
      }
    }
  }
};

template <class S>
__device__ __forceinline__ void normPool(const Number *__restrict__ x, Number *__restrict__ y,
                                         unsigned char *__restrict__ argmax, int images, int strips,
                                         int rows) {
  typedef NormPool<S> P;
  typename P::Rank windows[S::COLUMNS][VECTOR], shared[S::COLUMNS][VECTOR];
  unsigned int slot = threadIdx.x / P::VECTORS;
  unsigned int task = blockIdx.x * P::SLOTS + slot;
  int column = (int)(task % P::GROUPS) * S::COLUMNS;
  task /= P::GROUPS;
  int from = (int)(task % strips) * rows;
  int n = (int)(task / strips);
  if (slot >= P::SLOTS || n >= images) {
    return;
  }
  int v = threadIdx.x % P::VECTORS;
  int w = column * S::STRIDE - S::PAD;
  P p = {Around<S>(x + (long long)n * (S::H * S::W * S::C) + w * S::C + v * VECTOR, v), w};
  long long window = ((long long)(n * S::OH + from) * S::OW + column) * S::C + v * VECTOR;
  int end = from + rows < S::OH ? from + rows : S::OH;
  int h = from * S::STRIDE - S::PAD;
  int code = LARGEST_CODE;
  P::clear(shared);
#pragma unroll
  for (int k = 0; k < P::SHARED; k++) {
    p.row(h + k, code - k * S::WINDOW, shared);
  }
#pragma unroll 1
  for (int oh = from; oh < end; oh++) {
#pragma unroll
    for (int j = 0; j < S::COLUMNS; j++) {
#pragma unroll
      for (int i = 0; i < VECTOR; i++) {
        windows[j][i] = shared[j][i];
      }
    }
#pragma unroll
    for (int k = P::SHARED; k < P::OWN; k++) {
      p.row(h + k, code - k * S::WINDOW, windows);
    }
    P::clear(shared);
#pragma unroll
    for (int k = P::OWN; k < S::WINDOW; k++) {
      p.row(h + k, code - k * S::WINDOW, shared);
    }
    P::merge(windows, shared);
    P::write(windows, code, column, y + window, argmax + window);
    window += S::OW * S::C;
    h += S::STRIDE;
    code -= S::STRIDE * S::WINDOW;
  }
}

// Normalization alone: a thread has a vector of pixels that lie `gridDim.x` blocks apart.
template <class S>
__device__ __forceinline__ void norm(const Number *__restrict__ x, Number *__restrict__ y,
                                     int pixels) {
  constexpr int VECTORS = S::C / VECTOR;
  constexpr int SLOTS = THREADS / VECTORS;
  unsigned int slot = threadIdx.x / VECTORS;
  int v = threadIdx.x % VECTORS;
  if (slot >= SLOTS) {
    return;
  }
  Around<S> around(x + v * VECTOR, v);
  for (long long p = (long long)blockIdx.x * SLOTS + slot; p < pixels;
       p += (long long)gridDim.x * SLOTS) {
    storeWords(y + p * S::C + v * VECTOR, normalizedWords<S>(around.at(p * S::C)));
  }
}

// What threads of neighbouring channels tell each other, two places that take turns.
template <class S>
struct Edges {
  static constexpr int PAIRS = (S::HALF + 1) / 2;
  float2 first[2][PAIRS > 0 ? PAIRS : 1][THREADS];
  float2 last[2][PAIRS > 0 ? PAIRS : 1][THREADS];
};

// terms[HALF ...] are this thread's; those beside them come from its neighbours, 0 beyond the group.
template <class S>
__device__ __forceinline__ void exchange(float *terms, int v, int turn, Edges<S> &edges) {
  constexpr int VECTORS = S::GROUP / VECTOR;
  int t = threadIdx.x;
  const float *own = terms + S::HALF;
#pragma unroll
  for (int k = 0; k < S::HALF; k += 2) {
    bool whole = k + 1 < S::HALF;
    const float *end = own + VECTOR - S::HALF + k;
    edges.first[turn][k / 2][t] = make_float2(own[k], whole ? own[k + 1] : 0.0f);
    edges.last[turn][k / 2][t] = make_float2(end[0], whole ? end[1] : 0.0f);
  }
  __syncthreads();
  bool first = v % VECTORS == 0;
  bool last = v % VECTORS == VECTORS - 1 || t == THREADS - 1;
#pragma unroll
  for (int k = 0; k < S::HALF; k += 2) {
    float2 before = make_float2(0, 0);
    float2 after = make_float2(0, 0);
    if (!first) {
      before = edges.last[turn][k / 2][t - 1];
    }
    if (!last) {
      after = edges.first[turn][k / 2][t + 1];
    }
    terms[k] = before.x;
    terms[S::HALF + VECTOR + k] = after.x;
    if (k + 1 < S::HALF) {
      terms[k + 1] = before.y;
      terms[S::HALF + VECTOR + k + 1] = after.y;
    }
  }
}

// The sum of each number's region of 2 HALF + 1.
template <class S>
__device__ __forceinline__ void sumsOfTerms(const float *terms, float *sums) {
  if constexpr (S::HALF == 0) {
#pragma unroll
    for (int i = 0; i < VECTOR; i++) {
      sums[i] = terms[i];
    }
  } else {
    float pairs[VECTOR + 2 * S::HALF - 2];
#pragma unroll
    for (int i = 0; i < VECTOR + 2 * S::HALF - 2; i++) {
      pairs[i] = terms[i] + terms[i + 1];
    }
#pragma unroll
    for (int i = 0; i < VECTOR; i++) {
      float sum = pairs[i];
#pragma unroll
      for (int k = 1; k < S::HALF; k++) {
        sum += pairs[i + 2 * k];
      }
      sums[i] = sum + terms[i + 2 * S::HALF];
    }
  }
}

// From the gradient of what was pooled to that before the normalization and the ReLU. All threads of
// a block come here together; `in` says whether this one has a vector.
template <class S>
__device__ __forceinline__ void derive(float *g, const Around<S> &x, Number *dx, int v, bool in,
                                       int turn, float *bias, Edges<S> *edges) {
  float a[VECTOR + 2 * S::HALF];
  if constexpr (S::NORM || S::RELU) {
    AroundWords<S> words;
    words.clear();
    if (in) {
      words.load(x);
    }
    words.numbers(x, a);
  }
  if constexpr (S::NORM) {
    float sums[VECTOR], terms[VECTOR + 2 * S::HALF];
    sumsOfSquares<S>(a, sums);
#pragma unroll
    for (int i = 0; i < VECTOR; i++) {
      float value, slope;
      powersOf<S>(sums[i], &value, &slope);
      terms[S::HALF + i] = g[i] * a[S::HALF + i] * slope;
      g[i] *= value;
    }
    if constexpr (S::HALF > 0) {
      exchange<S>(terms, v, turn, *edges);
    }
    sumsOfTerms<S>(terms, sums);
#pragma unroll
    for (int i = 0; i < VECTOR; i++) {
      g[i] = fmaf(-a[S::HALF + i], sums[i], g[i]);
    }
  }
  if (!in) {
    return;
  }
  if constexpr (S::RELU) {
#pragma unroll
    for (int i = 0; i < VECTOR; i++) {
      g[i] = a[S::HALF + i] > 0 ? g[i] : 0.0f;
    }
  }
  if constexpr (S::BIAS) {
#pragma unroll
    for (int i = 0; i < VECTOR; i++) {
      bias[i] += g[i];
    }
  }
  storeWords(dx, packAll(g));
}

// The block's sums of the channels of C, in the order of its slots.
template <int C>
__device__ __forceinline__ void reduceBias(const float *bias, float *sums, float *partial) {
  constexpr int VECTORS = C / VECTOR;
  constexpr int SLOTS = THREADS / VECTORS;
#pragma unroll
  for (int i = 0; i < VECTOR; i++) {
    sums[threadIdx.x * VECTOR + i] = bias[i];
  }
  __syncthreads();
  for (int c = threadIdx.x; c < C; c += THREADS) {
    float sum = sums[c];
    for (int slot = 1; slot < SLOTS; slot++) {
      sum += sums[slot * C + c];
    }
    partial[(long long)blockIdx.x * C + c] = sum;
  }
}

// The bits that differ. In assembly, so that the compiler does not move the comparison behind the mask
// of a byte, where it would take one instruction more.
__device__ __forceinline__ unsigned int differing(unsigned int a, unsigned int b) {
#ifdef __STAND_IN__
  return a ^ b;
#else
  unsigned int bits;
  asm("xor.b32 %0, %1, %2;" : "=r"(bits) : "r"(a), "r"(b));
  return bits;
#endif
}

// A thread has STRIDE x STRIDE pixels, those whose last window is the same, and goes down a strip of
// rows of such; the windows that it shares with the rows above are kept.
template <class S>
struct PoolBackward {
  static constexpr int VECTORS = S::C / VECTOR;
  static constexpr int SLOTS = THREADS / VECTORS;
  static constexpr int REACH = (S::WINDOW - 1) / S::STRIDE + 1;  // windows of a pixel, each way
  static constexpr int PATCHES = (S::W + S::PAD + S::STRIDE - 1) / S::STRIDE;

  const Number *dy;              // of the image, at the thread's channels
  const unsigned char *argmax;
  int column;
  bool active;
  float d[REACH][REACH][VECTOR];
  Places places[REACH][REACH];

  __device__ __forceinline__ void fill(int a, int oh) {
#pragma unroll
    for (int b = 0; b < REACH; b++) {
      int ow = column - REACH + 1 + b;
      Words words = {{0, 0, 0, 0}};
#pragma unroll
      for (int k = 0; k < VECTOR / 4; k++) {
        places[a][b].of[k] = ~0u;  // no place
      }
      if (active && oh >= 0 && oh < S::OH && ow >= 0 && ow < S::OW) {
        int at = (oh * S::OW + ow) * S::C;
        words = loadWords(dy + at);
        places[a][b] = loadPlaces(argmax + at);
      }
      unpackAll(words, d[a][b]);
    }
  }

  __device__ __forceinline__ void shift() {
#pragma unroll
    for (int a = 0; a + 1 < REACH; a++) {
#pragma unroll
      for (int b = 0; b < REACH; b++) {
        places[a][b] = places[a + 1][b];
#pragma unroll
        for (int i = 0; i < VECTOR; i++) {
          d[a][b][i] = d[a + 1][b][i];
        }
      }
    }
  }

  // What pixel (r, c) of the patch gets from the windows that have their maximum there.
  __device__ __forceinline__ void gather(int r, int c, float *g) const {
#pragma unroll
    for (int i = 0; i < VECTOR; i++) {
      g[i] = 0;
    }
#pragma unroll
    for (int a = 0; a < REACH; a++) {
#pragma unroll
      for (int b = 0; b < REACH; b++) {
        int kh = r + S::STRIDE * (REACH - 1 - a);
        int kw = c + S::STRIDE * (REACH - 1 - b);
        if (kh < S::WINDOW && kw < S::WINDOW) {
          unsigned int other[VECTOR / 4];
#pragma unroll
          for (int k = 0; k < VECTOR / 4; k++) {
            other[k] = differing(places[a][b].of[k], 0x01010101u * (kh * S::WINDOW + kw));
          }
#pragma unroll
          for (int i = 0; i < VECTOR; i++) {
            if ((other[i / 4] & 0xFFu << 8 * (i % 4)) == 0) {
              g[i] += d[a][b][i];
            }
          }
        }
      }
    }
  }
};

template <class S>
__device__ __forceinline__ void normPoolBackward(const Number *__restrict__ dy,
                                                 const unsigned char *__restrict__ argmax,
                                                 const Number *__restrict__ x,
                                                 Number *__restrict__ dx, float *partial,
                                                 int images, int strips, int rows) {
  typedef PoolBackward<S> P;
  __shared__ Edges<S> edges;
  __shared__ float sums[S::BIAS ? THREADS * VECTOR : 1];
  unsigned int slot = threadIdx.x / P::VECTORS;
  unsigned int task = blockIdx.x * P::SLOTS + slot;
  int v = threadIdx.x % P::VECTORS;
  P p;
  p.column = (int)(task % P::PATCHES);
  task /= P::PATCHES;
  int from = (int)(task % strips) * rows;
  int n = (int)(task / strips);
  p.active = slot < P::SLOTS && n < images;
  p.dy = dy + (long long)n * (S::OH * S::OW * S::C) + v * VECTOR;
  p.argmax = argmax + (long long)n * (S::OH * S::OW * S::C) + v * VECTOR;
  int h = from * S::STRIDE - S::PAD;
  int w = p.column * S::STRIDE - S::PAD;
  long long pixel = (((long long)n * S::H + h) * S::W + w) * S::C + v * VECTOR;
  Around<S> here = Around<S>(x, v).at(pixel);
  dx += pixel;
  float bias[VECTOR];
#pragma unroll
  for (int i = 0; i < VECTOR; i++) {
    bias[i] = 0;
  }
#pragma unroll
  for (int a = 1; a < P::REACH; a++) {
    p.fill(a, from - P::REACH + a);
  }
#pragma unroll 1
  for (int k = 0; k < rows; k++) {
    p.shift();
    p.fill(P::REACH - 1, from + k);
#pragma unroll
    for (int r = 0; r < S::STRIDE; r++) {
#pragma unroll
      for (int c = 0; c < S::STRIDE; c++) {
        bool in = p.active && h + r < S::H && w + c < S::W;
        if (S::PAD > 0) {
          in = in && h + r >= 0 && w + c >= 0;
        }
        float g[VECTOR];
        p.gather(r, c, g);
        int at = (r * S::W + c) * S::C;
        derive<S>(g, here.at(at), dx + at, v, in, (r * S::STRIDE + c) % 2, bias, &edges);
      }
    }
    if (S::NORM && S::HALF > 0 && S::STRIDE % 2 == 1) {
      __syncthreads();  // the first place is used twice in a row
    }
    h += S::STRIDE;
    here = here.at(S::STRIDE * S::W * S::C);
    dx += S::STRIDE * S::W * S::C;
  }
  if constexpr (S::BIAS) {
    reduceBias<S::C>(bias, sums, partial);
  }
}

// The gradient of a normalization without pooling behind it. Each block makes as many rounds.
template <class S>
__device__ __forceinline__ void normBackward(const Number *__restrict__ dy,
                                             const Number *__restrict__ x, Number *__restrict__ dx,
                                             float *partial, int pixels) {
  constexpr int VECTORS = S::C / VECTOR;
  constexpr int SLOTS = THREADS / VECTORS;
  __shared__ Edges<S> edges;
  __shared__ float sums[S::BIAS ? THREADS * VECTOR : 1];
  unsigned int slot = threadIdx.x / VECTORS;
  int v = threadIdx.x % VECTORS;
  float bias[VECTOR];
#pragma unroll
  for (int i = 0; i < VECTOR; i++) {
    bias[i] = 0;
  }
  Around<S> around(x, v);
  int turn = 0;
  for (long long first = (long long)blockIdx.x * SLOTS; first < pixels;
       first += (long long)gridDim.x * SLOTS) {
    bool in = slot < SLOTS && first + slot < pixels;
    long long at = (first + slot) * S::C + v * VECTOR;
    float g[VECTOR];
#pragma unroll
    for (int i = 0; i < VECTOR; i++) {
      g[i] = 0;
    }
    if (in) {
      unpackAll(loadWords(dy + at), g);
    }
    derive<S>(g, around.at(at), dx + at, v, in, turn, bias, &edges);
    turn = 1 - turn;
  }
  if constexpr (S::BIAS) {
    reduceBias<S::C>(bias, sums, partial);
  }
}
