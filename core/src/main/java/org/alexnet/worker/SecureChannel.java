package org.alexnet.worker;

import java.io.BufferedInputStream;
import java.io.Closeable;
import java.io.DataInputStream;
import java.io.EOFException;
import java.io.IOException;
import java.io.OutputStream;
import java.net.Socket;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.security.SecureRandom;
import java.util.Arrays;
import javax.crypto.Cipher;
import javax.crypto.KDF;
import javax.crypto.SecretKey;
import javax.crypto.spec.GCMParameterSpec;
import javax.crypto.spec.HKDFParameterSpec;

/**
 * A connection between two workers that know one secret, and nobody else. Both send a number that
 * they never used before; from the two and the secret each direction gets a key of its own
 * (HKDF-SHA256), and every frame is encrypted and authenticated by it (AES-256-GCM) under its
 * number in the order of frames, so that none can be read, changed, repeated, left out or put
 * elsewhere.
 *
 * <p>One thread may write while another reads.
 */
final class SecureChannel implements Closeable {
  /** Bytes of a frame's contents at most. */
  static final int MOST = 1 << 20;

  /** Bytes of small frames that are given to the system, and taken from it, at a time. */
  private static final int TOGETHER = 1 << 17;

  private static final byte[] MAGIC = "ALEXNET2".getBytes(StandardCharsets.US_ASCII);
  private static final int NONCE = 32;
  private static final int TAG = 16;
  private static final int HELLO = MAGIC.length + 2 * Integer.BYTES + NONCE;
  private static final SecureRandom RANDOM = new SecureRandom();

  private final Socket socket;
  private final DataInputStream in;
  private final OutputStream out;
  private final int other;
  private final Direction reading;
  private final Direction writing;
  private final byte[] sealed = new byte[Integer.BYTES + MOST + TAG]; // frames to be sent
  private int waiting; // bytes of them
  private final byte[] arrived = new byte[MOST + TAG];
  private final byte[] opened = new byte[MOST]; // in place, the JVM decrypts at half the speed

  /** The key of one direction, and how many frames went that way. */
  private static final class Direction {
    private final SecretKey key;
    private final Cipher cipher;
    private final int mode;
    private long frames;

    Direction(SecretKey key, int mode) throws GeneralSecurityException {
      this.key = key;
      this.mode = mode;
      this.cipher = Cipher.getInstance("AES/GCM/NoPadding");
    }

    /** Ready for the next frame, whose length is authenticated with it. */
    Cipher next(int length) throws GeneralSecurityException {
      byte[] number = ByteBuffer.allocate(12).putInt(0).putLong(frames++).array();
      cipher.init(mode, key, new GCMParameterSpec(8 * TAG, number));
      cipher.updateAAD(ByteBuffer.allocate(Integer.BYTES).putInt(length).array());
      return cipher;
    }
  }

  /**
   * The JVM runs AES-GCM on the processor's own instructions only when its methods have been called
   * often enough to be compiled, and until then at 60 MB/s: the first steps of a training would
   * take as long as dozens of later ones. Small frames are enough, once in a process.
   */
  private static final class Warm {
    private static final int FRAMES = 20_000;
    private static final int BYTES = 512; // the least for which the whole cipher is one instruction

    static {
      try {
        SecretKey key = key(new byte[NONCE], new byte[NONCE], 0, 0);
        Direction writing = new Direction(key, Cipher.ENCRYPT_MODE);
        Direction reading = new Direction(key, Cipher.DECRYPT_MODE);
        byte[] sealed = new byte[BYTES + TAG];
        byte[] opened = new byte[BYTES];
        for (int frame = 0; frame < FRAMES; frame++) {
          writing.next(BYTES).doFinal(opened, 0, BYTES, sealed, 0);
          reading.next(BYTES).doFinal(sealed, 0, sealed.length, opened, 0);
        }
      } catch (GeneralSecurityException e) {
        throw new IllegalStateException(e);
      }
    }

    static void up() {
      // It is, once this class is initialized.
    }
  }

  /** Lets the JVM compile the cipher, if it has not yet: a quarter of a second. */
  static void warmUp() {
    Warm.up();
  }

  private SecureChannel(Socket socket, byte[] secret, int own, Greeting sent, Greeting got)
      throws IOException, GeneralSecurityException {
    this.socket = socket;
    this.in = new DataInputStream(new BufferedInputStream(socket.getInputStream(), TOGETHER));
    this.out = socket.getOutputStream();
    this.other = got.from;
    Greeting low = own < other ? sent : got;
    Greeting high = own < other ? got : sent;
    byte[] salt = ByteBuffer.allocate(2 * NONCE).put(low.nonce).put(high.nonce).array();
    this.writing = new Direction(key(secret, salt, own, other), Cipher.ENCRYPT_MODE);
    this.reading = new Direction(key(secret, salt, other, own), Cipher.DECRYPT_MODE);
  }

