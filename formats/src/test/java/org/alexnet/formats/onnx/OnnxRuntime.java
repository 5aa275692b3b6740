package org.alexnet.formats.onnx;

import static org.junit.jupiter.api.Assertions.assertEquals;

import ai.onnxruntime.OnnxTensor;
import ai.onnxruntime.OrtEnvironment;
import ai.onnxruntime.OrtException;
import ai.onnxruntime.OrtSession;
import java.nio.FloatBuffer;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/** Has ONNX Runtime compute a file, and compares scores. */
final class OnnxRuntime {
  /** Relative to the largest score. */
  private static final double BOUND = 1e-5;

  private OnnxRuntime() {}

  /** All outputs, by name, of images given as {@code input}. */
  static Map<String, float[][]> run(Path file, float[] images, long[] shape) throws OrtException {
    OrtEnvironment environment = OrtEnvironment.getEnvironment();
    try (OrtSession.SessionOptions options = new OrtSession.SessionOptions();
        OrtSession session = environment.createSession(file.toString(), options);
        OnnxTensor input = OnnxTensor.createTensor(environment, FloatBuffer.wrap(images), shape);
        OrtSession.Result result = session.run(Map.of("input", input))) {
      Map<String, float[][]> outputs = new HashMap<>();
      for (var output : result) {
        outputs.put(output.getKey(), (float[][]) output.getValue().getValue());
      }
      return outputs;
    }
  }

  static void assertClose(List<float[]> expected, float[][] got, String what) {
    double largest = 1e-30;
    for (float[] image : expected) {
      for (float score : image) {
        largest = Math.max(largest, Math.abs(score));
      }
    }
    assertEquals(expected.size(), got.length);
    for (int i = 0; i < got.length; i++) {
      assertEquals(expected.get(i).length, got[i].length);
      for (int c = 0; c < got[i].length; c++) {
        assertEquals(expected.get(i)[c], got[i][c], BOUND * largest, what + ", image " + i);
      }
    }
  }
}
