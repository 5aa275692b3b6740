package org.alexnet.pictures;

import java.util.List;
import org.alexnet.pictures.drawing.Align;
import org.alexnet.pictures.drawing.Drawing;
import org.alexnet.pictures.drawing.Grid;
import org.alexnet.pictures.drawing.Picture;
import org.alexnet.pictures.drawing.Pixels;
import org.alexnet.pictures.drawing.TextStyle;

/** Images of one size in rows, each with a line of text under it where it has one. */
final class Gallery {
  /** What small images are enlarged to at least, and large ones reduced to less than twice. */
  static final int SIDE = 112;

  static final int MARGIN = 16;
  private static final int GAP = 10;
  private static final int BESIDE = 28;
  private static final double WIDER = 2.5;
  private static final TextStyle CAPTION = TextStyle.BODY.at(Align.CENTRE);

  private Gallery() {}

  /**
   * An image and what is said of it.
   *
   * @param pixels in the size that they are drawn with
   * @param caption what stands under it; empty for nothing
   */
  record Item(Pixels pixels, int index, String title, String caption) {}

  /** All items in rows. */
  static Picture of(String kind, List<Item> items) {
    Drawing drawing = new Drawing();
    Grid grid = rows(drawing, items, MARGIN, GAP);
    return drawing.picture(kind, grid.right() + MARGIN, bottom(grid, items) + MARGIN);
  }

  /** One item, and to the right of it all others in rows. */
  static Picture beside(String kind, Item first, List<Item> items, int gap) {
    Drawing drawing = new Drawing();
    put(drawing, first, MARGIN, MARGIN);
    Grid grid = rows(drawing, items, MARGIN + first.pixels.width() + BESIDE, gap);
    int bottom = Math.max(bottom(grid, items), MARGIN + first.pixels.height() + captions(first));
    return drawing.picture(kind, grid.right() + MARGIN, bottom + MARGIN);
  }

  private static Grid rows(Drawing drawing, List<Item> items, int left, int gap) {
    Item one = items.getFirst();
    int count = items.size();
    Grid grid =
        new Grid(
            left,
            MARGIN,
            Grid.columns(count, count, WIDER),
            one.pixels.width(),
            one.pixels.height(),
            gap,
            gap + captions(one));
    for (int i = 0; i < count; i++) {
      put(drawing, items.get(i), grid.x(i), grid.y(i));
    }
    return grid;
  }

  private static int bottom(Grid grid, List<Item> items) {
    return grid.bottom(items.size()) + captions(items.getFirst());
  }

  private static int captions(Item item) {
    return item.caption.isEmpty() ? 0 : CAPTION.lineHeight() + 2;
  }

  private static void put(Drawing drawing, Item item, int x, int y) {
    Pixels pixels = item.pixels;
    drawing.panel(x, y, pixels, item.index, item.title);
    if (!item.caption.isEmpty()) {
      double middle = x + pixels.width() / 2.0;
      double baseline = y + pixels.height() + CAPTION.lineHeight() - 2;
      drawing.text(middle, baseline, item.caption, CAPTION, pixels.width() + GAP - 2);
    }
  }
}
