package org.alexnet.data.prepared;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.ArrayList;
import java.util.List;
import org.alexnet.AlexNetException;
import org.alexnet.data.folder.ClassFolders;
import org.alexnet.data.folder.SplitFolder;
import org.alexnet.file.DurableFiles;

/**
 * The image files of a folder in the order in which they are packed: training images by class and
 * name, then those for validation.
 *
 * @param folder what file names are relative to
 * @param classes by label
 * @param files training images first
 * @param labels of the files
 * @param trainCount training images
 */
record PreparedListing(
    Path folder, List<String> classes, List<Path> files, List<Integer> labels, int trainCount) {

  static PreparedListing of(Path folder) {
    if (!Files.isDirectory(folder)) {
      throw new AlexNetException(
          "%s is not a folder: one with a subfolder a class is required".formatted(folder));
    }
    SplitFolder split = SplitFolder.of(folder);
    ClassFolders train = ClassFolders.scan(split.forTraining(), 2);
    List<Path> files = new ArrayList<>(train.files());
    List<Integer> labels = new ArrayList<>();
    for (int label : train.labels()) {
      labels.add(label);
    }
    if (split.validation() != null) {
      ClassFolders validation = ClassFolders.scan(split.validation(), 1);
      for (int i = 0; i < validation.files().size(); i++) {
        String name = validation.classes().get(validation.labels()[i]);
        int label = train.classes().indexOf(name);
        if (label < 0) {
          throw new AlexNetException(
              "folder %s has the class %s, which %s has not"
                  .formatted(split.validation(), name, split.train()));
        }
        files.add(validation.files().get(i));
        labels.add(label);
      }
    }
    return new PreparedListing(folder, train.classes(), files, labels, train.files().size());
  }

  /** The path of a file below the folder. */
  String name(int i) {
    return folder.relativize(files.get(i)).toString();
  }

  /** Changes with names, sizes and times of the files, and with the size of the images. */
  byte[] fingerprint(int size) {
    try {
      MessageDigest digest = MessageDigest.getInstance("SHA-256");
      digest.update(ByteBuffer.allocate(Integer.BYTES).putInt(0, size));
      for (int i = 0; i < files.size(); i++) {
        digest.update(name(i).getBytes(StandardCharsets.UTF_8));
        ByteBuffer numbers = ByteBuffer.allocate(1 + 2 * Long.BYTES + Integer.BYTES);
        if (Files.exists(files.get(i))) {
          long time = Files.getLastModifiedTime(files.get(i)).toMillis();
          numbers.putLong(Files.size(files.get(i))).putLong(time);
        }
        digest.update(numbers.putInt(labels.get(i)).rewind());
      }
      return digest.digest();
    } catch (IOException e) {
      throw new AlexNetException(
          "%s cannot be read: %s".formatted(folder, DurableFiles.reason(e)), e);
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException(e); // every Java has it
    }
  }
}
