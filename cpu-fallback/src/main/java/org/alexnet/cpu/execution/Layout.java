package org.alexnet.cpu.execution;

import java.util.Arrays;
import org.alexnet.program.Shape;

/** How a tensor lies in memory, as against its logical order N C H W. */
public sealed interface Layout {

  /** Floats that it takes. */
  int floats();

  /** Copies logical values, N C H W, to memory; what pads the layout becomes 0. */
  void pack(float[] logical, float[] m, int offset);

  /** Copies from memory to logical order. */
  void unpack(float[] m, int offset, float[] logical);

  /** Images with channels innermost: N H W C. */
  record Images(Shape shape) implements Layout {
    @Override
    public int floats() {
      return Math.toIntExact(shape.elements());
    }

    private int index(int n, int c, int p) {
      return (n * shape.h() * shape.w() + p) * shape.c() + c;
    }

    @Override
    public void pack(float[] logical, float[] m, int offset) {
      int i = 0;
      for (int n = 0; n < shape.n(); n++) {
        for (int c = 0; c < shape.c(); c++) {
          for (int p = 0; p < shape.h() * shape.w(); p++) {
            m[offset + index(n, c, p)] = logical[i++];
          }
        }
      }
    }

    @Override
    public void unpack(float[] m, int offset, float[] logical) {
      int i = 0;
      for (int n = 0; n < shape.n(); n++) {
        for (int c = 0; c < shape.c(); c++) {
          for (int p = 0; p < shape.h() * shape.w(); p++) {
            logical[i++] = m[offset + index(n, c, p)];
          }
        }
      }
    }
  }

  /**
   * Filters as panels: group, block of outputs, then for each input (rows, columns, channels of the
   * window) one value for each output of the block. The last block is padded with outputs that are
   * 0.
   *
   * @param groups groups of a convolution, else 1
   * @param outputs outputs a group
   * @param window inputs of one output as [1, c, h, w]
   * @param tileWidth outputs a block
   */
  record Panels(int groups, int outputs, Shape window, int tileWidth) implements Layout {

    /** The panels of filters [out, in / groups, kernel, kernel]. */
    public static Panels of(Shape filters, int groups, int tileWidth) {
      return new Panels(groups, filters.n() / groups, filters.withN(1), tileWidth);
    }

    public int blocks() {
      return Math.ceilDiv(outputs, tileWidth);
    }

    /** Inputs of an output. */
    public int depth() {
      return window.imageElements();
    }

    /** Floats of one block. */
    public int panel() {
      return depth() * tileWidth;
    }

    @Override
    public int floats() {
      return Math.multiplyExact(Math.multiplyExact(groups, blocks()), panel());
    }

    /** Where the value of an output o of all groups and a logical input k lies. */
    private int index(int o, int k) {
      int pixels = window.h() * window.w();
      int inner = (k % pixels) * window.c() + k / pixels;
      int group = o / outputs;
      int within = o % outputs;
      int block = group * blocks() + within / tileWidth;
      return (block * depth() + inner) * tileWidth + within % tileWidth;
    }

    @Override
    public void pack(float[] logical, float[] m, int offset) {
      Arrays.fill(m, offset, offset + floats(), 0);
      int i = 0;
      for (int o = 0; o < groups * outputs; o++) {
        for (int k = 0; k < depth(); k++) {
          m[offset + index(o, k)] = logical[i++];
        }
      }
    }

    @Override
    public void unpack(float[] m, int offset, float[] logical) {
      int i = 0;
      for (int o = 0; o < groups * outputs; o++) {
        for (int k = 0; k < depth(); k++) {
          logical[i++] = m[offset + index(o, k)];
        }
      }
    }

    /** The layout of the bias: one value a column of every block. */
    public Panels bias() {
      return new Panels(groups, outputs, new Shape(1, 1, 1, 1), tileWidth);
    }
  }

  /** As it is. */
  record Plain(int floats) implements Layout {
    @Override
    public void pack(float[] logical, float[] m, int offset) {
      System.arraycopy(logical, 0, m, offset, floats);
    }

    @Override
    public void unpack(float[] m, int offset, float[] logical) {
      System.arraycopy(m, offset, logical, 0, floats);
    }
  }
}
