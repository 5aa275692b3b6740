package org.alexnet.cuda.library.file;

import java.io.File;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * What the search may look at, so that tests can make machines up.
 *
 * @param variables of the environment
 * @param root the folder that the system's own folders are under: {@code /}
 * @param home the user's folder, or null
 * @param named folders that the user names, separated by colons, or null: the system property
 *     {@code alexnet.cuda.path}, or else the variable {@code ALEXNET_CUDA_PATH}
 * @param system operating system and processor, as Java names them: {@code Linux amd64}
 * @param loader the system's loader
 */
public record Machine(
    Map<String, String> variables,
    Path root,
    Path home,
    String named,
    String system,
    Loader loader) {
  /** Where the system's loader finds a library that has a function, or null. */
  public interface Loader {
    Path find(String soname, String function);
  }

  /** The property that stands before {@code ALEXNET_CUDA_PATH}. */
  static final String PATH_PROPERTY = "alexnet.cuda.path";

  /** The property that stands before {@code XDG_CACHE_HOME}; tests leave the user's alone. */
  static final String CACHE_PROPERTY = "alexnet.cache";

  public Machine {
    variables = Map.copyOf(variables);
  }

  /** This one. */
  public static Machine current() {
    Map<String, String> variables = new HashMap<>(System.getenv());
    String cache = System.getProperty(CACHE_PROPERTY);
    if (cache != null) {
      variables.put("XDG_CACHE_HOME", cache);
    }
    String home = System.getProperty("user.home");
    return new Machine(
        variables,
        Path.of("/"),
        home == null || !new File(home).isDirectory() ? null : Path.of(home),
        System.getProperty(PATH_PROPERTY, variables.get("ALEXNET_CUDA_PATH")),
        System.getProperty("os.name") + " " + System.getProperty("os.arch"),
        SystemLoader::find);
  }

  /** Whether NVIDIA's libraries for Linux on x86-64 can run here. */
  public boolean suits() {
    return system.equals("Linux amd64") || system.equals("Linux x86_64");
  }

  /** A folder of the system by its absolute name. */
  public Path system(String absolute) {
    return root.resolve(absolute.substring(1));
  }

  /** The folders of a variable such as PATH, without empty entries. */
  public List<Path> folders(String variable) {
    return split(variables.get(variable));
  }

  /** The folders that the user names. */
  public List<Path> namedFolders() {
    return split(named);
  }

  private static List<Path> split(String list) {
    return list == null
        ? List.of()
        : Arrays.stream(list.split(":"))
            .filter(s -> !s.isBlank() && s.indexOf('\0') < 0)
            .map(s -> Path.of(s.strip()))
            .toList();
  }
}
