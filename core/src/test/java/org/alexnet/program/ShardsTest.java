package org.alexnet.program;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.util.List;
import org.alexnet.AlexNetException;
import org.alexnet.UsageException;
import org.alexnet.network.Input;
import org.alexnet.network.Network;
import org.alexnet.network.SoftmaxCrossEntropy;
import org.junit.jupiter.api.Test;

/** Batches cut into shards, alone and before columns, on one device or several. */
class ShardsTest {
  private static final List<String> TWO = List.of("cpu:0", "cpu:1");

  private static final Network NETWORK =
      Programs.network(Programs.conv("conv1", 4, 1, 1), Programs.fc("fc2", 3, 1));

  private static CompiledNetwork on(Parallelism way, int shards, List<String> devices) {
    return CompiledNetwork.of(NETWORK, 5, Placement.shards(way, shards, devices), List.of());
  }

  @Test
  void placements() {
    Placement two = Placement.shards(Parallelism.DATA, 4, TWO);
    assertEquals(List.of(0, 0, 1, 1), two.devices());
    assertEquals(4, two.shards());
    Placement one = Placement.shards(Parallelism.HYBRID, 4, List.of());
    assertEquals(List.of(0, 0, 0, 0), one.devices());
    Placement twice = Placement.shards(Parallelism.DATA, 4, List.of("b", "a", "b", "a"));
    assertEquals(List.of(0, 1, 0, 1), twice.devices());
    assertEquals(1, Placement.WHOLE.shards());
  }

  @Test
  void devicesThatTheShardsCannotBeSpreadOver() {
    assertEquals(
        "4 shards cannot be spread over the 3 devices a,b,c; name one device, or 2 or 4 (devices).",
        assertThrows(
                UsageException.class,
                () -> Placement.shards(Parallelism.DATA, 4, List.of("a", "b", "c")))
            .getMessage());
  }

  @Test
  void batchesWithFewerImagesThanShards() {
    Placement six = Placement.shards(Parallelism.DATA, 6, List.of());
    assertEquals(
        "A batch of 5 cannot be cut into 6 shards: each has one image at least; use a larger batch"
            + " (batch) or fewer devices (devices).",
        assertThrows(UsageException.class, () -> CompiledNetwork.of(NETWORK, 5, six, List.of()))
            .getMessage());
  }

  @Test
  void names() {
    assertEquals(Parallelism.AUTO, Parallelism.named("auto"));
    assertEquals(Parallelism.DATA, Parallelism.named("data"));
    assertEquals(
        "There is no way \"model\" to cut a step; there are: auto, columns, data, hybrid.",
        assertThrows(AlexNetException.class, () -> Parallelism.named("model")).getMessage());
  }

  /** Every shard has the network, a part of the batch, and the parameters of its device. */
  @Test
  void shardsOnTwoDevices() {
    assertEquals(
        List.of(
            "LoadInput: input.mean -> data, labels",
            "LoadInput: input.mean b -> data b, labels b",
            "Convolution: data, conv1.weight, conv1.bias -> conv1",
            "Convolution: data b, conv1.weight b, conv1.bias b -> conv1 b",
            "FullyConnected: conv1, fc2.weight, fc2.bias -> logits",
            "FullyConnected: conv1 b, fc2.weight b, fc2.bias b -> logits b",
            "SoftmaxCrossEntropy: logits, labels -> probabilities, loss, finite.a",
            "SoftmaxCrossEntropy: logits b, labels b -> probabilities b, loss b, finite.b b"),
        Programs.lines(on(Parallelism.DATA, 2, TWO).evaluate()));
  }

