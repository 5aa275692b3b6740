package org.alexnet.program;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import org.alexnet.UsageException;
import org.alexnet.network.LocalResponseNorm;
import org.alexnet.network.LocalResponseNorm.Convention;
import org.alexnet.network.LocalResponseNorm.Region;
import org.alexnet.network.Network;
import org.junit.jupiter.api.Test;

/** Networks cut into columns, on one device or several. */
class ColumnsTest {
  private static final List<String> TWO = List.of("cpu:0", "cpu:1");

  /** The second convolution keeps to its columns; the classifier reads both. */
  private static final Network NETWORK =
      Programs.network(
          Programs.conv("conv1", 4, 1, 2),
          Programs.conv("conv2", 6, 2, 2),
          Programs.fc("fc3", 3, 1));

  private static CompiledNetwork on(List<String> devices) {
    return CompiledNetwork.of(NETWORK, 5, Placement.of(NETWORK, devices, false), List.of());
  }

  @Test
  void placements() {
    Placement two = Placement.of(NETWORK, TWO, false);
    assertEquals(List.of(0, 1), two.devices());
    assertEquals(2, two.deviceCount());
    assertTrue(two.cut());
    assertEquals(1, two.first(1));
    Placement both = Placement.of(NETWORK, List.of("cpu:1", "cpu:1"), false);
    assertEquals(List.of(0, 0), both.devices());
    assertEquals(1, both.deviceCount());
    assertEquals(Placement.WHOLE, Placement.of(NETWORK, List.of("cpu:1"), false));
    assertFalse(Placement.WHOLE.cut());
    assertEquals(List.of(0, 0), Placement.of(NETWORK, List.of(), true).devices());
  }

  @Test
  void devicesThatTheColumnsCannotBeSpreadOver() {
    List<String> three = List.of("cpu:0", "cpu:1", "cpu:2");
    assertEquals(
        "net has 2 columns and cannot be spread over the 3 devices cpu:0,cpu:1,cpu:2; give one"
            + " device, or 2.",
        assertThrows(UsageException.class, () -> Placement.of(NETWORK, three, false)).getMessage());
    Network one = Programs.network(Programs.fc("fc1", 3, 1));
    assertEquals(
        "net has 1 column and cannot be spread over the 2 devices cpu:0,cpu:1; give one device.",
        assertThrows(UsageException.class, () -> Placement.of(one, TWO, false)).getMessage());
  }

  @Test
  void columnsOnTwoDevices() {
    assertEquals(
        List.of(
            "LoadInput: input.mean -> data, labels",
            "LoadInput: input.mean b -> data b, labels b",
            "Convolution: data, conv1.weight, conv1.bias -> conv1",
            "Convolution: data b, conv1.weight b, conv1.bias b -> conv1 b",
            "Convolution: conv1, conv2.weight, conv2.bias -> conv2",
            "Convolution: conv1 b, conv2.weight b, conv2.bias b -> conv2 b",
            "Transfer: conv2 b -> conv2.from.b",
            "Concatenate: conv2, conv2.from.b -> conv2.joined",
            "FullyConnected: conv2.joined, fc3.weight, fc3.bias -> logits",
            "SoftmaxCrossEntropy: logits, labels -> probabilities, loss, finite"),
        Programs.lines(on(TWO).evaluate()));
  }

  @Test
  void columnsOnOneDeviceTransferNothing() {
    List<String> lines = Programs.lines(on(List.of("cpu:0", "cpu:0")).evaluate());
    assertTrue(lines.contains("Concatenate: conv2, conv2 b -> conv2.joined"), lines.toString());
    assertFalse(lines.stream().anyMatch(line -> line.startsWith("Transfer")), lines.toString());
  }

  @Test
  void aColumnHasItsPartOfTheParameters() {
    CompiledNetwork programs = on(TWO);
    for (Tensor tensor : programs.train().tensors()) {
      switch (tensor.name()) {
        case "conv1.weight" -> assertEquals(new Shape(2, 2, 3, 3), tensor.shape());
        case "conv2.weight" -> assertEquals(new Shape(3, 2, 3, 3), tensor.shape());
        case "conv2.bias" -> assertEquals(new Shape(1, 3, 1, 1), tensor.shape());
        case "fc3.weight" -> assertEquals(new Shape(3, 216, 1, 1), tensor.shape());
        default -> {}
      }
    }
    assertEquals(
        new Shape(6, 2, 3, 3),
        programs.tensor(StepProgram.Phase.TRAIN, "conv2.weight").shape(),
        "whole, as files have it");
  }

  /** The gradient goes back the way that the values came. */
  @Test
  void transfersComeBackByThemselves() {
    List<String> lines = Programs.lines(on(TWO).train());
    int slice = lines.indexOf("Slice: conv2.joined.grad -> conv2.from.b.grad");
    int back = lines.indexOf("Transfer: conv2.from.b.grad -> conv2.grad b");
    assertTrue(slice > 0 && back > slice, String.join("\n", lines));
    assertTrue(lines.contains("Slice: conv2.joined.grad -> conv2.grad"), lines.toString());
  }

  /** conv2 there, its gradient back, and the flag of a finite loss. */
  @Test
  void trafficIsCounted() {
    long conv2 = 5L * 3 * 6 * 6 * Float.BYTES;
    long[][] traffic = on(TWO).traffic();
    assertArrayEquals(new long[] {0, conv2 + Float.BYTES}, traffic[0]);
    assertArrayEquals(new long[] {conv2, 0}, traffic[1]);
    assertArrayEquals(new long[][] {{0}}, on(List.of("cpu:0", "cpu:0")).traffic());
  }

  /** Where both columns read all of a layer, each contributes to its gradient. */
  @Test
  void contributionsAreAddedUp() {
    Network crossed =
        Programs.network(
            Programs.conv("conv1", 4, 1, 2),
            Programs.conv("conv2", 6, 1, 2),
            Programs.fc("fc3", 3, 1));
    Placement one = new Placement(List.of(0, 0));
    List<String> lines = Programs.lines(CompiledNetwork.of(crossed, 1, one, List.of()).train());
    assertTrue(
        lines.contains("Add: conv1.joined.grad.0, conv1.joined.grad.1 b -> conv1.joined.grad"),
        String.join("\n", lines));
  }

  @Test
  void groupsThatKeepToOtherColumns() {
    Network misfit = Programs.network(Programs.conv("conv1", 4, 2, 2), Programs.fc("fc2", 3, 1));
    Placement two = Placement.of(misfit, TWO, false);
    assertEquals(
        "layer conv1: its groups keep to 2 columns, and its input has 1 column; it cannot be spread"
            + " over devices",
        assertThrows(
                IllegalArgumentException.class, () -> CompiledNetwork.of(misfit, 1, two, List.of()))
            .getMessage());
  }

  @Test
  void normsAcrossColumns() {
    Network normed =
        Programs.network(
            Programs.conv("conv1", 4, 1, 2),
            new LocalResponseNorm("norm1", Region.ACROSS_MAPS, 3, 1, 1, 1, Convention.SUM, 1),
            Programs.fc("fc2", 3, 1));
    Placement two = Placement.of(normed, TWO, false);
    assertEquals(
        "layer norm1: groups is 1, must be a multiple of the 2 columns of its input to be spread"
            + " over devices",
        assertThrows(
                IllegalArgumentException.class, () -> CompiledNetwork.of(normed, 1, two, List.of()))
            .getMessage());
  }
}
