package org.alexnet.cuda.library.search;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import org.alexnet.cuda.library.file.Folders;
import org.alexnet.cuda.library.file.Machine;

/** The folders that may hold CUDA's libraries, in the order in which they are searched. */
final class SearchPlaces {
  private static final String[] SYSTEM = {
    // WSL's driver is Windows's; a Linux driver beside it in /usr/lib would not work.
    "/usr/lib/wsl/lib",
    "/usr/lib/x86_64-linux-gnu",
    "/usr/lib64",
    "/usr/lib",
    "/lib/x86_64-linux-gnu",
    "/lib64",
    "/lib",
    "/usr/local/nvidia/lib64",
    "/usr/local/lib",
    "/run/opengl-driver/lib"
  };

  private final Machine machine;
  private final Set<Path> folders = new LinkedHashSet<>();
  private final Set<Path> seen = new LinkedHashSet<>();

  private SearchPlaces(Machine machine) {
    this.machine = machine;
  }

  /** Folders that the user names, and those in them that are laid out as CUDA is shipped. */
  static List<Path> named(Machine machine) {
    SearchPlaces places = new SearchPlaces(machine);
    machine.namedFolders().forEach(places::installation);
    return List.copyOf(places.folders);
  }

  /** Every other place that exists. */
  static List<Path> usual(Machine machine, Path cache) {
    SearchPlaces places = new SearchPlaces(machine);
    machine.folders("LD_LIBRARY_PATH").forEach(places::add);
    places.toolkits();
    for (String folder : SYSTEM) {
      places.add(machine.system(folder));
    }
    places.loaderConfiguration(machine.system("/etc/ld.so.conf"), 0);
    new PythonPlaces(machine).environments().forEach(places::installation);
    new PythonPlaces(machine).sitePackages().forEach(places::sitePackages);
    // Maven's profile does not know XDG_CACHE_HOME.
    places.add(cache.resolve("cuda-libraries"));
    if (machine.home() != null) {
      places.add(machine.home().resolve(".cache/alexnet/cuda-libraries"));
    }
    return List.copyOf(places.folders);
  }

  private void toolkits() {
    // The plain name is a link to the release that the administrator chose.
    add(machine.system("/usr/local/cuda/lib64"));
    for (Path toolkit : Folders.newestFirst(machine.system("/usr/local"), "cuda-*")) {
      add(toolkit.resolve("lib64"));
    }
    add(machine.system("/opt/cuda/lib64"));
  }

  /** A toolkit, a Python environment, its site-packages, or a folder with the files themselves. */
  private void installation(Path root) {
    add(root);
    add(root.resolve("lib64"));
    add(root.resolve("lib"));
    add(root.resolve("targets/x86_64-linux/lib"));
    sitePackages(root);
    for (String lib : new String[] {"lib", "lib64"}) {
      for (Path python : Folders.newestFirst(root.resolve(lib), "python3*")) {
        sitePackages(python.resolve("site-packages"));
        sitePackages(python.resolve("dist-packages"));
      }
    }
  }

  private void sitePackages(Path packages) {
    for (Path part : Folders.matching(packages.resolve("nvidia"), "*")) {
      add(part.resolve("lib"));
    }
  }

  /** Reads ld.so.conf and what it includes; what it lists is where the system's loader looks. */
  private void loaderConfiguration(Path file, int depth) {
    List<String> lines;
    try {
      lines = Files.isRegularFile(file) ? Files.readAllLines(file) : List.of();
    } catch (IOException e) {
      return; // Unreadable or not text: the loader could not use it either.
    }
    for (String raw : lines) {
      String line = raw.replaceFirst("#.*", "").strip();
      if (line.startsWith("include ") && depth < 4) {
        include(file, line.substring("include ".length()).strip(), depth);
      } else if (line.startsWith("/")) {
        add(machine.system(line));
      }
    }
  }

  private void include(Path from, String pattern, int depth) {
    Path parent =
        pattern.startsWith("/")
            ? machine.system(pattern).getParent()
            : from.resolveSibling(pattern).getParent();
    String glob = pattern.substring(pattern.lastIndexOf('/') + 1);
    Folders.matching(parent, glob).forEach(f -> loaderConfiguration(f, depth + 1));
  }

  /** Adds a folder that exists, under the name by which it is first met. */
  private void add(Path folder) {
    if (folder.endsWith("stubs")) {
      return; // A toolkit's libcuda.so there is for linking only.
    }
    try {
      if (Files.isDirectory(folder) && seen.add(folder.toRealPath())) {
        folders.add(folder.toAbsolutePath().normalize());
      }
    } catch (IOException e) {
      return; // It went away meanwhile.
    }
  }

  /** For messages: the first two places by name, the others by number. */
  static String words(List<Path> places) {
    List<String> parts = new ArrayList<>();
    places.stream().limit(2).map(Path::toString).forEach(parts::add);
    int more = places.size() - parts.size();
    if (places.isEmpty()) {
      return "any of the usual places";
    }
    if (more == 0) {
      return String.join(" and ", parts);
    }
    return String.join(", ", parts) + " and " + more + (more == 1 ? " more place" : " more places");
  }
}
