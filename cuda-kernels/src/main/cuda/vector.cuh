// Sixteen bytes of activations at once, where channels lie together.

#if STORAGE == 0
#define VECTOR 4
#define PER_WORD 1
#else
#define VECTOR 8
#define PER_WORD 2
#endif

#ifdef __CUDA_ARCH__
#define PACKS (__CUDA_ARCH__ >= 800)
#else
#define PACKS 0
#endif

// The numbers of a word: one, or two of half its size.
__device__ __forceinline__ void unpack(unsigned int word, float *to) {
#if STORAGE == 0
  to[0] = __uint_as_float(word);
#elif STORAGE == 1
  to[0] = __uint_as_float(word << 16);
  to[1] = __uint_as_float(word & 0xFFFF0000u);
#else
  Number low = (Number)word;
  Number high = (Number)(word >> 16);
  to[0] = load(&low);
  to[1] = load(&high);
#endif
}

// To the nearest, ties to even; what is not a number has no sign.
__device__ __forceinline__ unsigned int pack(const float *from) {
#if STORAGE == 0
  return __float_as_uint(from[0]);
#elif PACKS && STORAGE == 1
  unsigned int word;
  asm("cvt.rn.bf16x2.f32 %0, %1, %2;" : "=r"(word) : "f"(from[1]), "f"(from[0]));
  return word;
#elif PACKS
  unsigned int word;
  asm("cvt.rn.f16x2.f32 %0, %1, %2;" : "=r"(word) : "f"(from[1]), "f"(from[0]));
  return word;
#else
  Number low, high;
  store(&low, from[0]);
  store(&high, from[1]);
  low = from[0] == from[0] ? low : (Number)0x7FFF;
  high = from[1] == from[1] ? high : (Number)0x7FFF;
  return (unsigned int)high << 16 | low;
#endif
}

// Four words of memory that begin at a multiple of sixteen bytes.
struct Words {
  unsigned int of[4];
};

__device__ __forceinline__ Words loadWords(const Number *p) {
  uint4 four = *(const uint4 *)p;
  Words words = {{four.x, four.y, four.z, four.w}};
  return words;
}

__device__ __forceinline__ void storeWords(Number *p, const Words &words) {
  *(uint4 *)p = make_uint4(words.of[0], words.of[1], words.of[2], words.of[3]);
}

__device__ __forceinline__ void unpackAll(const Words &words, float *to) {
#pragma unroll
  for (int i = 0; i < 4; i++) {
    unpack(words.of[i], to + PER_WORD * i);
  }
}

__device__ __forceinline__ Words packAll(const float *from) {
  Words words;
#pragma unroll
  for (int i = 0; i < 4; i++) {
    words.of[i] = pack(from + PER_WORD * i);
  }
  return words;
}
