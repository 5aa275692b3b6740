package org.alexnet.pictures.report;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.stream.IntStream;
import org.alexnet.pictures.page.Html;

/** Errors by class, which classes are taken for which, and single images. */
final class ResultSection {
  /** Classes that a matrix has room for. */
  private static final int MOST_CLASSES = 30;

  private static final int MOST_PAIRS = 20;

  private final Results results;

  ResultSection(Results results) {
    this.results = results;
  }

  void write(Html html) {
    int images = results.images();
    html.element(
        "p",
        "%s images of %s: error %s."
            .formatted(
                Text.count(images),
                results.source(),
                Text.percent((double) results.errors() / images)));
    html.element("h3", "Errors by class");
    byClass(html);
    html.element("h3", "Which classes are taken for which");
    if (results.classes().size() <= MOST_CLASSES) {
      matrix(html);
    } else {
      pairs(html);
    }
    examples(html, "The surest mistakes", results.mistakes(), "There are no mistakes.");
    examples(html, "The least sure hits", results.closest(), "No image is classified rightly.");
  }

  /** The worst first; of very many classes the rest is folded away. */
  private void byClass(Html html) {
    List<Integer> order =
        IntStream.range(0, results.classes().size())
            .filter(c -> results.images(c) > 0)
            .boxed()
            .sorted(Comparator.comparingDouble((Integer c) -> -share(c)).thenComparing(c -> c))
            .toList();
    int shown = Math.min(MOST_CLASSES, order.size());
    classTable(html, order.subList(0, shown));
    if (shown < order.size()) {
      html.open("details").element("summary", "The other " + (order.size() - shown));
      classTable(html, order.subList(shown, order.size()));
      html.close("details");
    }
  }

  private void classTable(Html html, List<Integer> classes) {
    html.openTable(1, List.of("Class", "Images", "Wrong", "Error", ""));
    for (int c : classes) {
      html.open("tr").element("td", results.classes().get(c), "class", "name");
      html.numbers(
          Text.count(results.images(c)), Text.count(results.errors(c)), Text.percent(share(c)));
      Bars.write(html, share(c));
      html.close("tr");
    }
    html.closeTable();
  }

  private double share(int label) {
    return (double) results.errors(label) / results.images(label);
  }

  private void matrix(Html html) {
    html.element("p", "Rows are the true classes, columns the predicted ones.", "class", "pale");
    html.open("div", "class", "wide").open("table", "class", "matrix").open("thead").open("tr");
    html.element("th", "");
    results.classes().forEach(name -> slanted(html, name));
    html.close("tr").close("thead").open("tbody");
    for (int row = 0; row < results.classes().size(); row++) {
      html.open("tr").element("th", results.classes().get(row), "scope", "row");
      for (int column = 0; column < results.classes().size(); column++) {
        cell(html, row, column);
      }
      html.close("tr");
    }
    html.close("tbody").close("table").close("div");
  }

  private static void slanted(Html html, String name) {
    html.open("th", "scope", "col").element("span", name).close("th");
  }

  private void cell(Html html, int row, int column) {
    int count = results.counts()[row][column];
    double share = count == 0 ? 0 : (double) count / results.images(row);
    String title =
        "%s predicted as %s: %d"
            .formatted(results.classes().get(row), results.classes().get(column), count);
    int level = (int) Math.ceil(10 * Math.pow(share, 0.6)); // small shares are still seen
    html.element(
        "td",
        count == 0 ? "" : Integer.toString(count),
        "class",
        "l" + level + (row == column ? " right" : ""),
        "title",
        title);
  }

  private record Pair(int label, int predicted, int count) {}

  private void pairs(Html html) {
    List<Pair> pairs = new ArrayList<>();
    for (int row = 0; row < results.classes().size(); row++) {
      for (int column = 0; column < results.classes().size(); column++) {
        int count = results.counts()[row][column];
        if (row != column && count > 0) {
          pairs.add(new Pair(row, column, count));
        }
      }
    }
    pairs.sort(Comparator.comparingInt(Pair::count).reversed());
    html.openTable(2, List.of("Class", "Taken for", "Images"));
    for (Pair pair : pairs.subList(0, Math.min(MOST_PAIRS, pairs.size()))) {
      html.open("tr");
      html.texts(results.classes().get(pair.label), results.classes().get(pair.predicted));
      html.numbers(Text.count(pair.count)).close("tr");
    }
    html.closeTable();
  }

  private void examples(Html html, String title, List<Results.Example> examples, String none) {
    html.element("h3", title);
    if (examples.isEmpty()) {
      html.element("p", none, "class", "pale");
      return;
    }
    html.open("div", "class", "examples");
    for (Results.Example example : examples) {
      String label = results.classes().get(example.label());
      boolean right = example.label() == example.predicted();
      html.open("figure").image(example.pixels(), example.name(), "title", example.name());
      String percent = Math.round(100 * example.probability()) + " %";
      String predicted = results.classes().get(example.predicted());
      String answer = right ? percent : "%s %s".formatted(percent, predicted);
      html.open("figcaption").element("b", label, "title", label);
      html.element("span", answer, "class", right ? "good" : "bad", "title", predicted);
      html.close("figcaption").close("figure");
    }
    html.close("div");
  }
}
