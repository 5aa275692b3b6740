package org.alexnet.formats.pytorch;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.alexnet.AlexNetException;
import org.alexnet.formats.MappedFile;

/**
 * Until version 0.1.11: an archive of TAR with {@code storages}, {@code tensors} and {@code
 * pickle}. Storages and tensors are counted, and each has a pickle that says its key and what it
 * is, followed by its numbers.
 */
final class TarForm {
  private static final int BLOCK = 512;
  private static final int MARK = 257;
  private static final byte[] USTAR = "ustar".getBytes(StandardCharsets.US_ASCII);
  private static final int NAME = 100;
  private static final int SIZE = 124;
  private static final int SIZE_DIGITS = 12;
  private static final ValueLayout.OfInt INT =
      ValueLayout.JAVA_INT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
  private static final ValueLayout.OfLong LONG =
      ValueLayout.JAVA_LONG_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);

  private final MappedFile file;
  private final Names names;
  private final Map<String, MemorySegment> storages = new HashMap<>();

  /** What a key stands for: a storage, or a tensor over one. */
  private final Map<String, Object> objects = new HashMap<>();

  private TarForm(MappedFile file) {
    this.file = file;
    this.names = new Names(file);
  }

  /** Whether these are the first bytes of an archive of TAR. */
  static boolean recognizes(byte[] start) {
    return start.length >= BLOCK
        && Arrays.equals(start, MARK, MARK + USTAR.length, USTAR, 0, USTAR.length);
  }

  static Contents read(MappedFile file) {
    return new TarForm(file).read();
  }

  /** Tensors are persistent objects too, and their types have names. */
  private final class Names extends TorchNames {
    Names(MappedFile file) {
      super(file);
    }

    @Override
    public void check(Pickle.Global global) {
      boolean tensor = global.module().equals("torch") || global.module().equals("torch.cuda");
      if (!tensor || !global.name().endsWith("Tensor")) {
        super.check(global);
      }
    }

    @Override
    public Object persistent(Object id) {
      Object object = isKey(id) ? objects.get(id.toString()) : null;
      if (object == null) {
        throw file.wrong("its pickle refers to an object outside that is not there");
      }
      return object;
    }
  }

  private Contents read() {
    Map<String, MemorySegment> entries = entries();
    for (String required : List.of("storages", "tensors", "pickle")) {
      if (!entries.containsKey(required)) {
        throw file.wrong(
            "it is an archive without an entry %s, no file of PyTorch".formatted(required));
      }
    }
    readStorages(entries.get("storages"));
    readTensors(entries.get("tensors"));
    Object root = new Pickle(file, entries.get("pickle"), names).read();
    return new Contents(root, storages, ByteOrder.LITTLE_ENDIAN);
  }

  private Map<String, MemorySegment> entries() {
    MemorySegment bytes = file.bytes();
    Map<String, MemorySegment> entries = new HashMap<>();
    long at = 0;
    while (bytes.byteSize() - at >= BLOCK && bytes.get(ValueLayout.JAVA_BYTE, at) != 0) {
      String name = text(bytes.asSlice(at, NAME));
      long size;
      try {
        size = Long.parseLong(text(bytes.asSlice(at + SIZE, SIZE_DIGITS)).strip(), 8);
      } catch (NumberFormatException e) {
        throw file.wrong("its entry %s has no size".formatted(MappedFile.shown(name)));
      }
      at += BLOCK;
      if (size < 0 || size > bytes.byteSize() - at) {
        throw file.wrong(
            "its entry %s does not lie in the file: it is cut short"
                .formatted(MappedFile.shown(name)));
      }
      entries.put(name.startsWith("./") ? name.substring(2) : name, bytes.asSlice(at, size));
      at += Math.ceilDiv(size, BLOCK) * BLOCK;
    }
    return entries;
  }

  private static String text(MemorySegment field) {
    byte[] bytes = field.toArray(ValueLayout.JAVA_BYTE);
    int length = 0;
    while (length < bytes.length && bytes[length] != 0) {
      length++;
    }
    return new String(bytes, 0, length, StandardCharsets.UTF_8);
  }

  private void readStorages(MemorySegment bytes) {
    Pickle pickle = new Pickle(file, bytes, names);
    long count = count(pickle);
    for (long i = 0; i < count; i++) {
      List<Object> said = triple(pickle);
      String key = said.getFirst().toString();
      if (!(said.get(2) instanceof Pickle.Global type)) {
        throw damaged();
      }
      int unit = names.type(type).bytes();
      long elements = number(bytes, pickle.at());
      long begin = pickle.at() + Long.BYTES;
      if (elements < 0 || elements > (bytes.byteSize() - begin) / unit) {
        throw damaged();
      }
      storages.put(key, bytes.asSlice(begin, elements * unit));
      objects.put(key, new TorchNames.Storage(key, names.type(type), elements, 0));
      pickle.skipTo(begin + elements * unit);
    }
    if (!(pickle.read() instanceof Pickle.Sequence views)) {
      throw damaged();
    }
    for (Object view : views.items) {
      if (view instanceof Pickle.Tuple(List<Object> v)
          && v.size() == 4
          && isKey(v.get(0))
          && isKey(v.get(1))
          && objects.get(v.get(1).toString()) instanceof TorchNames.Storage root
          && v.get(2) instanceof Long offset
          && v.get(3) instanceof Long elements) {
        objects.put(
            v.get(0).toString(), new TorchNames.Storage(root.key(), root.type(), elements, offset));
      } else {
        throw damaged();
      }
    }
  }

  private void readTensors(MemorySegment bytes) {
    Pickle pickle = new Pickle(file, bytes, names);
    long count = count(pickle);
    for (long i = 0; i < count; i++) {
      List<Object> said = triple(pickle);
      long at = pickle.at();
      long axes = bytes.byteSize() - at < Long.BYTES ? -1 : bytes.get(INT, at);
      at += Long.BYTES; // four bytes of these mean nothing
      if (axes < 0 || axes > (bytes.byteSize() - at) / (2 * Long.BYTES)) {
        throw damaged();
      }
      List<Long> numbers = new ArrayList<>();
      for (int n = 0; n < 2 * axes + 1; n++) {
        numbers.add(number(bytes, at));
        at += Long.BYTES;
      }
      if (!isKey(said.get(1))
          || !(objects.get(said.get(1).toString()) instanceof TorchNames.Storage storage)) {
        throw damaged();
      }
      int half = (int) axes;
      objects.put(
          said.getFirst().toString(),
          new TorchNames.Tensor(
              storage,
              numbers.getLast(),
              numbers.subList(0, half),
              numbers.subList(half, 2 * half)));
      pickle.skipTo(at);
    }
  }

  private long count(Pickle pickle) {
    if (pickle.read() instanceof Long count && count >= 0) {
      return count;
    }
    throw damaged();
  }

  /** Key, and what else is said of a storage or a tensor. */
  private List<Object> triple(Pickle pickle) {
    if (pickle.read() instanceof Pickle.Tuple(List<Object> items)
        && items.size() == 3
        && isKey(items.get(0))) {
      return items;
    }
    throw damaged();
  }

  private static boolean isKey(Object object) {
    return object instanceof Long || object instanceof String;
  }

  private long number(MemorySegment bytes, long at) {
    if (bytes.byteSize() - at < Long.BYTES) {
      throw damaged();
    }
    return bytes.get(LONG, at);
  }

  private AlexNetException damaged() {
    return file.wrong("it is an archive of an old PyTorch that is cut short or damaged");
  }
}
