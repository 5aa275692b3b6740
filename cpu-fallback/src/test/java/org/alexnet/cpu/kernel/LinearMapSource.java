package org.alexnet.cpu.kernel;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.apache.commons.math3.fraction.BigFraction;

/**
 * Straight-line code for the product of a constant matrix with a column of numbers.
 *
 * <p>Points come in pairs a and -a, whose rows (or columns) differ only in the sign of every other
 * coefficient. What the two have in common is computed once: rows as an even and an odd part that
 * are added and subtracted, columns as the sum and the difference of the two inputs.
 */
final class LinearMapSource {
  /** How an element is computed with: as a vector or as a float. */
  interface Dialect {
    String type();

    String add(String a, String b);

    String subtract(String a, String b);

    String multiply(String constant, String a);

    /** constant * a + b, rounded once. */
    String fma(String constant, String a, String b);

    String constant(float value);
  }

  private final Dialect dialect;
  private final Map<Float, String> constants = new LinkedHashMap<>();
  private final List<String> lines = new ArrayList<>();
  private int temporaries;

  LinearMapSource(Dialect dialect) {
    this.dialect = dialect;
  }

  /** Declarations of the constants that the lines use. */
  List<String> constants() {
    List<String> declarations = new ArrayList<>();
    constants.forEach(
        (value, name) ->
            declarations.add(
                "final %s %s = %s;".formatted(dialect.type(), name, dialect.constant(value))));
    return declarations;
  }

  List<String> lines() {
    return lines;
  }

  private String constant(BigFraction value) {
    return constants.computeIfAbsent(value.floatValue(), v -> "k" + constants.size());
  }

  private String let(String expression) {
    String name = "t" + temporaries++;
    lines.add("%s %s = %s;".formatted(dialect.type(), name, expression));
    return name;
  }

  private static boolean isOne(BigFraction value) {
    return value.abs().equals(BigFraction.ONE);
  }

  private static boolean isZero(BigFraction value) {
    return value.equals(BigFraction.ZERO);
  }

  /** A sum whose value is {@code scale} times that of a variable. */
  private record Scaled(String name, BigFraction scale) {}

  /**
   * A sum of inputs with coefficients, divided by one of these: by one that is 1 or -1 where there
   * is one, else by the last.
   */
  private Scaled sum(BigFraction[] row, String[] inputs) {
    int lead = -1;
    for (int i = 0; i < row.length; i++) {
      if (!isZero(row[i]) && (lead < 0 || !isOne(row[lead]))) {
        lead = i;
      }
    }
    if (lead < 0) {
      return null;
    }
    String sum = inputs[lead];
    for (int i = 0; i < row.length; i++) {
      if (i != lead && !isZero(row[i])) {
        sum = let(plus(row[i].divide(row[lead]), inputs[i], sum));
      }
    }
    return new Scaled(sum, row[lead]);
  }

  /** The expression {@code factor * a + b}. */
  private String plus(BigFraction factor, String a, String b) {
    if (factor.equals(BigFraction.ONE)) {
      return dialect.add(b, a);
    }
    if (factor.equals(BigFraction.ONE.negate())) {
      return dialect.subtract(b, a);
    }
    return dialect.fma(constant(factor), a, b);
  }

  private String times(Scaled value) {
    return value.scale.equals(BigFraction.ONE)
        ? value.name
        : let(dialect.multiply(constant(value.scale), value.name));
  }

  /** Outputs of a matrix whose rows come in pairs. */
  String[] byRows(BigFraction[][] matrix, String[] inputs) {
    String[] outputs = new String[matrix.length];
    for (int p = 0; p < matrix.length; p++) {
      int other = mirrored(matrix, p);
      if (outputs[p] != null) {
        continue;
      }
      if (other < 0) {
        outputs[p] = times(sum(matrix[p], inputs));
        continue;
      }
      BigFraction[] even = new BigFraction[inputs.length];
      BigFraction[] odd = new BigFraction[inputs.length];
      for (int j = 0; j < inputs.length; j++) {
        even[j] = matrix[p][j].add(matrix[other][j]).divide(2);
        odd[j] = matrix[p][j].subtract(matrix[other][j]).divide(2);
      }
      Scaled e = sum(even, inputs);
      Scaled o = sum(odd, inputs);
      // One of the two is scaled by the addition itself.
      if (e.scale.equals(BigFraction.ONE) || !o.scale.equals(BigFraction.ONE)) {
        String base = times(e);
        outputs[p] = let(plus(o.scale, o.name, base));
        outputs[other] = let(plus(o.scale.negate(), o.name, base));
      } else {
        String product = times(e);
        outputs[p] = let(dialect.add(product, o.name));
        outputs[other] = let(dialect.subtract(product, o.name));
      }
    }
    return outputs;
  }

  /** The row that has the same even and the opposite odd coefficients, or the reverse; or -1. */
  private static int mirrored(BigFraction[][] matrix, int p) {
    for (int q = 0; q < matrix.length; q++) {
      if (q != p && (mirror(matrix[p], matrix[q], 1) || mirror(matrix[p], matrix[q], -1))) {
        return q;
      }
    }
    return -1;
  }

  private static boolean mirror(BigFraction[] a, BigFraction[] b, int sign) {
    boolean differ = false;
    for (int j = 0; j < a.length; j++) {
      BigFraction expected = j % 2 == 0 ? a[j].multiply(sign) : a[j].multiply(-sign);
      if (!b[j].equals(expected)) {
        return false;
      }
      differ |= !isZero(a[j]) && !b[j].equals(a[j]);
    }
    return differ;
  }

  /** Outputs of a matrix whose columns come in pairs. */
  String[] byColumns(BigFraction[][] matrix, String[] inputs) {
    BigFraction[][] columns = CookToom.transpose(matrix);
    List<String> terms = new ArrayList<>();
    List<BigFraction[]> coefficients = new ArrayList<>();
    boolean[] done = new boolean[inputs.length];
    for (int p = 0; p < inputs.length; p++) {
      if (done[p]) {
        continue;
      }
      int other = mirrored(columns, p);
      if (other < 0) {
        terms.add(inputs[p]);
        coefficients.add(columns[p]);
        continue;
      }
      done[other] = true;
      BigFraction[] sums = new BigFraction[matrix.length];
      BigFraction[] differences = new BigFraction[matrix.length];
      for (int i = 0; i < matrix.length; i++) {
        sums[i] = columns[p][i].add(columns[other][i]).divide(2);
        differences[i] = columns[p][i].subtract(columns[other][i]).divide(2);
      }
      terms.add(let(dialect.add(inputs[p], inputs[other])));
      coefficients.add(sums);
      terms.add(let(dialect.subtract(inputs[p], inputs[other])));
      coefficients.add(differences);
    }
    String[] outputs = new String[matrix.length];
    for (int i = 0; i < matrix.length; i++) {
      BigFraction[] row = new BigFraction[terms.size()];
      for (int t = 0; t < row.length; t++) {
        row[t] = coefficients.get(t)[i];
      }
      outputs[i] = times(sum(row, terms.toArray(String[]::new)));
    }
    return outputs;
  }
}
