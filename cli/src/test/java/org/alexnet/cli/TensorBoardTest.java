package org.alexnet.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.awt.image.BufferedImage;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import java.util.zip.CRC32C;
import javax.imageio.ImageIO;
import org.alexnet.cli.output.ExitStatus;
import org.alexnet.safetensors.SafetensorsFile;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The events for TensorBoard, read back by the definitions of their formats. */
class TensorBoardTest {
  @TempDir Path dir;
  private Path run;
  private Path board;

  @BeforeEach
  void names() {
    run = dir.resolve("run");
    board = run.resolve("board"); // a folder of its own may lie in the run's
  }

  private void train(Object... more) {
    Object[] words = {"train", "--log-every", 1, "--tensorboard", board};
    Cli.run(Stream.concat(Stream.of(words), Stream.of(more)).toArray()).success();
  }

  private void trainAnew() {
    train("--data", "shapes:96", "--batch", 32, "--epochs", 1, "--out", run);
  }

  // Reading.

  /** A message of Protocol Buffers: the values of each field, numbers as their bits. */
  private static final class Message {
    final Map<Integer, List<Object>> fields = new LinkedHashMap<>();

    Message(ByteBuffer bytes) {
      ByteBuffer in = bytes.slice().order(ByteOrder.LITTLE_ENDIAN);
      while (in.hasRemaining()) {
        int tag = (int) varint(in);
        Object value =
            switch (tag & 7) {
              case 0 -> varint(in);
              case 1 -> in.getDouble();
              case 2 -> take(in, (int) varint(in));
              case 5 -> in.getFloat();
              default -> throw new AssertionError("wire type " + (tag & 7));
            };
        fields.computeIfAbsent(tag >>> 3, f -> new ArrayList<>()).add(value);
      }
    }

    private static long varint(ByteBuffer in) {
      long value = 0;
      for (int shift = 0; ; shift += 7) {
        byte next = in.get();
        value |= (long) (next & 0x7F) << shift;
        if (next >= 0) {
          return value;
        }
      }
    }

    private static ByteBuffer take(ByteBuffer in, int length) {
      ByteBuffer taken = in.slice(in.position(), length).order(ByteOrder.LITTLE_ENDIAN);
      in.position(in.position() + length);
      return taken;
    }

    boolean has(int field) {
      return fields.containsKey(field);
    }

    Object get(int field) {
      return fields.get(field).getFirst();
    }

    Message message(int field) {
      return new Message((ByteBuffer) get(field));
    }

    String text(int field) {
      return StandardCharsets.UTF_8.decode(((ByteBuffer) get(field)).slice()).toString();
    }

    double[] doubles(int field) {
      ByteBuffer packed = ((ByteBuffer) get(field)).slice().order(ByteOrder.LITTLE_ENDIAN);
      double[] values = new double[packed.remaining() / Double.BYTES];
      packed.asDoubleBuffer().get(values);
      return values;
    }
  }

  private List<Path> files() throws IOException {
    try (Stream<Path> files = Files.list(board)) {
      return files.sorted().toList();
    }
  }

  private static List<Message> events(Path file) throws IOException {
    ByteBuffer in = ByteBuffer.wrap(Files.readAllBytes(file)).order(ByteOrder.LITTLE_ENDIAN);
    List<Message> events = new ArrayList<>();
    while (in.hasRemaining()) {
      ByteBuffer head = Message.take(in, Long.BYTES);
      assertEquals(masked(head), in.getInt());
      ByteBuffer data = Message.take(in, (int) head.getLong(0));
      assertEquals(masked(data), in.getInt());
      events.add(new Message(data));
    }
    assertEquals("brain.Event:2", events.getFirst().text(3));
    return events.subList(1, events.size());
  }

  /** ((crc >> 15) | (crc << 17)) + 0xa282ead8 */
  private static int masked(ByteBuffer data) {
    CRC32C crc = new CRC32C();
    crc.update(data.slice());
    long value = crc.getValue();
    return (int) ((value >>> 15 | value << 17) + 0xa282ead8L);
  }

