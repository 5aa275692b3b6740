import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/**
 * Checks ({@code --check}) or rewrites ({@code --write}) every Java source with google-java-format.
 */
final class Format {
  public static void main(String[] args) throws IOException, InterruptedException {
    List<String> sources;
    try (var files = Files.walk(Path.of(""))) {
      sources =
          files
              .map(Path::toString)
              .filter(f -> f.endsWith(".java") && !f.contains("target/") && !f.startsWith("."))
              .sorted()
              .toList();
    }
    Path list = Files.createTempFile("sources", ".txt");
    Files.write(list, sources);
    List<String> command = new ArrayList<>();
    command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    command.addAll(List.of("-jar", args[0]));
    boolean write = args[1].equals("--write");
    command.addAll(write ? List.of("--replace") : List.of("--dry-run", "--set-exit-if-changed"));
    command.add("@" + list);
    int status = new ProcessBuilder(command).inheritIO().start().waitFor();
    Files.delete(list);
    if (status != 0) {
      System.err.println("The files above are not formatted: run mvn -N -Pformat validate");
    }
    System.exit(status);
  }
}
