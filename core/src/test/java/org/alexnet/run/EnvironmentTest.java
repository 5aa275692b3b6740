package org.alexnet.run;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotSame;

import java.io.InputStream;
import java.net.URL;
import java.net.URLClassLoader;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.jar.Attributes;
import java.util.jar.JarEntry;
import java.util.jar.JarOutputStream;
import java.util.jar.Manifest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class EnvironmentTest {
  private static final String NAME = Environment.class.getName();
  private static final String FILE = NAME.replace('.', '/') + ".class";

  @TempDir Path dir;

  /** As on Spark, whose executors put one jar on a class path. */
  @Test
  void aJarOnTheClassPathSaysItsVersion() throws Exception {
    Manifest manifest = new Manifest();
    manifest.getMainAttributes().put(Attributes.Name.MANIFEST_VERSION, "1.0");
    manifest.getMainAttributes().put(Attributes.Name.IMPLEMENTATION_VERSION, "1.2.3-test");
    Path jar = dir.resolve("own.jar");
    try (JarOutputStream out = new JarOutputStream(Files.newOutputStream(jar), manifest);
        InputStream own = Environment.class.getResourceAsStream("Environment.class")) {
      out.putNextEntry(new JarEntry(FILE));
      own.transferTo(out);
    }
    URL[] path = {jar.toUri().toURL()};
    try (URLClassLoader loader = new URLClassLoader(path, ClassLoader.getPlatformClassLoader())) {
      Class<?> there = loader.loadClass(NAME);
      assertNotSame(Environment.class, there);
      assertEquals("1.2.3-test", Environment.program(there));
    }
  }
}
