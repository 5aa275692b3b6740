package org.alexnet.cuda.library.file;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import org.alexnet.AlexNetException;
import org.alexnet.cuda.library.file.ElfFile.Requirement;
import org.alexnet.cuda.library.load.JCudaNatives;
import org.junit.jupiter.api.Test;

/** Parsing and rewriting JCuda's own libraries, whole and damaged. */
class ElfFileTest {
  private static final byte[] CUBLAS = JCudaNatives.content("JCublas2", 12);
  private static final byte[] CUDNN = JCudaNatives.content("JCudnn", 12);

  private static ElfFile parse(byte[] bytes) {
    return ElfFile.parse("libx.so", ByteBuffer.wrap(bytes));
  }

  @Test
  void whatALibraryNeeds() {
    ElfFile file = parse(CUBLAS);
    assertEquals(
        List.of(
            "libpthread.so.0",
            "librt.so.1",
            "libdl.so.2",
            "libcublas.so.12",
            "libstdc++.so.6",
            "libc.so.6",
            "ld-linux-x86-64.so.2"),
        file.needed());
    assertEquals("libJCublas2-12.6.0-linux-x86_64.so", file.soname());
    assertEquals(16, file.requirements().size());
    // 0x09691a75 is the hash of GLIBC_2.2.5 in every program of this system.
    assertTrue(
        file.requirements().contains(new Requirement("libc.so.6", "GLIBC_2.2.5", 0x09691a75)));
    for (Requirement requirement : file.requirements()) {
      assertEquals(requirement.hash(), ElfFile.hash(requirement.version()));
    }
    assertTrue(parse(CUDNN).needed().contains("libcudnn.so.9"));
  }

  @Test
  void anotherNameChangesNothingElse() {
    byte[] rewritten = parse(CUBLAS).renamed("libcublas.so.12", "libcublas.so.13");
    ElfFile file = parse(rewritten);
    assertTrue(file.needed().contains("libcublas.so.13"));
    assertFalse(file.needed().contains("libcublas.so.12"));
    Requirement wanted =
        new Requirement("libcublas.so.13", "libcublas.so.13", ElfFile.hash("libcublas.so.13"));
    assertTrue(file.requirements().contains(wanted));
    assertEquals(parse(CUBLAS).requirements().size(), file.requirements().size());
    int changed = 0;
    for (int i = 0; i < CUBLAS.length; i++) {
      changed += CUBLAS[i] == rewritten[i] ? 0 : 1;
    }
    assertEquals(2, changed, "one digit of the name, which all three share, and its hash");
    assertArrayEquals(CUBLAS, file.renamed("libcublas.so.13", "libcublas.so.12"));
    assertArrayEquals(rewritten, JCudaNatives.content("JCublas2", 13));
  }

  @Test
  void aNameThatIsNotNeededStays() {
    assertArrayEquals(CUDNN, parse(CUDNN).renamed("libcublas.so.12", "libcublas.so.13"));
    assertArrayEquals(CUDNN, JCudaNatives.content("JCudnn", 13));
  }

  @Test
  void namesOfDifferentLengthAreRefused() {
    AlexNetException e =
        assertThrows(
            AlexNetException.class,
            () -> parse(CUBLAS).renamed("libcublas.so.12", "libcublas.so.9"));
    assertTrue(e.getMessage().contains("must be of one length"), e.getMessage());
  }

  private static void refused(byte[] bytes) {
    AlexNetException e = assertThrows(AlexNetException.class, () -> parse(bytes));
    assertTrue(e.getMessage().startsWith("libx.so is "), e.getMessage());
    assertTrue(e.getMessage().endsWith("install it again."), e.getMessage());
  }

  @Test
  void cutShortAnywhere() {
    for (int length = 0; length < CUDNN.length; length += length < 4096 ? 1 : 997) {
      refused(Arrays.copyOf(CUDNN, length));
    }
    refused(Arrays.copyOf(CUDNN, CUDNN.length - 1));
  }

  @Test
  void otherFiles() {
    refused(new byte[0]);
    refused(
        "#!/bin/sh\necho this is a script and not a library at all\n"
            .getBytes(StandardCharsets.UTF_8));
    byte[] narrow = CUDNN.clone();
    narrow[4] = 1;
    refused(narrow);
    byte[] arm = CUDNN.clone();
    arm[18] = (byte) 183;
    refused(arm);
    byte[] program = CUDNN.clone();
    program[16] = 2;
    refused(program);
  }

  /** Whatever the bytes, the answer is a file or a sentence. */
  @Test
  void randomBytes() {
    Random random = new Random(1);
    for (int round = 0; round < 2000; round++) {
      byte[] bytes = CUDNN.clone();
      int from = round % 2 == 0 ? 16 : 0xb000;
      for (int i = 0; i < 40; i++) {
        bytes[from + random.nextInt(round % 2 == 0 ? 600 : 0x2000)] = (byte) random.nextInt();
      }
      try {
        parse(bytes).renamed("libcudnn.so.9", "libcudnn.so.8");
      } catch (AlexNetException e) {
        assertTrue(e.getMessage().startsWith("libx.so is "), e.getMessage());
      }
    }
    byte[] noise = new byte[10_000];
    random.nextBytes(noise);
    refused(noise);
    System.arraycopy(CUDNN, 0, noise, 0, 64);
    refused(noise);
  }
}
