package org.alexnet.formats.pytorch;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.alexnet.AlexNetException;
import org.alexnet.formats.MappedFile;

/**
 * A stream of pickles of protocol 2, read where they lie. What one builds is made of {@link Long},
 * {@link Double}, {@link Boolean}, {@link String}, {@link #NONE}, {@link Tuple}, {@link Sequence},
 * {@link Dict}, {@link Global}, and what {@link Names} makes of calls. They may contain themselves:
 * whoever looks at them must not follow them without end.
 */
final class Pickle {
  /** Python's None. */
  static final Object NONE = new Object();

  /** An object of Python that cannot be changed. */
  record Tuple(List<Object> items) {}

  /** A list. Two are equal only if they are the same: they may contain themselves. */
  static final class Sequence {
    final List<Object> items = new ArrayList<>();
  }

  /** A dict, ordered or not. Keys are texts and numbers. */
  static final class Dict {
    final Map<Object, Object> entries = new LinkedHashMap<>();
  }

  /** A name that a pickle refers to. */
  record Global(String module, String name) {
    @Override
    public String toString() {
      return module + "." + name;
    }
  }

  /** What names mean, and what identifiers outside of the pickle stand for. */
  interface Names {
    /** Refuses a name that is not known. */
    void check(Global global);

    /** What a call of a known name makes. */
    Object call(Global global, List<Object> arguments);

    /** The object that lies outside of the pickle. */
    Object persistent(Object id);
  }

  private static final Object MARK = new Object();
  private static final int PROTOCOL = 2;
  private static final int LONGEST_NAME = 256;

  private static final ValueLayout.OfInt INT =
      ValueLayout.JAVA_INT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
  private static final ValueLayout.OfDouble DOUBLE =
      ValueLayout.JAVA_DOUBLE_UNALIGNED.withOrder(ByteOrder.BIG_ENDIAN);

  private final MappedFile file;
  private final MemorySegment bytes;
  private final Names names;
  private long at;

  private final List<Object> stack = new ArrayList<>();
  private final Map<Long, Object> memo = new HashMap<>();

  /**
   * A stream.
   *
   * @param file for messages
   * @param bytes of the stream
   * @param names what names mean
   */
  Pickle(MappedFile file, MemorySegment bytes, Names names) {
    this.file = file;
    this.bytes = bytes;
    this.names = names;
  }

  /** Where the next pickle begins, or what follows the last. */
  long at() {
    return at;
  }

  /** Goes on behind what is no pickle. */
  void skipTo(long position) {
    at = position;
  }

  /** Reads the next pickle of the stream. */
  Object read() {
    stack.clear();
    memo.clear();
    while (true) {
      int code = unsigned();
      if (code == '.') {
        return pop();
      }
      step(code);
    }
  }

  private void step(int code) {
    switch (code) {
      case 0x80 -> protocol();
      case '(' -> stack.add(MARK);
      case 'N' -> stack.add(NONE);
      case 0x88 -> stack.add(true);
      case 0x89 -> stack.add(false);
      case 'K' -> stack.add((long) unsigned());
      case 'M' -> stack.add((long) (unsigned() | unsigned() << 8));
      case 'J' -> stack.add((long) take(Integer.BYTES).get(INT, 0));
      case 0x8a -> stack.add(longNumber(unsigned()));
      case 'G' -> stack.add(take(Double.BYTES).get(DOUBLE, 0));
      case 'X', 'T' -> stack.add(text(Integer.toUnsignedLong(take(Integer.BYTES).get(INT, 0))));
      case 'U' -> stack.add(text(unsigned()));
      case 'q' -> memo.put((long) unsigned(), top());
      case 'r' -> memo.put(Integer.toUnsignedLong(take(Integer.BYTES).get(INT, 0)), top());
      case 'h' -> recall(unsigned());
      case 'j' -> recall(Integer.toUnsignedLong(take(Integer.BYTES).get(INT, 0)));
      default -> build(code);
    }
  }

  private void build(int code) {
    switch (code) {
      case ')' -> stack.add(new Tuple(List.of()));
      case 't' -> stack.add(new Tuple(popMark()));
      case 0x85, 0x86, 0x87 -> stack.add(tuple(code - 0x84));
      case ']' -> stack.add(new Sequence());
      case 'a' -> append(tuple(1));
      case 'e' -> append(new Tuple(popMark()));
      case '}' -> stack.add(new Dict());
      case 's' -> put(tuple(2).items());
      case 'u' -> put(popMark());
      case 'c' -> stack.add(global());
      case 'Q' -> stack.add(names.persistent(pop()));
      case 'R' -> call();
      // State of an object, such as the versions that a state dict notes; nothing here needs it.
      case 'b' -> pop();
      default ->
          throw wrong(
              "instruction 0x%02x, which no state dict needs; save the state dict alone:"
                  + " torch.save(model.state_dict(), FILE)",
              code);
    }
  }

