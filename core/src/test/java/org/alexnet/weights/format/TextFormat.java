package org.alexnet.weights.format;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.alexnet.AlexNetException;
import org.alexnet.file.FileStart;
import org.alexnet.tensor.DType;
import org.alexnet.tensor.TensorInfo;

/**
 * A format that another module might add, as small as one can be. After the line {@code weights in
 * words}, each tensor has two lines: {@code PARAMETER TENSOR SIZE,SIZE,... AXIS,AXIS,...} and its
 * values.
 */
public final class TextFormat implements WeightFormat {
  static final String MAGIC = "weights in words\n";

  @Override
  public String name() {
    return "words";
  }

  @Override
  public boolean recognizes(FileStart start) {
    byte[] magic = MAGIC.getBytes(StandardCharsets.US_ASCII);
    return Arrays.equals(magic, Arrays.copyOf(start.bytes(), magic.length));
  }

  @Override
  public WeightSource open(Path file) {
    Map<String, TensorInfo> tensors = new LinkedHashMap<>();
    Map<String, StoredAs> stored = new LinkedHashMap<>();
    Map<String, String> values = new LinkedHashMap<>();
    List<String> lines;
    try {
      lines = Files.readAllLines(file);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    for (int i = 1; i < lines.size(); i += 2) {
      String[] words = lines.get(i).split(" ");
      List<Long> shape = Stream.of(words[2].split(",")).map(Long::valueOf).toList();
      List<Integer> axes = Stream.of(words[3].split(",")).map(Integer::valueOf).toList();
      tensors.put(words[1], new TensorInfo(DType.F32, shape));
      stored.put(words[0], new StoredAs(words[1], axes));
      values.put(words[1], lines.get(i + 1));
    }
    return new Source(file, tensors, stored, values);
  }

  private record Source(
      Path path,
      Map<String, TensorInfo> tensors,
      Map<String, StoredAs> stored,
      Map<String, String> values)
      implements WeightSource {
    @Override
    public float[] floats(String name) {
      String[] words = values.get(name).split(" ");
      float[] numbers = new float[words.length];
      try {
        for (int i = 0; i < words.length; i++) {
          numbers[i] = Float.parseFloat(words[i]);
        }
      } catch (NumberFormatException e) {
        throw new AlexNetException(path + ": tensor " + name + " has no numbers", e);
      }
      return numbers;
    }

    @Override
    public List<String> classNames() {
      return List.of("one", "two", "three");
    }

    @Override
    public void close() {}
  }
}
