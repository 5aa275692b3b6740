package org.alexnet.engine;

import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.SequencedMap;
import org.alexnet.AlexNetException;
import org.alexnet.data.ImageSource;
import org.alexnet.data.MeanImage;
import org.alexnet.network.Input;
import org.alexnet.safetensors.FloatTensor;
import org.alexnet.safetensors.SafetensorsFile;

/**
 * What is subtracted from byte pixels: the mean of the training images, [channels, stored, stored],
 * on the scale of the network's input.
 *
 * @param values C H W
 */
record InputMean(List<Long> shape, float[] values) {
  private static final String NAME = "mean";

  static InputMean of(ImageSource source, Input input, int threads) {
    List<Long> shape =
        List.of((long) input.channels(), (long) input.stored(), (long) input.stored());
    if (source.format().floats()) {
      return new InputMean(shape, new float[input.channels() * input.stored() * input.stored()]);
    }
    float[] values = MeanImage.of(source, threads);
    for (int i = 0; i < values.length; i++) {
      values[i] *= input.scale();
    }
    return new InputMean(shape, values);
  }

  SequencedMap<String, FloatTensor> tensors() {
    SequencedMap<String, FloatTensor> tensors = new LinkedHashMap<>();
    tensors.put(NAME, new FloatTensor(shape, values));
    return tensors;
  }

  static Map<String, String> metadata(Input input) {
    return Map.of("scale", Float.toString(input.scale()));
  }

  static InputMean load(Path file, Input input) {
    try (SafetensorsFile open = SafetensorsFile.open(file)) {
      return load(open, input);
    }
  }

  static InputMean load(SafetensorsFile file, Input input) {
    List<Long> shape =
        List.of((long) input.channels(), (long) input.stored(), (long) input.stored());
    var info = file.tensors().get(NAME);
    if (info == null || !info.shape().equals(shape)) {
      throw new AlexNetException(
          "%s: needs tensor %s F32 %s, got %s"
              .formatted(file.path(), NAME, shape, info == null ? "none" : info));
    }
    return new InputMean(shape, file.floats(NAME));
  }
}
