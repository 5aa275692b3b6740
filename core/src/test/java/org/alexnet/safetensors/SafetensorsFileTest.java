package org.alexnet.safetensors;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.io.RandomAccessFile;
import java.lang.foreign.ValueLayout;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.alexnet.AlexNetException;
import org.alexnet.tensor.DType;
import org.alexnet.tensor.TensorInfo;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** Files made byte by byte from the format's description: good ones are read, bad ones refused. */
class SafetensorsFileTest {
  @TempDir Path folder;

  private static byte[] file(byte[] header, int dataBytes) {
    return ByteBuffer.allocate(8 + header.length + dataBytes)
        .order(ByteOrder.LITTLE_ENDIAN)
        .putLong(header.length)
        .put(header)
        .array();
  }

  private static byte[] file(String header, int dataBytes) {
    return file(header.replace('\'', '"').getBytes(StandardCharsets.UTF_8), dataBytes);
  }

  private static byte[] withLength(long length) {
    return ByteBuffer.allocate(10)
        .order(ByteOrder.LITTLE_ENDIAN)
        .putLong(length)
        .put((byte) '{')
        .put((byte) '}')
        .array();
  }

  private static Arguments bad(String message, byte[] bytes) {
    return Arguments.of(message, bytes);
  }

  private static Arguments tensor(String message, String description, int dataBytes) {
    return Arguments.of(message, file("{'w':" + description + "}", dataBytes));
  }

  static Stream<Arguments> badFiles() {
    String two = "{'dtype':'F32','shape':[2],'data_offsets':[%d,%d]}";
    return Stream.of(
        bad("has 0 bytes", new byte[0]),
        bad("has 7 bytes", new byte[7]),
        bad("header has 9223372036854775808 bytes; at most", withLength(Long.MIN_VALUE)),
        bad("header has 18446744073709551615 bytes", withLength(-1)),
        bad("header has 100000001 bytes; at most 100000000", withLength(100_000_001)),
        bad("only 2 follow", withLength(3)),
        bad("must begin with '{'", withLength(0)),
        bad("must begin with '{'", file("[]", 0)),
        bad("must begin with '{'", file(" {}", 0)),
        bad("not valid JSON: it ends too early, at line 1, column ", file("{'w'", 0)),
        bad("not valid JSON", file("{} {}", 0)),
        bad("not valid JSON", file("{'a':".repeat(2000), 0)),
        bad("not UTF-8", file(new byte[] {'{', '"', (byte) 0xff, '"', ':', '1', '}'}, 0)),
        bad("not an object of strings", file("{'__metadata__':[1]}", 0)),
        bad("'epoch' is not a string", file("{'__metadata__':{'epoch':1}}", 0)),
        bad(
            "field 'w' is there twice, at line 1",
            file("{'w':" + two.formatted(0, 8) + ",'w':1}", 8)),
        tensor("tensor 'w' is not described by an object", "3", 0),
        tensor("dtype missing", "{'shape':[1],'data_offsets':[0,4]}", 4),
        tensor("dtype 32", "{'dtype':32,'shape':[1],'data_offsets':[0,4]}", 4),
        tensor("shape missing", "{'dtype':'F32','data_offsets':[0,4]}", 4),
        tensor("data_offsets missing", "{'dtype':'F32','shape':[1]}", 4),
        tensor("negative extent", "{'dtype':'F32','shape':[-1],'data_offsets':[0,4]}", 4),
        tensor("has 1.0 in its shape", "{'dtype':'F32','shape':[1.0],'data_offsets':[0,4]}", 4),
        tensor(
            "in its shape", "{'dtype':'U8','shape':[9223372036854775808],'data_offsets':[0,4]}", 4),
        tensor(
            "less than 2^63",
            "{'dtype':'F32','shape':[4294967296,4294967296],'data_offsets':[0,0]}",
            0),
        tensor("data_offsets [0]", "{'dtype':'F32','shape':[1],'data_offsets':[0]}", 4),
        tensor("data_offsets [0, 4, 8]", "{'dtype':'F32','shape':[1],'data_offsets':[0,4,8]}", 4),
        tensor("data_offsets [4, 0]", "{'dtype':'F32','shape':[1],'data_offsets':[4,0]}", 4),
        tensor("data_offsets [-4, 0]", "{'dtype':'F32','shape':[1],'data_offsets':[-4,0]}", 4),
        tensor("'w' has 4 bytes", "{'dtype':'F32','shape':[2],'data_offsets':[0,4]}", 4),
        tensor("ends at byte 8 of the data, but the file has only 7", two.formatted(0, 8), 7),
        tensor("has 1 trailing bytes", two.formatted(0, 8), 9),
        tensor("leaves a hole after byte 0", two.formatted(4, 12), 12),
        bad("trailing", file("{}", 1)),
        bad(
            "tensor 'b' begins at byte 4 of the data and overlaps the tensor before it, which ends"
                + " at 8",
            file("{'b':" + two.formatted(4, 12) + ",'a':" + two.formatted(0, 8) + "}", 12)),
        bad(
            "tensor 'b' begins at byte 9 of the data and leaves a hole after byte 8",
            file("{'a':" + two.formatted(0, 8) + ",'b':" + two.formatted(9, 17) + "}", 17)));
  }