  private void protocol() {
    int protocol = unsigned();
    if (protocol != PROTOCOL) {
      throw wrong("protocol %d; 2 is required, which torch.save uses", protocol);
    }
  }

  private void recall(long key) {
    Object value = memo.get(key);
    if (value == null) {
      throw wrong("a reference to object %d, which it has not stored", key);
    }
    stack.add(value);
  }

  private void call() {
    Object arguments = pop();
    if (!(arguments instanceof Tuple(List<Object> items)) || !(pop() instanceof Global global)) {
      throw wrong("a call of what is no name, or without arguments");
    }
    stack.add(names.call(global, items));
  }

  private Global global() {
    Global global = new Global(line(), line());
    names.check(global);
    return global;
  }

  private String line() {
    StringBuilder line = new StringBuilder();
    for (int c = unsigned(); c != '\n'; c = unsigned()) {
      if (line.length() == LONGEST_NAME) {
        throw wrong("a name of more than %d characters", LONGEST_NAME);
      }
      line.append((char) c);
    }
    return line.toString();
  }

  private Tuple tuple(int size) {
    if (size > stack.size()) {
      throw wrong("a tuple of %d where it has built %d objects", size, stack.size());
    }
    List<Object> end = stack.subList(stack.size() - size, stack.size());
    if (end.contains(MARK)) {
      throw wrong("a tuple that reaches beyond a mark");
    }
    List<Object> items = List.copyOf(end);
    end.clear();
    return new Tuple(items);
  }

  private void append(Tuple items) {
    if (!(top() instanceof Sequence list)) {
      throw wrong("an item of what is no list");
    }
    list.items.addAll(items.items());
  }

  private void put(List<Object> pairs) {
    if (!(top() instanceof Dict dict) || pairs.size() % 2 != 0) {
      throw wrong("an entry of what is no dict, or a key without a value");
    }
    for (int i = 0; i < pairs.size(); i += 2) {
      put(dict, pairs.get(i), pairs.get(i + 1));
    }
  }

  /** Adds an entry. */
  void put(Dict dict, Object key, Object value) {
    if (!(key instanceof String || key instanceof Long)) {
      throw wrong("a key of a dict that is neither a text nor a whole number");
    }
    dict.entries.put(key, value);
  }

  private List<Object> popMark() {
    int mark = stack.size() - 1;
    while (mark >= 0 && stack.get(mark) != MARK) {
      mark--;
    }
    if (mark < 0) {
      throw wrong("the end of something that did not begin");
    }
    List<Object> items = List.copyOf(stack.subList(mark + 1, stack.size()));
    stack.subList(mark, stack.size()).clear();
    return items;
  }

  private Object top() {
    if (stack.isEmpty() || stack.getLast() == MARK) {
      throw wrong("an instruction that needs an object, and has built none");
    }
    return stack.getLast();
  }

  private Object pop() {
    Object value = top();
    stack.removeLast();
    return value;
  }

  private String text(long length) {
    return new String(take(length).toArray(ValueLayout.JAVA_BYTE), StandardCharsets.UTF_8);
  }

  private long longNumber(int length) {
    if (length > Long.BYTES) {
      // Only the mark at the start of a stream is longer, and it is compared byte by byte.
      throw wrong("a whole number of %d bytes; up to 8 can be read", length);
    }
    MemorySegment number = take(length);
    long value = 0;
    for (int i = 0; i < length; i++) {
      value |= (number.get(ValueLayout.JAVA_BYTE, i) & 0xFFL) << 8 * i;
    }
    int unused = Long.SIZE - 8 * length;
    return length == 0 ? 0 : value << unused >> unused;
  }

  private int unsigned() {
    return take(1).get(ValueLayout.JAVA_BYTE, 0) & 0xFF;
  }

  private MemorySegment take(long length) {
    if (length > bytes.byteSize() - at) {
      throw wrong("%,d bytes more than there are: the file is cut short or damaged", length);
    }
    at += length;
    return bytes.asSlice(at - length, length);
  }

  AlexNetException wrong(String what, Object... parts) {
    return file.wrong("its pickle has " + what.formatted(parts));
  }
}
