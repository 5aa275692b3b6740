package org.alexnet.formats.pytorch;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.zip.ZipEntry;
import java.util.zip.ZipFile;
import org.alexnet.AlexNetException;
import org.alexnet.backend.Narrow;
import org.alexnet.exchange.Export;
import org.alexnet.exchange.Import;
import org.alexnet.exchange.ModelWriter;
import org.alexnet.exchange.ModelWriter.ParameterNames;
import org.alexnet.exchange.TrainedNetwork;
import org.alexnet.formats.MappedFile;
import org.alexnet.formats.Networks;
import org.alexnet.formats.Trained;
import org.alexnet.model.Models;
import org.alexnet.weights.Weights;
import org.alexnet.weights.format.WeightFiles;
import org.alexnet.weights.format.WeightSource;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Files that PyTorch reads; {@code benchmarks/peers/check_formats.py} has it read them. */
class PyTorchWriterTest {
  @TempDir Path dir;

  private Path export(Trained trained, ParameterNames names) {
    Path file = dir.resolve("weights.pth");
    try (TrainedNetwork network = trained.open()) {
      Export.writer(file).write(network, file, new ModelWriter.Options(names, 0, false));
    }
    return file;
  }

  @Test
  void whatIsWrittenIsReadBack() throws IOException {
    Trained trained = new Trained(Networks.columns(), dir);
    Path file = export(trained, ParameterNames.USUAL);
    try (WeightSource source = WeightFiles.open(file)) {
      var read = Weights.load(source, trained.model.network());
      trained.weights.forEach(
          (name, tensor) -> assertArrayEquals(tensor.values(), read.get(name).values(), name));
    }
    Path run = dir.resolve("run");
    Import.of(List.of(file)).model(trained.model).mean(trained.input).run(run);
    List<float[]> expected = trained.scores();
    List<float[]> got = trained.scores(run);
    for (int i = 0; i < expected.size(); i++) {
      assertArrayEquals(expected.get(i), got.get(i));
    }
  }

  @Test
  void torchvisionsNames() throws IOException {
    Trained trained = new Trained(Narrow.eighth(Models.named("alexnet-2014")).network(), dir);
    Path file = export(trained, ParameterNames.USUAL);
    try (WeightSource source = WeightFiles.open(file)) {
      assertTrue(source.tensors().containsKey("features.10.weight"), "" + source.tensors());
      assertTrue(source.tensors().containsKey("classifier.6.bias"));
      Weights.check(source, trained.model.network());
    }
    try (WeightSource source = WeightFiles.open(export(trained, ParameterNames.OWN))) {
      assertTrue(source.tensors().containsKey("conv5.weight"));
    }
    Trained other = new Trained(Networks.columns(), dir);
    AlexNetException e =
        assertThrows(AlexNetException.class, () -> export(other, ParameterNames.TORCHVISION));
    assertTrue(e.getMessage().startsWith("columns is no network of torchvision"), e.getMessage());
  }

  /** An archive like any other, whose storages may be mapped where they lie. */
  @Test
  void theArchive() throws IOException {
    Path file = export(new Trained(Networks.columns(), dir), ParameterNames.USUAL);
    try (ZipFile zip = new ZipFile(file.toFile());
        MappedFile mapped = MappedFile.open(file)) {
      for (ZipEntry entry : zip.stream().toList()) {
        zip.getInputStream(entry).readAllBytes(); // checks its checksum
      }
      assertEquals(
          "3\n", new String(zip.getInputStream(zip.getEntry("archive/version")).readAllBytes()));
      Map<String, MemorySegment> entries = ZipEntries.of(mapped);
      entries.forEach(
          (name, content) ->
              assertEquals(
                  0, (content.address() - mapped.bytes().address()) % 64, name + " is aligned"));
    }
    byte[] first = Files.readAllBytes(file);
    assertArrayEquals(
        first,
        Files.readAllBytes(export(new Trained(Networks.columns(), dir), ParameterNames.USUAL)));
  }
}
