package org.alexnet.spark;

import jakarta.servlet.http.HttpServletRequest;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Collectors;
import org.alexnet.inference.Evaluation;
import org.alexnet.training.EpochMetrics;
import org.alexnet.training.Progress;
import org.apache.spark.ui.SparkUI;
import org.apache.spark.ui.SparkUITab;
import org.apache.spark.ui.UIUtils;
import org.apache.spark.ui.WebUIPage;
import scala.collection.immutable.Seq;
import scala.jdk.javaapi.CollectionConverters;
import scala.xml.Node;
import scala.xml.XML$;

/**
 * A page of Spark's own interface about the training that is under way. The values of a task's
 * accumulators are shown there only when the task ends, and a worker's is the whole training.
 */
final class TrainingTab extends SparkUITab {
  private static final String NAME = "Training";

  private TrainingTab(SparkUI ui, String run, TrainingProgress progress) {
    super(ui, NAME.toLowerCase(java.util.Locale.ROOT));
    attachPage(new Page(this, run, progress));
  }

  /**
   * Adds the page.
   *
   * @param run what is trained, as a heading
   */
  static void attach(SparkUI ui, String run, TrainingProgress progress) {
    ui.attachTab(new TrainingTab(ui, run, progress));
  }

  private static final class Page extends WebUIPage {
    private final TrainingTab tab;
    private final String run;
    private final TrainingProgress progress;

    Page(TrainingTab tab, String run, TrainingProgress progress) {
      super("");
      this.tab = tab;
      this.run = run;
      this.progress = progress;
    }

    @Override
    public Seq<Node> render(HttpServletRequest request) {
      String content = "<div>" + now(progress.last()) + table(progress.epochs()) + "</div>";
      Node parsed = (Node) XML$.MODULE$.loadString(content);
      return UIUtils.headerSparkPage(
          request,
          run,
          () -> CollectionConverters.asScala(List.of(parsed)).toSeq(),
          tab,
          UIUtils.headerSparkPage$default$5(),
          UIUtils.headerSparkPage$default$6(),
          UIUtils.headerSparkPage$default$7(),
          UIUtils.headerSparkPage$default$8());
    }

    private static String now(Progress p) {
      return p == null
          ? "<p>Before the first step.</p>"
          : "<p>Epoch %d of %d, step %d of %d: loss %.4f, error %.2f %%, %,.0f images/s, waiting for data %.0f %%, left %,.0f s.</p>"
              .formatted(
                  p.epoch(),
                  p.epochs(),
                  p.batch(),
                  p.batches(),
                  p.loss(),
                  100 * p.error(),
                  p.imagesPerSecond(),
                  100 * p.dataWait(),
                  p.secondsLeft());
    }

    private static String table(List<EpochMetrics> epochs) {
      if (epochs.isEmpty()) {
        return "<p>No epoch has ended yet.</p>";
      }
      StringBuilder rows = new StringBuilder();
      for (EpochMetrics e : epochs.reversed()) {
        Evaluation validation = e.validation();
        List<String> cells = new ArrayList<>();
        cells.add("%d".formatted(e.epoch()));
        cells.add("%,d".formatted(e.step()));
        cells.add("%.4f".formatted(e.trainLoss()));
        cells.add("%.2f %%".formatted(100 * e.trainError()));
        cells.add(validation == null ? "" : "%.4f".formatted(validation.loss()));
        cells.add(validation == null ? "" : "%.2f %%".formatted(100 * validation.top1Error()));
        cells.add("%,.0f".formatted(e.imagesPerSecond()));
        cells.add("%.0f %%".formatted(100 * e.dataWait()));
        rows.append(row("td", cells));
      }
      List<String> heads =
          List.of(
              "epoch",
              "steps",
              "training loss",
              "training error",
              "validation loss",
              "validation error",
              "images/s",
              "waiting for data");
      return "<table class=\"table table-bordered table-sm table-striped\"><thead>%s</thead><tbody>%s</tbody></table>"
          .formatted(row("th", heads), rows);
    }

    private static String row(String cell, List<String> values) {
      return values.stream()
          .map(value -> "<%s>%s</%s>".formatted(cell, value, cell))
          .collect(Collectors.joining("", "<tr>", "</tr>"));
    }
  }
}
