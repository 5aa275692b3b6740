// The device language, as far as the backend's kernels use it, for g++. Compiled with
// -fsanitize=thread, so that each access of a kernel is checked first (kernels.cpp).
#pragma once
#define __STAND_IN__ 1

// An attribute that g++ does not know and passes over: nvrtc.cpp finds kernels by it.
#define __global__ __attribute__((standin_kernel))
#define __device__
#define __host__
#define __constant__
#define __shared__ static
#define __forceinline__ inline __attribute__((always_inline))
#define __noinline__ __attribute__((noinline))
#define __restrict__ __restrict
#define __launch_bounds__(...)
#define __align__(n) alignas(n)

typedef __SIZE_TYPE__ size_t;
typedef unsigned char uchar;
typedef unsigned short ushort;
typedef unsigned int uint;

struct uint3 {
  unsigned x, y, z;
};
struct alignas(8) float2 {
  float x, y;
};
struct alignas(16) float4 {
  float x, y, z, w;
};
struct alignas(8) uint2 {
  unsigned x, y;
};
struct alignas(16) uint4 {
  unsigned x, y, z, w;
};
struct alignas(8) int2 {
  int x, y;
};
struct alignas(16) int4 {
  int x, y, z, w;
};
struct alignas(4) ushort2 {
  unsigned short x, y;
};
struct alignas(8) ushort4 {
  unsigned short x, y, z, w;
};
inline float2 make_float2(float x, float y) { return {x, y}; }
inline float4 make_float4(float x, float y, float z, float w) { return {x, y, z, w}; }
inline uint2 make_uint2(unsigned x, unsigned y) { return {x, y}; }
inline uint4 make_uint4(unsigned x, unsigned y, unsigned z, unsigned w) { return {x, y, z, w}; }

// Where the running thread is. Set by the stand-in, and read by assembly, which is not checked.
struct StandInHere {
  uint3 thread, block, blockSize, gridSize;
};
extern "C" __attribute__((visibility("default"))) StandInHere standin_here;
StandInHere standin_here;

__attribute__((always_inline)) inline uint3 standin_read(const uint3& from) {
  uint3 value;
  asm("movl %1, %0" : "=r"(value.x) : "m"(from.x));
  asm("movl %1, %0" : "=r"(value.y) : "m"(from.y));
  asm("movl %1, %0" : "=r"(value.z) : "m"(from.z));
  return value;
}
#define threadIdx standin_read(standin_here.thread)
#define blockIdx standin_read(standin_here.block)
#define blockDim standin_read(standin_here.blockSize)
#define gridDim standin_read(standin_here.gridSize)

extern "C" void standin_barrier();
__attribute__((always_inline)) inline void __syncthreads() {
  asm volatile("" ::: "memory");
  standin_barrier();
  asm volatile("" ::: "memory");
}
inline void __threadfence() {}
inline void __threadfence_block() {}

template <class T>
inline T __ldg(const T* p) {
  return *p;
}
template <class To, class From>
inline To standin_bits(From from) {
  static_assert(sizeof(To) == sizeof(From), "as many bits");
  return __builtin_bit_cast(To, from);
}
inline unsigned __float_as_uint(float v) { return standin_bits<unsigned>(v); }
inline int __float_as_int(float v) { return standin_bits<int>(v); }
inline float __uint_as_float(unsigned v) { return standin_bits<float>(v); }
inline float __int_as_float(int v) { return standin_bits<float>(v); }
inline unsigned __umulhi(unsigned a, unsigned b) {
  return unsigned((unsigned long long)a * b >> 32);
}
inline int __mulhi(int a, int b) { return int((long long)a * b >> 32); }
inline unsigned long long __umul64hi(unsigned long long a, unsigned long long b) {
  return (unsigned long long)((unsigned __int128)a * b >> 64);
}
// Each half byte of the selector chooses one of eight bytes, those of b behind those of a.
inline unsigned __byte_perm(unsigned a, unsigned b, unsigned selector) {
  unsigned long long both = (unsigned long long)b << 32 | a;
  unsigned result = 0;
  for (int i = 0; i < 4; i++)
    result |= unsigned(both >> 8 * (selector >> 4 * i & 7) & 0xFF) << 8 * i;
  return result;
}
inline int __clz(int v) { return v ? __builtin_clz(unsigned(v)) : 32; }
inline int __ffs(int v) { return __builtin_ffs(v); }
inline int __popc(unsigned v) { return __builtin_popcount(v); }
inline unsigned __brev(unsigned v) {
  unsigned r = 0;
  for (int i = 0; i < 32; i++) r |= (v >> i & 1) << (31 - i);
  return r;
}

