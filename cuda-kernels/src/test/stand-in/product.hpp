// Products of matrices as cuBLAS and cuBLASLt compute them.
#pragma once

#include <algorithm>
#include <cstring>
#include <vector>

#include "core.hpp"
#include "numbers.hpp"

namespace standin {
namespace {

// What is done to a result before it is stored, and what else is computed, with a vector in the
// result's format: a number for each row of c is added, or columns of b are summed up.
struct Epilogue {
  bool bias, relu, gradient;
  char* vector;
  bool wrong, losesNaN;
};

// A matrix as it lies in memory: columns of `rows` values, `leading` values apart.
struct Matrix {
  char* data;
  Format format;
  long rows, columns, leading;

  bool touched(bool write) const {
    if (leading == rows) return touch(data, rows * columns * bytes(format), write);
    for (long j = 0; j < columns; j++)
      if (!touch(data + j * leading * bytes(format), rows * bytes(format), write)) return false;
    return true;
  }

  // op(this), column by column, or its transpose's columns.
  std::vector<float> packed(bool byRows, bool tf32) const {
    std::vector<float> values(rows * columns);
    for (long j = 0; j < columns; j++)
      for (long i = 0; i < rows; i++) {
        float v = load(data, j * leading + i, format);
        values[byRows ? i * columns + j : j * rows + i] = tf32 ? toTf32(v) : v;
      }
    return values;
  }
};

bool format(int type, Format& f) {
  switch (type) {
    case 0: f = Format::FLOAT; return true;
    case 2: f = Format::HALF; return true;
    case 14: f = Format::BFLOAT16; return true;
    default: return false;
  }
}

struct Product {
  bool transposeA, transposeB, tf32;
  float alpha, beta;
  Matrix a, b, c;
  char* workspace;
  std::size_t workspaceSize;
  Epilogue epilogue = {};

  void run() const {
    if (workspace) {
      // Whatever it held is gone; and nobody else may use it now.
      if (!touch(workspace, workspaceSize, true)) return;
      std::memset(workspace, 0xa5, std::min<std::size_t>(workspaceSize, 4096));
    }
    if (!a.touched(false) || !b.touched(false)) return;
    if (beta != 0 && !c.touched(false)) return;
    if (!c.touched(true)) return;
    long m = c.rows, n = c.columns, k = transposeA ? a.rows : a.columns;
    // Column by column, the product is transposed: C' = B' A', row by row.
    std::vector<float> left = b.packed(transposeB, tf32), right = a.packed(transposeA, tf32);
    std::vector<double> sums(m * n);
    multiply(n, m, k, left.data(), right.data(), sums.data());
    std::size_t vector = epilogue.bias ? m : epilogue.gradient ? n : 0;
    if (vector && !touch(epilogue.vector, vector * bytes(c.format), epilogue.gradient)) return;
    for (long j = 0; j < n; j++)
      for (long i = 0; i < m; i++) {
        std::size_t at = j * c.leading + i;
        double v = alpha * sums[j * m + i];
        if (beta != 0) v += double(beta) * load(c.data, at, c.format);
        if (epilogue.bias) v += load(epilogue.vector, i, c.format);
        if (epilogue.relu && !(v > 0)) v = v != v && !epilogue.losesNaN ? v : 0;
        store(c.data, at, c.format, v);
      }
    if (epilogue.gradient)
      for (long j = 0; j < n; j++) {
        double sum = 0;
        for (long p = 0; p < k; p++) sum += left[j * k + p];
        store(epilogue.vector, j, c.format, sum);
      }
    if (epilogue.wrong) store(c.data, 0, c.format, load(c.data, 0, c.format) + 1e3);
  }
};

}  // namespace
}  // namespace standin
