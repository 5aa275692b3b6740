package org.alexnet.cli.output;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import org.alexnet.training.EpochMetrics;
import org.alexnet.training.Progress;
import org.junit.jupiter.api.Test;

class ProgressViewTest {
  private final ByteArrayOutputStream out = new ByteArrayOutputStream();
  private final ByteArrayOutputStream err = new ByteArrayOutputStream();

  private int columns = 120;

  private ProgressView view(boolean interactive, boolean json) {
    CommonOptions options = new CommonOptions();
    options.json = json;
    return new ProgressView(
        new Terminal(new PrintStream(out, true), new PrintStream(err, true), interactive, columns),
        options);
  }

  private String written() {
    return out.toString(StandardCharsets.UTF_8);
  }

  private static void train(ProgressView view) throws InterruptedException {
    for (int step = 1; step <= 4; step++) {
      view.step(new Progress(1, 2, step, 4, 1.25, 0.5, 1000, 0.25, 75));
      Thread.sleep(60);
    }
    view.epoch(new EpochMetrics(1, 4, 1.25, 0.5, null, 1000, 0.25, 0.01f));
    view.end();
  }

  @Test
  void aTerminalShowsOneLineThatIsRewritten() throws InterruptedException {
    train(view(true, false));
    String text = written();
    assertTrue(text.contains("\repoch 1/2 [##################......] 1,000 images/s"), text);
    assertTrue(text.contains("loss 1.2500, error 50.0 %, left 1:15, waiting 25 %"), text);
    assertTrue(
        text.endsWith("epoch 1/2: loss 1.2500, error 50.00 %, 1,000 images/s, waiting 25.00 %\n"));
    assertEquals(
        1, text.lines().map(l -> l).filter(l -> l.startsWith("epoch 1/2: ")).count(), text);
  }

  @Test
  void aNarrowTerminalIsNeverFilled() throws InterruptedException {
    columns = 40;
    train(view(true, false));
    String rewritten = written().substring(0, written().lastIndexOf('\r'));
    assertTrue(rewritten.contains("\repoch 1/2 1,000 images/s"), rewritten);
    for (String line : rewritten.split("\r")) {
      assertTrue(line.length() < columns, line);
    }
  }

  @Test
  void elsewhereAnEpochIsALine() throws InterruptedException {
    train(view(false, false));
    assertEquals(1, written().lines().count(), written());
    assertFalse(written().contains("\r"));
  }

  /** Two seconds without a word are too many, also where no terminal is. */
  @Test
  void workThatTakesLongIsShownByItself() throws InterruptedException {
    ProgressView view = view(false, false);
    view.working("Packing images", 10, 40);
    assertEquals("", written(), "not at once");
    Thread.sleep(2000);
    view.end();
    assertTrue(written().matches("Packing images: 10 of 40 \\(25 %\\), left 0:0\\d\\R"), written());
  }

  @Test
  void nothingStandsBesideAnAnswer() throws InterruptedException {
    train(view(false, true));
    assertEquals("", written());
    assertTrue(err.toString(StandardCharsets.UTF_8).startsWith("epoch 1/2: "));
  }
}