extern "C" {
float sqrtf(float) noexcept;
float expf(float) noexcept;
float exp2f(float) noexcept;
float expm1f(float) noexcept;
float logf(float) noexcept;
float log2f(float) noexcept;
float log1pf(float) noexcept;
float powf(float, float) noexcept;
float tanhf(float) noexcept;
float sinf(float) noexcept;
float cosf(float) noexcept;
float fabsf(float) noexcept;
float floorf(float) noexcept;
float ceilf(float) noexcept;
float truncf(float) noexcept;
float rintf(float) noexcept;
float roundf(float) noexcept;
float fmaf(float, float, float) noexcept;
float fmodf(float, float) noexcept;
float fminf(float, float) noexcept;
float fmaxf(float, float) noexcept;
float copysignf(float, float) noexcept;
double sqrt(double) noexcept;
double exp(double) noexcept;
double log(double) noexcept;
double pow(double, double) noexcept;
double fabs(double) noexcept;
double fma(double, double, double) noexcept;
int abs(int) noexcept;
}
inline float rsqrtf(float v) { return 1 / sqrtf(v); }
inline float __expf(float v) { return expf(v); }
inline float __logf(float v) { return logf(v); }
inline float __powf(float a, float b) { return powf(a, b); }
inline float __fdividef(float a, float b) { return a / b; }
inline float __frcp_rn(float v) { return 1 / v; }
inline float __fsqrt_rn(float v) { return sqrtf(v); }
inline float __fmaf_rn(float a, float b, float c) { return fmaf(a, b, c); }
// The volatile keeps g++ from making one operation of two.
inline float __fmul_rn(float a, float b) {
  volatile float product = a * b;
  return product;
}
inline float __fadd_rn(float a, float b) { return a + b; }
inline float __fsub_rn(float a, float b) { return a - b; }
inline float __fdiv_rn(float a, float b) { return a / b; }
inline int __float2int_rn(float v) { return int(rintf(v)); }
inline float __int2float_rn(int v) { return float(v); }
inline float __uint2float_rn(unsigned v) { return float(v); }
inline bool isnan(float v) { return __builtin_isnan(v); }
inline bool isinf(float v) { return __builtin_isinf(v); }
inline bool isfinite(float v) { return __builtin_isfinite(v); }
inline bool isnan(double v) { return __builtin_isnan(v); }
inline bool isinf(double v) { return __builtin_isinf(v); }
inline bool isfinite(double v) { return __builtin_isfinite(v); }

#define STAND_IN_EXTREMA(type)                                  \
  inline type min(type a, type b) { return b < a ? b : a; }     \
  inline type max(type a, type b) { return a < b ? b : a; }
STAND_IN_EXTREMA(int)
STAND_IN_EXTREMA(unsigned)
STAND_IN_EXTREMA(long)
STAND_IN_EXTREMA(unsigned long)
STAND_IN_EXTREMA(long long)
STAND_IN_EXTREMA(unsigned long long)
#undef STAND_IN_EXTREMA
inline float min(float a, float b) { return fminf(a, b); }
inline float max(float a, float b) { return fmaxf(a, b); }

// Threads take turns, so that an ordinary update is atomic.
template <class T, class V>
inline T atomicAdd(T* p, V v) {
  T old = *p;
  *p = old + v;
  return old;
}
template <class T, class V>
inline T atomicMax(T* p, V v) {
  T old = *p;
  if (old < T(v)) *p = v;
  return old;
}
template <class T, class V>
inline T atomicOr(T* p, V v) {
  T old = *p;
  *p = old | v;
  return old;
}
template <class T, class V>
inline T atomicExch(T* p, V v) {
  T old = *p;
  *p = v;
  return old;
}

// What libcuda.so.1 calls: a function for each kernel that takes pointers to its arguments.
struct StandInKernel {
  const char* name;
  void (*run)(void** arguments);
  const size_t* sizes;
  int count;
};
template <int... I>
struct StandInIndices {};
template <int N, int... I>
struct StandInCount : StandInCount<N - 1, N - 1, I...> {};
template <int... I>
struct StandInCount<0, I...> {
  typedef StandInIndices<I...> Type;
};
template <auto F>
struct StandInLaunch;
template <class... A, void (*F)(A...)>
struct StandInLaunch<F> {
  // Not checked: the arguments lie in the stand-in's own memory.
  template <int... I>
  __attribute__((no_sanitize("thread"))) static void call(void** arguments, StandInIndices<I...>) {
    (void)arguments;
    F(*static_cast<A*>(arguments[I])...);
  }
  static void run(void** arguments) {
    call(arguments, typename StandInCount<sizeof...(A)>::Type());
  }
  static constexpr int count = sizeof...(A);
  static constexpr size_t sizes[sizeof...(A) + 1] = {sizeof(A)..., 0};
};
