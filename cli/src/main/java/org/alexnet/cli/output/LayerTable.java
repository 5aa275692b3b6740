package org.alexnet.cli.output;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.PrintStream;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.IntStream;
import org.alexnet.network.Network;
import org.alexnet.program.CompiledNetwork;
import org.alexnet.program.Shape;

/** The layers of a network, with what each learns and computes. */
public final class LayerTable {
  private static final String GAP = "  ";

  /** Columns of words, which begin at the left, before those of numbers. */
  private static final int WORDS = 2;

  private final Network network;
  private final List<LayerRow> rows;

  /**
   * @param programs of the network on one device
   */
  public LayerTable(CompiledNetwork programs) {
    this.network = programs.network();
    this.rows = LayerRow.of(programs);
  }

  private long parameters() {
    return rows.stream().mapToLong(LayerRow::parameters).sum();
  }

  private long multiplyAdds() {
    return rows.stream().mapToLong(LayerRow::multiplyAdds).sum();
  }

  /** As a table for reading; what a layer reads is said where it is not always the one before. */
  public void print(PrintStream out) {
    List<List<String>> lines = new ArrayList<>();
    lines.add(List.of("layer", "type", "output", "groups", "parameters", "multiply-adds", "reads"));
    boolean branches = network.nodes().stream().anyMatch(node -> !node.inputs().isEmpty());
    for (int i = 0; i < rows.size(); i++) {
      LayerRow row = rows.get(i);
      Shape output = row.output();
      lines.add(
          List.of(
              row.name(),
              row.type(),
              "%d x %d x %d".formatted(output.c(), output.h(), output.w()),
              row.groups() + "",
              count(row.parameters()),
              count(row.multiplyAdds()),
              String.join(", ", network.sources(i))));
    }
    lines.add(List.of("", "", "", "", count(parameters()), count(multiplyAdds()), ""));
    int columns = lines.getFirst().size() - (branches ? 0 : 1);
    List<Integer> widths =
        IntStream.range(0, columns)
            .mapToObj(c -> lines.stream().mapToInt(line -> line.get(c).length()).max().orElse(0))
            .toList();
    for (List<String> line : lines) {
      StringBuilder text = new StringBuilder();
      for (int c = 0; c < columns; c++) {
        String space = " ".repeat(widths.get(c) - line.get(c).length());
        boolean left = c < WORDS || c == lines.getFirst().size() - 1;
        text.append(c == 0 ? "" : GAP);
        text.append(left ? line.get(c) + space : space + line.get(c));
      }
      out.println(text.toString().stripTrailing());
    }
  }

  private static String count(long number) {
    return number == 0 ? "" : "%,d".formatted(number);
  }

  /** The same for programs. */
  public void addTo(ObjectNode json) {
    json.put("parameters", parameters());
    json.put("multiply_adds", multiplyAdds());
    ArrayNode layers = json.putArray("layers");
    for (int i = 0; i < rows.size(); i++) {
      LayerRow row = rows.get(i);
      ObjectNode layer = layers.addObject();
      layer.put("name", row.name());
      layer.put("type", row.type());
      layer.putArray("output").add(row.output().c()).add(row.output().h()).add(row.output().w());
      layer.put("groups", row.groups());
      layer.put("parameters", row.parameters());
      layer.put("multiply_adds", row.multiplyAdds());
      network.sources(i).forEach(layer.putArray("reads")::add);
    }
  }
}
