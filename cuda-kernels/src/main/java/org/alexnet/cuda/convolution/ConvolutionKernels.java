package org.alexnet.cuda.convolution;

import java.util.ArrayList;
import java.util.List;
import org.alexnet.cuda.convolution.ConvolutionPlan.Operands;
import org.alexnet.cuda.convolution.ConvolutionProblem.Direction;
import org.alexnet.cuda.convolution.ConvolutionProblem.Epilogue;
import org.alexnet.cuda.kernel.BiasKernels;
import org.alexnet.cuda.kernel.Binding;
import org.alexnet.cuda.kernel.CudaKernel;
import org.alexnet.cuda.kernel.CudaKernel.Call;
import org.alexnet.cuda.kernel.Layout;
import org.alexnet.cuda.kernel.Layouts;
import org.alexnet.cuda.kernel.Layouts.Blocks;
import org.alexnet.cuda.kernel.Sizes;
import org.alexnet.network.Window;
import org.alexnet.program.Op;
import org.alexnet.program.Shape;
import org.alexnet.program.Tensor;

/** Convolutions by cuDNN, their biases by our own kernels where no plan of cuDNN's adds them. */
public final class ConvolutionKernels {
  private final Layouts layouts;
  private final Plans plans;

  /** Finds plans. */
  public interface Plans {
    /**
     * The plan of a problem.
     *
     * @param label of the kernel that it is for
     */
    ConvolutionPlan of(String label, ConvolutionProblem problem);
  }

  /**
   * @param plans finds the plan of a problem on the device that the kernels are for
   */
  public ConvolutionKernels(Layouts layouts, Plans plans) {
    this.layouts = layouts;
    this.plans = plans;
  }

  /**
   * The images as cuDNN is to see them, and the scratch memory of one kernel: first the images with
   * what overhangs, where anything does, then cuDNN's own.
   */
  private record Canvas(Shape image, Shape whole, Layout layout) {
    boolean larger() {
      return !image.equals(whole);
    }

    long bytes() {
      return larger() ? Math.ceilDiv(layout.bytes(), 256L) * 256 : 0;
    }

    /** A copy of images to the canvas, or back. */
    Call resize(Binding binding, long from, long to, boolean back) {
      Shape target = back ? image : whole;
      Shape source = back ? whole : image;
      return binding.each(
          "resize_canvas",
          target.elements(),
          from,
          to,
          (int) target.elements(),
          Sizes.of(target),
          Sizes.of(source));
    }
  }

  private Canvas canvas(Shape x, Shape y, Window window) {
    Shape whole = ConvolutionProblem.withOverhang(x, y, window);
    Layouts.checkSize("the input of a convolution with what overhangs", whole);
    return new Canvas(x, whole, new Layout(whole, layouts.storage(), layouts.channelsLast()));
  }

  /**
   * Forward, with the bias, which a plan adds where it can.
   *
   * @param y what is written: the convolution's output, or a ReLU's
   */
  public CudaKernel forward(Op.Convolution op, Tensor y, boolean relu) {
    if (layouts.blocks(op.x()) != null) {
      return blocks(op, y, relu, layouts.blocks(op.x()));
    }
    Canvas canvas = canvas(op.x().shape(), y.shape(), op.window());
    Tensor weight = layouts.operand(op.weight());
    String label = op.layer() + (relu ? " forward, relu" : " forward");
    ConvolutionPlan plan =
        plans.of(
            label,
            new ConvolutionProblem(
                Direction.FORWARD,
                canvas.whole,
                weight.shape(),
                y.shape(),
                op.window(),
                op.groups(),
                epilogue(relu)));
    Tensor bias = bias(op, plan);
    return new CudaKernel(
        label,
        op.layer(),
        false,
        List.of(layouts.read(op.x()), layouts.read(weight), layouts.read(bias), layouts.write(y)),
        canvas.bytes() + plan.workspaceBytes(),
        plan.choice(),
        binding -> {
          List<Call> calls = new ArrayList<>();
          long xs = images(binding, canvas, op.x(), calls);
          Operands at =
              new Operands(
                  xs,
                  binding.address(weight),
                  binding.address(y),
                  binding.address(bias),
                  binding.workspace() + canvas.bytes());
          calls.add(plan.call(label, at));
          epilogue(binding, plan, op, y, relu, calls);
          return calls;
        });
  }

  private static Epilogue epilogue(boolean relu) {
    return relu ? Epilogue.BIAS_RELU : Epilogue.BIAS;
  }

  /** A plan reads the bias as it reads the weights, our own kernel in single precision. */
  private Tensor bias(Op.Convolution op, ConvolutionPlan plan) {
    return fused(plan) ? layouts.operand(op.bias()) : op.bias();
  }

  private static boolean fused(ConvolutionPlan plan) {
    return plan.problem().epilogue() != Epilogue.NONE;
  }

  /** The bias and the ReLU, where the plan has none. */
  private void epilogue(
      Binding binding,
      ConvolutionPlan plan,
      Op.Convolution op,
      Tensor y,
      boolean relu,
      List<Call> calls) {
    if (!fused(plan)) {
      calls.add(BiasKernels.add(binding, layouts, op.bias(), y, relu));
    }
  }

  private ConvolutionPlan plan(
      String label,
      Direction direction,
      Blocks blocks,
      Shape x,
      Shape w,
      Shape y,
      Epilogue epilogue) {
    Window window = new Window(blocks.window(), 1, 0);
    Shape filters = blocks.filters(w);
    return plans.of(
        label,
        new ConvolutionProblem(direction, blocks.images(x), filters, y, window, 1, epilogue));
  }