  /**
   * The values of each tag by step, of all files, as TensorBoard reads them: a session that starts
   * purges what is later, unless it is the first.
   */
  private Map<String, TreeMap<Long, Message>> values() throws IOException {
    Map<String, TreeMap<Long, Message>> byTag = new LinkedHashMap<>();
    boolean started = false;
    for (Path file : files()) {
      for (Message event : events(file)) {
        long step = event.has(2) ? (long) event.get(2) : 0;
        if (event.has(7)) {
          assertEquals(1L, event.message(7).get(1));
          if (started) {
            byTag.values().forEach(values -> values.tailMap(step).clear());
          }
          started = true;
          continue;
        }
        for (Object one : event.message(5).fields.get(1)) {
          Message value = new Message((ByteBuffer) one);
          Message before =
              byTag.computeIfAbsent(value.text(1), t -> new TreeMap<>()).put(step, value);
          assertEquals(null, before, value.text(1) + " twice at step " + step);
        }
      }
    }
    return byTag;
  }

  private List<JsonNode> lines(String name) throws IOException {
    List<JsonNode> lines = new ArrayList<>();
    String text = Files.readString(run.resolve(name));
    for (String line : text.substring(0, text.lastIndexOf('\n') + 1).lines().toList()) {
      lines.add(new ObjectMapper().readTree(line));
    }
    return lines;
  }

  // What is there.

  @Test
  void scalarsAreThoseOfTheRunAndContinueWhenItIsResumed() throws IOException {
    trainAnew();
    train("--epochs", 2, "--resume", run);
    assertEquals(2, files().size());
    Map<String, TreeMap<Long, Message>> values = values();
    List<JsonNode> steps = lines("steps.jsonl");
    assertEquals(6, steps.size());
    for (String field : List.of("loss", "error", "rate", "images_per_second", "data_wait")) {
      TreeMap<Long, Message> got = values.get("train/" + field);
      assertEquals(6, got.size());
      for (JsonNode step : steps) {
        Message value = got.get(step.get("step").asLong());
        assertEquals((float) step.get(field).asDouble(), value.get(2), field);
      }
    }
    assertEquals(
        (float) steps.getLast().get("gradient_norm").get("fc1").asDouble(),
        values.get("gradient_norm/fc1").get(6L).get(2));
    for (JsonNode epoch : lines("metrics.jsonl")) {
      assertEquals(
          (float) epoch.get("val_error").asDouble(),
          values.get("validation/error").get(epoch.get("step").asLong()).get(2));
    }
  }

  @Test
  void aRunThatIsKilledBeforeItsFirstCheckpointBeginsItsCurvesAnew() throws Exception {
    Process process =
        Cli.start(
            dir.resolve("output"),
            "train",
            "--log-every",
            1,
            "--tensorboard",
            board,
            "--data",
            "shapes:960",
            "--batch",
            16,
            "--epochs",
            1,
            "--out",
            run);
    Path steps = run.resolve("steps.jsonl");
    while (process.isAlive() && (!Files.exists(steps) || lines("steps.jsonl").size() < 2)) {
      Thread.sleep(5); // the event of a step follows its line
    }
    process.destroyForcibly(); // kill -9
    assertTrue(process.waitFor(60, TimeUnit.SECONDS));
    JsonNode state = new ObjectMapper().readTree(run.resolve("state.json").toFile());
    assertEquals(0, state.get("state").get("step").asInt(), "it was too late");
    assertFalse(events(files().getFirst()).isEmpty());
    train("--resume", run);
    TreeMap<Long, Message> losses = values().get("train/loss");
    assertEquals(60, losses.size());
    for (JsonNode step : lines("steps.jsonl")) {
      Message value = losses.get(step.get("step").asLong());
      assertEquals((float) step.get("loss").asDouble(), value.get(2));
    }
  }

