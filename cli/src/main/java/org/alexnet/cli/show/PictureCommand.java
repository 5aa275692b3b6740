package org.alexnet.cli.show;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.nio.file.Path;
import org.alexnet.cli.output.Answers;
import org.alexnet.cli.output.CommonOptions;
import org.alexnet.cli.output.ExitStatus;
import org.alexnet.cli.output.LongCommand;
import org.alexnet.cli.output.ProgressView;
import org.alexnet.cli.output.Terminal;
import org.alexnet.pictures.drawing.Panel;
import org.alexnet.pictures.drawing.Picture;
import org.alexnet.pictures.drawing.PictureFile;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** A kind of picture: makes it, writes it, and says where it is. */
abstract class PictureCommand extends LongCommand {
  @Option(
      names = "--out",
      paramLabel = "FILE",
      required = true,
      description = "The picture to write, .png or .svg.")
  private Path out;

  @Option(names = "--no-text", description = "Draws no text, and so needs no fonts.")
  private boolean noText;

  @Mixin private CommonOptions common;

  PictureCommand(Terminal terminal) {
    super(terminal);
  }

  @Override
  public final Integer call() {
    PictureFile.require(out);
    checkOptions();
    ProgressView view = show(common);
    try {
      Picture made = draw(view);
      Picture picture = noText ? made.withoutText() : made;
      if (!PictureFile.keepsText(out)) {
        picture.unreadable().ifPresent(text -> view.message(noCharacters(text)));
      }
      picture.save(out);
      view.end();
      answer(picture);
    } finally {
      view.end();
    }
    return ExitStatus.SUCCESS;
  }

  /** Refuses, before any work is done, what cannot be. */
  void checkOptions() {}

  /** Makes the picture. */
  abstract Picture draw(ProgressView view);

  private static String noCharacters(String text) {
    return "No font on this machine has the characters of '%s': install one that has, such as the package fonts-noto-cjk, or write an .svg file."
        .formatted(text);
  }

  private void answer(Picture picture) {
    if (common.json) {
      Answers.print(terminal, json(picture));
    } else {
      terminal.out().printf("%s (%d x %d pixels)%n", out, picture.width(), picture.height());
    }
  }

  private ObjectNode json(Picture picture) {
    ObjectNode json = Answers.object();
    json.put("file", out.toString());
    json.put("kind", picture.kind());
    json.put("width", picture.width());
    json.put("height", picture.height());
    ArrayNode panels = json.putArray("panels");
    for (Panel panel : picture.panels()) {
      panels
          .addObject()
          .put("x", panel.x())
          .put("y", panel.y())
          .put("width", panel.width())
          .put("height", panel.height())
          .put("index", panel.index())
          .put("title", panel.title());
    }
    return json;
  }

  @Override
  public String cutOff() {
    if (out != null) {
      PictureFile.temporary(out).toFile().delete();
    }
    return "Stopped; %s was not written.".formatted(out);
  }
}
