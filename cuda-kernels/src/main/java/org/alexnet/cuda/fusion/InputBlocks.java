package org.alexnet.cuda.fusion;

import java.util.List;
import org.alexnet.cuda.device.GeneratedKernel;
import org.alexnet.cuda.kernel.Channels;
import org.alexnet.cuda.kernel.CudaKernel;
import org.alexnet.cuda.kernel.Layouts;
import org.alexnet.program.Op;
import org.alexnet.program.Shape;

/** The input in blocks of pixels, load_blocks.cuh. */
final class InputBlocks {
  private InputBlocks() {}

  static CudaKernel load(Layouts layouts, Op.LoadInput op) {
    Layouts.Blocks blocks = layouts.blocks(op.data());
    Shape data = op.data().shape();
    Shape written = blocks.images(data);
    GeneratedKernel generated =
        NormPool.kernel(
            "load_blocks",
            "  enum : int { C = %d, H = %d, W = %d, STRIDE = %d, PAD = %d, ROWS = %d, COLUMNS = %d };\n"
                .formatted(
                    data.c(),
                    data.h(),
                    data.w(),
                    blocks.stride(),
                    blocks.pad(),
                    blocks.rows(),
                    blocks.columns()),
            "const unsigned char *pixels, const int *images, const float *shift, const float *mean,"
                + " Number *data, float *labels, int count, Channels scales, int first, const Step"
                + " *step",
            "loadBlocks<S>(pixels, images, shift, mean, data, labels, count, scales, first,"
                + " step);");
    long vectors = written.elements() / NormPool.vector(layouts.storage());
    return new CudaKernel(
        op.layer() + " forward",
        op.layer(),
        false,
        List.of(layouts.write(op.data()), layouts.write(op.labels()), layouts.read(op.mean())),
        0,
        "blocks of %d x %d pixels as channels".formatted(blocks.stride(), blocks.stride()),
        List.of(generated),
        b ->
            List.of(
                b.each(
                    generated.name(),
                    vectors,
                    b.slot().pixels(),
                    b.slot().images(),
                    b.slot().shift(),
                    b.address(op.mean()),
                    b.address(op.data()),
                    b.address(op.labels()),
                    data.n(),
                    Channels.of(op.scales()),
                    op.first(),
                    b.slot().step())));
  }
}