  @Test
  void picturesAndHistogramsAreOfTheWeights() throws IOException {
    trainAnew();
    Map<String, TreeMap<Long, Message>> values = values();
    Message image = values.get("filters/conv1.weight").get(3L).message(4);
    ByteBuffer png = (ByteBuffer) image.get(4);
    byte[] bytes = new byte[png.remaining()];
    png.get(bytes);
    BufferedImage sheet = ImageIO.read(new ByteArrayInputStream(bytes));
    assertNotNull(sheet);
    assertEquals((long) sheet.getHeight(), image.get(1));
    assertEquals((long) sheet.getWidth(), image.get(2));
    try (SafetensorsFile weights = SafetensorsFile.open(run.resolve("model.safetensors"))) {
      float[] conv1 = weights.floats("conv1.weight");
      assertHistogram(conv1, values.get("weights/conv1.weight").get(3L).message(5));
      int kernel = weights.tensors().get("conv1.weight").shape().getLast().intValue();
      int plane = kernel * kernel;
      float min = Float.POSITIVE_INFINITY;
      float max = Float.NEGATIVE_INFINITY;
      for (int i = 0; i < 3 * plane; i++) {
        min = Math.min(min, conv1[i]);
        max = Math.max(max, conv1[i]);
      }
      int rgb = 0; // of the first filter's upper left weight
      for (int c = 0; c < 3; c++) {
        rgb = rgb << 8 | Math.round(255 * (conv1[c * plane] - min) / (max - min));
      }
      assertEquals(rgb, sheet.getRGB(1, 1) & 0xFFFFFF);
      assertEquals(0, sheet.getRGB(0, 0) & 0xFFFFFF, "a gap");
    }
    Message gradient = values.get("gradients/fc1.weight").get(3L).message(5);
    Message bias = values.get("gradients/fc1.bias").get(3L).message(5);
    double squares = (double) gradient.get(5) + (double) bias.get(5);
    double norm = lines("steps.jsonl").getLast().get("gradient_norm").get("fc1").asDouble();
    assertEquals(norm, Math.sqrt(squares), 1e-5 * norm);
  }

  private static void assertHistogram(float[] values, Message histogram) {
    double[] limits = histogram.doubles(6);
    double[] counts = histogram.doubles(7);
    double[] expected = new double[limits.length];
    double sum = 0;
    for (float value : values) {
      sum += value;
      int bucket = 0;
      while (value >= limits[bucket]) {
        bucket++;
      }
      expected[bucket]++;
    }
    assertEquals(sum, (double) histogram.get(4), 1e-9);
    assertEquals((double) values.length, histogram.get(3));
    double moved = 0; // a value on a limit may be rounded to either side
    for (int i = 0; i < counts.length; i++) {
      moved += Math.abs(expected[i] - counts[i]);
    }
    assertTrue(moved <= 2, "moved " + moved);
  }

  // What is refused.

  @Test
  void foldersThatCannotServeAreRefusedBeforeAnythingIsDone() throws IOException {
    Path file = Files.writeString(dir.resolve("file"), "");
    String line =
        Cli.run("train", "--tensorboard", file.resolve("x"), "--out", run)
            .failure(ExitStatus.FAILED);
    assertTrue(line.contains(file + " is a file"), line);
    assertFalse(Files.exists(run));
    board = dir.resolve("board");
    trainAnew();
    line =
        Cli.run("train", "--tensorboard", board, "--out", dir.resolve("other"))
            .failure(ExitStatus.WRONG_USAGE);
    assertTrue(line.contains("events of another run"), line);
    assertFalse(Files.exists(dir.resolve("other")));
    for (String every : List.of("-1", "1.5", "")) {
      Cli.run("train", "--log-every", every, "--out", dir.resolve("other"))
          .failure(ExitStatus.WRONG_USAGE);
    }
  }
}
