package org.alexnet;

import static org.junit.jupiter.api.Assertions.assertEquals;

import org.junit.jupiter.api.Test;

class MessageTest {
  private static String options(Setting setting, String value) {
    return "--" + setting.name().toLowerCase() + (value.isEmpty() ? "" : "=" + value);
  }

  @Test
  void settingsAreNamedAsTheReaderSetsThem() {
    Message message =
        Message.of("%,d images; take %s or less %s", 12_345, Setting.BATCH.to(8), Setting.DATA);
    assertEquals("12,345 images; take batch(8) or less data", message.toString());
    assertEquals(
        "12,345 images; take --batch=8 or less --data", message.text(MessageTest::options));
  }

  @Test
  void messagesWithinMessagesKeepTheirSettings() {
    Message inner = Message.of("give another %s", Setting.OUT);
    Message outer = Message.of("%s is used: %s.", "runs/a", inner);
    assertEquals("runs/a is used: give another out.", outer.toString());
    assertEquals("runs/a is used: give another --out.", outer.text(MessageTest::options));
  }

  @Test
  void textWithoutPartsIsTakenAsItIs() {
    assertEquals("100 %s of it", Message.of("100 %s of it").toString());
    assertEquals("it is null", Message.of("it is %s", (Object) null).toString());
  }

  @Test
  void anExceptionKeepsWhatItsTextNames() {
    AlexNetException e = UsageException.value(Setting.THREADS, 0, "at least 1");
    assertEquals("threads is 0, must be at least 1.", e.getMessage());
    assertEquals("--threads is 0, must be at least 1.", e.message().text(MessageTest::options));
    assertEquals("50 % of it", new AlexNetException("50 % of it").message().toString());
  }
}
