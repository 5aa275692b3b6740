package org.alexnet.formats.pytorch;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static java.nio.charset.StandardCharsets.US_ASCII;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.SequencedMap;
import java.util.zip.CRC32;
import java.util.zip.ZipEntry;
import java.util.zip.ZipOutputStream;
import org.alexnet.AlexNetException;
import org.alexnet.formats.Hostile;
import org.alexnet.tensor.DType;
import org.alexnet.tensor.TensorInfo;
import org.alexnet.weights.format.WeightFiles;
import org.alexnet.weights.format.WeightSource;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Files that PyTorch 2.13 saved ({@code benchmarks/peers/make_pytorch_files.py}), and such as it
 * never would.
 */
class PyTorchFormatTest {
  private static final SequencedMap<String, List<Long>> SHAPES = new LinkedHashMap<>();

  static {
    SHAPES.put("conv1.weight", List.of(2L, 3L, 2L, 2L));
    SHAPES.put("conv1.bias", List.of(2L));
    SHAPES.put("fc2.weight", List.of(3L, 8L));
    SHAPES.put("fc2.bias", List.of(3L));
  }

  @TempDir Path dir;

  static byte[] saved(String name) {
    try (InputStream in = PyTorchFormatTest.class.getResourceAsStream("/pytorch/" + name + ".pt")) {
      return in.readAllBytes();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private Path write(byte[] bytes) throws IOException {
    return Files.write(dir.resolve("weights.pth"), bytes);
  }

  private static float[] expected(int parameter, int count) {
    float[] values = new float[count];
    for (int i = 0; i < count; i++) {
      values[i] = ((7 * i + parameter) % 64 - 32) / 8f;
    }
    return values;
  }

  private static void assertExpected(Path file) {
    try (WeightSource source = WeightFiles.open(file)) {
      int parameter = 0;
      for (Map.Entry<String, List<Long>> entry : SHAPES.entrySet()) {
        TensorInfo info = source.tensors().get(entry.getKey());
        assertEquals(new TensorInfo(DType.F32, entry.getValue()), info, entry.getKey());
        assertArrayEquals(
            expected(parameter++, (int) info.elements()),
            source.floats(entry.getKey()),
            entry.getKey());
      }
    }
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "plain",
        "module",
        "half",
        "bfloat16",
        "double",
        "strided",
        "shared",
        "checkpoint"
      })
  void whatPyTorchSaved(String name) throws IOException {
    assertExpected(write(saved(name + "-zip")));
    assertExpected(write(saved(name + "-stream")));
  }

  @Test
  void whatIsNoWeightKeepsItsType() throws IOException {
    try (WeightSource source = WeightFiles.open(write(saved("module-zip")))) {
      assertEquals(new TensorInfo(DType.I64, List.of()), source.tensors().get("steps"));
      AlexNetException e = assertThrows(AlexNetException.class, () -> source.floats("steps"));
      assertTrue(e.getMessage().endsWith("its tensor steps has elements of type I64, no weights."));
    }
  }

  /** All that a source does. */
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

  private String refused(byte[] bytes) throws IOException {
    Path file = write(bytes);
    AlexNetException e = assertThrows(AlexNetException.class, () -> readAll(file));
    assertTrue(e.getMessage().startsWith(file + ": "), e.getMessage());
    return e.getMessage().substring(file.toString().length() + 2);
  }

  static byte[] zip(Map<String, byte[]> entries, boolean stored) throws IOException {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    try (ZipOutputStream zip = new ZipOutputStream(bytes)) {
      for (Map.Entry<String, byte[]> content : entries.entrySet()) {
        ZipEntry entry = new ZipEntry(content.getKey());
        if (stored) {
          CRC32 crc = new CRC32();
          crc.update(content.getValue());
          entry.setMethod(ZipEntry.STORED);
          entry.setSize(content.getValue().length);
          entry.setCrc(crc.getValue());
        }
        zip.putNextEntry(entry);
        zip.write(content.getValue());
      }
    }
    return bytes.toByteArray();
  }

  private static byte[] zip(byte[] pickle, byte[] storage) throws IOException {
    Map<String, byte[]> entries = new LinkedHashMap<>();
    entries.put("a/data.pkl", pickle);
    entries.put("a/data/0", storage);
    return zip(entries, true);
  }

  /** A pickle of one tensor, of which each number can be another. */
  private static byte[] tensor(long elements, long offset, long extent, long stride) {
    return new PickleBytes()
        .code('}')
        .text("w")
        .global("torch._utils", "_rebuild_tensor_v2")
        .code('(', '(')
        .text("storage")
        .global("torch", "FloatStorage")
        .text("0")
        .text("cpu")
        .number(elements)
        .code('t', 'Q')
        .number(offset)
        .number(extent)
        .code(0x85)
        .number(stride)
        .code(0x85, 0x89, 'N', 't', 'R', 's')
        .end();
  }

  @Test
  void bigEndianElements() throws IOException {
    Map<String, byte[]> entries = new LinkedHashMap<>();
    entries.put("a/data.pkl", tensor(2, 0, 2, 1));
    entries.put("a/byteorder", "big".getBytes(US_ASCII));
    entries.put("a/data/0", ByteBuffer.allocate(8).putFloat(1.5f).putFloat(-7).array());
    try (WeightSource source = WeightFiles.open(write(zip(entries, true)))) {
      assertArrayEquals(new float[] {1.5f, -7}, source.floats("w"));
    }
    entries.put("a/byteorder", "middle".getBytes(US_ASCII));
    assertEquals("its byteorder is middle, must be little or big.", refused(zip(entries, true)));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "2,0,3,1",
        "2,-1,2,1",
        "2,0,2,-1",
        "2,0,-2,1",
        "2,3,1,1",
        "2,0,4611686018427387905,4",
        "3,0,2,1",
        "-1,0,2,1",
        "2,0,2,9223372036854775807",
        "9223372036854775807,0,2,1",
        "2,0,9223372036854775807,0",
        "2,9223372036854775807,2,1"
      })
  void tensorsThatLieOutside(String numbers) throws IOException {
    String[] n = numbers.split(",");
    byte[] pickle =
        tensor(
            Long.parseLong(n[0]), Long.parseLong(n[1]), Long.parseLong(n[2]), Long.parseLong(n[3]));
    String said = refused(zip(pickle, new byte[8]));
    assertTrue(said.contains("its tensor w "), said);
  }

