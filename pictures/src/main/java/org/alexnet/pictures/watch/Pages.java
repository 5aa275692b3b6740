package org.alexnet.pictures.watch;

import com.sun.net.httpserver.Headers;
import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpHandler;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.alexnet.AlexNetException;
import org.alexnet.pictures.page.Assets;

/**
 * Answers requests. There are the page, its scripts and styles, the events that tell it what has
 * changed, and the filters of each run by its number: nothing in a request is a name of a file.
 */
final class Pages implements HttpHandler {
  private static final String POLICY =
      "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self';"
          + " base-uri 'none'; form-action 'none'; frame-ancestors 'none'";
  private static final String TEXT = "text/plain; charset=utf-8";
  private static final String SCRIPT = "text/javascript; charset=utf-8";
  private static final Pattern FILTERS = Pattern.compile("/filters/([0-9]{1,6})\\.png");
  private static final long HEARTBEAT_MILLIS = 10_000;

  /** Browsers that look on at once; each holds a connection. */
  private static final int MOST_VIEWERS = 64;

  private record Page(String type, String text) {}

  private static final Map<String, Page> PAGES =
      Map.of(
          "/", new Page("text/html; charset=utf-8", Assets.read(Pages.class, "watch.html")),
          "/page.css",
              new Page(
                  "text/css; charset=utf-8", Assets.STYLE + Assets.read(Pages.class, "watch.css")),
          "/icon.svg", new Page("image/svg+xml", Assets.read(Pages.class, "icon.svg")),
          "/charts.js", new Page(SCRIPT, Assets.CHARTS),
          "/watch.js", new Page(SCRIPT, Assets.read(Pages.class, "watch.js")));

  private final Board board;
  private final Guard guard;
  private final AtomicInteger viewers = new AtomicInteger();

  /** Tells the changes that this server counts from those of one before it. */
  private final String self = UUID.randomUUID().toString();

  Pages(Board board, Guard guard) {
    this.board = board;
    this.guard = guard;
  }

  /** Whether any browser looks. */
  boolean watched() {
    return viewers.get() > 0;
  }

  @Override
  public void handle(HttpExchange exchange) throws IOException {
    try (exchange) {
      Headers headers = exchange.getResponseHeaders();
      headers.set("Content-Security-Policy", POLICY);
      headers.set("X-Content-Type-Options", "nosniff");
      headers.set("Referrer-Policy", "no-referrer");
      headers.set("Cross-Origin-Resource-Policy", "same-origin");
      headers.set("Cache-Control", "no-store");
      Guard.Refusal refusal = guard.refusal(exchange);
      if (refusal != null) {
        send(exchange, refusal.status(), TEXT, refusal.reason());
        return;
      }
      String path = String.valueOf(exchange.getRequestURI().getPath());
      Matcher filters = FILTERS.matcher(path);
      if (PAGES.containsKey(path)) {
        send(exchange, 200, PAGES.get(path).type, PAGES.get(path).text);
      } else if (path.equals("/events")) {
        events(exchange);
      } else if (filters.matches()) {
        filters(exchange, board.run(Integer.parseInt(filters.group(1))));
      } else {
        send(exchange, 404, TEXT, "There is no such page.");
      }
    }
  }

  private static void send(HttpExchange exchange, int status, String type, String text)
      throws IOException {
    send(exchange, status, type, text.getBytes(StandardCharsets.UTF_8));
  }

  private static void send(HttpExchange exchange, int status, String type, byte[] body)
      throws IOException {
    exchange.getResponseHeaders().set("Content-Type", type);
    exchange.sendResponseHeaders(status, body.length == 0 ? -1 : body.length);
    if (body.length > 0) {
      exchange.getResponseBody().write(body);
    }
  }

  private static void filters(HttpExchange exchange, WatchedRun run) throws IOException {
    if (run == null) {
      send(exchange, 404, TEXT, "There is no such run.");
      return;
    }
    try {
      send(exchange, 200, "image/png", run.filters());
    } catch (AlexNetException e) {
      send(exchange, 404, TEXT, e.getMessage());
    }
  }

  /** Tells a browser what has changed, until it goes away or the server ends. */
  private void events(HttpExchange exchange) throws IOException {
    if (viewers.incrementAndGet() > MOST_VIEWERS) {
      viewers.decrementAndGet();
      send(exchange, 503, TEXT, "Too many pages are open; close some of them.");
      return;
    }
    try {
      exchange.getResponseHeaders().set("Content-Type", "text/event-stream; charset=utf-8");
      exchange.sendResponseHeaders(200, 0);
      board.update(); // nobody may have looked for long
      long seen = seen(exchange.getRequestHeaders().getFirst("Last-Event-ID"));
      OutputStream out = exchange.getResponseBody();
      tell(out, "retry: 1000\n\n");
      for (boolean news = true; !Thread.interrupted(); ) {
        if (news) {
          Board.News now = board.since(seen);
          seen = now.change();
          tell(out, "id: %s-%d\ndata: %s\n\n".formatted(self, seen, now.text()));
        } else {
          tell(out, ": still here\n\n"); // fails where nobody listens any more
        }
        news = board.await(seen, HEARTBEAT_MILLIS);
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    } finally {
      viewers.decrementAndGet();
    }
  }

  private static void tell(OutputStream out, String text) throws IOException {
    out.write(text.getBytes(StandardCharsets.UTF_8));
    out.flush();
  }

  /** What a browser that comes back has seen; 0 where that was of another server, or nothing. */
  private long seen(String id) {
    return id != null
            && id.startsWith(self + "-")
            && id.substring(self.length() + 1).matches("[0-9]{1,18}")
        ? Long.parseLong(id.substring(self.length() + 1))
        : 0;
  }
}
