package org.alexnet.program;

import java.util.List;
import org.alexnet.network.ParameterSpec;
import org.alexnet.network.Window;

/**
 * What runs. Every operation overwrites what it writes. A new kind of operation is a new record
 * here, and the compiler lists the backends that lack it.
 */
public sealed interface Op {

  /** The layer it belongs to, for messages and tables. */
  String layer();

  List<Tensor> reads();

  List<Tensor> writes();

  /**
   * Multiplications, each with its addition, of a product of matrices or a convolution, of all
   * images; of other operations none are counted.
   */
  default long multiplyAdds() {
    return 0;
  }

  /** The column or shard that runs it: that of what it writes. */
  default int index() {
    return writes().getFirst().part().index();
  }

  /**
   * Brings the batch's pixels to the network's input and its labels beside them, as {@link
   * org.alexnet.data.Batch} says.
   *
   * @param mean [1, c, stored, stored], subtracted where the pixel was read
   * @param data [n, c, size, size]
   * @param labels [n, 1, 1, 1]
   * @param scales what a byte is multiplied by, c of them
   * @param first number of the image of the batch that data begins with
   */
  record LoadInput(
      String layer, Tensor mean, Tensor data, Tensor labels, List<Float> scales, int first)
      implements Op {
    @Override
    public List<Tensor> reads() {
      return List.of(mean);
    }

    @Override
    public List<Tensor> writes() {
      return List.of(data, labels);
    }
  }

  /** y = x * filters + bias: a cross-correlation, as all of the field calls a convolution. */
  record Convolution(
      String layer, Tensor x, Tensor weight, Tensor bias, Tensor y, Window window, int groups)
      implements Op {
    @Override
    public List<Tensor> reads() {
      return List.of(x, weight, bias);
    }

    @Override
    public List<Tensor> writes() {
      return List.of(y);
    }

    @Override
    public long multiplyAdds() {
      return y.shape().elements() * weight.shape().imageElements();
    }
  }

  /** y = 0: the biases of a convolution that has them in an operation of its own. */
  record Zeros(String layer, Tensor y) implements Op {
    @Override
    public List<Tensor> reads() {
      return List.of();
    }

    @Override
    public List<Tensor> writes() {
      return List.of(y);
    }
  }

  /** The gradient with respect to the input. */
  record ConvolutionBackwardData(
      String layer, Tensor dy, Tensor weight, Tensor dx, Window window, int groups) implements Op {
    @Override
    public List<Tensor> reads() {
      return List.of(dy, weight);
    }

    @Override
    public List<Tensor> writes() {
      return List.of(dx);
    }

    @Override
    public long multiplyAdds() {
      return dy.shape().elements() * weight.shape().imageElements();
    }
  }

  /** The gradients with respect to filters and bias, summed over images. */
  record ConvolutionBackwardWeights(
      String layer, Tensor x, Tensor dy, Tensor dw, Tensor db, Window window, int groups)
      implements Op {
    @Override
    public List<Tensor> reads() {
      return List.of(x, dy);
    }

    @Override
    public List<Tensor> writes() {
      return List.of(dw, db);
    }

    @Override
    public long multiplyAdds() {
      return dy.shape().elements() * dw.shape().imageElements();
    }
  }

  /**
   * y = x * filters where each position of the output has filters of its own. Biases are an
   * operation of their own, {@link PositionBias}.
   *
   * @param weight [positions, filters, channels / groups, kernel * kernel], positions row by row
   */
  record LocallyConnected(
      String layer, Tensor x, Tensor weight, Tensor y, Window window, int groups) implements Op {
    @Override
    public List<Tensor> reads() {
      return List.of(x, weight);
    }

    @Override
    public List<Tensor> writes() {
      return List.of(y);
    }

    @Override
    public long multiplyAdds() {
      return x.shape().n() * weight.shape().elements();
    }
  }

  /** The gradient with respect to the input. */
  record LocallyConnectedBackwardData(
      String layer, Tensor dy, Tensor weight, Tensor dx, Window window, int groups) implements Op {
    @Override
    public List<Tensor> reads() {
      return List.of(dy, weight);
    }

    @Override
    public List<Tensor> writes() {
      return List.of(dx);
    }

    @Override
    public long multiplyAdds() {
      return dx.shape().n() * weight.shape().elements();
    }
  }

