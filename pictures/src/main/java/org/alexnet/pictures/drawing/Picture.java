package org.alexnet.pictures.drawing;

import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import org.alexnet.Words;

/** A picture that is laid out: what is drawn where, for a file of pixels or of lines. */
public final class Picture {
  /** The ground that is drawn on. */
  static final int GROUND = 0xFFFFFF;

  private final String kind;
  private final int width;
  private final int height;
  private final List<Mark> marks;
  private final List<Panel> panels;

  Picture(String kind, int width, int height, List<Mark> marks, List<Panel> panels) {
    this.kind = kind;
    this.width = width;
    this.height = height;
    this.marks = List.copyOf(marks);
    this.panels = List.copyOf(panels);
  }

  /**
   * What it is, as {@code show} calls it.
   *
   * @return such as {@code filters}
   */
  public String kind() {
    return kind;
  }

  /**
   * Its width in pixels.
   *
   * @return in pixels
   */
  public int width() {
    return width;
  }

  /**
   * Its height in pixels.
   *
   * @return in pixels
   */
  public int height() {
    return height;
  }

  /**
   * Where the pictures in it lie.
   *
   * @return in the order in which they were put
   */
  public List<Panel> panels() {
    return panels;
  }

  /** What is drawn, the later over the earlier. */
  List<Mark> marks() {
    return marks;
  }

  /**
   * Text for which this machine has no characters, so that a PNG file shows boxes in their place.
   *
   * @return the first such text; empty where there is none
   * @throws org.alexnet.AlexNetException if there is text and this machine has no fonts
   */
  public Optional<String> unreadable() {
    return marks.stream()
        .filter(Mark.Label.class::isInstance)
        .map(Mark.Label.class::cast)
        .filter(label -> !Text.canShow(label.text(), label.style()))
        .map(label -> Words.line(label.text()))
        .findFirst();
  }

  /**
   * The same without any text, which needs no fonts.
   *
   * @return a picture of the same size
   */
  public Picture withoutText() {
    List<Mark> others = marks.stream().filter(mark -> !(mark instanceof Mark.Label)).toList();
    return new Picture(kind, width, height, others, panels);
  }

  /**
   * The picture as a PNG file.
   *
   * @return the content of a file
   * @throws org.alexnet.AlexNetException if it has text and this machine has no fonts
   */
  public byte[] png() {
    return Png.of(this, true);
  }

  /**
   * As {@link #png}, but transparent where nothing is drawn, for a page that may be dark.
   *
   * @return the content of a file
   * @throws org.alexnet.AlexNetException if it has text and this machine has no fonts
   */
  public byte[] pngWithoutGround() {
    return Png.of(this, false);
  }

  /**
   * The picture as a document of SVG.
   *
   * @return the text of a file
   */
  public String svg() {
    return Svg.of(this);
  }

  /**
   * Writes the picture to a file, which is there as a whole or not at all.
   *
   * @param file as {@link PictureFile#require} accepts it
   * @throws org.alexnet.AlexNetException if it cannot be written
   */
  public void save(Path file) {
    PictureFile.write(this, file);
  }
}
