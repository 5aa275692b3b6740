import java.io.IOException;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Comparator;
import java.util.List;
import java.util.stream.Stream;
import java.util.zip.CRC32;
import java.util.zip.ZipEntry;
import java.util.zip.ZipFile;
import java.util.zip.ZipOutputStream;

/**
 * Makes {@code dist/alexnet-linux-x86_64.tar.gz}, which runs without Java: a runtime, the jars and
 * a script; and {@code dist/alexnet-gpu-tests.tar.gz}, which beside it runs the contract suites on
 * a GPU. Arguments: the program's jar, the folder of its libraries, the date of all files, JUnit's
 * console. It runs in the source folder with the JDK that the runtime is taken from.
 *
 * <p>Runtime and jars are stored without compression, which makes the archive smaller by 8 MB than
 * compressing twice does, and start-up no slower.
 */
final class Bundle {
  private static final String NAME = "alexnet-linux-x86_64";
  private static final String TESTS = "alexnet-gpu-tests";
  private static final long LIMIT = 45_000_000;

  /** What jdeps says that the jars need, and the Vector API, which is asked for by name. */
  private static final String MODULES =
      "java.base,java.desktop,java.logging,jdk.httpserver,jdk.incubator.vector";

  /** Of java.desktop images are read and drawn; these are for screens, printers and sounds. */
  private static final String LEFT_OUT =
      String.join(
          ",",
          "/java.desktop/lib/libawt_xawt.so",
          "/java.desktop/lib/libjawt.so",
          "/java.desktop/lib/libjsound.so",
          "/java.desktop/lib/libsplashscreen.so",
          "/java.desktop/lib/psfont*",
          "/java.base/lib/jrt-fs.jar",
          "/java.base/bin/keytool");

  /**
   * What no jar leads to: JCuda's libraries that JCudaNatives does not load, the first of which has
   * 24 MB, and packages of Commons Math. Of that core uses {@code linear} and {@code special}, as
   * its ArchitectureTest holds, and by {@code jdeps -verbose:class} these reach none of them.
   */
  private static final List<String> UNUSED =
      Stream.concat(
              Stream.of(
                  "lib/libJNvPTXCompiler-",
                  "lib/libJNvrtc-",
                  "lib/libJCudaRuntime-",
                  "lib/libJCublas-",
                  "assets/org/apache/commons/math3/"),
              Stream.of(
                      "dfp",
                      "filter",
                      "fitting",
                      "genetics",
                      "geometry",
                      "ml",
                      "ode",
                      "optim",
                      "optimization",
                      "primes",
                      "stat",
                      "transform")
                  .map("org/apache/commons/math3/%s/"::formatted))
          .toList();

  private final Path folder;

  private Bundle(String name) {
    folder = Path.of("dist", name);
  }

  public static void main(String[] args) throws IOException, InterruptedException {
    String system = System.getProperty("os.name") + " " + System.getProperty("os.arch");
    if (!system.equals("Linux amd64")) {
      throw failure("The bundle is made on Linux x86-64 only, and this JDK is for " + system + ".");
    }
    Runtime.Version version = Runtime.version();
    if (version.feature() == 25 && version.interim() == 0 && version.update() < 3) {
      throw failure(
          "The bundle's runtime would be JDK %s, whose garbage collector may damage arrays that native code uses (JDK-8377811): make it with JDK 25.0.3 or later."
              .formatted(version));
    }
    Bundle bundle = new Bundle(NAME);
    bundle.delete();
    bundle.runtime();
    bundle.jars(Path.of(args[0]), Path.of(args[1]));
    bundle.files();
    bundle.archive(args[2]);
    Bundle tests = new Bundle(TESTS);
    tests.delete();
    tests.tests(Path.of(args[3]));
    tests.archive(args[2]);
  }

  private void delete() throws IOException {
    if (Files.exists(folder)) {
      try (var files = Files.walk(folder)) {
        for (Path file : files.sorted(Comparator.reverseOrder()).toList()) {
          Files.delete(file);
        }
      }
    }
    Files.createDirectories(folder);
  }

