package org.alexnet.exchange;

import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.SequencedMap;
import org.alexnet.network.Parameter;
import org.alexnet.program.CompiledNetwork;
import org.alexnet.safetensors.SafetensorsWriter;
import org.alexnet.tensor.DType;
import org.alexnet.tensor.TensorInfo;
import org.alexnet.weights.OtherNames;
import org.alexnet.weights.format.SafetensorsFormat;

/** Writes weights alone, under this program's names or torchvision's. */
final class SafetensorsModelWriter implements ModelWriter {
  @Override
  public String name() {
    return "safetensors";
  }

  @Override
  public String extension() {
    return ".safetensors";
  }

  @Override
  public List<String> write(TrainedNetwork trained, Path out, Options options) {
    SequencedMap<String, String> names = new LinkedHashMap<>();
    SequencedMap<String, TensorInfo> tensors = new LinkedHashMap<>();
    for (Parameter parameter : CompiledNetwork.declared(trained.network()).sequencedValues()) {
      String name =
          options.names() == ParameterNames.TORCHVISION
              ? OtherNames.require(trained.network(), parameter)
              : parameter.name();
      names.put(parameter.name(), name);
      tensors.put(
          name,
          new TensorInfo(DType.F32, parameter.shape().stream().map(Integer::longValue).toList()));
    }
    try (SafetensorsWriter writer =
        SafetensorsWriter.create(out, SafetensorsFormat.metadata(trained.classNames()), tensors)) {
      try {
        names.forEach((own, name) -> writer.write(name, trained.read(own).values()));
      } catch (RuntimeException e) {
        writer.abandon();
        throw e;
      }
    }
    return List.of("A .safetensors file holds the weights and the names of the classes alone.");
  }
}
