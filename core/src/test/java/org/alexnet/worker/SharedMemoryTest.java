package org.alexnet.worker;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.stream.Stream;
import org.alexnet.backend.MailPeers;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.DisabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;

@DisabledOnOs(value = OS.WINDOWS, disabledReason = "files have no permissions of POSIX there")
class SharedMemoryTest {
  @TempDir Path folder;
  @TempDir Path another;

  /** What each of two workers finds that share these folders. */
  private static List<SharedMemory> between(Path first, Path second) throws IOException {
    try (ServerSocket server = new ServerSocket()) {
      server.bind(new InetSocketAddress("127.0.0.1", 0));
      return MailPeers.all(
          2,
          index -> {
            try (Socket socket =
                    index == 0 ? server.accept() : new Socket("127.0.0.1", server.getLocalPort());
                SecureChannel channel =
                    SecureChannel.over(socket, new byte[32], index, 1 - index, 2)) {
              return SharedMemory.with(channel, index == 0 ? first : second);
            } catch (IOException e) {
              throw new UncheckedIOException(e);
            }
          });
    }
  }

  private static float[] values(int count, float start) {
    float[] values = new float[count];
    for (int i = 0; i < count; i++) {
      values[i] = start + i;
    }
    return values;
  }

  private static float[] read(SharedMemory memory, SharedMemory.Slot slot) throws IOException {
    float[] values = new float[slot.floats() + 3];
    memory.sent(slot.offset(), slot.floats()).read(values, 2);
    float[] own = new float[slot.floats()];
    System.arraycopy(values, 2, own, 0, own.length);
    assertEquals(0, values[0] + values[1] + values[values.length - 1]);
    return own;
  }

  private static List<Path> files(Path folder) throws IOException {
    try (Stream<Path> files = Files.list(folder)) {
      return files.toList();
    }
  }

  @Test
  void eachReadsWhatTheOtherHasPut() throws IOException {
    List<SharedMemory> both = between(folder, folder);
    SharedMemory first = both.getFirst();
    SharedMemory second = both.getLast();
    float[] sent = values(100_002, 1);
    SharedMemory.Slot one = first.put(sent, 1, 100_000);
    SharedMemory.Slot other = second.put(sent, 2, 100_000);
    assertArrayEquals(values(100_000, 2), read(second, one));
    assertArrayEquals(values(100_000, 3), read(first, other));
    both.forEach(SharedMemory::close);
  }

  @Test
  void whatHasNotBeenReadIsNotWrittenOver() throws IOException {
    List<SharedMemory> both = between(folder, folder);
    SharedMemory first = both.getFirst();
    SharedMemory second = both.getLast();
    SharedMemory.Slot one = first.put(values(20_000, 1), 0, 20_000);
    SharedMemory.Slot two = first.put(values(20_000, 2), 0, 20_000);
    SharedMemory.Slot shorter = first.put(values(19_999, 3), 0, 19_999);
    assertEquals(3, Stream.of(one, two, shorter).map(SharedMemory.Slot::offset).distinct().count());
    assertArrayEquals(values(20_000, 2), read(second, two));
    SharedMemory.Slot third = first.put(values(20_000, 4), 0, 20_000);
    assertEquals(two.offset(), third.offset(), "the slot that was read");
    assertArrayEquals(values(20_000, 1), read(second, one));
    assertArrayEquals(values(20_000, 4), read(second, third));
    assertArrayEquals(values(19_999, 3), read(second, shorter));
    both.forEach(SharedMemory::close);
  }

  @Test
  void aFrameThatNamesNoSlotIsRefused() throws IOException {
    List<SharedMemory> both = between(folder, folder);
    SharedMemory.Slot slot = both.getFirst().put(values(5000, 1), 0, 5000);
    SharedMemory second = both.getLast();
    long at = slot.offset();
    for (long[] wrong :
        new long[][] {
          {at + 1, 10},
          {at - 1, 10},
          {0, 10},
          {-4096, 10},
          {at, 50_000},
          {at, -1},
          {1L << 40, 10},
          {Long.MAX_VALUE, 10}
        }) {
      assertThrows(IOException.class, () -> second.sent(wrong[0], (int) wrong[1]));
    }
    assertArrayEquals(values(5000, 1), read(second, slot));
    IOException twice = assertThrows(IOException.class, () -> read(second, slot));
    assertTrue(twice.getMessage().startsWith("nothing was sent"), twice.getMessage());
    assertThrows(IOException.class, () -> second.sent(at, 4999));
    both.forEach(SharedMemory::close);
  }

  @Test
  void withoutRoomNothingIsPut() throws IOException {
    List<SharedMemory> both = between(folder, folder);
    SharedMemory first = both.getFirst();
    SharedMemory.Slot slot = first.put(values(5000, 1), 0, 5000);
    first.close(); // a file that cannot be longer
    assertNull(first.put(values(5000, 1), 0, 5000));
    assertNull(first.put(values(10, 1), 0, 10));
    assertArrayEquals(values(5000, 1), read(both.getLast(), slot));
    assertNotNull(first.put(values(5000, 2), 0, 5000), "the slot that is free again");
    both.getLast().close();
  }

  @Test
  void whoSeesAnotherFolderSharesNothing() throws IOException {
    for (Path second : List.of(another, folder.resolve("none"))) {
      assertEquals(List.of(), between(folder, second).stream().filter(m -> m != null).toList());
    }
    assertEquals(List.of(), files(folder));
    assertEquals(List.of(), files(another));
  }

  /** As long as it has a name, and by none afterwards. */
  @Test
  void onlyTheUserCanOpenTheFile() throws IOException {
    Set<String> seen = ConcurrentHashMap.newKeySet();
    Thread watch =
        Thread.ofPlatform()
            .daemon()
            .start(
                () -> {
                  while (!Thread.currentThread().isInterrupted()) {
                    try {
                      for (Path file : files(folder)) {
                        seen.add(
                            PosixFilePermissions.toString(Files.getPosixFilePermissions(file)));
                      }
                    } catch (IOException e) {
                      // It is gone again.
                    }
                  }
                });
    for (int i = 0; i < 300 && seen.isEmpty() || i < 10; i++) {
      between(folder, folder).forEach(SharedMemory::close);
    }
    watch.interrupt();
    assertEquals(Set.of("rw-------"), seen);
    assertEquals(List.of(), files(folder));
  }
}
