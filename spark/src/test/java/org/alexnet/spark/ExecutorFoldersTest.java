package org.alexnet.spark;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ExecutorFoldersTest {
  @TempDir Path home;

  @Test
  void logsOfOneJobAndAllOfOthersStay() throws IOException {
    for (String file :
        List.of(
            "app-1/0/alexnet-spark.jar",
            "app-1/0/stderr",
            "app-1/0/stdout",
            "app-1/1/other/some.jar",
            "app-1/1/stderr",
            "app-1/notes",
            "app-2/0/alexnet-spark.jar")) {
      Path made = home.resolve("work").resolve(file);
      Files.createDirectories(made.getParent());
      Files.writeString(made, file);
    }
    ExecutorFolders folders = ExecutorFolders.ofSpark(Map.of("SPARK_HOME", home.toString()));
    folders.clear("app-1");
    folders.clear("app-3"); // of which there is none
    try (Stream<Path> all = Files.walk(folders.folder())) {
      assertEquals(
          List.of(
              "app-1/0/stderr",
              "app-1/0/stdout",
              "app-1/1/stderr",
              "app-1/notes",
              "app-2/0/alexnet-spark.jar"),
          all.filter(Files::isRegularFile)
              .map(path -> folders.folder().relativize(path).toString())
              .sorted()
              .toList());
    }
  }
}
