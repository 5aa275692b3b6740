package org.alexnet.cuda;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.IntStream;
import org.alexnet.AlexNetException;
import org.alexnet.UsageException;
import org.alexnet.backend.Narrow;
import org.alexnet.backend.Precision;
import org.alexnet.data.Augmentation;
import org.alexnet.data.Batch;
import org.alexnet.data.ImageSource;
import org.alexnet.data.TestImages;
import org.alexnet.data.prepared.Preparation;
import org.alexnet.data.source.MemoryImages;
import org.alexnet.model.Model;
import org.alexnet.model.Models;
import org.alexnet.network.Input;
import org.alexnet.network.Network;
import org.alexnet.program.CompiledNetwork;
import org.alexnet.training.Progress;
import org.alexnet.training.ResumedTraining;
import org.alexnet.training.Training;
import org.alexnet.training.TrainingListener;
import org.alexnet.training.TrainingResult;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** Runs whose images stay on the GPU beside runs whose images travel. */
@Tag(StandInCount.STAND_IN)
class CudaKeptDataTest extends RunFixture {
  private final List<String> said = new ArrayList<>();

  /** A network that crops. */
  private static Model model() {
    Model model = Narrow.eighth(Models.named("alexnet-32"));
    Network network = model.network();
    Input input = network.input();
    return new Model(
        new Network(
            network.name(),
            new Input(3, input.size(), 40, input.resize(), input.normalization()),
            network.nodes()),
        model.recipe(),
        model.description(),
        model.fewerClasses());
  }

  /** Batches of 16 of 44 images: the last is smaller. */
  private Training training(String data, String out, boolean kept) {
    return training(data, out, kept, 0).validation("shapes:80");
  }

  private Training training(String data, String out, boolean kept, double fraction) {
    said.clear();
    Training training =
        Training.of(model())
            .backend("cuda")
            .deterministic(true)
            .augmentation(Augmentation.PAPER)
            .data(data)
            .batch(16)
            .epochs(2)
            .seed(7)
            .threads(2)
            .dataOnDevice(kept)
            .out(dir.resolve(out))
            .listener(listener());
    return fraction == 0 ? training : training.validationFraction(fraction);
  }

  /** Of files, a part to validate with. */
  private Training files(Path data, String out, boolean kept) {
    return training(data.toString(), out, kept, 0.3);
  }

  private TrainingListener listener() {
    return new TrainingListener() {
      @Override
      public void message(String text) {
        said.add(text);
      }
    };
  }

  private boolean said(String part) {
    return said.stream().anyMatch(text -> text.contains(part));
  }

  private void assertSameRun(String expected, String got) throws IOException {
    for (String file : List.of("model.safetensors", "optimizer.safetensors", "best.safetensors")) {
      Path one = dir.resolve(expected).resolve(file);
      assertEquals(-1, Files.mismatch(one, dir.resolve(got).resolve(file)), file);
    }
    assertEquals(metrics(expected), metrics(got));
  }

  /** Without what is measured by the clock. */
  private List<String> metrics(String run) throws IOException {
    return Files.readAllLines(dir.resolve(run).resolve("metrics.jsonl")).stream()
        .map(line -> line.replaceAll("\"(images_per_second|data_wait)\":[^,}]*", ""))
        .toList();
  }

  @Test
  void aRunHasTheSameBits() throws IOException {
    TrainingResult travels = training("shapes:44", "travels", false).run();
    assertFalse(said("Kept on the device"));
    TrainingResult kept = training("shapes:44", "kept", true).run();
    assertEquals(6, kept.steps());
    assertTrue(said("44 images of shapes (train, 44 images), 211,200 bytes"), said.toString());
    assertTrue(said("20 images of shapes (validation, 20 images), 96,000 bytes"), said.toString());
    assertEquals(travels.last().validation(), kept.last().validation());
    assertSameRun("travels", "kept");
    // How it was computed is no setting of the run.
    String json = Files.readString(dir.resolve("kept/run.json"));
    assertFalse(json.contains("dataOnDevice") || json.contains("data_on_device"), json);
    training("shapes:44", "plain", true).graphs(false).run();
    assertSameRun("travels", "plain");
  }

  @Test
  void soHasOneInShardsOnTwoDevices() throws IOException {
    Assumptions.assumeFalse(StandInBackend.GPU, "the stand-in has two devices");
    for (boolean kept : new boolean[] {false, true}) {
      training("shapes:44", "kept " + kept, kept)
          .parallel("data")
          .devices(List.of("cuda:0", "cuda:1"))
          .run();
    }
    assertSameRun("kept false", "kept true");
  }

  @Test
  void aRunIsResumedEitherWay() throws IOException {
    training("shapes:44", "whole", false).run();
    for (boolean first : new boolean[] {false, true}) {
      String out = "begun kept " + first;
      Training begun = training("shapes:44", out, first);
      begun.listener(
          new TrainingListener() {
            @Override
            public void step(Progress progress) {
              begun.stop();
            }
          });
      assertTrue(begun.run().steps() < 6);
      ResumedTraining rest = Training.resume(dir.resolve(out)).backend("cuda");
      rest.dataOnDevice(!first).listener(listener()).run();
      assertEquals(!first, said("Kept on the device"));
      assertSameRun("whole", out);
    }
  }

  /** Shapes, which count how often one is read. */
  private record Counting(ImageSource source, AtomicInteger reads) implements ImageSource {
    static Counting of(int n) {
      List<byte[]> images = new ArrayList<>();
      Random random = new Random(n);
      for (int i = 0; i < n; i++) {
        byte[] pixels = new byte[3 * 40 * 40];
        random.nextBytes(pixels);
        images.add(pixels);
      }
      int[] labels = IntStream.range(0, n).map(i -> i % 10).toArray();
      return new Counting(
          MemoryImages.pixels(3, 40, 40, images).labelled(labels, List.of()), new AtomicInteger());
    }

