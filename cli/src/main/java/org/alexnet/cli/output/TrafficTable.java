package org.alexnet.cli.output;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.PrintStream;
import java.util.List;
import org.alexnet.program.Link;
import org.alexnet.program.Traffic;

/** What a training step sends in each way to cut it, and which is over first on which link. */
public final class TrafficTable {
  private final List<Traffic> ways;

  /**
   * @param ways at least one
   */
  public TrafficTable(List<Traffic> ways) {
    this.ways = ways;
  }

  /** As a table for reading. */
  public void print(PrintStream out, int batch, List<String> devices) {
    out.printf(
        "%nA training step of batch %d on %s: what the busiest device sends and receives, and"
            + " how long that takes on a link%n",
        batch, String.join(",", devices));
    out.printf("%-10s %12s %12s %9s", "parallel", "sent MB", "received MB", "messages");
    for (Link link : Link.values()) {
      out.printf(" %15s", link);
    }
    out.println();
    for (Traffic way : ways) {
      out.printf(
          "%-10s %12.3f %12.3f %9d",
          way.placement().parallelism(), way.sent() * 1e-6, way.received() * 1e-6, way.messages());
      for (Link link : Link.values()) {
        out.printf(" %12.3f ms", way.seconds(link) * 1e3);
      }
      out.println();
    }
    out.printf("%-46s", "least");
    for (Link link : Link.values()) {
      out.printf(" %15s", least(link));
    }
    out.println();
  }

  private String least(Link link) {
    return Traffic.least(ways, link).placement().parallelism().toString();
  }

  /** The same for programs: bytes and seconds. */
  public void addTo(ObjectNode json) {
    ArrayNode rows = json.putArray("parallel");
    for (Traffic way : ways) {
      ObjectNode row = rows.addObject();
      row.put("parallel", way.placement().parallelism().toString());
      row.put("sent_bytes", way.sent());
      row.put("received_bytes", way.received());
      row.put("messages", way.messages());
      ObjectNode seconds = row.putObject("seconds");
      for (Link link : Link.values()) {
        seconds.put(link.toString(), way.seconds(link));
      }
    }
    ObjectNode least = json.putObject("least");
    for (Link link : Link.values()) {
      least.put(link.toString(), least(link));
    }
  }
}
