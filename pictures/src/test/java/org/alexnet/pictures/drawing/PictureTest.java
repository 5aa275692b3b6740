package org.alexnet.pictures.drawing;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.abort;

import java.awt.image.BufferedImage;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import javax.imageio.ImageIO;
import javax.xml.parsers.DocumentBuilderFactory;
import org.alexnet.AlexNetException;
import org.alexnet.UsageException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.w3c.dom.Document;
import org.w3c.dom.Element;

/** What is drawn is what the files hold. */
class PictureTest {
  private static final String HOSTILE = "<script>\n&\u202Egnp.exe\u0007 \"猫\"";

  @TempDir private Path dir;

  private static BufferedImage decoded(Picture picture) throws IOException {
    return ImageIO.read(new ByteArrayInputStream(picture.png()));
  }

  private static Document parsed(String svg) throws Exception {
    return DocumentBuilderFactory.newInstance()
        .newDocumentBuilder()
        .parse(new ByteArrayInputStream(svg.getBytes(StandardCharsets.UTF_8)));
  }

  @Test
  void withoutGroundWhatIsBeneathIsSeen() throws IOException {
    Pixels pixels = Pixels.of(5, 3, (x, y) -> Pixels.colour(40 * x, 80 * y, 7));
    Drawing drawing = new Drawing();
    drawing.image(4, 6, pixels);
    byte[] png = drawing.picture("test", 30, 20).pngWithoutGround();
    BufferedImage image = ImageIO.read(new ByteArrayInputStream(png));
    for (int y = 0; y < 20; y++) {
      for (int x = 0; x < 30; x++) {
        boolean within = x >= 4 && x < 9 && y >= 6 && y < 9;
        int expected = within ? pixels.at(x - 4, y - 6) | 0xFF000000 : 0;
        assertEquals(expected, image.getRGB(x, y), x + ", " + y);
      }
    }
  }

  @Test
  void imagesKeepTheirPixels() throws IOException {
    Pixels pixels = Pixels.of(5, 3, (x, y) -> Pixels.colour(40 * x, 80 * y, 7));
    Drawing drawing = new Drawing();
    drawing.panel(4, 6, pixels.enlarged(3), 2, "five by three");
    Picture picture = drawing.picture("test", 30, 20);
    BufferedImage image = decoded(picture);
    assertEquals(new Panel(4, 6, 15, 9, 2, "five by three"), picture.panels().getFirst());
    for (int y = 0; y < 20; y++) {
      for (int x = 0; x < 30; x++) {
        boolean within = x >= 4 && x < 19 && y >= 6 && y < 15;
        int expected = within ? pixels.at((x - 4) / 3, (y - 6) / 3) : Picture.GROUND;
        assertEquals(expected, image.getRGB(x, y) & 0xFFFFFF, x + ", " + y);
      }
    }
  }

  @Test
  void reducedImagesAreMeans() {
    Pixels pixels = Pixels.of(4, 2, (x, y) -> Pixels.grey(10 * (x + 4 * y)));
    Pixels half = pixels.reduced(2);
    assertEquals(2, half.width());
    assertArrayEquals(new int[] {Pixels.grey(25), Pixels.grey(45)}, half.rgb());
  }

  @Test
  void sizesReadWell() {
    assertEquals(128, Pixels.of(32, 32, (x, y) -> 0).fitted(112).width());
    assertEquals(128, Pixels.of(256, 256, (x, y) -> 0).fitted(112).width());
    assertEquals(113, Pixels.of(227, 227, (x, y) -> 0).fitted(112).width());
    assertEquals(112, Pixels.of(1, 1, (x, y) -> 0).fitted(112).width());
  }

  private static void assumeFonts() {
    try {
      Text.width("x", TextStyle.BODY);
    } catch (AlexNetException e) {
      abort(e.getMessage());
    }
  }

