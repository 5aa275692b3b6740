package org.alexnet.cuda.library.search;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.alexnet.cuda.library.file.Folders;
import org.alexnet.cuda.library.file.Machine;

/** Where Python packages are: NVIDIA ships its libraries as such, and PyTorch brings them along. */
final class PythonPlaces {
  /** A chain of links longer than this is a loop. */
  private static final int MAX_LINKS = 16;

  /** Scripts that start each other. */
  private static final int MAX_SCRIPTS = 4;

  private final Machine machine;

  PythonPlaces(Machine machine) {
    this.machine = machine;
  }

  /** Roots of environments: the active ones, then the one of {@code python3} in PATH. */
  List<Path> environments() {
    List<Path> roots = new ArrayList<>();
    roots.addAll(machine.folders("VIRTUAL_ENV"));
    roots.addAll(machine.folders("CONDA_PREFIX"));
    for (Path folder : machine.folders("PATH")) {
      Path python = folder.resolve("python3");
      if (Files.isExecutable(python)) {
        roots.addAll(rootsOf(python, MAX_SCRIPTS));
        break;
      }
    }
    return roots;
  }

  /** Folders of packages that belong to no environment: the system's and the user's. */
  List<Path> sitePackages() {
    List<Path> folders = new ArrayList<>();
    for (String lib : new String[] {"/usr/local/lib", "/usr/local/lib64", "/usr/lib"}) {
      for (Path python : Folders.newestFirst(machine.system(lib), "python3*")) {
        folders.add(python.resolve("dist-packages"));
        folders.add(python.resolve("site-packages"));
      }
    }
    if (machine.home() != null) {
      for (Path python : Folders.newestFirst(machine.home().resolve(".local/lib"), "python3*")) {
        folders.add(python.resolve("site-packages"));
      }
    }
    return folders;
  }

  /**
   * An environment's python3 is a link to another's, and only the links tell which it is: each one
   * on the way may lie in the {@code bin} of an environment. At their end may be a script that
   * starts the python3 of yet another.
   */
  private List<Path> rootsOf(Path python, int scripts) {
    List<Path> roots = new ArrayList<>();
    Path step = python.toAbsolutePath().normalize();
    for (int i = 0; i < MAX_LINKS; i++) {
      Path folder = step.getParent();
      if (folder == null || folder.getParent() == null) {
        break;
      }
      if (folder.endsWith("shims")) {
        roots.addAll(pyenv(folder.getParent()));
      } else {
        roots.add(folder.getParent());
      }
      if (!Files.isSymbolicLink(step)) {
        if (scripts > 0) {
          PythonScript.named(step, machine.home())
              .forEach(named -> roots.addAll(rootsOf(named, scripts - 1)));
        }
        break;
      }
      try {
        step = folder.resolve(Files.readSymbolicLink(step)).normalize();
      } catch (IOException e) {
        break;
      }
    }
    return roots;
  }

  /** pyenv's python3 is a script that starts the one whose version a file names. */
  private static List<Path> pyenv(Path root) {
    List<Path> roots = new ArrayList<>();
    try {
      for (String version : Files.readAllLines(root.resolve("version"))) {
        if (!version.isBlank()) {
          roots.add(root.resolve("versions").resolve(version.strip()));
        }
      }
    } catch (IOException e) {
      roots.addAll(Folders.newestFirst(root.resolve("versions"), "*"));
    }
    return roots;
  }
}