  private static SecretKey key(byte[] secret, byte[] salt, int from, int to)
      throws GeneralSecurityException {
    byte[] info = "alexnet worker %d to %d".formatted(from, to).getBytes(StandardCharsets.US_ASCII);
    return KDF.getInstance("HKDF-SHA256")
        .deriveKey(
            "AES", HKDFParameterSpec.ofExtract().addIKM(secret).addSalt(salt).thenExpand(info, 32));
  }

  private record Greeting(int from, int to, byte[] nonce) {
    static Greeting of(int from, int to) {
      byte[] nonce = new byte[NONCE];
      RANDOM.nextBytes(nonce);
      return new Greeting(from, to, nonce);
    }

    void write(OutputStream out) throws IOException {
      out.write(ByteBuffer.allocate(HELLO).put(MAGIC).putInt(from).putInt(to).put(nonce).array());
    }

    static Greeting read(Socket socket) throws IOException {
      byte[] bytes = socket.getInputStream().readNBytes(HELLO);
      if (bytes.length < HELLO || !Arrays.equals(bytes, 0, MAGIC.length, MAGIC, 0, MAGIC.length)) {
        throw new IOException("it is no worker");
      }
      ByteBuffer buffer = ByteBuffer.wrap(bytes).position(MAGIC.length);
      int from = buffer.getInt();
      int to = buffer.getInt();
      byte[] nonce = new byte[NONCE];
      buffer.get(nonce);
      return new Greeting(from, to, nonce);
    }
  }

  /**
   * Greets over a new connection and makes sure that the other knows the secret.
   *
   * @param own index of this worker
   * @param expected index of the other, or -1 if it is to say so itself
   * @param workers how many there are
   * @throws IOException if it is not a worker of this training
   */
  static SecureChannel over(Socket socket, byte[] secret, int own, int expected, int workers)
      throws IOException {
    try {
      Greeting sent = null;
      if (expected >= 0) {
        sent = Greeting.of(own, expected);
        sent.write(socket.getOutputStream());
      }
      Greeting got = Greeting.read(socket);
      boolean known = got.from >= 0 && got.from < workers && got.from != own && got.to == own;
      if (!known || (expected >= 0 && got.from != expected)) {
        throw new IOException("it is another worker");
      }
      if (sent == null) {
        sent = Greeting.of(own, got.from);
        sent.write(socket.getOutputStream());
      }
      SecureChannel channel = new SecureChannel(socket, secret, own, sent, got);
      channel.write(MAGIC, 0, MAGIC.length);
      channel.flush();
      ByteBuffer proof = channel.read();
      if (!proof.equals(ByteBuffer.wrap(MAGIC))) {
        throw new IOException("it is no worker");
      }
      return channel;
    } catch (GeneralSecurityException e) {
      throw new IOException(e.getMessage(), e);
    }
  }

  /** Index of the worker at the other end. */
  int other() {
    return other;
  }

  /** Sends a frame, at once or with those that follow, {@link #flush} at the latest. */
  void write(byte[] bytes, int from, int length) throws IOException {
    int size = Integer.BYTES + length + TAG;
    if (waiting > 0 && waiting + size > TOGETHER) {
      flush();
    }
    try {
      ByteBuffer.wrap(sealed).putInt(waiting, length);
      writing.next(length).doFinal(bytes, from, length, sealed, waiting + Integer.BYTES);
      waiting += size;
    } catch (GeneralSecurityException e) {
      throw new IOException(e.getMessage(), e);
    }
  }

  /** Sends the frames that have been written. */
  void flush() throws IOException {
    int size = waiting;
    waiting = 0;
    out.write(sealed, 0, size);
  }

  /**
   * Waits for a frame.
   *
   * @return valid until the next call
   * @throws EOFException if the other has closed the connection
   * @throws IOException also if the frame is not one that the other sent
   */
  ByteBuffer read() throws IOException {
    int length = in.readInt();
    if (length < 0 || length > MOST) {
      throw new IOException("a frame says that it has %d bytes".formatted(length));
    }
    in.readFully(arrived, 0, length + TAG);
    try {
      int size = reading.next(length).doFinal(arrived, 0, length + TAG, opened, 0);
      return ByteBuffer.wrap(opened, 0, size);
    } catch (GeneralSecurityException e) {
      throw new IOException("a frame is not what was sent", e);
    }
  }

  /** Sends nothing more. */
  void finish() throws IOException {
    socket.shutdownOutput();
  }

  @Override
  public void close() throws IOException {
    socket.close();
  }
}