  /** The gradient with respect to the filters, summed over images. */
  record LocallyConnectedBackwardWeights(
      String layer, Tensor x, Tensor dy, Tensor dw, Window window, int groups) implements Op {
    @Override
    public List<Tensor> reads() {
      return List.of(x, dy);
    }

    @Override
    public List<Tensor> writes() {
      return List.of(dw);
    }

    @Override
    public long multiplyAdds() {
      return x.shape().n() * dw.shape().elements();
    }
  }

  /**
   * y = x + bias, the same for every image. The derivative with respect to x is dy itself.
   *
   * @param bias [1, c, h, w] of x
   */
  record PositionBias(String layer, Tensor x, Tensor bias, Tensor y) implements Op {
    @Override
    public List<Tensor> reads() {
      return List.of(x, bias);
    }

    @Override
    public List<Tensor> writes() {
      return List.of(y);
    }
  }

  /** db = the sum of dy over images. */
  record PositionBiasBackward(String layer, Tensor dy, Tensor db) implements Op {
    @Override
    public List<Tensor> reads() {
      return List.of(dy);
    }

    @Override
    public List<Tensor> writes() {
      return List.of(db);
    }
  }

  /** y = max(x, 0); what is not a number stays so. */
  record Relu(String layer, Tensor x, Tensor y) implements Op {
    @Override
    public List<Tensor> reads() {
      return List.of(x);
    }

    @Override
    public List<Tensor> writes() {
      return List.of(y);
    }
  }

  /** dx = dy where y > 0, else 0. Reads the output, so that a fused ReLU keeps no input. */
  record ReluBackward(String layer, Tensor dy, Tensor y, Tensor dx) implements Op {
    @Override
    public List<Tensor> reads() {
      return List.of(dy, y);
    }

    @Override
    public List<Tensor> writes() {
      return List.of(dx);
    }
  }

  /** y = tanh(x). */
  record Tanh(String layer, Tensor x, Tensor y) implements Op {
    @Override
    public List<Tensor> reads() {
      return List.of(x);
    }

    @Override
    public List<Tensor> writes() {
      return List.of(y);
    }
  }

  /** dx = dy (1 - y^2). */
  record TanhBackward(String layer, Tensor dy, Tensor y, Tensor dx) implements Op {
    @Override
    public List<Tensor> reads() {
      return List.of(dy, y);
    }

    @Override
    public List<Tensor> writes() {
      return List.of(dx);
    }
  }

  /** y = f(x), number by number. */
  record Activation(String layer, org.alexnet.network.Activation function, Tensor x, Tensor y)
      implements Op {
    @Override
    public List<Tensor> reads() {
      return List.of(x);
    }

    @Override
    public List<Tensor> writes() {
      return List.of(y);
    }
  }

  /**
   * dx = dy f'(x).
   *
   * @param kept what the derivative is found from: y of the logistic function, x of the others
   */
  record ActivationBackward(
      String layer, org.alexnet.network.Activation function, Tensor dy, Tensor kept, Tensor dx)
      implements Op {
    @Override
    public List<Tensor> reads() {
      return List.of(dy, kept);
    }

    @Override
    public List<Tensor> writes() {
      return List.of(dx);
    }
  }

  /**
   * The maximum of each window, and where it stands: {@code argmax} holds row * kernel + column
   * within the window of the first maximum in that order, or of the first value that is no number.
   */
  record MaxPool(String layer, Tensor x, Tensor y, Tensor argmax, Window window) implements Op {
    @Override
    public List<Tensor> reads() {
      return List.of(x);
    }

    @Override
    public List<Tensor> writes() {
      return List.of(y, argmax);
    }
  }

  /** Each dy goes to the place its maximum came from; overlapping windows add. */
  record MaxPoolBackward(String layer, Tensor dy, Tensor argmax, Tensor dx, Window window)
      implements Op {
    @Override
    public List<Tensor> reads() {
      return List.of(dy, argmax);
    }

    @Override
    public List<Tensor> writes() {
      return List.of(dx);
    }
  }

  /** The average over the part of each window that lies in the image. */
  record AveragePool(String layer, Tensor x, Tensor y, Window window) implements Op {
    @Override
    public List<Tensor> reads() {
      return List.of(x);
    }

    @Override
    public List<Tensor> writes() {
      return List.of(y);
    }
  }

  /** Each dy is spread evenly over the part of its window that lies in the image. */
  record AveragePoolBackward(String layer, Tensor dy, Tensor dx, Window window) implements Op {
    @Override
    public List<Tensor> reads() {
      return List.of(dy);
    }

    @Override
    public List<Tensor> writes() {
      return List.of(dx);
    }
  }

