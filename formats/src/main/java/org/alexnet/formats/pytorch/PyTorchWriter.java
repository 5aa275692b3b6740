package org.alexnet.formats.pytorch;

import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;
import java.util.zip.CRC32;
import org.alexnet.AlexNetException;
import org.alexnet.exchange.ModelWriter;
import org.alexnet.exchange.TrainedNetwork;
import org.alexnet.formats.OutputFile;
import org.alexnet.network.Network;
import org.alexnet.network.Parameter;

/**
 * Writes a state dict as {@code torch.save} does since version 1.6, with torchvision's names where
 * the network is torchvision's. Storages are aligned to 64 bytes, so that PyTorch may map them.
 */
public final class PyTorchWriter implements ModelWriter {
  private static final int ALIGNMENT = 64;
  private static final int LOCAL_BYTES = 30;

  /** The first of January 1980: equal networks make equal files. */
  private static final int DATE = 0x0021;

  /** For {@link java.util.ServiceLoader}. */
  public PyTorchWriter() {}

  @Override
  public String name() {
    return "PyTorch";
  }

  @Override
  public String extension() {
    return ".pth";
  }

  /** An entry that was written. */
  private record Entry(byte[] name, long offset, long crc, long size) {}

  @Override
  public List<String> write(TrainedNetwork trained, Path out, Options options) {
    Network network = trained.network();
    boolean theirs =
        options.names() == ParameterNames.TORCHVISION
            || (options.names() == ParameterNames.USUAL
                && TrainedNetwork.hasTorchvisionNames(network));
    List<Parameter> parameters = trained.parameters();
    List<String> names =
        parameters.stream()
            .map(p -> theirs ? TrainedNetwork.torchvisionName(network, p) : p.name())
            .toList();
    String folder = "archive/";
    try (OutputFile file = new OutputFile(out)) {
      List<Entry> entries = new ArrayList<>();
      entries.add(entry(file, folder + "data.pkl", pickle(names, parameters)));
      entries.add(entry(file, folder + "byteorder", ascii("little")));
      for (int i = 0; i < parameters.size(); i++) {
        String own = parameters.get(i).name();
        entries.add(
            entry(
                file,
                folder + "data/" + i,
                parameters.get(i).elements() * Float.BYTES,
                crc -> file.write(trained.read(own).values(), crc::update)));
      }
      entries.add(entry(file, folder + "version", ascii("3\n")));
      directory(file, entries);
      file.complete();
    }
    return List.of(
        "A state dict holds the weights alone: neither the network, nor what becomes of pixels, nor"
            + " the names of the classes.");
  }

  private static byte[] ascii(String text) {
    return text.getBytes(StandardCharsets.US_ASCII);
  }

  private static Entry entry(OutputFile file, String name, byte[] content) {
    return entry(
        file,
        name,
        content.length,
        crc -> {
          crc.update(content);
          file.write(content);
        });
  }

  private static Entry entry(OutputFile file, String name, long size, Consumer<CRC32> writing) {
    byte[] called = ascii(name);
    long offset = file.written();
    // An extra field of zeros that only takes room, as torch.save writes it.
    long begin = offset + LOCAL_BYTES + called.length + Integer.BYTES;
    int filler = (int) (Math.ceilDiv(begin, ALIGNMENT) * ALIGNMENT - begin);
    ByteBuffer header = little(LOCAL_BYTES + called.length + Integer.BYTES + filler);
    header.putInt(0x04034b50).putShort((short) 0).putShort((short) 0).putShort((short) 0);
    header.putShort((short) 0).putShort((short) DATE);
    header.putInt(0).putInt((int) size).putInt((int) size);
    header.putShort((short) called.length).putShort((short) (Integer.BYTES + filler));
    header.put(called).putShort((short) 0x4246).putShort((short) filler);
    file.write(header.array());
    CRC32 crc = new CRC32();
    writing.accept(crc);
    file.replace(offset + 14, little(Integer.BYTES).putInt((int) crc.getValue()).array());
    return new Entry(called, offset, crc.getValue(), size);
  }

  private static void directory(OutputFile file, List<Entry> entries) {
    long begin = file.written();
    for (Entry entry : entries) {
      ByteBuffer header = little(46 + entry.name.length);
      header.putInt(0x02014b50).putShort((short) 0).putShort((short) 0);
      header.putShort((short) 0).putShort((short) 0).putShort((short) 0).putShort((short) DATE);
      header.putInt((int) entry.crc).putInt((int) entry.size).putInt((int) entry.size);
      header.putShort((short) entry.name.length).putShort((short) 0).putShort((short) 0);
      header.putShort((short) 0).putShort((short) 0).putInt(0);
      header.putInt(requireSmall(entry.offset)).put(entry.name);
      file.write(header.array());
    }
    long size = file.written() - begin;
    ByteBuffer end = little(22);
    end.putInt(0x06054b50).putShort((short) 0).putShort((short) 0);
    end.putShort((short) entries.size()).putShort((short) entries.size());
    end.putInt((int) size).putInt(requireSmall(begin)).putShort((short) 0);
    file.write(end.array());
  }

  /** Places are written with 32 bits, which is enough for half a billion weights. */
  private static int requireSmall(long offset) {
    if (offset > Integer.MAX_VALUE) {
      throw new AlexNetException(
          "The weights need more than 2 GB, which is more than is written to a .pth file.");
    }
    return (int) offset;
  }

  private static ByteBuffer little(int bytes) {
    return ByteBuffer.allocate(bytes).order(ByteOrder.LITTLE_ENDIAN);
  }

  /** An OrderedDict of tensors, of protocol 2. */
  private static byte[] pickle(List<String> names, List<Parameter> parameters) {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    bytes.writeBytes(new byte[] {(byte) 0x80, 2});
    bytes.writeBytes(ascii("ccollections\nOrderedDict\n)R("));
    for (int i = 0; i < names.size(); i++) {
      Parameter parameter = parameters.get(i);
      text(bytes, names.get(i));
      bytes.writeBytes(ascii("ctorch._utils\n_rebuild_tensor_v2\n(("));
      text(bytes, "storage");
      bytes.writeBytes(ascii("ctorch\nFloatStorage\n"));
      text(bytes, Integer.toString(i));
      text(bytes, "cpu");
      number(bytes, parameter.elements());
      bytes.writeBytes(ascii("tQ"));
      number(bytes, 0);
      List<Integer> shape = parameter.shape();
      bytes.write('(');
      shape.forEach(extent -> number(bytes, extent));
      bytes.writeBytes(ascii("t("));
      for (int axis = 0; axis < shape.size(); axis++) {
        number(
            bytes,
            shape.subList(axis + 1, shape.size()).stream()
                .mapToLong(e -> e)
                .reduce(1, (a, b) -> a * b));
      }
      bytes.write('t');
      bytes.write(0x89); // requires no gradient
      bytes.writeBytes(ascii("ccollections\nOrderedDict\n)RtR"));
    }
    bytes.writeBytes(ascii("u."));
    return bytes.toByteArray();
  }

  private static void text(ByteArrayOutputStream bytes, String text) {
    byte[] utf8 = text.getBytes(StandardCharsets.UTF_8);
    bytes.write('X');
    bytes.writeBytes(little(Integer.BYTES).putInt(utf8.length).array());
    bytes.writeBytes(utf8);
  }

  private static void number(ByteArrayOutputStream bytes, long value) {
    bytes.write('J');
    bytes.writeBytes(little(Integer.BYTES).putInt(Math.toIntExact(value)).array());
  }
}
