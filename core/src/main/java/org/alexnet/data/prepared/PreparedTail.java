package org.alexnet.data.prepared;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import org.alexnet.data.ClassNames;
import org.alexnet.data.ColourAxes;
import org.alexnet.data.PixelStatistics;

/**
 * What follows the images of a prepared file: the mean image and the colour axes of the training
 * images, the names of the classes, and those of the images of all slots.
 */
final class PreparedTail {
  private static final int AXES = 3;

  private final PixelStatistics statistics;
  private final List<String> classes = new ArrayList<>();
  private final MemorySegment names;
  private final MemorySegment offsets;

  /** Reads a tail whose checksum is right. */
  PreparedTail(MemorySegment tail, PreparedHeader header) {
    ByteBuffer in = tail.asByteBuffer().order(ByteOrder.LITTLE_ENDIAN);
    float[] mean = new float[header.format().values()];
    in.asFloatBuffer().get(mean);
    in.position(mean.length * Float.BYTES);
    ColourAxes colour = null;
    if (in.getInt() == 1) {
      float[][] axes = new float[AXES][AXES];
      float[] deviations = new float[AXES];
      for (int i = 0; i < AXES; i++) {
        for (int c = 0; c < AXES; c++) {
          axes[i][c] = in.getFloat();
        }
      }
      for (int i = 0; i < AXES; i++) {
        deviations[i] = in.getFloat();
      }
      colour = new ColourAxes(axes, deviations);
    }
    statistics = new PixelStatistics(mean, colour);
    int count = in.getInt();
    for (int i = 0; i < count; i++) {
      byte[] name = new byte[in.getInt()];
      in.get(name);
      classes.add(new String(name, StandardCharsets.UTF_8));
    }
    long table = (long) (header.slots() + 1) * Integer.BYTES;
    offsets = tail.asSlice(in.position(), table);
    names = tail.asSlice(in.position() + table);
  }

  PixelStatistics statistics() {
    return statistics;
  }

  /** Names of the classes; {@code what} names the file in messages. */
  List<String> classes(String what) {
    return ClassNames.requireDistinct(classes, what);
  }

  String name(int slot) {
    int from = offset(slot);
    byte[] name = names.asSlice(from, offset(slot + 1) - from).toArray(ValueLayout.JAVA_BYTE);
    return new String(name, StandardCharsets.UTF_8);
  }

  private int offset(int slot) {
    return offsets.get(
        ValueLayout.JAVA_INT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN),
        (long) slot * Integer.BYTES);
  }

  /** The bytes of a tail. */
  static ByteBuffer toBytes(
      PixelStatistics statistics, List<String> classes, List<String> imageNames) {
    List<byte[]> classBytes = bytes(classes);
    List<byte[]> nameBytes = bytes(imageNames);
    int size = Integer.BYTES * (2 + AXES * (AXES + 1) + classes.size() + imageNames.size() + 1);
    size += statistics.mean().length * Float.BYTES;
    for (List<byte[]> list : List.of(classBytes, nameBytes)) {
      for (byte[] name : list) {
        size = Math.addExact(size, name.length);
      }
    }
    ByteBuffer out = ByteBuffer.allocate(size).order(ByteOrder.LITTLE_ENDIAN);
    for (float value : statistics.mean()) {
      out.putFloat(value);
    }
    put(out, statistics.colour());
    out.putInt(classes.size());
    for (byte[] name : classBytes) {
      out.putInt(name.length).put(name);
    }
    int offset = 0;
    for (byte[] name : nameBytes) {
      out.putInt(offset);
      offset += name.length;
    }
    out.putInt(offset);
    nameBytes.forEach(out::put);
    return out.flip();
  }

  private static void put(ByteBuffer out, ColourAxes colour) {
    out.putInt(colour == null ? 0 : 1);
    if (colour != null) {
      for (float[] axis : colour.axes()) {
        for (float component : axis) {
          out.putFloat(component);
        }
      }
      for (float deviation : colour.deviations()) {
        out.putFloat(deviation);
      }
    }
  }

  private static List<byte[]> bytes(List<String> names) {
    return names.stream().map(name -> name.getBytes(StandardCharsets.UTF_8)).toList();
  }
}
