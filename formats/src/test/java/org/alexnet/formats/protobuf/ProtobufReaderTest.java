package org.alexnet.formats.protobuf;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import org.alexnet.AlexNetException;
import org.alexnet.formats.MappedFile;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Messages byte by byte, after the examples of the format's documentation. */
class ProtobufReaderTest {
  @TempDir Path dir;

  private MappedFile file(String hex) throws IOException {
    byte[] bytes = HexFormat.ofDelimiter(" ").parseHex(hex);
    return MappedFile.open(Files.write(dir.resolve("message"), bytes));
  }

  private static ProtobufReader reader(MappedFile file) {
    return new ProtobufReader(file, "a Test", file.bytes());
  }

  @Test
  void everyKindOfField() throws IOException {
    // 1: 150, 2: "testing", 3: {1: 150}, 4: packed 3, 270, 86942, 5: 1.5f, 6: -1, 7: 8 bytes
    try (MappedFile file =
        file(
            "08 96 01 12 07 74 65 73 74 69 6e 67 1a 03 08 96 01 22 06 03 8e 02 9e a7 05"
                + " 2d 00 00 c0 3f 30 ff ff ff ff ff ff ff ff ff 01 39 01 02 03 04 05 06 07 08")) {
      ProtobufReader reader = reader(file);
      assertTrue(reader.next());
      assertEquals(150, reader.int32());
      assertTrue(reader.next());
      assertEquals("testing", reader.text());
      assertTrue(reader.next());
      assertEquals(3, reader.field());
      ProtobufReader inner = reader.message("an Inner");
      assertTrue(inner.next());
      assertEquals(150, inner.integer());
      assertFalse(inner.next());
      assertTrue(reader.next());
      List<Long> packed = new ArrayList<>();
      reader.integers(packed::add);
      assertEquals(List.of(3L, 270L, 86942L), packed);
      assertTrue(reader.next());
      assertEquals(1.5f, reader.real());
      assertTrue(reader.next());
      assertEquals(-1, reader.int32());
      packed.clear();
      reader.integers(packed::add);
      assertEquals(List.of(-1L), packed, "one that is not packed");
      assertTrue(reader.next());
      assertEquals(7, reader.field());
      assertFalse(reader.next());
    }
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      textBlock =
          """
          08                               | a Test ends within a number
          08 96                            | a Test ends within a number
          12 07 74                         | field 2 of 7 bytes with 1 left
          12 ff ff ff ff ff ff ff ff ff 01 | field 2 of 18446744073709551615 bytes with 0 left
          2d 00 00                         | field 5 of 4 bytes with 2 left
          39 00 00 00                      | field 7 of 8 bytes with 3 left
          08 ff ff ff ff ff ff ff ff ff ff 01 | a number of more than 64 bits
          0b                               | field 1 of wire type 3
          00 01                            | a field of number 0
          """)
  void damageIsNamed(String hex, String said) throws IOException {
    try (MappedFile file = file(hex)) {
      AlexNetException e = assertThrows(AlexNetException.class, reader(file)::next);
      assertTrue(e.getMessage().contains(said), e.getMessage());
      assertTrue(e.getMessage().startsWith(dir.resolve("message") + ": a Test "), e.getMessage());
    }
  }

  @Test
  void anotherTypeThanIsRequired() throws IOException {
    try (MappedFile file = file("08 96 01 10 80 80 80 80 10")) {
      ProtobufReader reader = reader(file);
      assertTrue(reader.next());
      assertThrows(AlexNetException.class, reader::text);
      assertThrows(AlexNetException.class, reader::real);
      assertThrows(AlexNetException.class, () -> reader.message("an Inner"));
      assertTrue(reader.next());
      assertEquals(1L << 32, reader.integer());
      assertThrows(AlexNetException.class, reader::int32);
    }
  }
}
