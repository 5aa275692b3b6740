package org.alexnet.model;

import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.Optional;
import java.util.Set;
import org.alexnet.Setting;

/**
 * Where models come from: the catalogue, or files of networks, which are found by {@link
 * java.util.ServiceLoader}. {@link Models#named} asks them all, the catalogue first.
 */
public interface ModelSource {

  /** {@return what it has or reads, as part of a sentence: {@code a network as JSON}} */
  String offers();

  /**
   * {@return the model that a user named; empty if this is none of its names or files}
   *
   * @param request a name, or the path of a file, and what belongs to it
   * @throws org.alexnet.AlexNetException if it is a file of this source's, and wrong
   */
  Optional<Model> find(ModelRequest request);

  /** {@return what its models may be given beside their name} */
  default Set<Setting> takes() {
    return Set.of();
  }

  /**
   * {@return the file of a name; empty if there is none, or it is a folder}
   *
   * @param name as a user writes it
   */
  static Optional<Path> file(String name) {
    try {
      return Optional.of(Path.of(name)).filter(Files::isRegularFile);
    } catch (InvalidPathException _) {
      return Optional.empty();
    }
  }
}