  @Test
  void aStorageThatIsMissing() throws IOException {
    byte[] good = zip(tensor(2, 0, 2, 1), new byte[8]);
    readAll(write(good));
    byte[] other =
        new String(good, ISO_8859_1).replace("a/data/0", "a/data/1").getBytes(ISO_8859_1);
    assertEquals("the storage 0 of its tensor w is missing.", refused(other));
  }

  private String refusedPickle(byte[] pickle) throws IOException {
    return refused(zip(pickle, new byte[8]));
  }

  @Test
  void nothingIsExecuted() throws IOException {
    for (String[] name :
        new String[][] {{"os", "system"}, {"posix", "system"}, {"builtins", "eval"}}) {
      byte[] pickle =
          new PickleBytes()
              .global(name[0], name[1])
              .text("touch " + dir.resolve("executed"))
              .code(0x85, 'R')
              .end();
      String said = refusedPickle(pickle);
      assertTrue(
          said.startsWith(
              "its pickle names %s.%s, which no state dict".formatted(name[0], name[1])),
          said);
    }
    assertTrue(Files.notExists(dir.resolve("executed")));
  }

  /** A network that was saved with its code says so. */
  @Test
  void aWholeNetworkIsRefused() throws IOException {
    String said = refused(saved("whole-zip"));
    assertTrue(said.startsWith("its pickle names __main__.Network, which no state"), said);
    assertTrue(said.endsWith("torch.save(model.state_dict(), FILE)."), said);
  }

  @Test
  void instructionsThatNoStateDictNeeds() throws IOException {
    // INST, OBJ, NEWOBJ, STACK_GLOBAL, EXT1, DUP, STRING, LONG, FRAME
    for (int code : new int[] {'i', 'o', 0x81, 0x93, 0x82, '2', 'S', 'L', 0x95}) {
      String said = refusedPickle(new PickleBytes().code('}', code).end());
      assertTrue(said.startsWith("its pickle has instruction 0x%02x,".formatted(code)), said);
    }
    String said = refusedPickle(new byte[] {(byte) 0x80, 4, '}', '.'});
    assertTrue(said.startsWith("its pickle has protocol 4; 2 is required"), said);
  }

