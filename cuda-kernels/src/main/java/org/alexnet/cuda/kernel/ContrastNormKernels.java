package org.alexnet.cuda.kernel;

import java.util.List;
import org.alexnet.network.ContrastNorm;
import org.alexnet.program.Op;
import org.alexnet.program.Shape;

/** Contrast normalization, contrast_norm.cu. */
public final class ContrastNormKernels {
  private final Layouts layouts;

  public ContrastNormKernels(Layouts layouts) {
    this.layouts = layouts;
  }

  public CudaKernel forward(Op.ContrastNorm op) {
    ContrastNorm norm = op.norm();
    Shape shape = op.x().shape();
    int elements = (int) shape.elements();
    return new CudaKernel(
        op.layer() + " forward",
        op.layer(),
        false,
        List.of(
            layouts.read(op.x()),
            layouts.write(op.y()),
            layouts.write(op.centred()),
            layouts.write(op.s())),
        0,
        b ->
            List.of(
                b.each(
                    "contrast_norm_centre",
                    elements,
                    b.address(op.x()),
                    b.address(op.centred()),
                    elements,
                    Sizes.of(shape),
                    norm.size() / 2),
                b.each(
                    "contrast_norm",
                    elements,
                    b.address(op.x()),
                    b.address(op.centred()),
                    b.address(op.y()),
                    b.address(op.s()),
                    elements,
                    Sizes.of(shape),
                    norm.size() / 2,
                    norm.factor(),
                    norm.k(),
                    norm.beta())));
  }

  public CudaKernel backward(Op.ContrastNormBackward op) {
    ContrastNorm norm = op.norm();
    Shape shape = op.x().shape();
    int elements = (int) shape.elements();
    return new CudaKernel(
        op.layer() + " backward",
        op.layer(),
        true,
        List.of(
            layouts.read(op.dy()),
            layouts.read(op.x()),
            layouts.read(op.centred()),
            layouts.read(op.s()),
            layouts.write(op.dx())),
        shape.elements() * Float.BYTES,
        b ->
            List.of(
                b.each(
                    "contrast_norm_terms",
                    elements,
                    b.address(op.dy()),
                    b.address(op.x()),
                    b.address(op.centred()),
                    b.address(op.s()),
                    b.workspace(),
                    elements,
                    Sizes.of(shape),
                    norm.size() / 2,
                    norm.beta()),
                b.each(
                    "contrast_norm_backward",
                    elements,
                    b.address(op.dy()),
                    b.address(op.s()),
                    b.workspace(),
                    b.address(op.dx()),
                    elements,
                    Sizes.of(shape),
                    norm.size() / 2,
                    norm.factor(),
                    norm.beta())));
  }
}
