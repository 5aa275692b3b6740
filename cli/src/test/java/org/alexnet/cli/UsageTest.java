package org.alexnet.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.alexnet.cli.output.ExitStatus;
import org.alexnet.model.Model;
import org.alexnet.model.Models;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Wrong usage is answered with one line and status 2. */
class UsageTest {
  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      textBlock =
          """
          train --batch 0                              | --batch is 0
          train --batch x                              | '--batch'
          train --lr nan                               | '--lr'
          train --lr NaN                               | --lr is NaN, must be finite
          train --lr -1                                | --lr is -1
          train --momentum 1                           | --momentum is 1
          train --weight-decay Infinity                | --weight-decay is Infinity
          train --epochs -1                            | --epochs is -1
          train --threads 0                            | --threads is 0
          train --val-fraction 1                       | --val-fraction is 1
          train --val-fraction .1 --val shapes         | --val and --val-fraction exclude each other
          train --checkpoint-every -1                  | --checkpoint-every is -1
          train --classes 1                            | --classes is 1
          train --schedule step:3,2                    | rise
          train --schedule never                       | constant, plateau, plateau:N, step
          train --augment lots                         | none, shapes, paper
          train --precision fp8                        | fp32, tf32, bf16, fp16
          train --model alexnet                        | alexnet-32
          train --backend gpu                          | auto, cuda, cpu, reference
          train --resume x --batch 3                   | --batch
          train --resume x --skip-bad                  | --skip-bad
          train stray                                  | stray
          eval --data shapes                           | RUN
          prepare photos --out packed.zip              | ends in .axd
          prepare photos                               | --out
          prepare photos --out p.axd --resize fit      | cover, stretch
          eval run --data shapes --crops 2             | 1 or 10
          eval run --data shapes --batch 0             | --batch
          eval --weights w --data shapes               | --model
          eval --model alexnet-32 --data shapes        | --weights
          eval --model alexnet-32 --weights w          | --data
          eval run --all                               | --all
          train --schedule parts:2                     | parts of the run
          eval run --model alexnet-32 --weights w --data shapes | RUN
          predict                                      | RUN
          predict run                                  | IMAGE
          predict run a.jpg --data shapes              | IMAGE
          predict run a.jpg --top 0                    | --top
          init --model alexnet-32 --seed 1             | --out
          init --model alexnet-32 --seed x --out f     | --seed
          init --model alexnet-32 --seed 1 --sigma NaN --out f | --sigma
          summary                                      | --model
          init --seed 1 --out f                        | --solver
          summary --solver nowhere.prototxt            | --solver is nowhere.prototxt, must be a file
          init --solver nowhere.prototxt --seed 1 --out f | nowhere.prototxt, must be a file
          eval --solver nowhere.prototxt --weights w --data shapes | nowhere.prototxt, must be
          export --solver nowhere.prototxt --weights w --out f.onnx | nowhere.prototxt, must be
          summary --model alexnet-32 --batch 0         | --batch
          summary --model alexnet-32 --show=all        | --show
          bench --steps 0                              | --steps
          frobnicate                                   | frobnicate
          train --batch 1e99                           | '1e99' is not a whole number
          train --seed 99999999999999999999            | above 9,223,372,036,854,775,807
          train --lr fast                              | 'fast' is not a number
          train --checkpoint-every x                   | 'x' is not a number
          summary --model alexnet-32 --show=nothing    | one of layers, program, memory
          train --threads 100000                       | --threads is 100000, must be from 1 to 1,024
          eval run --threads 1025                      | --threads is 1025
          bench --threads 1025                         | --threads is 1025
          prepare photos --out p.axd --threads 1025    | --threads is 1025
          prepare photos --out p.axd --size 100000     | --size is 100000, must be from 1 to 4,096
          train --batch 99999999                       | use a batch of 65,023 or less
          train --classes 1000000000                   | use 4,161,535 classes or fewer
          bench --batch 99999999                       | use a batch of 65,023 or less
          summary --model alexnet-2012 --show memory --batch 30000000 | use a batch of 7,337 or less
          summary --model alexnet-32 --classes 2147483647 | tensor fc2.weight
          init --model alexnet-32 --classes 2000000000 --seed 1 --out f | 4,161,535 classes
          train --data shapes:0                        | from 10 to 10,000,000
          train --data shapes:x                        | 'x'
          train --data shapes:999999999999             | from 10 to 10,000,000
          train --devices ,                            | --devices
          train --devices cpu:99                       | "cpu:99"
          train --precision bf16 --backend cpu         | fp32 only
          train --data-on-device --backend cpu         | leave --data-on-device out
          train --data-on-device --spark local[2]      | left out with --spark
          selftest --precision bf16 --backend cpu      | fp32 only
          train --epochs 1 --lr 0.1 --epochs 2         | should be specified only once
          train --epochs=1 --out a --epochs 2          | should be specified only once
          eval run --threads 1 --data d --threads 2    | should be specified only once
          predict run a.jpg --top 1 --out b --top 2    | should be specified only once
          """)
  void isRefused(String command, String named) {
    String line = Cli.run((Object[]) command.split(" ")).failure(ExitStatus.WRONG_USAGE);
    assertTrue(line.contains(named), line);
    assertFalse(line.contains("Exception"), line);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "train --data",
        "train --val",
        "train --out",
        "train --init",
        "train --resume",
        "train --devices",
        "eval",
        "eval run --data",
        "eval --model alexnet-32 --data shapes --weights",
        "predict run --data",
        "predict run a.jpg --out",
        "prepare photos --out",
        "init --model alexnet-32 --seed 1 --out",
      })
  void anEmptyValueIsRefused(String command) {
    List<Object> words = new ArrayList<>(List.of(command.split(" ")));
    String option = command.equals("eval") ? "RUN" : words.getLast().toString();
    words.add("");
    String line = Cli.run(words.toArray()).failure(ExitStatus.WRONG_USAGE);
    assertTrue(line.contains(option + " is empty"), line);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "predict r a.jpg --out a.jpg",
        "predict r a.jpg --out ./a.jpg",
        "show features r a.png --out a.png",
        "predict r a.jpg --out r/state.json",
        "predict r a.jpg --layer fc1 --out r/model.safetensors",
      })
  void filesThatAreReadAreNotOverwritten(String command, @TempDir Path dir) throws IOException {
    Path run = Files.createDirectory(dir.resolve("r"));
    for (String name : List.of("run.json", "state.json", "model.safetensors")) {
      Files.writeString(run.resolve(name), name);
    }
    for (String name : List.of("a.jpg", "a.png")) {
      Files.writeString(dir.resolve(name), name);
    }
    List<String> words = new ArrayList<>();
    for (String word : command.split(" ")) {
      boolean file = word.startsWith("r") || word.contains("a.");
      words.add(file ? dir + "/" + word : word);
    }
    String line = Cli.run(words.toArray()).failure(ExitStatus.WRONG_USAGE);
    assertTrue(line.contains("name another file"), line);
    for (Path file : List.of(Path.of(words.getLast()), run.resolve("model.safetensors"))) {
      assertEquals(file.getFileName().toString(), Files.readString(file));
    }
  }

  /** What is just not refused is planned without an overflow. */
  @ParameterizedTest
  @ValueSource(
      strings = {
        "--model alexnet-32 --batch 65023",
        "--model alexnet-32 --classes 4161535",
        "--model alexnet-2012 --batch 7337",
        "--model alexnet-2012 --classes 520191",
      })
  void theLargestSizesCanBePlanned(String sizes) {
    List<Object> words = new ArrayList<>(List.of("summary", "--show", "memory", "--json"));
    words.addAll(List.of(sizes.split(" ")));
    JsonNode planned = Cli.run(words.toArray()).json().get("planned_bytes");
    assertTrue(planned.get("cpu:0").asLong() > Integer.MAX_VALUE, planned.toString());
  }

  @Test
  void noCommandListsThem() {
    String line = Cli.run().failure(ExitStatus.WRONG_USAGE);
    assertTrue(line.contains("train, eval, predict"), line);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "train",
        "eval",
        "predict",
        "prepare",
        "init",
        "summary",
        "devices",
        "bench",
        "selftest"
      })
  void everyCommandHasHelp(String command) {
    Cli.Result result = Cli.run(command, "--help");
    assertEquals(ExitStatus.SUCCESS, result.status());
    assertTrue(result.out().startsWith("Usage: alexnet " + command), result.out());
    assertTrue(result.out().contains("--json"), result.out());
  }

  @Test
  void helpIsGroupedAndNamesDefaults() {
    String help = Cli.run("train", "--help").out();
    for (String heading : List.of("Data:", "Model and recipe:", "Run folder:", "Devices:")) {
      assertTrue(help.contains("\n" + heading + "\n"), help);
    }
    assertTrue(help.contains("plateau:N"), help);
    assertTrue(help.contains(" augment schedule"), help);
    assertFalse(Cli.run("bench", "--help").out().contains("; Default"));
    for (Model model : Models.all()) {
      String schedule = model.recipe().schedule().toString();
      assertTrue(
          help.lines().anyMatch(l -> l.contains(model.name() + " ") && l.endsWith(schedule)), help);
    }
  }

  @Test
  void theVersionIsTheBuildS() {
    Cli.Result result = Cli.run("--version");
    assertEquals(ExitStatus.SUCCESS, result.status());
    assertTrue(result.out().matches("(?s)alexnet \\d+\\.\\d+\\.\\d+.*Java \\d+.*"), result.out());
  }

  @Test
  void aStackTraceIsShownOnlyWhenAskedFor() {
    String brief = Cli.run("eval", "nowhere", "--data", "shapes").err();
    String verbose = Cli.run("eval", "nowhere", "--data", "shapes", "--verbose").err();
    assertEquals(1, brief.lines().count(), brief);
    assertTrue(verbose.contains("\tat org.alexnet"), verbose);
  }

  @Test
  void aDeviceThatIsNotThereIsWrongUsage(@TempDir Path dir) {
    Path out = dir.resolve("run");
    Cli.run("train", "--devices", "cpu:9", "--data", "shapes:10", "--out", out)
        .failure(ExitStatus.WRONG_USAGE);
    assertFalse(Files.exists(out), "nothing is written");
    assertTrue(
        Cli.run("train", "--devices", "").failure(ExitStatus.WRONG_USAGE).contains("--devices"));
  }

  @Test
  void devicesMustSuitTheColumns(@TempDir Path dir) {
    Path out = dir.resolve("run");
    Object[] one = {
      "train",
      "--parallel",
      "columns",
      "--devices",
      "cpu:0,cpu:1",
      "--data",
      "shapes:10",
      "--out",
      out
    };
    String line = Cli.run(one).failure(ExitStatus.WRONG_USAGE);
    assertTrue(line.contains("alexnet-32 has 1 column "), line);
    assertEquals(
        line, Cli.run("selftest", "--devices", "cpu:0,cpu:1").failure(ExitStatus.WRONG_USAGE));
    Object[] three = {
      "train",
      "--model",
      "alexnet-2012",
      "--devices",
      "reference:0,reference:1,reference:8",
      "--backend",
      "reference",
      "--data",
      "shapes:10",
      "--out",
      out
    };
    line = Cli.run(three).failure(ExitStatus.WRONG_USAGE);
    assertTrue(line.contains("\"reference:8\""), line);
    assertTrue(line.contains("reference:0, reference:1"), line);
    assertFalse(Files.exists(out), "nothing is written");
  }

  @Test
  void memoryIsPlannedForEachDevice() {
    JsonNode planned =
        Cli.run(
                "summary",
                "--model",
                "alexnet-2012",
                "--batch",
                2,
                "--show",
                "memory",
                "--json",
                "--devices",
                "cpu:0,cpu:1")
            .json()
            .get("planned_bytes");
    // Half of the parameters and their momentum, and more.
    assertTrue(planned.get("cpu:0").asLong() > 60_965_224L * 4, planned.toString());
    assertTrue(planned.get("cpu:1").asLong() > 56_868_224L * 4, planned.toString());
  }
}
