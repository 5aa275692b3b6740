package org.alexnet.cli;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.nio.file.Path;
import java.util.Locale;
import org.alexnet.AlexNetException;
import org.alexnet.Words;
import org.alexnet.cli.option.Named;
import org.alexnet.cli.option.Require;
import org.alexnet.cli.output.Answers;
import org.alexnet.cli.output.CommonOptions;
import org.alexnet.cli.output.ExitStatus;
import org.alexnet.cli.output.LongCommand;
import org.alexnet.cli.output.ProgressView;
import org.alexnet.cli.output.Terminal;
import org.alexnet.data.ColourAxes;
import org.alexnet.data.ProgressListener;
import org.alexnet.data.prepared.Preparation;
import org.alexnet.network.Resize;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code prepare}: packs a folder of images into one file. */
@Command(
    name = "prepare",
    description = {
      "Packs a folder of images into one file to train from, brought to squares as the network"
          + " takes pictures (--resize).",
      "If interrupted, the same command continues where it stopped. Files that cannot be read are"
          + " left out and listed; the file is made, and the exit status is 1 unless --skip-bad is"
          + " given."
    })
final class PrepareCommand extends LongCommand {
  @Parameters(
      paramLabel = "DIR",
      description = "One subfolder a class, or train/ and val/ (or test/) above those.")
  private Path folder;

  @Option(
      names = "--out",
      paramLabel = "FILE.axd",
      required = true,
      description = "The file to make.")
  private Path out;

  @Option(
      names = "--size",
      paramLabel = "N",
      description = "Rows and columns that images are kept with. Default: 256.")
  private int size = 256;

  @Option(
      names = "--resize",
      paramLabel = "HOW",
      converter = ResizeName.class,
      description = {
        "cover: the shorter side to --size, the centre cut out. stretch: both sides to --size, as"
            + " networks of Caffe take pictures. Default: cover.",
        "A network says which in its input (summary --show network)."
      })
  private Resize resize = Resize.COVER;

  @Option(
      names = "--threads",
      paramLabel = "N",
      description = "Threads that decode. Default: one per core.")
  private Integer threads;

  @Option(
      names = "--skip-bad",
      description = "Does not count files that cannot be read as a failure.")
  private boolean skipBad;

  @Mixin private CommonOptions common;

  /** Reads how pictures are brought to their size. */
  static final class ResizeName extends Named<Resize> {
    ResizeName() {
      super(ResizeName::parse);
    }

    private static Resize parse(String name) {
      for (Resize resize : Resize.values()) {
        if (resize.name().toLowerCase(Locale.ROOT).equals(name)) {
          return resize;
        }
      }
      throw new AlexNetException(
          "pictures are not resized by \"%s\"; there are cover, stretch".formatted(name));
    }
  }

  private volatile long packed;
  private volatile long images;

  PrepareCommand(Terminal terminal) {
    super(terminal);
  }

  @Override
  public Integer call() {
    int workers = Require.threads(threads);
    ProgressView view = show(common);
    Preparation.Result result;
    try {
      view.working("Listing images", 0, 0);
      result =
          new Preparation(
                  folder,
                  out,
                  size,
                  resize == Resize.STRETCH,
                  workers,
                  view::message,
                  counting(view.of("Packing images")))
              .run();
    } finally {
      view.end();
    }
    result.leftOut().forEach(text -> terminal.err().println("left out: " + Words.line(text)));
    if (common.json) {
      Answers.print(terminal, json(result));
    } else {
      print(result);
    }
    if (!result.leftOut().isEmpty() && !skipBad) {
      throw new AlexNetException(
          "%s could not be read and %s left out, as listed above; %s holds the other %s."
              .formatted(
                  Words.count(result.leftOut().size(), "file"),
                  result.leftOut().size() == 1 ? "was" : "were",
                  out,
                  Words.count(result.train() + result.validation(), "image")));
    }
    return ExitStatus.SUCCESS;
  }

  private void print(Preparation.Result result) {
    terminal
        .out()
        .printf(
            "%,d training images%s of %d classes in %s%n",
            result.train(),
            result.validation() == 0
                ? ""
                : " and %,d for validation".formatted(result.validation()),
            result.classes().size(),
            out);
    terminal
        .out()
        .printf(
            "  train on it:  ./alexnet train --model alexnet-2012 --data %s%n", Answers.word(out));
  }

  private ObjectNode json(Preparation.Result result) {
    ObjectNode json = Answers.object();
    json.put("file", out.toString());
    json.put("images", result.train() + result.validation());
    json.put("train", result.train());
    json.put("val", result.validation());
    json.put("classes", result.classes().size());
    json.put("resize", resize.name().toLowerCase(Locale.ROOT));
    json.put("left_out", result.leftOut().size());
    ArrayNode means = json.putArray("mean");
    float[] mean = result.statistics().mean();
    int plane = size * size;
    for (int c = 0; c < mean.length / plane; c++) {
      double sum = 0;
      for (int i = 0; i < plane; i++) {
        sum += mean[c * plane + i];
      }
      means.add(sum / plane);
    }
    ColourAxes colour = result.statistics().colour();
    ArrayNode deviations = json.putArray("deviations");
    ArrayNode axes = json.putArray("axes");
    for (int i = 0; i < colour.deviations().length; i++) {
      deviations.add(colour.deviations()[i]);
      ArrayNode axis = axes.addArray();
      for (float component : colour.axes()[i]) {
        axis.add(component);
      }
    }
    return json;
  }

  private ProgressListener counting(ProgressListener then) {
    return (done, all) -> {
      packed = done;
      images = all;
      then.at(done, all);
    };
  }

  @Override
  public String cutOff() {
    return images == 0
        ? "Stopped before the first image was packed. Run the same command again."
        : "Stopped; run the same command again to continue (%s.partial holds %,d of %s)."
            .formatted(out, packed, Words.count(images, "image"));
  }
}
