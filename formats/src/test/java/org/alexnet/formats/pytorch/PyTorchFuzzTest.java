package org.alexnet.formats.pytorch;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import org.alexnet.formats.Hostile;
import org.alexnet.formats.Mutations;
import org.alexnet.tensor.DType;
import org.alexnet.weights.format.WeightFiles;
import org.alexnet.weights.format.WeightSource;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Damaged files of PyTorch, of each form: archives, the pickle within one, streams. */
class PyTorchFuzzTest {
  private static final List<String> ZIPS =
      List.of("checkpoint-zip", "shared-zip", "strided-zip", "module-zip", "whole-zip");
  private static final List<String> STREAMS =
      List.of("checkpoint-stream", "shared-stream", "strided-stream", "half-stream");

  /** Instructions that build, call, refer and repeat, and names. */
  private static final List<byte[]> WORDS = new ArrayList<>();

  static {
    for (String code :
        "28 29 2e 4e 51 52 5d 61 62 65 68007101 71ff 6aff000000 72ffffff7f 73 74 75 7d 80028004 85 86 87 88 89 30 31 32 81 93 95 4b00 4bff 4a000000804affffff7f 8a00 8a08ffffffffffffff7f 58ffffffff 5800000000 54ffffff7f 5500 55ff 47 285151 2874 286503"
            .split(" ")) {
      WORDS.add(HexFormat.of().parseHex(code));
    }
    for (String name :
        List.of(
            "ctorch._utils\n_rebuild_tensor_v2\n",
            "ctorch._utils\n_rebuild_parameter\n",
            "ccollections\nOrderedDict\n",
            "ctorch\nFloatStorage\n",
            "ctorch\nBoolStorage\n",
            "cos\nsystem\n",
            "PK\u0003\u0004",
            "PK\u0001\u0002",
            "PK\u0005\u0006",
            "PK\u0006\u0006",
            "\n")) {
      WORDS.add(name.getBytes(StandardCharsets.ISO_8859_1));
    }
  }

  @TempDir Path dir;
  private Path file;

  @BeforeEach
  void name() {
    file = dir.resolve("hostile.pth");
  }

  private static byte[] any(List<String> of, SplittableRandom random) {
    return PyTorchFormatTest.saved(of.get(random.nextInt(of.size())));
  }

  private static void readAll(Path file) {
    try (WeightSource source = WeightFiles.open(file)) {
      source
          .tensors()
          .forEach(
              (name, info) -> {
                if (info.dtype() == DType.F32) {
                  assertEquals(info.elements(), source.floats(name).length, name);
                }
              });
    }
  }

  @Test
  void archives() {
    Hostile.fuzz(
        random -> Mutations.bytes(any(ZIPS, random), WORDS, random),
        file,
        PyTorchFuzzTest::readAll);
  }

  /** A good archive of a damaged pickle. */
  @Test
  void pickles() {
    Hostile.fuzz(
        random -> {
          Map<String, byte[]> entries = entries(any(ZIPS, random));
          entries.replaceAll(
              (name, content) ->
                  name.endsWith("data.pkl") ? Mutations.bytes(content, WORDS, random) : content);
          try {
            return PyTorchFormatTest.zip(entries, true);
          } catch (IOException e) {
            throw new UncheckedIOException(e);
          }
        },
        file,
        PyTorchFuzzTest::readAll);
  }

  private static Map<String, byte[]> entries(byte[] archive) {
    Map<String, byte[]> entries = new LinkedHashMap<>();
    ByteBuffer view = ByteBuffer.wrap(archive).order(ByteOrder.LITTLE_ENDIAN);
    for (int at = 0; at + 46 <= archive.length; at++) { // its directory, at the end
      if (view.getInt(at) == 0x02014b50) {
        int local = view.getInt(at + 42);
        int content = local + 30 + view.getShort(local + 26) + view.getShort(local + 28);
        String name = new String(archive, at + 46, view.getShort(at + 28), StandardCharsets.UTF_8);
        entries.put(name, Arrays.copyOfRange(archive, content, content + view.getInt(at + 24)));
      }
    }
    return entries;
  }

  @Test
  void streams() {
    Hostile.fuzz(
        random -> Mutations.bytes(any(STREAMS, random), WORDS, random),
        file,
        PyTorchFuzzTest::readAll);
  }

  @Test
  void archivesOfBefore() {
    byte[] good = TarFormTest.archive();
    Hostile.fuzz(random -> Mutations.bytes(good, WORDS, random), file, PyTorchFuzzTest::readAll);
  }
}
