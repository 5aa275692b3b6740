package org.alexnet.formats.pytorch;

import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Map;
import java.util.function.Function;
import org.alexnet.file.FileStart;
import org.alexnet.formats.MappedFile;
import org.alexnet.formats.MappedTensors;
import org.alexnet.weights.format.WeightFormat;
import org.alexnet.weights.format.WeightSource;

/** State dicts and checkpoints of PyTorch, in each form that {@code torch.save} has written. */
public final class PyTorchFormat implements WeightFormat {
  private static final byte[] ZIP = "PK\u0003\u0004".getBytes(StandardCharsets.US_ASCII);

  /** For {@link java.util.ServiceLoader}. */
  public PyTorchFormat() {}

  @Override
  public String name() {
    return "PyTorch";
  }

  @Override
  public boolean recognizes(FileStart start) {
    byte[] bytes = start.bytes();
    return begins(bytes, ZIP) || begins(bytes, StreamForm.MAGIC) || TarForm.recognizes(bytes);
  }

  private static boolean begins(byte[] bytes, byte[] mark) {
    return Arrays.equals(mark, Arrays.copyOf(bytes, mark.length));
  }

  @Override
  public WeightSource open(Path path) {
    byte[] start = FileStart.of(path).bytes();
    Function<MappedFile, Contents> form =
        begins(start, ZIP)
            ? ZipForm::read
            : begins(start, StreamForm.MAGIC) ? StreamForm::read : TarForm::read;
    MappedFile file = MappedFile.open(path);
    try {
      return new MappedTensors(file, StateDict.tensors(file, form.apply(file)), Map.of());
    } catch (RuntimeException | Error e) {
      file.close();
      throw e;
    }
  }
}
