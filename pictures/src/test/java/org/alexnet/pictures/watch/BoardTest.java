package org.alexnet.pictures.watch;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Runs that come, go and change under a page that looks. */
class BoardTest {
  private static final long LONG = TimeUnit.MINUTES.toMillis(10);

  @TempDir private Path dir;
  private final Board board = new Board();

  @BeforeEach
  void begin() throws IOException {
    board.add(dir);
    run("first");
    board.update();
  }

  private Path run(String name) throws IOException {
    Path run = Files.createDirectories(dir.resolve(name));
    Files.writeString(run.resolve("run.json"), "{\"model\":\"%s\"}".formatted(name));
    return run;
  }

  /** Whether there was news, as soon as somebody says so. */
  private CompletableFuture<Boolean> waiting(long seen) {
    CompletableFuture<Boolean> news = new CompletableFuture<>();
    Thread.ofPlatform()
        .daemon()
        .start(
            () -> {
              try {
                news.complete(board.await(seen, LONG));
              } catch (InterruptedException e) {
                news.completeExceptionally(e);
              }
            });
    return news;
  }

  @Test
  void whoWaitsIsWokenByNewsOnly() throws Exception {
    CompletableFuture<Boolean> news = waiting(board.since(0).change());
    for (int look = 0; look < 100; look++) {
      Thread.sleep(2);
      board.update(); // nothing has changed
    }
    assertFalse(news.isDone());
    run("second");
    board.update();
    assertTrue(news.get(LONG, TimeUnit.MILLISECONDS));
  }

  @Test
  void aRunThatComesBackHasItsNumber() throws IOException {
    String before = board.since(0).text();
    assertTrue(before.startsWith("{\"all\":[1],\"changed\":[{\"id\":1,"), before);
    Path run = dir.resolve("first");
    Path away = dir.resolve("elsewhere").resolve("first");
    Files.createDirectories(away.getParent());
    Files.move(run, away);
    run("another");
    board.update();
    assertTrue(board.since(0).text().startsWith("{\"all\":[2],"), board.since(0).text());
    long seen = board.since(0).change();
    Files.move(away, run);
    board.update();
    String back = board.since(seen).text();
    assertTrue(back.startsWith("{\"all\":[2,1],\"changed\":[{\"id\":1,"), back);
    assertEquals("first", board.run(1).dir().getFileName().toString());
  }
}
