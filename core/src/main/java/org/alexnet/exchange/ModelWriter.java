package org.alexnet.exchange;

import java.nio.file.Path;
import java.util.List;

/** Writes trained networks in a format, found by {@link java.util.ServiceLoader}. */
public interface ModelWriter {

  /** {@return what the format is called in messages, such as {@code ONNX}} */
  String name();

  /** {@return what the name of a file of this format ends with, such as {@code .onnx}} */
  String extension();

  /**
   * {@return every file that is made, the one that was named first}
   *
   * @param out the file that was named
   */
  default List<Path> files(Path out) {
    return List.of(out);
  }

  /**
   * Writes a network. What the format cannot say is refused before anything is written; where
   * writing fails, no file under its own name is left half written.
   *
   * @param trained what to write
   * @param out the file that was named; others lie beside it
   * @param options how to write it
   * @return what is not kept, a sentence each; empty where nothing is lost
   * @throws org.alexnet.AlexNetException if the format cannot hold the network, or the disk refuses
   */
  List<String> write(TrainedNetwork trained, Path out, Options options);

  /**
   * How to write a network.
   *
   * @param names whose names parameters get
   * @param batch images that the written network takes at once; 0 for any number, where the format
   *     can say that
   * @param raw whether it takes what the network reads, and not pixels of 0..255
   */
  record Options(ParameterNames names, int batch, boolean raw) {
    /** Any number of images, pixels of 0..255, and the names that the format is read by. */
    public static final Options DEFAULT = new Options(ParameterNames.USUAL, 0, false);
  }

  /** Whose names parameters get. */
  enum ParameterNames {
    /** Those that programs expect in the format. */
    USUAL,
    /** Those of the network's layers. */
    OWN,
    /** torchvision's, of the network that is torchvision's. */
    TORCHVISION,
    /** Caffe's, which are those of its layers. */
    CAFFE
  }
}
