package org.alexnet.data;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import org.alexnet.AlexNetException;
import org.junit.jupiter.api.Test;

class ClassNamesTest {
  private static final String LATIN = "ung\uFFFDltig"; // what Java makes of ISO 8859-1 in UTF-8

  private static String refused(String... names) {
    return assertThrows(
            AlexNetException.class, () -> ClassNames.requireDistinct(List.of(names), "folder x"))
        .getMessage();
  }

  @Test
  void namesThatCannotBeUsed() {
    assertEquals(List.of("b", "a"), ClassNames.requireDistinct(List.of("b", "a"), "folder x"));
    assertTrue(refused("a", "b", "a").startsWith("folder x has two classes called 'a'"));
    assertTrue(refused("a", " ").startsWith("folder x has a class without a name"));
    assertTrue(
        refused("a", LATIN).startsWith("folder x has the class '" + LATIN + "', whose name"));
  }

  @Test
  void aNameInAnotherEncodingIsRenamedWhereTheLocaleIsRight() {
    String begin =
        "folder x has the class 'ung\uFFFDltig', whose name cannot be read in this locale's";
    assertEquals(
        begin + " encoding (UTF-8): rename it", ClassNames.undecodable(LATIN, "folder x", "UTF-8"));
    assertEquals(
        begin + " encoding (US-ASCII): set LC_ALL to a UTF-8 locale such as C.UTF-8",
        ClassNames.undecodable(LATIN, "folder x", "US-ASCII"));
  }
}