  /** Bytes of filters in blocks, in front of cuDNN's scratch memory. */
  private long filterBytes(Blocks blocks, Shape w) {
    long bytes = blocks.filters(w).elements() * layouts.storage().bytes();
    return Math.ceilDiv(bytes, 256L) * 256;
  }

  /** Brings filters into blocks, or gradients of filters back. */
  private static Call permute(Binding b, Blocks blocks, Shape w, long from, long to, boolean back) {
    int elements = (int) (back ? w : blocks.filters(w)).elements();
    return b.each(
        back ? "unblock_filters" : "block_filters",
        elements,
        from,
        to,
        elements,
        w.c(),
        blocks.kernel(),
        blocks.stride(),
        blocks.window());
  }

  private static String choice(Blocks blocks, ConvolutionPlan plan) {
    return "%s, blocks of %d x %d pixels as channels"
        .formatted(plan.choice(), blocks.stride(), blocks.stride());
  }

  /** Forward over an input in blocks of pixels. */
  private CudaKernel blocks(Op.Convolution op, Tensor y, boolean relu, Blocks blocks) {
    Tensor weight = layouts.operand(op.weight());
    Shape w = weight.shape();
    String label = op.layer() + (relu ? " forward, relu" : " forward");
    ConvolutionPlan plan =
        plan(label, Direction.FORWARD, blocks, op.x().shape(), w, y.shape(), epilogue(relu));
    Tensor bias = bias(op, plan);
    return new CudaKernel(
        label,
        op.layer(),
        false,
        List.of(layouts.read(op.x()), layouts.read(weight), layouts.read(bias), layouts.write(y)),
        filterBytes(blocks, w) + plan.workspaceBytes(),
        choice(blocks, plan),
        binding -> {
          long filters = binding.workspace();
          Operands at =
              new Operands(
                  binding.address(op.x()),
                  filters,
                  binding.address(y),
                  binding.address(bias),
                  filters + filterBytes(blocks, w));
          List<Call> calls = new ArrayList<>();
          calls.add(permute(binding, blocks, w, binding.address(weight), filters, false));
          calls.add(plan.call(label, at));
          epilogue(binding, plan, op, y, relu, calls);
          return calls;
        });
  }

  /** Where cuDNN finds the images. */
  private static long images(Binding binding, Canvas canvas, Tensor x, List<Call> calls) {
    if (!canvas.larger()) {
      return binding.address(x);
    }
    calls.add(canvas.resize(binding, binding.address(x), binding.workspace(), false));
    return binding.workspace();
  }

  public CudaKernel backwardData(Op.ConvolutionBackwardData op) {
    Canvas canvas = canvas(op.dx().shape(), op.dy().shape(), op.window());
    Tensor weight = layouts.operand(op.weight());
    String label = op.layer() + " backward data";
    ConvolutionPlan plan =
        plans.of(
            label,
            new ConvolutionProblem(
                Direction.BACKWARD_DATA,
                canvas.whole,
                weight.shape(),
                op.dy().shape(),
                op.window(),
                op.groups()));
    return new CudaKernel(
        label,
        op.layer(),
        true,
        List.of(layouts.read(op.dy()), layouts.read(weight), layouts.write(op.dx())),
        canvas.bytes() + plan.workspaceBytes(),
        plan.choice(),
        binding -> {
          List<Call> calls = new ArrayList<>();
          Operands at =
              new Operands(
                  canvas.larger() ? binding.workspace() : binding.address(op.dx()),
                  binding.address(weight),
                  binding.address(op.dy()),
                  0,
                  binding.workspace() + canvas.bytes());
          calls.add(plan.call(label, at));
          if (canvas.larger()) {
            calls.add(canvas.resize(binding, binding.workspace(), binding.address(op.dx()), true));
          }
          return calls;
        });
  }

  /**
   * The gradient of the filters.
   *
   * @param withBias whether that of the bias is computed too, and not elsewhere
   */
  public CudaKernel backwardWeights(Op.ConvolutionBackwardWeights op, boolean withBias) {
    Blocks blocks = layouts.blocks(op.x());
    Shape w = op.dw().shape();
    Shape y = op.dy().shape();
    Canvas canvas = blocks != null ? null : canvas(op.x().shape(), y, op.window());
    String label = op.layer() + " backward filter";
    ConvolutionPlan plan =
        blocks != null
            ? plan(label, Direction.BACKWARD_WEIGHTS, blocks, op.x().shape(), w, y, Epilogue.NONE)
            : plans.of(
                label,
                new ConvolutionProblem(
                    Direction.BACKWARD_WEIGHTS, canvas.whole, w, y, op.window(), op.groups()));
    long before = blocks != null ? filterBytes(blocks, w) : canvas.bytes();
    BiasKernels.Gradient bias = new BiasKernels.Gradient(layouts.of(op.dy()), withBias);
    return new CudaKernel(
        label,
        op.layer(),
        true,
        layouts.filterGradient(op.x(), op.dy(), op.dw(), withBias ? op.db() : null),
        Math.max(before + plan.workspaceBytes(), bias.workspaceBytes()),
        blocks != null ? choice(blocks, plan) : plan.choice(),
        binding -> {
          List<Call> calls = new ArrayList<>();
          boolean whole = blocks == null;
          long xs = whole ? images(binding, canvas, op.x(), calls) : binding.address(op.x());
          Operands at =
              new Operands(
                  xs,
                  whole ? binding.address(op.dw()) : binding.workspace(),
                  binding.address(op.dy()),
                  0,
                  binding.workspace() + before);
          calls.add(plan.call(label, at));
          if (!whole) {
            calls.add(
                permute(binding, blocks, w, binding.workspace(), binding.address(op.dw()), true));
          }
          bias.bind(binding, op.dy(), op.db(), calls);
          return calls;
        });
  }
}
