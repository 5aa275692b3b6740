// The number formats of the libraries, and products of matrices that are summed in double.
#pragma once

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <thread>
#include <vector>

namespace standin {

enum class Format { FLOAT, HALF, BFLOAT16 };

inline std::size_t bytes(Format f) { return f == Format::FLOAT ? 4 : 2; }

inline std::uint32_t bits(float v) {
  std::uint32_t b;
  std::memcpy(&b, &v, 4);
  return b;
}
inline float fromBits(std::uint32_t b) {
  float v;
  std::memcpy(&v, &b, 4);
  return v;
}

inline float fromHalf(std::uint16_t h) {
  int exponent = h >> 10 & 31, fraction = h & 1023;
  float v = exponent == 31  ? (fraction ? NAN : INFINITY)
            : exponent == 0 ? std::ldexp(float(fraction), -24)
                            : std::ldexp(float(fraction + 1024), exponent - 25);
  return h & 0x8000 ? -v : v;
}

// To the nearest, of two as near the even one; from double, so that it is rounded once.
inline std::uint16_t toHalf(double v) {
  std::uint16_t sign = std::signbit(v) ? 0x8000 : 0;
  double a = std::fabs(v);
  if (std::isnan(v)) return 0x7fff;
  if (a >= 65520) return sign | 0x7c00;
  int exponent = a < 0x1p-14 ? -14 : std::ilogb(a);
  double scaled = std::nearbyint(std::ldexp(a, 10 - exponent));  // 1024..2048, or a subnormal
  if (scaled >= 2048) {
    scaled /= 2;
    exponent++;
  }
  int whole = int(scaled);
  return sign | (whole < 1024 ? whole : (exponent + 15) << 10 | (whole - 1024));
}

inline float fromBfloat16(std::uint16_t b) { return fromBits(std::uint32_t(b) << 16); }
inline std::uint16_t toBfloat16(double v) {
  if (std::isnan(v)) return 0x7fff;
  if (std::fabs(v) >= 0x1.ffp127) return std::signbit(v) ? 0xff80 : 0x7f80;
  int exponent = v == 0 ? -126 : std::max(std::ilogb(v), -126);
  double unit = std::ldexp(1.0, exponent - 7);
  return std::uint16_t(bits(float(std::nearbyint(v / unit) * unit)) >> 16);
}

// TF32 keeps 10 bits of the fraction: to the nearest, of two as near the one farther from zero.
inline float toTf32(float v) {
  return std::isfinite(v) ? fromBits((bits(v) + 0x1000) & ~0x1fffu) : v;
}

inline float load(const void* p, std::size_t i, Format f) {
  if (f == Format::FLOAT) return static_cast<const float*>(p)[i];
  std::uint16_t v = static_cast<const std::uint16_t*>(p)[i];
  return f == Format::HALF ? fromHalf(v) : fromBfloat16(v);
}
inline void store(void* p, std::size_t i, Format f, double v) {
  if (f == Format::FLOAT) static_cast<float*>(p)[i] = float(v);
  else static_cast<std::uint16_t*>(p)[i] = f == Format::HALF ? toHalf(v) : toBfloat16(v);
}

// c += a b, row by row; a is m x k, b is k x n. A product of two floats is exact in double, so
// that it makes no difference whether the compiler joins it to the sum.
inline void multiplyRows(long from, long to, long n, long k, const float* a, const float* b,
                         double* c) {
  constexpr long ROWS = 4, COLUMNS = 512;
  for (long j = 0; j < n; j += COLUMNS) {
    long width = std::min(COLUMNS, n - j);
    for (long i = from; i < to; i += ROWS) {
      long height = std::min(ROWS, to - i);
      double sums[ROWS][COLUMNS];
      for (long r = 0; r < height; r++)
        for (long x = 0; x < width; x++) sums[r][x] = c[(i + r) * n + j + x];
      for (long p = 0; p < k; p++) {
        const float* row = b + p * n + j;
        if (height == ROWS) {
          double a0 = a[i * k + p], a1 = a[(i + 1) * k + p], a2 = a[(i + 2) * k + p],
                 a3 = a[(i + 3) * k + p];
          for (long x = 0; x < width; x++) {
            double v = row[x];
            sums[0][x] += a0 * v;
            sums[1][x] += a1 * v;
            sums[2][x] += a2 * v;
            sums[3][x] += a3 * v;
          }
        } else {
          for (long r = 0; r < height; r++) {
            double v = a[(i + r) * k + p];
            for (long x = 0; x < width; x++) sums[r][x] += v * row[x];
          }
        }
      }
      for (long r = 0; r < height; r++)
        for (long x = 0; x < width; x++) c[(i + r) * n + j + x] = sums[r][x];
    }
  }
}

inline void multiply(long m, long n, long k, const float* a, const float* b, double* c) {
  if (m < 8 || double(m) * n * k < 5e6) return multiplyRows(0, m, n, k, a, b, c);
  long half = m / 8 * 4;
  std::thread other([=] { multiplyRows(half, m, n, k, a, b, c); });
  multiplyRows(0, half, n, k, a, b, c);
  other.join();
}

}  // namespace standin