  @Test
  void hostileTextIsOneLineOfText() throws Exception {
    assumeFonts();
    Drawing drawing = new Drawing();
    drawing.text(5, 20, HOSTILE, TextStyle.BODY, 500);
    drawing.turned(5, 20, HOSTILE, TextStyle.HEADING, 500, -45);
    Picture picture = drawing.picture("test", 300, 30);
    Document svg = parsed(picture.svg());
    assertEquals(0, svg.getElementsByTagName("script").getLength());
    Element text = (Element) svg.getElementsByTagName("text").item(0);
    assertEquals("<script> & gnp.exe  \"猫\"", text.getTextContent());
    assertEquals(300, decoded(picture).getWidth());
  }

  @Test
  void longTextEndsInAnEllipsis() {
    assumeFonts();
    String name = "ship of the line ".repeat(20);
    String fitted = Text.fitted(name, TextStyle.BODY, 100);
    assertTrue(fitted.startsWith("ship of the"), fitted);
    assertTrue(fitted.endsWith("…"), fitted);
    assertTrue(Text.width(fitted, TextStyle.BODY) <= 100, fitted);
    String longer = name.substring(0, fitted.length() + 3) + "…";
    assertTrue(Text.width(longer, TextStyle.BODY) > 100, "as much as there is room for");
    assertEquals("ship", Text.fitted(" ship ", TextStyle.BODY, 100));
    assertEquals("…", Text.fitted(name, TextStyle.BODY, 1));
  }

  @Test
  void noCharacterIsCutInTwo() {
    assumeFonts();
    String cats = "🐈".repeat(50);
    String fitted = Text.fitted(cats, TextStyle.BODY, 100);
    assertEquals(0, (fitted.length() - 1) % 2, "no half of a pair");
  }

  @Test
  void withoutTextEverythingElseStays() {
    Drawing drawing = new Drawing();
    drawing.area(0, 0, 5, 5, 0);
    drawing.text(5, 20, "five", TextStyle.BODY);
    Picture picture = drawing.picture("test", 30, 30).withoutText();
    assertFalse(picture.svg().contains("<text"));
    assertTrue(picture.svg().contains("width=\"5\" height=\"5\" fill=\"#000000\""));
  }

  @Test
  void numbersOfSvgAreTheSameInEveryCountry() {
    Drawing drawing = new Drawing();
    drawing.line(0.5, 1.25, 100, 0, new Stroke(0xFF0000, 1.5, true));
    String svg = drawing.picture("test", 100, 30).svg();
    assertTrue(svg.contains("points=\"0.5,1.25 100,0\""), svg);
    assertTrue(svg.contains("stroke=\"#ff0000\" stroke-width=\"1.5\""), svg);
    assertTrue(svg.contains("stroke-dasharray=\"4.5\""), svg);
  }

  @Test
  void aFileIsThereAsAWholeAndAlone() throws IOException {
    Path file = dir.resolve("a.PNG");
    Files.writeString(file, "before");
    Picture picture = new Drawing().picture("test", 10, 10);
    PictureFile.require(file);
    picture.save(file);
    assertArrayEquals(picture.png(), Files.readAllBytes(file));
    picture.save(dir.resolve("a.svg"));
    assertEquals(picture.svg(), Files.readString(dir.resolve("a.svg")));
    try (Stream<Path> files = Files.list(dir)) {
      assertEquals(2, files.count());
    }
  }

  @Test
  void filesThatCannotBe() throws IOException {
    assertThrows(UsageException.class, () -> PictureFile.require(dir.resolve("a.jpg")));
    assertThrows(UsageException.class, () -> PictureFile.require(dir.resolve("png")));
    Path folder = Files.createDirectory(dir.resolve("folder.png"));
    for (Path file : List.of(folder, dir.resolve("none").resolve("a.png"))) {
      AlexNetException e = assertThrows(AlexNetException.class, () -> PictureFile.require(file));
      assertTrue(e.getMessage().startsWith(file + " cannot be written: "), e.getMessage());
    }
  }
}