  /** Lists and dicts that contain themselves, and tuples nested deeper than any stack. */
  @Test
  void loopsAndDepth() throws IOException {
    byte[] loop =
        new PickleBytes()
            .code('}', 'q', 0)
            .text("state_dict")
            .code('h', 0, 's')
            .text("list")
            .code(']', 'q', 1, 'h', 1, 'a', 's')
            .end();
    assertEquals(
        "it holds no tensors, and none under state_dict, model_state_dict, model, net; it has"
            + " state_dict, list.",
        refusedPickle(loop));
    PickleBytes deep = new PickleBytes().code(')');
    for (int i = 0; i < 1_000_000; i++) {
      deep.code(0x85);
    }
    assertEquals(
        "it holds no dict of tensors; save one: torch.save(model.state_dict(), FILE).",
        refusedPickle(deep.code(0x80, 2).end()));
    deep = new PickleBytes().code('}', ')');
    for (int i = 0; i < 100_000; i++) {
      deep.code(0x85);
    }
    assertTrue(
        refusedPickle(deep.code(')', 's').end())
            .startsWith("its pickle has a key of a dict that is neither"));
    deep = new PickleBytes().global("torch._utils", "_rebuild_parameter").code(')');
    for (int i = 0; i < 100_000; i++) {
      deep.code(0x85);
    }
    assertTrue(refusedPickle(deep.code('R').end()).startsWith("its pickle calls torch._utils."));
    deep = new PickleBytes().code(')');
    for (int i = 0; i < 100_000; i++) {
      deep.code(0x85);
    }
    assertTrue(refusedPickle(deep.code('Q').end()).startsWith("its pickle refers to an object"));
  }

  @Test
  void picklesThatPopWhatTheyHaveNotBuilt() throws IOException {
    for (String codes : List.of("", "R", "t", "(", "(.", "a", "]a", "}s", "(s", "b", "Q", "}NR")) {
      PickleBytes pickle = new PickleBytes();
      codes.chars().forEach(pickle::code);
      refusedPickle(pickle.end());
    }
    String said = refusedPickle(new PickleBytes().code('h', 3).end());
    assertEquals("its pickle has a reference to object 3, which it has not stored.", said);
  }

  @Test
  void archivesThatLie() throws IOException {
    Map<String, byte[]> entries = new LinkedHashMap<>();
    entries.put("a/data.pkl", tensor(2, 0, 2, 1));
    entries.put("a/data/0", new byte[8]);
    entries.put("a/data/../../../etc/passwd", new byte[8]); // a name, and no place
    readAll(write(zip(entries, true)));
    entries.put("b/data.pkl", new byte[0]);
    assertTrue(refused(zip(entries, true)).startsWith("it is an archive with 2 entries called"));
    entries.remove("b/data.pkl");
    entries.put("a/data/1", new byte[1 << 20]); // a bomb of zeros
    assertTrue(refused(zip(entries, false)).startsWith("its entry a/data.pkl is compressed,"));
    entries.put("a/constants.pkl", new byte[0]);
    assertTrue(refused(zip(entries, true)).startsWith("it is a program of TorchScript"));
    assertTrue(
        refused(zip(Map.of("x.npy", new byte[3]), true)).startsWith("it is an archive with"));
  }

  @Test
  void entriesThatOverlap() throws IOException {
    Map<String, byte[]> entries = new LinkedHashMap<>();
    entries.put("a/data.pkl", tensor(2, 0, 2, 1));
    entries.put("a/data/0", new byte[8]);
    entries.put("a/data/1", new byte[8]);
    byte[] bytes = zip(entries, true);
    ByteBuffer view = ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN);
    int second = -1;
    int third = -1;
    for (int at = 0; at < bytes.length - 4; at++) {
      if (view.getInt(at) == 0x02014b50) {
        second = third;
        third = at;
      }
    }
    view.putInt(third + 42, view.getInt(second + 42)); // both where the first of them is
    assertEquals("its entry a/data/1 overlaps another.", refused(bytes));
  }

  @ParameterizedTest
  @ValueSource(strings = {"checkpoint-zip", "shared-stream", "strided-zip", "half-stream"})
  void damagedFiles(String name) throws IOException {
    byte[] good = saved(name);
    Path file = dir.resolve("hostile.pt");
    Hostile.cutEverywhere(good, file, PyTorchFormatTest::readAll);
    Hostile.change(good, file, PyTorchFormatTest::readAll);
  }
}
