package org.alexnet.cpu.kernel;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.function.BiFunction;
import org.apache.commons.math3.fraction.BigFraction;

/** Writes the classes that hold the transforms, one of vectors and one of floats. */
final class TransformSources {
  private TransformSources() {}

  /** Every matrix there is code for, by the name of its {@link Transform}. */
  static BigFraction[][] matrix(Transform transform) {
    CookToom points = CookToom.symmetric(transform.points() == 8);
    int n = transform.points();
    BigFraction[][] whole =
        switch (transform.kind()) {
          case INPUT -> points.input();
          case FILTER -> points.filter(transform.size());
          case WEIGHTS -> CookToom.transpose(points.filter(transform.size()));
          case GRADIENT -> points.gradient(transform.size());
          case OUTPUT -> CookToom.transpose(points.gradient(transform.size()));
        };
    if (!transform.inner()) {
      return whole;
    }
    // A tile that is smaller by one has no use for infinity.
    return switch (transform.kind()) {
      case INPUT -> CookToom.part(whole, n - 1, n - 1);
      case GRADIENT -> CookToom.part(whole, n - 1, transform.size() - 1);
      case OUTPUT -> CookToom.part(whole, transform.size() - 1, n - 1);
      case FILTER, WEIGHTS -> throw new IllegalArgumentException(transform + " has no inner part");
    };
  }

  private static final LinearMapSource.Dialect VECTORS =
      new LinearMapSource.Dialect() {
        @Override
        public String type() {
          return "FloatVector";
        }

        @Override
        public String add(String a, String b) {
          return a + ".add(" + b + ")";
        }

        @Override
        public String subtract(String a, String b) {
          return a + ".sub(" + b + ")";
        }

        @Override
        public String multiply(String constant, String a) {
          return constant + ".mul(" + a + ")";
        }

        @Override
        public String fma(String constant, String a, String b) {
          return constant + ".fma(" + a + ", " + b + ")";
        }

        @Override
        public String constant(float value) {
          return "FloatVector.broadcast(S, " + value + "f)";
        }
      };

  private static final LinearMapSource.Dialect FLOATS =
      new LinearMapSource.Dialect() {
        @Override
        public String type() {
          return "float";
        }

        @Override
        public String add(String a, String b) {
          return a + " + " + b;
        }

        @Override
        public String subtract(String a, String b) {
          return a + " - " + b;
        }

        @Override
        public String multiply(String constant, String a) {
          return constant + " * " + a;
        }

        @Override
        public String fma(String constant, String a, String b) {
          return "Math.fma(" + constant + ", " + a + ", " + b + ")";
        }

        @Override
        public String constant(float value) {
          return value + "f";
        }
      };

  /** A way to read or write: the parameters that it needs, its code and how it moves on. */
  private enum Form {
    /** From a regular place to one in which infinity is apart. */
    SPREAD,
    /** From rows at places of their own to a regular place. */
    SPREAD_ROWS,
    /** From a place in which infinity is apart to a regular one. */
    GATHER,
    /** From a regular place to another, with a bias and a lower bound. */
    GATHER_BIASED;

    boolean serves(Transform.Kind kind) {
      return switch (this) {
        case SPREAD ->
            kind == Transform.Kind.INPUT
                || kind == Transform.Kind.GRADIENT
                || kind == Transform.Kind.FILTER;
        case SPREAD_ROWS -> kind == Transform.Kind.INPUT || kind == Transform.Kind.GRADIENT;
        case GATHER -> kind == Transform.Kind.OUTPUT || kind == Transform.Kind.WEIGHTS;
        case GATHER_BIASED -> kind == Transform.Kind.OUTPUT;
      };
    }

    String parameters() {
      return switch (this) {
        case SPREAD -> "Pass pass, float[] m, int in, int out, int last";
        case SPREAD_ROWS -> "Pass pass, float[] m, int[] rows, int out";
        case GATHER -> "Pass pass, float[] m, int in, int last, int out";
        case GATHER_BIASED -> "Pass pass, float[] m, int in, int out, int bias, float floor";
      };
    }