  /**
   * Local response normalization: s = k + factor * sum of squares over the region, neighbouring
   * channels of the group or neighbouring pixels of the channel, y = x s^-beta.
   *
   * @param s kept for the derivative
   */
  record LocalResponseNorm(
      String layer, Tensor x, Tensor y, Tensor s, org.alexnet.network.LocalResponseNorm norm)
      implements Op {
    @Override
    public List<Tensor> reads() {
      return List.of(x);
    }

    @Override
    public List<Tensor> writes() {
      return List.of(y, s);
    }
  }

  /**
   * dx_i = dy_i s_i^-beta - 2 factor beta x_i * sum over j that i is a neighbour of (dy_j x_j
   * s_j^(-beta - 1)).
   */
  record LocalResponseNormBackward(
      String layer,
      Tensor dy,
      Tensor x,
      Tensor s,
      Tensor dx,
      org.alexnet.network.LocalResponseNorm norm)
      implements Op {
    @Override
    public List<Tensor> reads() {
      return List.of(dy, x, s);
    }

    @Override
    public List<Tensor> writes() {
      return List.of(dx);
    }
  }

  /**
   * Contrast normalization: centred = x less the mean of its window, s = k + factor * sum of
   * centred^2 over the window, y = x s^-beta, each window as far as it lies in the image.
   *
   * @param centred kept for the derivative
   * @param s kept for the derivative
   */
  record ContrastNorm(
      String layer,
      Tensor x,
      Tensor y,
      Tensor centred,
      Tensor s,
      org.alexnet.network.ContrastNorm norm)
      implements Op {
    @Override
    public List<Tensor> reads() {
      return List.of(x);
    }

    @Override
    public List<Tensor> writes() {
      return List.of(y, centred, s);
    }
  }

  /**
   * dx_i = dy_i s_i^-beta - 2 factor beta (t_i - sum over k of t_k / pixels of k's window), t_k =
   * centred_k * sum over j of (dy_j x_j s_j^(-beta - 1)), each sum over a window. The authors'
   * program leaves out what comes through the means, the second sum.
   */
  record ContrastNormBackward(
      String layer,
      Tensor dy,
      Tensor x,
      Tensor centred,
      Tensor s,
      Tensor dx,
      org.alexnet.network.ContrastNorm norm)
      implements Op {
    @Override
    public List<Tensor> reads() {
      return List.of(dy, x, centred, s);
    }

    @Override
    public List<Tensor> writes() {
      return List.of(dx);
    }
  }

  /**
   * y = x filtered along rows and along columns; beyond the image lie zeros. The same operation on
   * the gradient is its own derivative.
   *
   * @param filter an odd number of taps, symmetric
   */
  record Blur(String layer, Tensor x, Tensor y, List<Float> filter) implements Op {
    public Blur {
      filter = List.copyOf(filter);
    }

    @Override
    public List<Tensor> reads() {
      return List.of(x);
    }

    @Override
    public List<Tensor> writes() {
      return List.of(y);
    }
  }

  /** y = the pixels of x that are kept. */
  record Subsample(String layer, Tensor x, Tensor y, org.alexnet.network.Subsample kept)
      implements Op {
    @Override
    public List<Tensor> reads() {
      return List.of(x);
    }

    @Override
    public List<Tensor> writes() {
      return List.of(y);
    }
  }

  /** Each dy goes to the pixel that was kept; the others get 0. */
  record SubsampleBackward(String layer, Tensor dy, Tensor dx, org.alexnet.network.Subsample kept)
      implements Op {
    @Override
    public List<Tensor> reads() {
      return List.of(dy);
    }

    @Override
    public List<Tensor> writes() {
      return List.of(dx);
    }
  }

  /**
   * y = x with left and right exchanged. The same operation on the gradient is its own derivative.
   */
  record HorizontalFlip(String layer, Tensor x, Tensor y) implements Op {
    @Override
    public List<Tensor> reads() {
      return List.of(x);
    }

    @Override
    public List<Tensor> writes() {
      return List.of(y);
    }
  }

  /**
   * Channel i of y, [n, channels.size(), h, w], is channel {@code channels.get(i)} of x, [n, c, h,
   * w].
   *
   * @param channels numbers from 0 to below c, in any order, any of them several times or not at
   *     all
   */
  record ChannelSelection(String layer, Tensor x, Tensor y, List<Integer> channels) implements Op {
    public ChannelSelection {
      channels = List.copyOf(channels);
    }