  private void runtime() throws IOException, InterruptedException {
    String runtime = folder.resolve("runtime").toString();
    run(
        Path.of(System.getProperty("java.home"), "bin", "jlink").toString(),
        "--add-modules=" + MODULES,
        "--output=" + runtime,
        "--exclude-files=" + LEFT_OUT,
        "--strip-java-debug-attributes",
        "--compress=zip-0",
        "--vm=server",
        "--no-header-files",
        "--no-man-pages");
    // Class data, without which every start takes longer: one archive for heaps up to 32 GB, and
    // one for the larger ones of machines with much memory.
    for (String sign : List.of("+", "-")) {
      run(
          runtime + "/bin/java",
          "-Xshare:dump",
          "-Xlog:disable",
          "-XX:+UseG1GC",
          "-XX:%sUseCompressedOops".formatted(sign));
    }
  }

  private void jars(Path program, Path libraries) throws IOException {
    List<Path> jars = new ArrayList<>(List.of(program));
    try (var files = Files.list(libraries)) {
      files.forEach(jars::add);
    }
    Path lib = Files.createDirectories(folder.resolve("lib"));
    for (Path jar : jars) {
      try (ZipFile from = new ZipFile(jar.toFile());
          OutputStream file = Files.newOutputStream(lib.resolve(jar.getFileName()));
          ZipOutputStream to = new ZipOutputStream(file)) {
        store(from, to);
      }
    }
  }

  private static void store(ZipFile from, ZipOutputStream to) throws IOException {
    for (ZipEntry entry : Collections.list(from.entries())) {
      if (entry.isDirectory() || UNUSED.stream().anyMatch(entry.getName()::startsWith)) {
        continue;
      }
      byte[] content = from.getInputStream(entry).readAllBytes();
      CRC32 crc = new CRC32();
      crc.update(content);
      ZipEntry stored = new ZipEntry(entry.getName());
      stored.setMethod(ZipEntry.STORED);
      stored.setTimeLocal(entry.getTimeLocal());
      stored.setSize(content.length);
      stored.setCrc(crc.getValue());
      to.putNextEntry(stored);
      to.write(content);
      to.closeEntry();
    }
  }

  private void files() throws IOException {
    Path ours = Path.of("build", "bundle");
    copy(ours.resolve("alexnet"), "bin/alexnet");
    copy(ours.resolve("README.txt"), "README.txt");
    copy(ours.resolve("licenses", "JCuda.txt"), "licenses/JCuda.txt");
    copy(Path.of("build", "java.options"), "lib/java.options");
    copy(Path.of("LICENSE"), "LICENSE");
  }

  /** The classes of the tests, and what runs them with the bundle's runtime and jars. */
  private void tests(Path console) throws IOException {
    for (String module : List.of("core", "cuda-kernels")) {
      Path classes = Path.of(module, "target", "test-classes");
      try (var files = Files.walk(classes)) {
        for (Path file : files.filter(Files::isRegularFile).toList()) {
          copy(file, "classes/" + classes.relativize(file));
        }
      }
    }
    copy(console, "lib/" + console.getFileName());
    copy(Path.of("build", "bundle", "gpu-tests"), "gpu-tests");
  }

  private void copy(Path from, String to) throws IOException {
    Path target = folder.resolve(to);
    Files.createDirectories(target.getParent());
    Files.copy(from, target, StandardCopyOption.REPLACE_EXISTING);
    if (Files.isExecutable(from) && !target.toFile().setExecutable(true)) {
      throw failure(target + " cannot be made executable.");
    }
  }

  /** Equal contents make equal archives. */
  private void archive(String date) throws IOException, InterruptedException {
    String name = folder.getFileName().toString();
    Path archive = folder.resolveSibling(name + ".tar.gz");
    run(
        "tar",
        "--create",
        "--file=" + archive,
        "--use-compress-program=gzip -9n",
        "--directory=" + folder.getParent(),
        "--format=gnu",
        "--sort=name",
        "--mtime=" + date,
        "--owner=0",
        "--group=0",
        "--numeric-owner",
        "--mode=u=rwX,go=rX",
        name);
    long size = Files.size(archive);
    if (size > LIMIT) {
      throw failure(
          "%s has %,d bytes, which is over the %,d that it may have; see what has grown in %s."
              .formatted(archive, size, LIMIT, folder));
    }
    System.out.printf("%s: %.1f MB%n", archive, size / 1e6);
  }

  private static void run(String... command) throws IOException, InterruptedException {
    int status = new ProcessBuilder(command).inheritIO().start().waitFor();
    if (status != 0) {
      throw failure("%s ended with status %d.".formatted(String.join(" ", command), status));
    }
  }

  /** Ends the program with a sentence. */
  private static IllegalStateException failure(String sentence) {
    System.err.println(sentence);
    System.exit(1);
    return new IllegalStateException(sentence);
  }
}