    String method() {
      return switch (this) {
        case SPREAD -> "spread";
        case SPREAD_ROWS -> "spreadRows";
        case GATHER -> "gather";
        case GATHER_BIASED -> "gatherBiased";
      };
    }

    String arguments() {
      return parameters().replaceAll("(Pass|float\\[\\]|int\\[\\]|float|int) ", "");
    }
  }

  private static String name(Form form, Transform transform) {
    String[] words = transform.name().toLowerCase().split("_");
    StringBuilder name = new StringBuilder(form.method());
    for (String word : words) {
      name.append(Character.toUpperCase(word.charAt(0))).append(word.substring(1));
    }
    return name.toString();
  }

  private static String body(Form form, Transform transform, boolean vectors) {
    BigFraction[][] matrix = matrix(transform);
    int ins = matrix[0].length;
    int outs = matrix.length;
    LinearMapSource code = new LinearMapSource(vectors ? VECTORS : FLOATS);
    String[] inputs = new String[ins];
    Arrays.setAll(inputs, i -> "x" + i);
    boolean byRows = form == Form.SPREAD || form == Form.SPREAD_ROWS;
    String[] outputs = byRows ? code.byRows(matrix, inputs) : code.byColumns(matrix, inputs);
    String type = vectors ? "FloatVector" : "float";
    BiFunction<String, String, String> declare =
        (variable, place) ->
            vectors
                ? "FloatVector %s = FloatVector.fromArray(S, m, %s);".formatted(variable, place)
                : "float %s = m[%s];".formatted(variable, place);
    boolean apart = !transform.inner();
    boolean lastIn = form == Form.GATHER && apart;
    boolean lastOut = form == Form.SPREAD && apart;
    List<String> lines = new ArrayList<>();
    lines.add("int count = pass.count();");
    if (form != Form.SPREAD_ROWS) {
      lines.add("int inPitch = pass.in().pitch();");
    }
    lines.add("int inStep = pass.in().step();");
    lines.add("int outPitch = pass.out().pitch();");
    lines.add("int outStep = pass.out().step();");
    if (lastIn || lastOut) {
      lines.add("int lastStep = pass.last();");
    }
    lines.addAll(code.constants());
    List<String> steps = new ArrayList<>();
    lines.add(
        "for (int lane = 0; lane < Transform.LANES; lane += " + (vectors ? "LANES" : "1") + ") {");
    if (form == Form.SPREAD_ROWS) {
      for (int i = 0; i < ins; i++) {
        lines.add("int p%d = rows[%d] + lane;".formatted(i, i));
        steps.add("p%d += inStep;".formatted(i));
      }
    } else {
      lines.add("int p = in + lane;");
      steps.add("p += inStep;");
    }
    lines.add("int q = out + lane;");
    steps.add("q += outStep;");
    if (lastIn || lastOut) {
      lines.add("int z = last + lane;");
      steps.add("z += lastStep;");
    }
    if (form == Form.GATHER_BIASED) {
      lines.add(declare.apply("add", "bias + lane"));
      if (vectors) {
        lines.add("FloatVector low = FloatVector.broadcast(S, floor);");
      }
    }
    lines.add("for (int i = 0; i < count; i++) {");
    for (int i = 0; i < ins; i++) {
      String place =
          form == Form.SPREAD_ROWS
              ? "p" + i
              : lastIn && i == ins - 1 ? "z" : i == 0 ? "p" : "p + " + i + " * inPitch";
      lines.add(declare.apply("x" + i, place));
    }
    lines.addAll(code.lines());
    for (int o = 0; o < outs; o++) {
      String place = lastOut && o == outs - 1 ? "z" : o == 0 ? "q" : "q + " + o + " * outPitch";
      String value = outputs[o];
      if (form == Form.GATHER_BIASED) {
        value = vectors ? value + ".add(add).max(low)" : "Math.max(" + value + " + add, floor)";
      }
      lines.add(
          vectors
              ? "%s.intoArray(m, %s);".formatted(value, place)
              : "m[%s] = %s;".formatted(place, value));
    }
    lines.addAll(steps);
    lines.add("}");
    lines.add("}");
    return "private static void %s(%s) {\n%s\n}\n"
        .formatted(name(form, transform), form.parameters(), String.join("\n", lines));
  }

