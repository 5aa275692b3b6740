package org.alexnet.formats.pytorch;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.alexnet.formats.MappedFile;

/**
 * Since version 1.6: an archive with {@code NAME/data.pkl}, {@code NAME/data/KEY} for each storage
 * and, since version 2.1, {@code NAME/byteorder}.
 */
final class ZipForm {
  private static final String PICKLE = "/data.pkl";

  private ZipForm() {}

  static Contents read(MappedFile file) {
    Map<String, MemorySegment> entries = ZipEntries.of(file);
    List<String> pickles =
        entries.keySet().stream()
            .filter(name -> name.endsWith(PICKLE) && name.indexOf('/') == name.lastIndexOf('/'))
            .toList();
    if (pickles.size() != 1) {
      throw file.wrong(
          "it is an archive with %d entries called NAME/data.pkl, must have one as torch.save writes it"
              .formatted(pickles.size()));
    }
    String folder =
        pickles.getFirst().substring(0, pickles.getFirst().length() - PICKLE.length() + 1);
    if (entries.containsKey(folder + "constants.pkl")) {
      throw file.wrong(
          "it is a program of TorchScript, no state dict; save one: torch.save(model.state_dict(),"
              + " FILE)");
    }
    Object root = new Pickle(file, entries.get(pickles.getFirst()), new TorchNames(file)).read();
    Map<String, MemorySegment> storages = new HashMap<>();
    String data = folder + "data/";
    entries.forEach(
        (name, content) -> {
          if (name.startsWith(data)) {
            storages.put(name.substring(data.length()), content);
          }
        });
    return new Contents(root, storages, order(file, entries.get(folder + "byteorder")));
  }

  private static ByteOrder order(MappedFile file, MemorySegment said) {
    if (said == null) {
      return ByteOrder.LITTLE_ENDIAN;
    }
    int longest = "little".length();
    String order =
        said.byteSize() > longest
            ? "something longer"
            : new String(said.toArray(ValueLayout.JAVA_BYTE), StandardCharsets.US_ASCII);
    return switch (order) {
      case "little" -> ByteOrder.LITTLE_ENDIAN;
      case "big" -> ByteOrder.BIG_ENDIAN;
      default ->
          throw file.wrong(
              "its byteorder is %s, must be little or big".formatted(MappedFile.shown(order)));
    };
  }
}
