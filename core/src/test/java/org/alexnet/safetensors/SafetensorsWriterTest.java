package org.alexnet.safetensors;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;
import java.util.stream.Stream;
import java.util.zip.CRC32C;
import org.alexnet.AlexNetException;
import org.alexnet.file.FileDigest;
import org.alexnet.tensor.DType;
import org.alexnet.tensor.FloatTensor;
import org.alexnet.tensor.TensorInfo;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class SafetensorsWriterTest {
  @TempDir Path folder;
  private Path file;

  @BeforeEach
  void name() {
    file = folder.resolve("w.safetensors");
  }

  private static LinkedHashMap<String, FloatTensor> weights() {
    var weights = new LinkedHashMap<String, FloatTensor>();
    weights.put("z.weight", new FloatTensor(List.of(2L, 1L), new float[] {1, -0f}));
    weights.put("a.bias", new FloatTensor(List.of(), new float[] {Float.NaN}));
    weights.put("empty", new FloatTensor(List.of(0L), new float[0]));
    return weights;
  }

  private static LinkedHashMap<String, TensorInfo> declared(DType dtype, long... counts) {
    var infos = new LinkedHashMap<String, TensorInfo>();
    for (int i = 0; i < counts.length; i++) {
      infos.put("t" + i, new TensorInfo(dtype, List.of(counts[i])));
    }
    return infos;
  }

  private List<String> entries() throws IOException {
    try (Stream<Path> entries = Files.list(folder)) {
      return entries.map(entry -> entry.getFileName().toString()).sorted().toList();
    }
  }

  @Test
  void writesTheBytesOfTheFormat() throws IOException {
    FileDigest digest = SafetensorsWriter.save(file, Map.of("b", "2", "a", "1"), weights());
    String header =
        ("{'__metadata__':{'a':'1','b':'2'},"
                + "'z.weight':{'dtype':'F32','shape':[2,1],'data_offsets':[0,8]},"
                + "'a.bias':{'dtype':'F32','shape':[],'data_offsets':[8,12]},"
                + "'empty':{'dtype':'F32','shape':[0],'data_offsets':[12,12]}}")
            .replace('\'', '"');
    header += " ".repeat((8 - header.length() % 8) % 8);
    ByteBuffer expected =
        ByteBuffer.allocate(8 + header.length() + 12)
            .order(ByteOrder.LITTLE_ENDIAN)
            .putLong(header.length())
            .put(header.getBytes(StandardCharsets.UTF_8))
            .putFloat(1)
            .putFloat(-0f)
            .putFloat(Float.NaN);
    byte[] written = Files.readAllBytes(file);
    assertArrayEquals(expected.array(), written);
    var crc = new CRC32C();
    crc.update(written);
    assertEquals(new FileDigest(written.length, crc.getValue()), digest);
    assertEquals(List.of("w.safetensors"), entries());
  }

  @Test
  void equalTensorsAreEqualFiles() throws IOException {
    SafetensorsWriter.save(file, Map.of(), weights());
    byte[] first = Files.readAllBytes(file);
    SafetensorsWriter.save(file, Map.of(), weights());
    assertArrayEquals(first, Files.readAllBytes(file));
  }

  @Test
  void readsBackWhatCrossesTheBuffer() {
    var values = new float[700_001];
    for (int i = 0; i < values.length; i++) {
      values[i] = Float.intBitsToFloat(i * 1_000_003);
    }
    var infos = declared(DType.F32, values.length);
    infos.put("labels \"é\"", new TensorInfo(DType.I32, List.of(300_000L)));
    var labels = MemorySegment.ofArray(new int[300_000]);
    labels.setAtIndex(ValueLayout.JAVA_INT.withOrder(ByteOrder.LITTLE_ENDIAN), 299_999, 77);
    FileDigest digest;
    try (SafetensorsWriter writer = SafetensorsWriter.create(file, Map.of(), infos)) {
      writer.write("t0", values);
      writer.write("labels \"é\"", labels);
      digest = writer.digest();
    }
    try (SafetensorsFile read = SafetensorsFile.open(file)) {
      assertEquals(infos, read.tensors());
      assertEquals(List.copyOf(infos.keySet()), List.copyOf(read.tensors().keySet()));
      assertEquals(
          -1, MemorySegment.ofArray(values).mismatch(MemorySegment.ofArray(read.floats("t0"))));
      assertEquals(-1, labels.mismatch(read.data("labels \"é\"")));
      assertEquals(digest, read.digest());
    }
  }

  @Test
  void refusesWhatWasNotDeclaredAndKeepsTheOldFile() throws IOException {
    Files.writeString(file, "old");
    refused("declared order requires 't0'", DType.F32, w -> w.write("t1", new float[3]));
    refused(
        "given 8 bytes; F32 of shape [3] requires 12", DType.F32, w -> w.write("t0", new float[2]));
    refused("was declared I32", DType.I32, w -> w.write("t0", new float[3]));
    refused("'t0' was declared but not given", DType.F32, w -> {});
    assertEquals("old", Files.readString(file));
    assertEquals(List.of("w.safetensors"), entries());
  }

  private void refused(String message, DType dtype, Consumer<SafetensorsWriter> use) {
    String said =
        assertThrows(
                AlexNetException.class,
                () -> {
                  try (var writer =
                      SafetensorsWriter.create(file, Map.of(), declared(dtype, 3, 3))) {
                    use.accept(writer);
                  }
                })
            .getMessage();
    assertTrue(said.startsWith(file.toString()) && said.contains(message), said);
  }

  @Test
  void refusesNamesAndShapesThatCannotBe() {
    var reserved = new LinkedHashMap<String, TensorInfo>();
    reserved.put("__metadata__", new TensorInfo(DType.F32, List.of()));
    assertThrows(
        AlexNetException.class, () -> SafetensorsWriter.create(file, Map.of(), reserved).close());
    assertThrows(AlexNetException.class, () -> new FloatTensor(List.of(3L), new float[2]));
    assertThrows(AlexNetException.class, () -> new TensorInfo(DType.F64, List.of(1L << 60)));
    assertFalse(Files.exists(file));
  }

  @Test
  void aFullDiskLeavesTheOldFileAndNoOther() throws IOException {
    Path full = Path.of("/dev/full");
    assumeTrue(Files.isWritable(full));
    Files.writeString(file, "old");
    Files.createSymbolicLink(folder.resolve("w.safetensors.tmp"), full);
    String said =
        assertThrows(
                AlexNetException.class, () -> SafetensorsWriter.save(file, Map.of(), weights()))
            .getMessage();
    assertTrue(said.contains("No space left on device"), said);
    assertEquals("old", Files.readString(file));
    assertEquals(List.of("w.safetensors"), entries());
    assertTrue(Files.exists(full));
  }

  @Test
  void aMissingFolderAndATakenNameAreSaid() throws IOException {
    Path nowhere = folder.resolve("none/w.safetensors");
    String said =
        assertThrows(
                AlexNetException.class, () -> SafetensorsWriter.save(nowhere, Map.of(), weights()))
            .getMessage();
    assertTrue(said.startsWith(nowhere + " cannot be written: no such file or folder"), said);
    Files.createDirectories(file.resolve("child"));
    assertThrows(AlexNetException.class, () -> SafetensorsWriter.save(file, Map.of(), weights()));
    assertEquals(List.of("w.safetensors"), entries());
  }
}