  /** The products at a point: of vectors by {@link TileSources}' tiles, of floats by loops. */
  private static final String POINTS_OF_VECTORS =
      """
      /** Rows of a tile that the registers hold. */
      private static final int ROWS = VectorKernels.POINT_ROWS;

      @Override
      public void pointOutputs(float[] m, int a, int b, int depth, int c, int pitch) {
        for (int tile = 0; tile < TILES; tile += ROWS) {
          VectorPoints.outputs(m, a + tile * LANES_16, b, depth, c + tile * pitch, pitch);
        }
      }

      @Override
      public void pointWeights(float[] m, int a, int b, int tiles, int c) {
        for (int i = 0; i < LANES_16; i += ROWS) {
          VectorPoints.weights(m, a + i, b, tiles, c + i * VectorKernels.COLUMNS * LANES);
        }
      }

      """
          .replace("LANES_16", "Transform.LANES");

  private static final String POINTS_OF_FLOATS =
      """
      @Override
      public void pointOutputs(float[] m, int a, int b, int depth, int c, int pitch) {
        float[] sums = new float[ScalarKernels.COLUMNS];
        for (int tile = 0; tile < TILES; tile++) {
          Arrays.fill(sums, 0);
          for (int k = 0; k < depth; k++) {
            int block = k / Transform.LANES * TILES + tile;
            add(m, m[a + block * Transform.LANES + k % Transform.LANES], b, k, sums);
          }
          System.arraycopy(sums, 0, m, c + tile * pitch, sums.length);
        }
      }

      @Override
      public void pointWeights(float[] m, int a, int b, int tiles, int c) {
        float[] sums = new float[ScalarKernels.COLUMNS];
        for (int i = 0; i < Transform.LANES; i++) {
          Arrays.fill(sums, 0);
          for (int k = 0; k < tiles; k++) {
            add(m, m[a + k * Transform.LANES + i], b, k, sums);
          }
          for (int j = 0; j < sums.length; j++) {
            m[c + i * sums.length + j] = sums[j] + m[c + i * sums.length + j];
          }
        }
      }

      private static void add(float[] m, float x, int b, int k, float[] sums) {
        for (int j = 0; j < sums.length; j++) {
          sums[j] = Math.fma(x, m[b + k * sums.length + j], sums[j]);
        }
      }

      """;

  /** The source of a whole class, not yet formatted. */
  static String source(boolean vectors) {
    StringBuilder s = new StringBuilder("package org.alexnet.cpu.kernel;\n\n");
    s.append(
        vectors
            ? "import jdk.incubator.vector.FloatVector;\n"
                + "import jdk.incubator.vector.VectorSpecies;\n\n"
            : "import java.util.Arrays;\n\n");
    String name = vectors ? "VectorTransforms" : "ScalarTransforms";
    s.append("/**\n * Transforms of ").append(vectors ? "vectors" : "floats");
    s.append(", in straight lines.\n *\n * <p>Generated by KernelSources; do not edit.\n */\n");
    s.append("final class ").append(name).append(" implements TransformKernels {\n");
    if (vectors) {
      s.append("private static final VectorSpecies<Float> S = VectorKernels.SPECIES;\n");
      s.append("private static final int LANES = S.length();\n\n");
    }
    s.append(vectors ? POINTS_OF_VECTORS : POINTS_OF_FLOATS);
    StringBuilder bodies = new StringBuilder();
    for (Form form : Form.values()) {
      s.append(
          "@Override\npublic void %s(%s) {\nswitch (pass.transform()) {\n"
              .formatted(form.method(), form.parameters()));
      List<String> others = new ArrayList<>();
      for (Transform transform : Transform.values()) {
        if (form.serves(transform.kind())) {
          s.append(
              "case %s -> %s(%s);\n".formatted(transform, name(form, transform), form.arguments()));
          bodies.append(body(form, transform, vectors)).append('\n');
        } else {
          others.add(transform.name());
        }
      }
      s.append("case ").append(String.join(", ", others));
      s.append(" -> throw new IllegalArgumentException(pass.transform().name());\n}\n}\n\n");
    }
    return s.append(bodies).append("}\n").toString();
  }
}
