// What all kernels share. The files of this folder are compiled as one, by NVRTC on the user's
// machine, so nothing is included: a Python environment's NVRTC comes without CUDA's headers.
//
//   STORAGE  how activations and their gradients are kept: 0 float, 1 bfloat16, 2 IEEE half
//   NHWC     whether an image's channels lie together (1) or its planes do (0)
//
// Every kernel first notes its number in memory that the host sees, so that after a fault the host
// can say which was the last to begin. No kernel uses atomics: equal input gives equal bits.

#define KERNEL extern "C" __global__ void
#define MARK unsigned int *progress, unsigned int mark
#define BEGIN                                                        \
  if (threadIdx.x == 0 && blockIdx.x == 0 && blockIdx.y == 0) {      \
    *(volatile unsigned int *)progress = mark;                       \
  }

#define THREADS 256

// The element of this thread, in kernels that have a thread for each.
#define ELEMENT ((long long)blockIdx.x * blockDim.x + threadIdx.x)

#if STORAGE == 0

typedef float Number;

__device__ __forceinline__ float load(const Number *p) { return *p; }

__device__ __forceinline__ void store(Number *p, float value) { *p = value; }

#elif STORAGE == 1

typedef unsigned short Number;

__device__ __forceinline__ float load(const Number *p) {
  return __uint_as_float((unsigned int)*p << 16);
}

// To the nearest, ties to even; what is not a number stays so.
__device__ __forceinline__ void store(Number *p, float value) {
  unsigned int bits = __float_as_uint(value);
  if (value != value) {
    *p = (Number)((bits >> 16) | 0x40u);
  } else {
    *p = (Number)((bits + 0x7FFFu + ((bits >> 16) & 1u)) >> 16);
  }
}

#else

typedef unsigned short Number;

#ifdef __STAND_IN__
// The tests' stand-in for a GPU has no PTX.
__device__ __forceinline__ float load(const Number *p) {
  unsigned int half = *p;
  unsigned int sign = (half & 0x8000u) << 16;
  unsigned int exponent = half >> 10 & 31u;
  unsigned int fraction = half & 1023u;
  if (exponent == 31u) {
    return __uint_as_float(sign | 0x7F800000u | fraction << 13);
  }
  if (exponent == 0u) {
    float value = (float)fraction * 5.9604644775390625e-8f;  // 2^-24
    return sign ? -value : value;
  }
  return __uint_as_float(sign | (exponent + 112u) << 23 | fraction << 13);
}

__device__ __forceinline__ void store(Number *p, float value) {
  unsigned int bits = __float_as_uint(value);
  unsigned int sign = bits >> 16 & 0x8000u;
  unsigned int magnitude = bits & 0x7FFFFFFFu;
  if (magnitude > 0x7F800000u) {
    *p = (Number)(sign | 0x7E00u);
  } else if (magnitude >= 0x477FF000u) {  // rounds to more than 65504
    *p = (Number)(sign | 0x7C00u);
  } else if (magnitude < 0x38800000u) {  // below 2^-14: adding 1/2 leaves multiples of 2^-24
    float shifted = __uint_as_float(magnitude) + 0.5f;
    *p = (Number)(sign | (__float_as_uint(shifted) - 0x3F000000u));
  } else {
    unsigned int rounded = magnitude + 0xFFFu + (magnitude >> 13 & 1u) - 0x38000000u;
    *p = (Number)(sign | rounded >> 13);
  }
}
#else
__device__ __forceinline__ float load(const Number *p) {
  float value;
  asm("cvt.f32.f16 %0, %1;" : "=f"(value) : "h"(*p));
  return value;
}

__device__ __forceinline__ void store(Number *p, float value) {
  Number bits;
  asm("cvt.rn.f16.f32 %0, %1;" : "=h"(bits) : "f"(value));
  *p = bits;
}
#endif
#endif

// What changes from step to step; filled by the host. StepBlock.java writes these fields.
struct Step {
  unsigned int seed0;
  unsigned int seed1;
  int step;
  int images;  // real ones
  float rate;
  float momentum;
  float decay;
  float lossScale;  // of gradients
  int floats;       // whether pixels are floating-point numbers
  int height;       // of stored images
  int width;
  int training;
  int cropped;      // whether pixels are those of the windows that are read, and no others
  // Images that stay on the device: a batch then has their numbers instead of pixels. Else 0.
  const unsigned char *kept;
};

// Division of a number below 2^31 by one that the host prepared: a product and a shift. A GPU has no
// instruction for division, and every thread has some to do. Divisor.java fills these.
struct Divisor {
  unsigned int value;
  unsigned int multiplier;
  unsigned int shift;
};

__device__ __forceinline__ unsigned int quotient(unsigned int n, Divisor d) {
  return d.value == 1 ? n : __umulhi(n, d.multiplier) >> d.shift;
}

__device__ __forceinline__ unsigned int rest(unsigned int n, Divisor d) {
  return n - quotient(n, d) * d.value;
}

// Channels, rows and columns of a tensor of images.
struct Sizes {
  Divisor C, H, W;
};

// A number for each channel of an input, four at most.
struct Channels {
  float of[4];
};

// One of them. Where the index is not known the compiler may copy all of them to a thread's own
// memory, to be indexed there.
__device__ __forceinline__ float channelOf(const Channels &numbers, int c) {
  return c == 0 ? numbers.of[0] : c == 1 ? numbers.of[1] : c == 2 ? numbers.of[2] : numbers.of[3];
}

// Where an element of a tensor of images lies: image, channel, row, column.
struct Place {
  int n, c, h, w;
};

__device__ __forceinline__ int split(unsigned int *e, Divisor d) {
  unsigned int q = quotient(*e, d);
  int r = (int)(*e - q * d.value);
  *e = q;
  return r;
}

__device__ __forceinline__ Place placeOf(long long i, const Sizes &s) {
  unsigned int e = (unsigned int)i;
  Place p;
#if NHWC
  p.c = split(&e, s.C);
  p.w = split(&e, s.W);
  p.h = split(&e, s.H);
  p.n = (int)e;
#else
  p.w = split(&e, s.W);
  p.h = split(&e, s.H);
  p.c = split(&e, s.C);
  p.n = (int)e;
#endif
  return p;
}

__device__ __forceinline__ long long indexOf(int n, int c, int h, int w, const Sizes &s) {
#if NHWC
  return (((long long)n * s.H.value + h) * s.W.value + w) * s.C.value + c;
#else
  return (((long long)n * s.C.value + c) * s.H.value + h) * s.W.value + w;
#endif
}

// From one channel to the next of the same pixel.
__device__ __forceinline__ long long channelStride(const Sizes &s) {
#if NHWC
  return 1;
#else
  return (long long)s.H.value * s.W.value;
#endif
}

// The sum over the threads of the block, in a fixed order; `sums` has room for one a thread.
__device__ __forceinline__ float sumOfBlock(float value, float *sums) {
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

// Whether a flag is set in any thread of the block; `flags` has room for one a thread.
__device__ __forceinline__ bool anyOfBlock(unsigned int flag, unsigned int *flags) {
  flags[threadIdx.x] = flag;
  __syncthreads();
  for (int half = THREADS / 2; half > 0; half /= 2) {
    if (threadIdx.x < half) {
      flags[threadIdx.x] |= flags[threadIdx.x + half];
    }
    __syncthreads();
  }
  return flags[0] != 0;
}
