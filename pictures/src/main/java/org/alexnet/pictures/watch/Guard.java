package org.alexnet.pictures.watch;

import com.sun.net.httpserver.Headers;
import com.sun.net.httpserver.HttpExchange;
import java.util.Set;

/**
 * Which requests are answered: those to read, that a page of this server or a person has made. A
 * page of elsewhere may make a browser on this machine ask, under a name of its own that leads here
 * or across origins; it must learn nothing.
 */
final class Guard {
  private final Set<String> hosts;

  Guard(int port) {
    this.hosts =
        port == 80
            ? Set.of("127.0.0.1", "localhost", "127.0.0.1:80", "localhost:80")
            : Set.of("127.0.0.1:" + port, "localhost:" + port);
  }

  /** Why a request is not answered. */
  record Refusal(int status, String reason) {}

  /** Null for a request that is answered. */
  Refusal refusal(HttpExchange exchange) {
    Headers headers = exchange.getRequestHeaders();
    String host = headers.getFirst("Host");
    if (host == null || !hosts.contains(host)) {
      return new Refusal(403, "Open this page as 127.0.0.1 or localhost.");
    }
    String origin = headers.getFirst("Origin");
    boolean own = origin == null || hosts.stream().anyMatch(h -> origin.equals("http://" + h));
    boolean visit = "navigate".equals(headers.getFirst("Sec-Fetch-Mode"));
    if (!own || ("cross-site".equals(headers.getFirst("Sec-Fetch-Site")) && !visit)) {
      return new Refusal(403, "Other pages may not read this one.");
    }
    if (!exchange.getRequestMethod().equals("GET")) {
      return new Refusal(405, "This page can only be read.");
    }
    return null;
  }
}