    @Override
    public List<Tensor> reads() {
      return List.of(x);
    }

    @Override
    public List<Tensor> writes() {
      return List.of(y);
    }
  }

  /**
   * Channel c of dx is the sum of the channels i of dy with {@code channels.get(i)} of c, added in
   * the order of i; 0 where there is none.
   *
   * @param channels those that y has of x
   */
  record ChannelSelectionBackward(String layer, Tensor dy, Tensor dx, List<Integer> channels)
      implements Op {
    public ChannelSelectionBackward {
      channels = List.copyOf(channels);
    }

    @Override
    public List<Tensor> reads() {
      return List.of(dy);
    }

    @Override
    public List<Tensor> writes() {
      return List.of(dx);
    }
  }

  /** y = x weight^T + bias, with x flattened to [n, c * h * w]. */
  record FullyConnected(String layer, Tensor x, Tensor weight, Tensor bias, Tensor y)
      implements Op {
    @Override
    public List<Tensor> reads() {
      return List.of(x, weight, bias);
    }

    @Override
    public List<Tensor> writes() {
      return List.of(y);
    }

    @Override
    public long multiplyAdds() {
      return x.shape().n() * weight.shape().elements();
    }
  }

  /** dx = dy weight. */
  record FullyConnectedBackwardData(String layer, Tensor dy, Tensor weight, Tensor dx)
      implements Op {
    @Override
    public List<Tensor> reads() {
      return List.of(dy, weight);
    }

    @Override
    public List<Tensor> writes() {
      return List.of(dx);
    }

    @Override
    public long multiplyAdds() {
      return dx.shape().n() * weight.shape().elements();
    }
  }

  /** dw = dy^T x and db = the sum of dy, over images. */
  record FullyConnectedBackwardWeights(String layer, Tensor x, Tensor dy, Tensor dw, Tensor db)
      implements Op {
    @Override
    public List<Tensor> reads() {
      return List.of(x, dy);
    }

    @Override
    public List<Tensor> writes() {
      return List.of(dw, db);
    }

    @Override
    public long multiplyAdds() {
      return x.shape().n() * dw.shape().elements();
    }
  }

  /**
   * y = x * scale where kept, else 0. Element e is kept if its word of the stream {@code
   * dropout/LAYER} at this step, as an unsigned number, is at least rate * 2^32. The same operation
   * on the gradient is its own derivative. The elements of a part are counted as in the whole
   * tensor of the whole batch, so that columns and shards keep what an uncut network keeps.
   *
   * @param origin where in that tensor x begins
   */
  record Dropout(String layer, Tensor x, Tensor y, float rate, float scale, Origin origin)
      implements Op {

    /**
     * Where a part of a tensor begins.
     *
     * @param image number in the batch of its first image
     * @param channel number of its first channel
     * @param channels of the whole tensor
     */
    public record Origin(int image, int channel, int channels) {}

    /** The training operation of a layer. */
    static Dropout training(org.alexnet.network.Dropout layer, Tensor x, Tensor y, Origin origin) {
      float scale =
          layer.scaling() == org.alexnet.network.Dropout.Scaling.TRAINING
              ? 1 / (1 - layer.rate())
              : 1;
      return new Dropout(layer.name(), x, y, layer.rate(), scale, origin);
    }

    /** The index, N C H W in the whole tensor, of the first element of an image of x. */
    public long element(int image) {
      Shape shape = x.shape();
      long whole = (long) (origin.image + image) * origin.channels;
      return (whole + origin.channel) * shape.h() * shape.w();
    }

    /** The smallest unsigned word that is kept. */
    public long threshold() {
      return (long) Math.ceil((double) rate * 0x1p32);
    }

    @Override
    public List<Tensor> reads() {
      return List.of(x);
    }

    @Override
    public List<Tensor> writes() {
      return List.of(y);
    }
  }

  /** y = x on another device. */
  record Transfer(String layer, Tensor x, Tensor y) implements Op {
    @Override
    public List<Tensor> reads() {
      return List.of(x);
    }

    @Override
    public List<Tensor> writes() {
      return List.of(y);
    }

    /** Bytes that cross. */
    public long bytes() {
      return x.shape().elements() * Float.BYTES;
    }
  }

  /**
   * Sends x to another worker, where a {@link Receive} of the same number takes it.
   *
   * @param to index of the worker
   * @param number of the message, as no other in the programs of the network
   */
  record Send(String layer, Tensor x, int to, int number) implements Op {
    @Override
    public List<Tensor> reads() {
      return List.of(x);
    }