  @ParameterizedTest
  @MethodSource("badFiles")
  void refusesWithTheFileAndTheReason(String message, byte[] bytes) throws IOException {
    Path path = Files.write(folder.resolve("bad.safetensors"), bytes);
    String said =
        assertThrows(AlexNetException.class, () -> SafetensorsFile.open(path)).getMessage();
    assertTrue(said.startsWith(path.toString()), said);
    assertTrue(said.contains(message), said);
  }

  /** A type of another program makes its own tensor unusable and no other. */
  @Test
  void readsBesideATypeThatItDoesNotKnow() throws IOException {
    byte[] bytes =
        file(
            "{'odd':{'dtype':'F31','shape':[3],'data_offsets':[0,4]},"
                + "'wide':{'dtype':'U32','shape':[1],'data_offsets':[4,8]},"
                + "'w':{'dtype':'F32','shape':[1],'data_offsets':[8,12]}}",
            12);
    Path path = Files.write(folder.resolve("odd.safetensors"), bytes);
    try (SafetensorsFile file = SafetensorsFile.open(path)) {
      assertEquals(1, file.floats("w").length);
      assertEquals(DType.UNKNOWN, file.tensors().get("odd").dtype());
      String said = assertThrows(AlexNetException.class, () -> file.floats("odd")).getMessage();
      assertTrue(said.contains("'odd'"), said);
    }
  }

  @Test
  void refusesAMissingFileAndAFolder() {
    Path missing = folder.resolve("none.safetensors");
    String said =
        assertThrows(AlexNetException.class, () -> SafetensorsFile.open(missing)).getMessage();
    assertEquals(missing + " cannot be read: no such file or folder", said);
    assertThrows(AlexNetException.class, () -> SafetensorsFile.open(folder));
  }

  @Test
  void readsUnalignedTensorsInTheOrderOfTheirData() throws IOException {
    byte[] bytes =
        file(
            "{'last':{'dtype':'F32','shape':[1,2],'data_offsets':[3,11]},"
                + "'__metadata__':{'made':'by hand'},"
                + "'none':{'dtype':'I64','shape':[0,5],'data_offsets':[3,3]},"
                + "'first':{'dtype':'BOOL','shape':[3],'data_offsets':[0,3]},"
                + "'one':{'dtype':'BF16','shape':[],'data_offsets':[11,13]}}   ",
            13);
    ByteBuffer data = ByteBuffer.wrap(bytes, bytes.length - 13, 13).order(ByteOrder.LITTLE_ENDIAN);
    data.put(new byte[] {1, 0, 1}).putFloat(-1.5f).putFloat(Float.MIN_VALUE).putShort((short) 7);
    Path path = Files.write(folder.resolve("good.safetensors"), bytes);
    try (SafetensorsFile file = SafetensorsFile.open(path)) {
      assertEquals(List.of("first", "none", "last", "one"), List.copyOf(file.tensors().keySet()));
      assertEquals(new TensorInfo(DType.F32, List.of(1L, 2L)), file.tensors().get("last"));
      assertEquals(Map.of("made", "by hand"), file.metadata());
      assertArrayEquals(new float[] {-1.5f, Float.MIN_VALUE}, file.floats("last"));
      assertArrayEquals(new byte[] {1, 0, 1}, file.data("first").toArray(ValueLayout.JAVA_BYTE));
      assertEquals(0, file.data("none").byteSize());
      assertEquals(7, file.data("one").get(ValueLayout.JAVA_BYTE, 0));
      assertTrue(file.data("one").isReadOnly());
      String type = assertThrows(AlexNetException.class, () -> file.floats("one")).getMessage();
      assertTrue(type.contains("'one' is BF16; F32 is required"), type);
      String name = assertThrows(AlexNetException.class, () -> file.data("two")).getMessage();
      assertTrue(name.contains("no tensor 'two'; it holds first, none, last, one"), name);
    }
  }

  @Test
  void readsAnEmptyFileOfTensors() throws IOException {
    Path path = Files.write(folder.resolve("empty.safetensors"), file("{}", 0));
    try (SafetensorsFile file = SafetensorsFile.open(path)) {
      assertTrue(file.tensors().isEmpty());
    }
  }

  @Test
  void readsBeyondTwoGibibytes() throws IOException {
    long size = 3L << 30;
    byte[] head =
        file(
            "{'big':{'dtype':'U8','shape':[%d],'data_offsets':[0,%d]},".formatted(size, size)
                + "'end':{'dtype':'F32','shape':[1],'data_offsets':[%d,%d]}}"
                    .formatted(size, size + 4),
            0);
    Path path = folder.resolve("big.safetensors");
    try (var out = new RandomAccessFile(path.toFile(), "rw")) {
      out.write(head);
      out.seek(head.length + size); // the hole takes no room on disk
      out.writeInt(Integer.reverseBytes(Float.floatToIntBits(2.5f)));
    }
    try (SafetensorsFile file = SafetensorsFile.open(path)) {
      assertEquals(size, file.data("big").byteSize());
      assertArrayEquals(new float[] {2.5f}, file.floats("end"));
      String said = assertThrows(AlexNetException.class, () -> file.floats("big")).getMessage();
      assertTrue(said.contains("U8"), said);
    }
    Files.delete(path);
  }

  @Test
  void aBorrowedHandleLeavesTheFileOpen() throws IOException {
    Path path = Files.write(folder.resolve("empty.safetensors"), file("{}", 0));
    SafetensorsFile file = SafetensorsFile.open(path);
    file.borrowed().close();
    assertEquals(10, file.digest().bytes());
    file.close();
    file.close();
    assertThrows(IllegalStateException.class, file::digest);
  }
}
