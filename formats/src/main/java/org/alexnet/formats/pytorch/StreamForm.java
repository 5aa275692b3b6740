package org.alexnet.formats.pytorch;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import java.util.HashMap;
import java.util.HexFormat;
import java.util.Map;
import org.alexnet.formats.MappedFile;
import org.alexnet.tensor.DType;

/**
 * Before version 1.6: a mark, the protocol's version, facts about the machine, the object and the
 * list of its storages' keys, a pickle each; then for each storage the number of its elements, in
 * 64 bits, and the elements. They are little-endian on every machine.
 */
final class StreamForm {
  /** The pickle of 0x1950a86a20f9469cfc6c. */
  static final byte[] MAGIC = HexFormat.of().parseHex("80028a0a6cfc9c46f9206aa850192e");

  private static final long PROTOCOL = 1001;
  private static final ValueLayout.OfLong LONG =
      ValueLayout.JAVA_LONG_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);

  private StreamForm() {}

  /** Notes the type of each storage, without which nothing says how long it is. */
  private static final class Names extends TorchNames {
    private final Map<String, DType> types = new HashMap<>();
    private final MappedFile file;

    Names(MappedFile file) {
      super(file);
      this.file = file;
    }

    @Override
    public Object persistent(Object id) {
      Storage storage = (Storage) super.persistent(id);
      DType before = types.put(storage.key(), storage.type());
      if (before != null && before != storage.type()) {
        throw file.wrong(
            "its storage %s is of two types, %s and %s"
                .formatted(MappedFile.shown(storage.key()), before, storage.type()));
      }
      return storage;
    }
  }

  static Contents read(MappedFile file) {
    MemorySegment bytes = file.bytes();
    Names names = new Names(file);
    Pickle pickle = new Pickle(file, bytes, names);
    pickle.skipTo(MAGIC.length);
    Object protocol = pickle.read();
    if (!protocol.equals(PROTOCOL)) {
      throw file.wrong("it is a stream of PyTorch of another protocol than %d".formatted(PROTOCOL));
    }
    pickle.read(); // byte order and sizes of the machine: the same on all for this form
    Object root = pickle.read();
    if (!(pickle.read() instanceof Pickle.Sequence keys)) {
      throw file.wrong("it has no list of its storages behind its object");
    }
    Map<String, MemorySegment> storages = new HashMap<>();
    long at = pickle.at();
    for (Object key : keys.items) {
      if (!(key instanceof String name) || !names.types.containsKey(name)) {
        throw file.wrong("its list of storages has one that its object does not use");
      }
      long left = bytes.byteSize() - at - Long.BYTES;
      int unit = names.types.get(name).bytes();
      long elements = left < 0 ? 0 : bytes.get(LONG, at);
      if (left < 0 || elements < 0 || elements > left / unit) {
        throw file.wrong(
            "its storage %s does not lie in the file: it is cut short or damaged"
                .formatted(MappedFile.shown(name)));
      }
      at += Long.BYTES;
      if (storages.put(name, bytes.asSlice(at, elements * unit)) != null) {
        throw file.wrong("it has two storages " + MappedFile.shown(name));
      }
      at += elements * unit;
    }
    return new Contents(root, storages, ByteOrder.LITTLE_ENDIAN);
  }
}
