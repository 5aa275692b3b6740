package org.alexnet.cli;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.alexnet.cli.output.ExitStatus;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** {@code export} and {@code import}, of every format there and back. */
class ExchangeTest {
  private static final List<String> NAMES =
      List.of(
          "H-Stripes",
          "V-Stripes",
          "Diagonal",
          "Checker",
          "Circle",
          "Square",
          "Cross",
          "Triangle",
          "Noise",
          "Solid");

  @TempDir Path dir;

  private Path train() {
    Path run = dir.resolve("run");
    Cli.run(
            "train",
            "--data",
            "shapes:40",
            "--epochs",
            1,
            "--batch",
            16,
            "--backend",
            "cpu",
            "--out",
            run,
            "--json")
        .json();
    return run;
  }

  private JsonNode eval(Path run) {
    return Cli.run("eval", run, "--data", "shapes:80", "--backend", "cpu", "--json").json();
  }

  @Test
  void everyFormatThereAndBack() throws IOException {
    Path run = train();
    JsonNode expected = eval(run);
    Path mean = run.resolve("input.safetensors");
    Path names = Files.write(dir.resolve("names.txt"), NAMES);
    for (String ending : List.of("onnx", "pth", "caffemodel", "safetensors")) {
      Path file = dir.resolve("net." + ending);
      JsonNode made = Cli.run("export", run, "--out", file, "--json").json();
      assertEquals(file.toString(), made.get("files").get(0).asText());
      assertFalse(made.get("not_kept").isEmpty(), ending);
      Path back = dir.resolve("from-" + ending);
      boolean whole = ending.equals("onnx"); // it says what becomes of pixels
      Cli.Result result =
          whole
              ? Cli.run("import", file, "--names", names, "--out", back, "--json")
              : Cli.run(
                  "import",
                  file,
                  "--model",
                  "alexnet-32",
                  "--names",
                  names,
                  "--mean",
                  mean,
                  "--out",
                  back,
                  "--json");
      assertEquals(10, result.json().get("classes").asInt());
      assertEquals(1_147_466, result.json().get("parameters").asInt());
      assertEquals(expected, eval(back), ending);
      Path drawn = dir.resolve(ending + ".png");
      Cli.run("show", "filters", back, "--out", drawn, "--no-text").success();
    }
    assertArrayEquals(
        Files.readAllBytes(dir.resolve("from-pth/model.safetensors")),
        Files.readAllBytes(dir.resolve("from-caffemodel/model.safetensors")));
    String line =
        Cli.run("train", "--resume", dir.resolve("from-pth"), "--epochs", 2)
            .failure(ExitStatus.FAILED);
    assertTrue(line.contains("begin a run with them (--init " + dir.resolve("from-pth")), line);
    Cli.run(
            "train",
            "--data",
            "shapes:40",
            "--epochs",
            1,
            "--batch",
            16,
            "--backend",
            "cpu",
            "--init",
            dir.resolve("from-pth"),
            "--out",
            dir.resolve("next"),
            "--json")
        .json();
    Cli.run(
            "report",
            dir.resolve("from-pth"),
            "--data",
            "shapes:40",
            "--backend",
            "cpu",
            "--out",
            dir.resolve("report.html"))
        .success();
  }

  @Test
  void whatIsRefused() throws IOException {
    Path weights = dir.resolve("w.safetensors");
    Cli.run("init", "--model", "alexnet-32", "--seed", 1, "--out", weights).success();
    Path out = dir.resolve("out.onnx");
    Object[] words = {"export", "--model", "alexnet-32", "--weights", weights, "--out", out};
    String line = Cli.run(words).failure(ExitStatus.WRONG_USAGE);
    assertTrue(line.contains("give the input.safetensors of these weights (--input FILE"), line);
    assertTrue(line.contains("(--raw)"), line);
    assertTrue(Files.notExists(out));
    Files.writeString(out, "something");
    line = Cli.run(words).failure(ExitStatus.FAILED);
    assertTrue(line.contains("exists already"), line);
    words[words.length - 1] = dir.resolve("out.h5");
    line = Cli.run(words).failure(ExitStatus.WRONG_USAGE);
    assertTrue(line.contains(".caffemodel, .onnx, .pth, .safetensors"), line);
    line = Cli.run("export", "--out", dir.resolve("x.onnx")).failure(ExitStatus.WRONG_USAGE);
    assertTrue(line.contains("RUN is missing"), line);
    line =
        Cli.run("import", weights, "--model", "alexnet-32", "--out", dir.resolve("r"))
            .failure(ExitStatus.WRONG_USAGE);
    assertTrue(line.contains("give its file (--mean)"), line);
    assertTrue(Files.notExists(dir.resolve("r")));
    Files.writeString(out, "PK\3\4 no archive");
    line = Cli.run("import", out, "--out", dir.resolve("r")).failure(ExitStatus.FAILED);
    assertTrue(line.contains("out.onnx: it begins as an archive of PyTorch"), line);
  }
}
