package org.alexnet.spark;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Random;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Stream;
import org.alexnet.AlexNetException;
import org.alexnet.backend.MailPeers;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.FSDataInputStream;
import org.apache.hadoop.fs.FileStatus;
import org.apache.hadoop.fs.RawLocalFileSystem;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class RemoteDataTest {
  private static final AtomicInteger OPENED = new AtomicInteger();

  @TempDir Path dir;
  private Path photos;
  private RemoteData data;
  private final List<String> told = Collections.synchronizedList(new ArrayList<>());

  /** A file system of Hadoop's that is this machine's under another name. */
  public static final class Far extends RawLocalFileSystem {
    @Override
    public URI getUri() {
      return URI.create("far:///");
    }

    @Override
    public FileStatus getFileStatus(org.apache.hadoop.fs.Path file) throws IOException {
      return plain(super.getFileStatus(file));
    }

    @Override
    public FileStatus[] listStatus(org.apache.hadoop.fs.Path folder) throws IOException {
      return Stream.of(super.listStatus(folder)).map(Far::plain).toArray(FileStatus[]::new);
    }

    /** Without owner and permissions, for which the files must be this machine's. */
    private static FileStatus plain(FileStatus file) {
      return new FileStatus(
          file.getLen(),
          file.isDirectory(),
          1,
          1 << 20,
          file.getModificationTime(),
          file.getPath());
    }

    @Override
    public FSDataInputStream open(org.apache.hadoop.fs.Path file, int buffer) throws IOException {
      OPENED.incrementAndGet();
      return super.open(file, buffer);
    }
  }

  @BeforeEach
  void make() throws IOException {
    photos = dir.resolve("photos");
    for (String name : List.of("cat/1.jpg", "cat/2.jpg", "dog/1.jpg")) {
      Path file = photos.resolve(name);
      Files.createDirectories(file.getParent());
      Files.writeString(file, "pixels of " + name);
    }
    Configuration hadoop = new Configuration();
    hadoop.set("fs.far.impl", Far.class.getName());
    hadoop.set("fs.gone.impl", "org.example.NotOnTheClassPath"); // as s3a without hadoop-aws
    data = new RemoteData(hadoop, dir.resolve("copies"), (done, all) -> told.add(done + "/" + all));
    OPENED.set(0);
  }

  private Path copied(String source) {
    return Path.of(data.local(List.of("--data", source)).getLast());
  }

  private static void assertPhotos(Path folder) throws IOException {
    assertEquals("pixels of cat/2.jpg", Files.readString(folder.resolve("cat/2.jpg")));
    assertEquals("pixels of dog/1.jpg", Files.readString(folder.resolve("dog/1.jpg")));
    assertEquals("photos", folder.getFileName().toString());
  }

  @Test
  void onlySourcesThatAreUrisAreCopied() throws IOException {
    List<String> options =
        List.of("--data", "shapes:70", "--val=far:" + photos, "--out", "far:/run", "--epochs=2");
    List<String> local = data.local(options);
    assertEquals(options.subList(0, 2), local.subList(0, 2));
    assertEquals(options.subList(3, 6), local.subList(3, 6));
    assertPhotos(Path.of(local.get(2).substring("--val=".length())));
    assertEquals(3, OPENED.get());
    assertPhotos(copied(photos.toUri().toString()));
  }

  @Test
  void copiesSayHowFarTheyAre() throws IOException {
    Files.createDirectory(photos.resolve("empty"));
    Path copy = copied("far:" + photos);
    assertEquals(List.of("19/57", "38/57", "57/57"), told);
    assertTrue(Files.isDirectory(copy.resolve("empty"))); // it may be a class
    copied("far:" + photos);
    assertEquals(3, told.size());
    byte[] large = new byte[(5 << 20) + 1];
    new Random(1).nextBytes(large);
    Path file = Files.write(dir.resolve("large.axd"), large);
    told.clear();
    assertArrayEquals(large, Files.readAllBytes(copied("far:" + file)));
    assertTrue(told.size() >= 5, told.toString());
    assertEquals(large.length + "/" + large.length, told.getLast());
  }

  @Test
  void aCopyIsFoundAgainUnlessTheSourceHasChanged() throws IOException {
    Path first = copied("far:" + photos);
    assertEquals(first, copied("far://" + photos));
    assertEquals(3, OPENED.get());
    Files.writeString(photos.resolve("cat/1.jpg"), "other pixels");
    Path second = copied("far:" + photos);
    assertNotEquals(first, second);
    assertEquals("other pixels", Files.readString(second.resolve("cat/1.jpg")));
  }

  /** What an interrupted copy has left is no part of the next. */
  @Test
  void aCopyHasItsNameWhenItIsWhole() throws IOException {
    Path copy = copied("far:" + photos);
    Files.move(copy, copy.resolveSibling("part"));
    Files.writeString(copy.resolveSibling("part").resolve("left.jpg"), "");
    assertEquals(copy, copied("far:" + photos));
    assertFalse(Files.exists(copy.resolve("left.jpg")));
    assertPhotos(copy);
  }

  @Test
  void severalTasksOfAMachineMakeOneCopy() {
    List<Path> copies = MailPeers.all(4, task -> copied("far:" + photos));
    copies.forEach(copy -> assertEquals(copies.getFirst(), copy));
    assertEquals(3, OPENED.get());
  }

  @Test
  void whatCannotBeCopiedIsSaid() {
    for (String source :
        List.of("far:" + dir.resolve("none"), "nosuch://host/photos", "gone://host/photos")) {
      String said = assertThrows(AlexNetException.class, () -> copied(source)).getMessage();
      assertTrue(said.startsWith(source + " cannot be copied to " + dir.resolve("copies")), said);
    }
  }
}