    @Override
    public String description() {
      return "images that are counted";
    }

    @Override
    public int size() {
      return source.size();
    }

    @Override
    public Batch.Format format() {
      return source.format();
    }

    @Override
    public List<String> classNames() {
      return List.of();
    }

    @Override
    public boolean labelled() {
      return true;
    }

    @Override
    public int label(int i) {
      return source.label(i);
    }

    @Override
    public String name(int i) {
      return source.name(i);
    }

    @Override
    public void read(int i, MemorySegment to) {
      reads.incrementAndGet();
      source.read(i, to);
    }
  }

  @Test
  void nothingIsReadOnceItIsKept() throws IOException {
    for (boolean kept : new boolean[] {false, true}) {
      Counting train = Counting.of(44);
      Counting validation = Counting.of(20);
      int[] before = new int[2];
      training("shapes:44", "counted " + kept, kept)
          .data(train)
          .validation(validation)
          .listener(
              new TrainingListener() {
                @Override
                public void begin(Path run, long step) {
                  before[0] = train.reads.get();
                  before[1] = validation.reads.get();
                }
              })
          .run();
      assertEquals(kept ? 0 : 2 * 44, train.reads.get() - before[0]);
      assertEquals(kept ? 0 : 2 * 20, validation.reads.get() - before[1]);
    }
    assertSameRun("counted false", "counted true");
  }

  /** A prepared file, and a folder of which a file cannot be read. */
  @Test
  void filesAreReadOnce() throws IOException {
    TestImages.folder(dir.resolve("images"), 9, "a", "b");
    Files.write(dir.resolve("images/a/000.png"), new byte[] {1, 2, 3});
    Path packed = dir.resolve("images.axd");
    new Preparation(dir.resolve("images"), packed, 40, false, 2, t -> {}, (d, n) -> {}).run();
    for (boolean kept : new boolean[] {false, true}) {
      files(packed, "packed " + kept, kept).run();
      files(dir.resolve("images"), "folder " + kept, kept).skipBad(true).run();
      assertTrue(said("Left out 1 file"), said.toString());
    }
    assertSameRun("packed false", "packed true");
    assertSameRun("folder false", "folder true");
  }

  @Test
  void aFileThatIsDamagedIsRefusedBeforeTheRun() throws IOException {
    TestImages.folder(dir.resolve("images"), 9, "a", "b");
    Path packed = dir.resolve("images.axd");
    new Preparation(dir.resolve("images"), packed, 40, false, 2, t -> {}, (d, n) -> {}).run();
    byte[] bytes = Files.readAllBytes(packed);
    bytes[bytes.length / 2] ^= 1;
    Files.write(packed, bytes);
    Training training = files(packed, "damaged", true);
    String message = assertThrows(AlexNetException.class, training::run).getMessage();
    assertTrue(message.contains("does not have its checksum"), message);
    assertFalse(Files.exists(dir.resolve("damaged")));
  }

  @Test
  void imagesThatDoNotFitAreRefusedAndThoseToValidateWithTravel() throws IOException {
    Assumptions.assumeFalse(StandInBackend.GPU, "the stand-in has little memory");
    StandInBackend.deterministic(Precision.FP32, 1).close(); // the libraries are loaded
    long room;
    try (StandInBackend backend = StandInBackend.deterministic(Precision.FP32, 1)) {
      CompiledNetwork programs = CompiledNetwork.of(model().network(), 16);
      room = backend.imageMemory().orElseThrow().room(programs);
    }
    training("shapes:44", "travels", false).validation("shapes:3000").run();
    StandIn.memory(0, MEMORY - room + (1 << 20));
    training("shapes:44", "kept", true).validation("shapes:3000").run();
    assertTrue(said("44 images of shapes"), said.toString());
    assertTrue(said("needs 3,600,000 bytes on the device, where"), said.toString());
    assertTrue(said("its images travel with each batch"), said.toString());
    assertSameRun("travels", "kept");
    Training refused = training("shapes:3000", "refused", true);
    String message = assertThrows(AlexNetException.class, refused::run).getMessage();
    assertTrue(message.contains("needs 14,400,000 bytes on each device (dataOnDevice)"), message);
    assertTrue(message.contains("beside alexnet-32 at batch 16"), message);
    assertTrue(
        message.endsWith(
            "A smaller batch does not leave enough; leave dataOnDevice out, or take fewer images."),
        message);
    assertFalse(Files.exists(dir.resolve("refused")));
    refused.batch(512).data("shapes:44");
    message = assertThrows(AlexNetException.class, refused::run).getMessage();
    assertTrue(message.matches(".*The largest batch that fits is \\d+; take batch.*"), message);
  }

  @Test
  void whatCannotStayIsRefused() {
    Training square =
        Training.of(Narrow.eighth(Models.named("alexnet-32")))
            .backend("cuda")
            .data("shapes:44")
            .dataOnDevice(true)
            .out(dir.resolve("none"));
    String message = assertThrows(UsageException.class, square::run).getMessage();
    assertTrue(message.contains("Augmentation shapes changes the pixels"), message);
    assertTrue(message.contains("leave dataOnDevice out"), message);
    assertFalse(Files.exists(dir.resolve("none")));
  }

  @Test
  void aLossThatIsNotFiniteIsTracedToItsLayer() {
    AlexNetException e =
        assertThrows(
            AlexNetException.class, () -> training("shapes:44", "wild", true).rate(1e30f).run());
    assertTrue(e.getMessage().contains("the first value that is not finite is in"), e.getMessage());
    assertTrue(e.getMessage().contains("the output of layer conv"), e.getMessage());
  }
}