  /** The sum is made in the order of the shards and is given to all. */
  @Test
  void gradientsAreSummedUpBeforeTheUpdate() {
    List<String> lines = Programs.lines(on(Parallelism.DATA, 2, TWO).train());
    assertEquals(
        List.of(
            "Transfer: fc2.weight.grad.a -> fc2.weight.grad.a.from.a b",
            "Add: fc2.weight.grad.a.from.a b, fc2.weight.grad.b b -> fc2.weight.grad b",
            "Transfer: fc2.weight.grad b -> fc2.weight.grad",
            "Update: fc2.weight, fc2.weight.momentum, fc2.weight.grad, finite -> fc2.weight,"
                + " fc2.weight.momentum, fc2.weight.grad.squares",
            "Update: fc2.weight b, fc2.weight.momentum b, fc2.weight.grad b, finite.from.a b ->"
                + " fc2.weight b, fc2.weight.momentum b, fc2.weight.grad.squares b"),
        lines.stream()
            .filter(line -> line.contains("fc2.weight.grad") && !line.contains("Backward"))
            .toList());
  }

  /** Large gradients go from device to device in slices that follow one another. */
  @Test
  void largeGradientsAreSummedUpInSlices() {
    Network large =
        Network.chain(
            "large",
            new Input(2, 64, 64, 1),
            List.of(Programs.fc("fc1", 70, 1), new SoftmaxCrossEntropy("softmax")));
    Placement two = Placement.shards(Parallelism.DATA, 2, TWO);
    List<String> lines = Programs.lines(CompiledNetwork.of(large, 2, two, List.of()).train());
    assertEquals(
        List.of(
            "Slice: fc1.weight.grad.a -> fc1.weight.grad.a.slice.0",
            "Slice: fc1.weight.grad.a -> fc1.weight.grad.a.slice.1",
            "Slice: fc1.weight.grad.b b -> fc1.weight.grad.b.slice.0 b",
            "Slice: fc1.weight.grad.b b -> fc1.weight.grad.b.slice.1 b",
            "Transfer: fc1.weight.grad.a.slice.0 -> fc1.weight.grad.a.slice.0.from.a b",
            "Add: fc1.weight.grad.a.slice.0.from.a b, fc1.weight.grad.b.slice.0 b ->"
                + " fc1.weight.grad.slice.0 b",
            "Transfer: fc1.weight.grad.a.slice.1 -> fc1.weight.grad.a.slice.1.from.a b",
            "Add: fc1.weight.grad.a.slice.1.from.a b, fc1.weight.grad.b.slice.1 b ->"
                + " fc1.weight.grad.slice.1 b",
            "Concatenate: fc1.weight.grad.slice.0 b, fc1.weight.grad.slice.1 b ->"
                + " fc1.weight.grad b",
            "Transfer: fc1.weight.grad.slice.0 b -> fc1.weight.grad.slice.0",
            "Transfer: fc1.weight.grad.slice.1 b -> fc1.weight.grad.slice.1",
            "Concatenate: fc1.weight.grad.slice.0, fc1.weight.grad.slice.1 -> fc1.weight.grad"),
        lines.stream()
            .filter(line -> line.contains("fc1.weight.grad") && !line.matches("(Fully|Update).*"))
            .toList());
    Placement one = Placement.shards(Parallelism.DATA, 2, List.of());
    assertFalse(
        Programs.lines(CompiledNetwork.of(large, 2, one, List.of()).train()).stream()
            .anyMatch(line -> line.startsWith("Slice")),
        "nothing is sent");
  }

  /** One shard's loss stops the learning of all. */
  @Test
  void flagsAreJoined() {
    List<String> lines = Programs.lines(on(Parallelism.DATA, 2, TWO).train());
    assertEquals(
        List.of(
            "Transfer: finite.b b -> finite.b.from.b",
            "Minimum: finite.a, finite.b.from.b -> finite",
            "Transfer: finite -> finite.from.a b"),
        lines.stream()
            .filter(line -> line.contains("finite") && !line.matches("(Softmax|Update).*"))
            .toList());
  }

  @Test
  void shardsOnOneDeviceShareItsParametersAndTransferNothing() {
    List<String> lines = Programs.lines(on(Parallelism.DATA, 2, List.of("cpu:1")).train());
    assertEquals(
        1, lines.stream().filter(line -> line.startsWith("Update: conv1.weight,")).count());
    assertFalse(lines.stream().anyMatch(line -> line.startsWith("Transfer")), lines.toString());
  }

