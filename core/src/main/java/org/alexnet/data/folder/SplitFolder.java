package org.alexnet.data.folder;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.alexnet.AlexNetException;

/**
 * A folder of images and its parts. It has parts where {@code train}, {@code val} or {@code test}
 * in it holds folders itself; a class of such a name, whose folder holds images, is none.
 *
 * @param folder as given
 * @param train the images to train on; null where there are none
 * @param validation {@code val}, or {@code test} where there is no {@code val}; null where there is
 *     neither
 */
public record SplitFolder(Path folder, Path train, Path validation) {

  public static SplitFolder of(Path folder) {
    Path train = part(folder, "train");
    Path val = part(folder, "val");
    Path test = part(folder, "test");
    return train == null && val == null && test == null
        ? new SplitFolder(folder, folder, null)
        : new SplitFolder(folder, train, val != null ? val : test);
  }

  private static Path part(Path folder, String name) {
    Path part = folder.resolve(name);
    boolean classes =
        Files.isDirectory(part) && ClassFolders.list(part).stream().anyMatch(Files::isDirectory);
    return classes ? part : null;
  }

  /** What a network is trained on. */
  public Path forTraining() {
    if (train == null) {
      throw missing("train");
    }
    return train;
  }

  /** What a network is judged by: the validation part, or a folder without parts itself. */
  public Path forEvaluation() {
    if (validation != null) {
      return validation;
    }
    if (!folder.equals(train)) {
      throw missing("val");
    }
    return folder;
  }

  private AlexNetException missing(String part) {
    List<String> there = List.of("train", "val", "test");
    return new AlexNetException(
        "folder %s holds %s but no %s/: add it, or name the folder of classes itself"
            .formatted(
                folder,
                String.join(
                    " and ",
                    there.stream()
                        .filter(name -> part(folder, name) != null)
                        .map(name -> name + "/")
                        .toList()),
                part));
  }
}
