package org.alexnet.cpu.kernel;

import java.util.ArrayList;
import java.util.List;
import org.apache.commons.math3.fraction.BigFraction;

/**
 * The matrices of F(m, r): m outputs of a convolution with r taps from {@code m + r - 1} products.
 *
 * <p>With distinct numbers a_p and infinity as points, a filter becomes its values at the points
 * (divided by what follows from the Lagrange basis), and the product of polynomials is found from
 * the products of values; transposed, that is the correlation of layers: y = A^T [(G g) * (B^T d)].
 * Exact rationals: the sources of the transforms are made from them, and a test holds them to the
 * definition.
 *
 * @param points the finite points, in the order of the products; infinity comes last
 */
record CookToom(List<BigFraction> points) {

  /** Points plus and minus 1, 2, 1/2, and 0 before them where {@code zero}. */
  static CookToom symmetric(boolean zero) {
    List<BigFraction> points = new ArrayList<>();
    if (zero) {
      points.add(BigFraction.ZERO);
    }
    for (BigFraction a : List.of(BigFraction.ONE, BigFraction.TWO, new BigFraction(1, 2))) {
      points.add(a);
      points.add(a.negate());
    }
    return new CookToom(List.copyOf(points));
  }

  /** Products, infinity included. */
  int products() {
    return points.size() + 1;
  }

  private static BigFraction[][] zeros(int rows, int columns) {
    BigFraction[][] matrix = new BigFraction[rows][columns];
    for (BigFraction[] row : matrix) {
      java.util.Arrays.fill(row, BigFraction.ZERO);
    }
    return matrix;
  }

  /** Coefficients of the product of (x - a) over all finite points but one, lowest first. */
  private BigFraction[] basis(int without) {
    BigFraction[] coefficients = {BigFraction.ONE};
    for (int p = 0; p < points.size(); p++) {
      if (p != without) {
        BigFraction[] next = zeros(1, coefficients.length + 1)[0];
        for (int i = 0; i < coefficients.length; i++) {
          next[i + 1] = next[i + 1].add(coefficients[i]);
          next[i] = next[i].subtract(coefficients[i].multiply(points.get(p)));
        }
        coefficients = next;
      }
    }
    return coefficients;
  }

  /** B^T: [products, products], of the input. */
  BigFraction[][] input() {
    BigFraction[][] matrix = zeros(products(), products());
    for (int p = 0; p < products(); p++) {
      BigFraction[] row = basis(p);
      System.arraycopy(row, 0, matrix[p], 0, row.length);
    }
    return matrix;
  }

  /** Powers of the points 0 to {@code n - 1}; of infinity, the highest alone: [products, n]. */
  private BigFraction[][] powers(int n) {
    BigFraction[][] matrix = zeros(products(), n);
    for (int p = 0; p < points.size(); p++) {
      for (int j = 0; j < n; j++) {
        matrix[p][j] = j == 0 ? BigFraction.ONE : matrix[p][j - 1].multiply(points.get(p));
      }
    }
    matrix[points.size()][n - 1] = BigFraction.ONE;
    return matrix;
  }

  /** G: [products, r], of a filter. */
  BigFraction[][] filter(int r) {
    BigFraction[][] matrix = powers(r);
    for (int p = 0; p < points.size(); p++) {
      BigFraction norm = BigFraction.ONE;
      for (int q = 0; q < points.size(); q++) {
        norm = q == p ? norm : norm.multiply(points.get(p).subtract(points.get(q)));
      }
      for (int j = 0; j < r; j++) {
        matrix[p][j] = matrix[p][j].divide(norm);
      }
    }
    return matrix;
  }

  /** A: [products, m], of a gradient; transposed, of the output. */
  BigFraction[][] gradient(int m) {
    return powers(m);
  }

  static BigFraction[][] transpose(BigFraction[][] matrix) {
    BigFraction[][] result = zeros(matrix[0].length, matrix.length);
    for (int i = 0; i < matrix.length; i++) {
      for (int j = 0; j < matrix[0].length; j++) {
        result[j][i] = matrix[i][j];
      }
    }
    return result;
  }

  /** The first rows and columns. */
  static BigFraction[][] part(BigFraction[][] matrix, int rows, int columns) {
    BigFraction[][] result = new BigFraction[rows][];
    for (int i = 0; i < rows; i++) {
      result[i] = java.util.Arrays.copyOf(matrix[i], columns);
    }
    return result;
  }
}
