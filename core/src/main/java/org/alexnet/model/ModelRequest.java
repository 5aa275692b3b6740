package org.alexnet.model;

import java.nio.file.Path;
import java.util.EnumSet;
import java.util.Set;
import org.alexnet.Setting;

/**
 * What a user says to name a model: a name or a file and, for files that do not say everything,
 * what else it takes.
 *
 * @param name in the catalogue, or the path of a file
 * @param params the file of learning rates beside a layer file of cuda-convnet; null where none is
 *     given
 * @param size rows and columns of the images that the network sees; null where the file or what is
 *     usual says it
 * @param solver the file beside a network of Caffe that says how it is trained, which as the name,
 *     too, names the network itself; null where none is given
 */
public record ModelRequest(String name, Path params, Integer size, Path solver) {
  /**
   * A layer file of cuda-convnet, or a network that does not say its size.
   *
   * @param name the path of a file
   * @param params the file of learning rates beside it, or null
   * @param size rows and columns of the images that the network sees, or null
   */
  public ModelRequest(String name, Path params, Integer size) {
    this(name, params, size, null);
  }

  /**
   * A name or a file that needs nothing else.
   *
   * @param name in the catalogue, or the path of a file
   * @return the request
   */
  public static ModelRequest of(String name) {
    return new ModelRequest(name, null, null, null);
  }

  /** {@return what is given beside the name} */
  public Set<Setting> given() {
    Set<Setting> given = EnumSet.noneOf(Setting.class);
    if (params != null) {
      given.add(Setting.PARAMS);
    }
    if (size != null) {
      given.add(Setting.SIZE);
    }
    if (solver != null) {
      given.add(Setting.SOLVER);
    }
    return given;
  }
}
