package org.alexnet.formats.pytorch;

import java.lang.foreign.MemorySegment;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.SequencedMap;
import java.util.stream.Collectors;
import org.alexnet.formats.MappedFile;
import org.alexnet.formats.StridedTensor;

/**
 * The tensors of what was saved: a state dict itself, or one in a checkpoint beside other things,
 * such as an optimizer. Names lose the {@code module.} that training on several devices puts before
 * all of them.
 */
final class StateDict {
  /** What checkpoints call the state dict of their network, the most usual first. */
  private static final List<String> KEYS =
      List.of("state_dict", "model_state_dict", "model", "net");

  private static final String MODULE = "module.";
  private static final int SHOWN = 8;

  private final MappedFile file;
  private final Contents contents;

  private StateDict(MappedFile file, Contents contents) {
    this.file = file;
    this.contents = contents;
  }

  static SequencedMap<String, StridedTensor> tensors(MappedFile file, Contents contents) {
    return new StateDict(file, contents).read();
  }

  private SequencedMap<String, StridedTensor> read() {
    if (!(contents.root() instanceof Pickle.Dict root)) {
      throw file.wrong(
          "it holds no dict of tensors; save one: torch.save(model.state_dict(), FILE)");
    }
    Map<Object, Object> dict = dict(root);
    boolean module =
        dict.entrySet().stream()
            .filter(e -> e.getValue() instanceof TorchNames.Tensor)
            .allMatch(e -> e.getKey().toString().startsWith(MODULE));
    SequencedMap<String, StridedTensor> tensors = new LinkedHashMap<>();
    dict.forEach(
        (key, value) -> {
          if (value instanceof TorchNames.Tensor tensor) {
            String name = module ? key.toString().substring(MODULE.length()) : key.toString();
            tensors.put(name, tensor(name, tensor));
          }
        });
    return tensors;
  }

  private Map<Object, Object> dict(Pickle.Dict root) {
    if (hasTensors(root)) {
      return root.entries;
    }
    for (String key : KEYS) {
      if (root.entries.get(key) instanceof Pickle.Dict inner && hasTensors(inner)) {
        return inner.entries;
      }
    }
    String held =
        root.entries.keySet().stream()
            .limit(SHOWN)
            .map(key -> MappedFile.shown(key.toString()))
            .collect(Collectors.joining(", "));
    throw file.wrong(
        "it holds no tensors, and none under %s; it has %s"
            .formatted(String.join(", ", KEYS), held.isEmpty() ? "nothing" : held));
  }

  private static boolean hasTensors(Pickle.Dict dict) {
    return dict.entries.values().stream().anyMatch(TorchNames.Tensor.class::isInstance);
  }

  private StridedTensor tensor(String name, TorchNames.Tensor tensor) {
    TorchNames.Storage storage = tensor.storage();
    MemorySegment data = contents.storages().get(storage.key());
    if (data == null) {
      throw file.wrong(
          "the storage %s of its tensor %s is missing"
              .formatted(MappedFile.shown(storage.key()), MappedFile.shown(name)));
    }
    int unit = storage.type().bytes();
    long held = data.byteSize() / unit;
    boolean inside =
        storage.offset() >= 0
            && storage.offset() <= held
            && storage.elements() >= 0
            && storage.elements() <= held - storage.offset();
    if (!inside) {
      throw file.wrong(
          "the storage %s of its tensor %s has %,d bytes, which are fewer than %,d elements from %,d on"
              .formatted(
                  MappedFile.shown(storage.key()),
                  MappedFile.shown(name),
                  data.byteSize(),
                  storage.elements(),
                  storage.offset()));
    }
    try {
      return new StridedTensor(
          data.asSlice(storage.offset() * unit, storage.elements() * unit),
          storage.type(),
          contents.order(),
          tensor.offset(),
          tensor.shape(),
          tensor.strides());
    } catch (IllegalArgumentException e) {
      throw file.wrong("its tensor %s %s".formatted(MappedFile.shown(name), e.getMessage()));
    }
  }
}
