package org.alexnet.formats.pytorch;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.alexnet.AlexNetException;
import org.alexnet.formats.MappedFile;
import org.alexnet.tensor.DType;

/** The names that a state dict calls. A call describes a tensor; nothing else can be called. */
class TorchNames implements Pickle.Names {
  /**
   * Elements that lie outside of the pickle.
   *
   * @param key under which they lie there
   * @param type of each
   * @param elements of the storage
   * @param offset of the first in what lies under the key, which may be the root of several
   */
  record Storage(String key, DType type, long elements, long offset) {}

  /** A tensor over a storage; offset and strides in elements. */
  record Tensor(Storage storage, long offset, List<Long> shape, List<Long> strides) {}

  private static final Map<String, DType> STORAGES =
      Map.ofEntries(
          Map.entry("FloatStorage", DType.F32),
          Map.entry("DoubleStorage", DType.F64),
          Map.entry("HalfStorage", DType.F16),
          Map.entry("BFloat16Storage", DType.BF16),
          Map.entry("LongStorage", DType.I64),
          Map.entry("IntStorage", DType.I32),
          Map.entry("ShortStorage", DType.I16),
          Map.entry("CharStorage", DType.I8),
          Map.entry("ByteStorage", DType.U8),
          Map.entry("BoolStorage", DType.BOOL));

  private static final Set<String> MODULES = Set.of("torch", "torch.cuda");
  private static final String ORDERED_DICT = "collections.OrderedDict";
  private static final String TENSOR_1 = "torch._utils._rebuild_tensor";
  private static final String TENSOR = "torch._utils._rebuild_tensor_v2";
  private static final String PARAMETER = "torch._utils._rebuild_parameter";

  private final MappedFile file;

  TorchNames(MappedFile file) {
    this.file = file;
  }

  @Override
  public void check(Pickle.Global global) {
    boolean known =
        switch (global.toString()) {
          case ORDERED_DICT, TENSOR_1, TENSOR, PARAMETER -> true;
          default -> MODULES.contains(global.module()) && STORAGES.containsKey(global.name());
        };
    if (!known) {
      throw file.wrong(
          "its pickle names %s, which no state dict needs and which this program never calls; save"
                  .formatted(MappedFile.shown(global.toString()))
              + " the state dict alone: torch.save(model.state_dict(), FILE)");
    }
  }

  @Override
  public Object call(Pickle.Global global, List<Object> arguments) {
    return switch (global.toString()) {
      case ORDERED_DICT -> orderedDict(arguments);
      case TENSOR_1, TENSOR -> tensor(arguments);
      case PARAMETER -> parameter(arguments);
      default -> throw otherArguments(global.toString());
    };
  }

  private Tensor parameter(List<Object> arguments) {
    if (!arguments.isEmpty() && arguments.getFirst() instanceof Tensor data) {
      return data;
    }
    throw otherArguments(PARAMETER);
  }

  private AlexNetException otherArguments(String called) {
    return file.wrong("its pickle calls %s with other arguments".formatted(called));
  }

  /** Empty, or as Python 2 wrote it: a list of pairs. */
  private Pickle.Dict orderedDict(List<Object> arguments) {
    Pickle.Dict dict = new Pickle.Dict();
    if (arguments.isEmpty()) {
      return dict;
    }
    if (!(arguments.getFirst() instanceof Pickle.Sequence pairs)) {
      throw otherArguments(ORDERED_DICT);
    }
    for (Object pair : pairs.items) {
      if (pair instanceof Pickle.Sequence p
          && p.items.size() == 2
          && p.items.getFirst() instanceof String key) {
        dict.entries.put(key, p.items.getLast());
      } else {
        throw file.wrong("its pickle has an ordered dict of something other than pairs");
      }
    }
    return dict;
  }

  private Tensor tensor(List<Object> arguments) {
    if (arguments.size() >= 4
        && arguments.get(0) instanceof Storage storage
        && arguments.get(1) instanceof Long offset) {
      return new Tensor(storage, offset, extents(arguments.get(2)), extents(arguments.get(3)));
    }
    throw file.wrong("its pickle has a tensor without storage, offset, shape and strides");
  }

  private List<Long> extents(Object tuple) {
    List<Long> extents = new ArrayList<>();
    if (tuple instanceof Pickle.Tuple(List<Object> items)) {
      for (Object item : items) {
        if (!(item instanceof Long extent)) {
          throw file.wrong("its pickle has a tensor whose shape or strides are no whole numbers");
        }
        extents.add(extent);
      }
      return extents;
    }
    throw file.wrong("its pickle has a tensor whose shape or strides are no tuple");
  }

  /**
   * {@code ("storage", type, key, location, elements)}, and in a stream a view of a root or None.
   */
  @Override
  public Object persistent(Object id) {
    if (id instanceof Pickle.Tuple(List<Object> items)
        && items.size() >= 5
        && items.get(0).equals("storage")
        && items.get(1) instanceof Pickle.Global type
        && items.get(2) instanceof String key
        && items.get(4) instanceof Long elements) {
      Storage whole = new Storage(key, type(type), elements, 0);
      return items.size() > 5 && items.get(5) instanceof Pickle.Tuple(List<Object> view)
          ? view(whole, view)
          : whole;
    }
    throw file.wrong("its pickle refers to an object outside that is no storage");
  }

  private Storage view(Storage root, List<Object> view) {
    if (view.size() == 3
        && view.get(1) instanceof Long offset
        && view.get(2) instanceof Long elements) {
      return new Storage(root.key(), root.type(), elements, offset);
    }
    throw file.wrong("its pickle has a view of a storage without offset and size");
  }

  /** The elements of storages of a name. */
  DType type(Pickle.Global storage) throws AlexNetException {
    DType type = STORAGES.get(storage.name());
    if (type == null) {
      throw file.wrong(
          "its pickle has storages of %s, no known type"
              .formatted(MappedFile.shown(storage.toString())));
    }
    return type;
  }
}