    @Override
    public List<Tensor> writes() {
      return List.of();
    }

    @Override
    public int index() {
      return x.part().index();
    }
  }

  /**
   * y = what another worker sends.
   *
   * @param from index of the worker
   * @param number of the message; of two messages that wait for each other, the lower comes first
   * @param index of the column or shard of this worker that takes it
   */
  record Receive(String layer, Tensor y, int from, int number, int index) implements Op {
    @Override
    public List<Tensor> reads() {
      return List.of();
    }

    @Override
    public List<Tensor> writes() {
      return List.of(y);
    }
  }

  /** The parts one after the other along an axis; their other sizes are equal. */
  record Concatenate(String layer, Part.Axis axis, List<Tensor> parts, Tensor y) implements Op {
    public Concatenate {
      parts = List.copyOf(parts);
    }

    @Override
    public List<Tensor> reads() {
      return parts;
    }

    @Override
    public List<Tensor> writes() {
      return List.of(y);
    }
  }

  /**
   * y = the channels or images of x from {@code first} on, as many as y has.
   *
   * @param first number of a channel or image of x
   */
  record Slice(String layer, Part.Axis axis, Tensor x, int first, Tensor y) implements Op {
    @Override
    public List<Tensor> reads() {
      return List.of(x);
    }

    @Override
    public List<Tensor> writes() {
      return List.of(y);
    }
  }

  /** y = the sum of the terms, added in their order. */
  record Add(String layer, List<Tensor> terms, Tensor y) implements Op {
    public Add {
      terms = List.copyOf(terms);
    }

    @Override
    public List<Tensor> reads() {
      return terms;
    }

    @Override
    public List<Tensor> writes() {
      return List.of(y);
    }
  }

  /** y = the smallest of the terms, number by number: of flags, whether all are set. */
  record Minimum(String layer, List<Tensor> terms, Tensor y) implements Op {
    public Minimum {
      terms = List.copyOf(terms);
    }

    @Override
    public List<Tensor> reads() {
      return terms;
    }

    @Override
    public List<Tensor> writes() {
      return List.of(y);
    }
  }

  /** y = factor * x. */
  record Scale(String layer, Tensor x, Tensor y, float factor) implements Op {
    @Override
    public List<Tensor> reads() {
      return List.of(x);
    }

    @Override
    public List<Tensor> writes() {
      return List.of(y);
    }
  }

  /**
   * Softmax and cross-entropy of each image.
   *
   * @param logits [n, classes, 1, 1]
   * @param probabilities [n, classes, 1, 1]
   * @param loss [n, 1, 1, 1], -log p(label)
   * @param finite [1, 1, 1, 1], 1 if the loss of every real image is finite, else 0
   * @param first number in the batch of the first image
   */
  record SoftmaxCrossEntropy(
      String layer,
      Tensor logits,
      Tensor labels,
      Tensor probabilities,
      Tensor loss,
      Tensor finite,
      int first)
      implements Op {
    @Override
    public List<Tensor> reads() {
      return List.of(logits, labels);
    }

    @Override
    public List<Tensor> writes() {
      return List.of(probabilities, loss, finite);
    }
  }

  /**
   * dx = (probabilities - onehot(label)) / real images of the batch; 0 for images that are not
   * real.
   *
   * @param first number in the batch of the first image
   */
  record SoftmaxCrossEntropyBackward(
      String layer, Tensor probabilities, Tensor labels, Tensor dx, int first) implements Op {
    @Override
    public List<Tensor> reads() {
      return List.of(probabilities, labels);
    }

    @Override
    public List<Tensor> writes() {
      return List.of(dx);
    }
  }

  /**
   * The paper's update (section 5), unless {@code finite} is 0: v = momentum v - decay e w - e g,
   * then w = w + v, with the learning rate e, the decay and the momentum times those of {@code
   * how}. Then each of as many {@code filters}, which follow one another in w, is brought within
   * the bounds of {@code how}. Beside them {@code squares}, [1], the sum of the squares of the
   * gradient g, which is read anyway; 0 if {@code finite} is.
   */
  record Update(
      String layer,
      Tensor w,
      Tensor v,
      Tensor dw,
      Tensor finite,
      Tensor squares,
      ParameterSpec how,
      int filters)
      implements Op {
    @Override
    public List<Tensor> reads() {
      return List.of(w, v, dw, finite);
    }

    @Override
    public List<Tensor> writes() {
      return List.of(w, v, squares);
    }
  }
}
