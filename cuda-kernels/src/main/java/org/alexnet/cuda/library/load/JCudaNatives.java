package org.alexnet.cuda.library.load;

import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.function.Consumer;
import jcuda.JCudaVersion;
import jcuda.driver.JCudaDriver;
import org.alexnet.AlexNetException;
import org.alexnet.cuda.library.file.CacheFolder;
import org.alexnet.cuda.library.file.CudaLibrary;
import org.alexnet.cuda.library.file.ElfFile;
import org.alexnet.file.DurableFiles;

/**
 * JCuda's own native libraries. Its loader tries {@code java.library.path}, then a file in {@code
 * java.io.tmpdir}, and unpacks one from its jar only if that is absent; on the module path it does
 * not see into the jar at all. So the files are unpacked here, into the cache, and the loader is
 * shown that folder while JCuda's classes are initialised.
 *
 * <p>They were linked against CUDA 12. For CUDA 13 the copy of JCublas2 asks for {@code
 * libcublas.so.13} instead; the functions that are called have the same parameters in both.
 */
public final class JCudaNatives {
  /** The release of CUDA that the files were linked against. */
  private static final int LINKED_MAJOR = 12;

  private static final String TEMPORARY = "java.io.tmpdir";

  /** Each library and the class that loads it. */
  private static final Map<String, String> CLASSES = new LinkedHashMap<>();

  static {
    CLASSES.put("JCudaDriver", "jcuda.driver.JCudaDriver");
    CLASSES.put("JCublas2", "jcuda.jcublas.JCublas2");
    CLASSES.put("JCudnn", "jcuda.jcudnn.JCudnn");
  }

  private JCudaNatives() {}

  /**
   * Unpacks the files that JCuda needs into a folder of their own under the cache.
   *
   * @throws AlexNetException if a jar is missing or the folder cannot be written
   */
  static Path unpack(Path cache, int cudaMajor) {
    Map<String, byte[]> files = new LinkedHashMap<>();
    MessageDigest digest = CacheFolder.sha256();
    for (String library : CLASSES.keySet()) {
      byte[] content = content(library, cudaMajor);
      digest.update(content);
      files.put(fileName(library), content);
    }
    String hash = HexFormat.of().formatHex(digest.digest(), 0, 8);
    Path folder =
        CacheFolder.create(
            cache.resolve("jcuda-%s-cuda%d-%s".formatted(JCudaVersion.get(), cudaMajor, hash)));
    try {
      for (var file : files.entrySet()) {
        CacheFolder.put(folder.resolve(file.getKey()), file.getValue());
      }
    } catch (IOException e) {
      throw new AlexNetException(
          "%s cannot be written: %s; set XDG_CACHE_HOME to a folder that can."
              .formatted(folder, DurableFiles.reason(e)),
          e);
    }
    return folder;
  }

  /** The file of a library, rewritten for the release of CUDA that is there. */
  public static byte[] content(String library, int cudaMajor) {
    String name = fileName(library);
    byte[] content = resource("lib/" + name);
    String linked = CudaLibrary.CUBLAS.soname(LINKED_MAJOR);
    return cudaMajor == LINKED_MAJOR
        ? content
        : ElfFile.parse(name, ByteBuffer.wrap(content))
            .renamed(linked, CudaLibrary.CUBLAS.soname(cudaMajor));
  }

  private static String fileName(String library) {
    return "lib%s-%s-linux-x86_64.so".formatted(library, JCudaVersion.get());
  }

  private static byte[] resource(String path) {
    try (InputStream in = JCudaDriver.class.getClassLoader().getResourceAsStream(path)) {
      if (in == null) {
        throw new AlexNetException(
            path + " is not among this program's files; build it again (mvn package).");
      }
      return in.readAllBytes();
    } catch (IOException e) {
      throw new AlexNetException(path + " cannot be read: " + DurableFiles.reason(e) + ".", e);
    }
  }

  /** Initialises JCuda's classes with the files of {@code folder}. */
  static void initialise(Path folder, Consumer<String> step) {
    String before = System.getProperty(TEMPORARY);
    System.setProperty(TEMPORARY, folder.toString());
    try {
      for (var entry : CLASSES.entrySet()) {
        step.accept("loading " + fileName(entry.getKey()));
        // JCuda's loader would hide why a file cannot be loaded in its report of all that it tried;
        // to load it here first is no error there.
        NativeLoader.load(folder.resolve(fileName(entry.getKey())));
        initialise(entry.getKey(), entry.getValue());
      }
    } finally {
      System.setProperty(TEMPORARY, before);
    }
  }

  private static void initialise(String library, String name) {
    try {
      Class.forName(name, true, JCudaNatives.class.getClassLoader());
    } catch (ClassNotFoundException | LinkageError e) {
      throw new AlexNetException(
          "%s could not be loaded: %s; install another release of CUDA."
              .formatted(fileName(library), NativeLoader.cause(e)),
          e);
    }
  }
}
