package org.alexnet;

import static org.junit.jupiter.api.Assertions.assertEquals;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class WordsTest {
  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "cat                | cat",
        "ä 日本             | ä 日本",
        "'a\u001b[31mred'   | 'a [31mred'",
        "'two\nlines'       | 'two lines'",
        "'txt\u202Egnp.jpg' | 'txt gnp.jpg'",
        "'a\u2028b\u0007'   | 'a b'",
      })
  void namesAreOneHarmlessLine(String name, String line) {
    assertEquals(line, Words.line(name));
  }

  @Test
  void linesOfATextStay() {
    assertEquals(" {\n  \"a b\" \n", Words.harmless(" {\n  \"a\u001bb\"\u202e\n"));
  }
}