  /** 128 over 3 is 43, 43 and 42; here 5 over 3. */
  @Test
  void shardsOfABatchThatDoesNotDivide() {
    assertEquals(
        List.of(2, 2, 1),
        on(Parallelism.DATA, 3, List.of()).train().losses().stream()
            .map(loss -> loss.loss().shape().n())
            .toList());
    assertEquals(
        List.of(0, 2, 4),
        on(Parallelism.DATA, 3, List.of()).train().losses().stream()
            .map(Op.SoftmaxCrossEntropy::first)
            .toList());
  }

  /** Filters have shards; weights of fully-connected layers have columns and do not travel. */
  @Test
  void columnsBehindShards() {
    assertEquals(
        List.of(
            "LoadInput: input.mean -> data, labels",
            "LoadInput: input.mean b -> data b, labels b",
            "Convolution: data, conv1.weight, conv1.bias -> conv1",
            "Convolution: data b, conv1.weight b, conv1.bias b -> conv1 b",
            "Transfer: conv1 b -> conv1.from.b",
            "Concatenate: conv1, conv1.from.b -> conv1.joined",
            "Transfer: conv1 -> conv1.from.a b",
            "Concatenate: conv1.from.a b, conv1 b -> conv1.joined b",
            "FullyConnected: conv1.joined, fc2.weight, fc2.bias -> logits",
            "FullyConnected: conv1.joined b, fc2.weight b, fc2.bias b -> logits b",
            "Transfer: logits b -> logits.from.b",
            "Concatenate: logits, logits.from.b -> logits.joined",
            "Transfer: labels b -> labels.from.b",
            "Concatenate: labels, labels.from.b -> labels.joined",
            "SoftmaxCrossEntropy: logits.joined, labels.joined -> probabilities, loss, finite"),
        Programs.lines(on(Parallelism.HYBRID, 2, TWO).evaluate()));
    List<String> lines = Programs.lines(on(Parallelism.HYBRID, 2, TWO).train());
    assertEquals(
        List.of(), lines.stream().filter(line -> line.startsWith("Transfer: fc2.weight")).toList());
  }

  /** Outputs are cut as evenly as they can be; where they are too few the layer stays whole. */
  @Test
  void outputsThatDoNotDivide() {
    List<Shape> two =
        on(Parallelism.HYBRID, 2, List.of()).train().tensors().stream()
            .filter(tensor -> tensor.name().equals("fc2.weight"))
            .map(Tensor::shape)
            .toList();
    assertEquals(List.of(new Shape(2, 144, 1, 1), new Shape(1, 144, 1, 1)), two);
    List<Shape> four =
        on(Parallelism.HYBRID, 4, List.of()).train().tensors().stream()
            .filter(tensor -> tensor.name().equals("fc2.weight"))
            .map(Tensor::shape)
            .toList();
    assertEquals(List.of(new Shape(3, 144, 1, 1)), four);
  }

  /** Each gradient goes to the next device and its sum back. */
  @Test
  void trafficIsCounted() {
    long parameters = 4 * 2 * 9 + 4 + 3 * 144 + 3;
    long flag = 1;
    long[][] two = on(Parallelism.DATA, 2, TWO).traffic();
    assertArrayEquals(new long[] {0, (parameters + flag) * Float.BYTES}, two[0]);
    assertArrayEquals(new long[] {(parameters + flag) * Float.BYTES, 0}, two[1]);
    long[][] four = on(Parallelism.DATA, 4, List.of("a", "b", "c", "d")).traffic();
    assertArrayEquals(new long[] {flag * 4 + parameters * 4, 0, parameters * 4, 0}, four[1]);
    assertArrayEquals(new long[][] {{0}}, on(Parallelism.DATA, 4, List.of()).traffic());
  }
}
