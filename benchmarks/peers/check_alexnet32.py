"""Checks scores, gradients and training steps of alexnet-32 against PyTorch in float64.

Usage: PYTHONPATH=DIR python3 benchmarks/peers/check_alexnet32.py [--backend cpu] [--keep DIR]

DIR holds PyTorch. The command line of this engine trains on random floating-point images, without
dropout, shuffling and augmentation; its initial weights, its momentum and its weights after six
steps (the rate falls after three, the third of each epoch is a partial batch) are read from its
run folders and computed again here. Printed is, for each tensor, the largest difference as a share
of its largest number. Exits 1 if one is above its bound.
"""

import argparse
import json
import os
import shlex
import subprocess
import sys
import tempfile

import torch
import torch.nn.functional as F

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
IMAGES = 20
BATCH = 8
TYPES = {"F32": torch.float32, "I64": torch.int64}


def float32(value):
    """The float32 that the engine has for a decimal number, as a double."""
    return torch.tensor(value, dtype=torch.float32).double().item()


RATE, MOMENTUM, DECAY = float32(0.02), float32(0.9), float32(0.0005)
FALLEN = float32(RATE * 0.1)


def save(path, tensors):
    """Writes safetensors: length of the header, the header, the numbers."""
    names = {torch.float32: "F32", torch.int64: "I64"}
    header, at = {}, 0
    for name, tensor in tensors.items():
        size = tensor.numel() * tensor.element_size()
        header[name] = {"dtype": names[tensor.dtype], "shape": list(tensor.shape),
                        "data_offsets": [at, at + size]}
        at += size
    text = json.dumps(header).encode()
    text += b" " * (-len(text) % 8)
    with open(path, "wb") as file:
        file.write(len(text).to_bytes(8, "little") + text)
        for tensor in tensors.values():
            file.write(bytes(tensor.contiguous().flatten().view(torch.uint8).tolist()))


def load(path):
    with open(path, "rb") as file:
        data = file.read()
    start = 8 + int.from_bytes(data[:8], "little")
    tensors = {}
    for name, info in json.loads(data[8:start]).items():
        if name != "__metadata__":
            first, end = info["data_offsets"]
            part = bytearray(data[start + first:start + end])
            tensors[name] = torch.frombuffer(part, dtype=TYPES[info["dtype"]]).reshape(info["shape"])
    return tensors


def scores(w, x):
    for layer in ("conv1", "conv2", "conv3"):
        x = F.conv2d(x, w[layer + ".weight"], w[layer + ".bias"], padding=1)
        x = F.max_pool2d(F.relu(x), 2)
    x = F.relu(F.linear(x.flatten(1), w["fc1.weight"], w["fc1.bias"]))
    return F.linear(x, w["fc2.weight"], w["fc2.bias"])


def gradients(w, x, y):
    leaves = {name: tensor.clone().requires_grad_() for name, tensor in w.items()}
    F.cross_entropy(scores(leaves, x), y).backward()
    return {name: leaf.grad for name, leaf in leaves.items()}


def step(w, v, x, y, rate):
    """The paper's rule, in place; biases do not decay."""
    for name, g in gradients(w, x, y).items():
        decay = 0 if name.endswith(".bias") else DECAY
        v[name] = MOMENTUM * v[name] - decay * rate * w[name] - rate * g
        w[name] = w[name] + v[name]


def double(tensors):
    return {name: tensor.double() for name, tensor in tensors.items()}


class Report:
    def __init__(self):
        self.failed = False

    def compare(self, what, bound, expected, got):
        worst = ("", 0.0)
        for name in expected:
            scale = expected[name].abs().max().item()
            difference = (got[name].double() - expected[name]).abs().max().item() / scale
            print(f"  {what:10s} {name:14s} {difference:.2e}")
            worst = max(worst, (name, difference), key=lambda entry: entry[1])
        self.failed |= not worst[1] <= bound
        print(f"{what}: {worst[1]:.2e} at most, in {worst[0]} (bound {bound:.0e})")


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--backend", default="cpu")
    parser.add_argument("--alexnet", default=os.path.join(ROOT, "alexnet"))
    parser.add_argument("--keep", help="folder for data and runs, which must be new")
    options = parser.parse_args()
    folder = options.keep or tempfile.mkdtemp(prefix="alexnet-check-")
    os.makedirs(folder, exist_ok=True)

    torch.manual_seed(1)
    x = torch.randn(IMAGES, 3, 32, 32) * 0.3
    y = torch.randint(0, 10, (IMAGES,))
    data = os.path.join(folder, "data.safetensors")
    save(data, {"images": x, "labels": y})
    x = x.double()

    def engine(*arguments):
        command = shlex.split(options.alexnet) + [str(a) for a in arguments]
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL)

    def train(name, *arguments):
        out = os.path.join(folder, name)
        engine("train", "--data", data, "--backend", options.backend, "--out", out, "--no-dropout",
               "--no-shuffle", "--augment", "none", *arguments)
        return (load(os.path.join(out, "model.safetensors")),
                load(os.path.join(out, "optimizer.safetensors")), out)

    report = Report()
    initial, zero, start = train("start", "--epochs", 0)
    assert all(not tensor.any() for tensor in zero.values())

    file = os.path.join(folder, "scores.safetensors")
    engine("predict", start, "--data", data, "--backend", options.backend, "--out", file)
    logits = scores(double(initial), x)
    report.compare("scores", 1e-5,
                   {"logits": logits, "probabilities": logits.softmax(1)}, load(file))

    _, v, _ = train("one", "--epochs", 1, "--batch", IMAGES)
    got = {}
    for name in initial:
        decay = 0 if name.endswith(".bias") else DECAY
        got[name] = -v[name].double() / RATE - decay * initial[name].double()
    report.compare("gradient", 1e-5, gradients(double(initial), x, y), got)

    w, v, _ = train("six", "--epochs", 2, "--batch", BATCH, "--schedule", "step:1")
    expected, momentum = double(initial), double(zero)
    for rate in (RATE, FALLEN):
        for first in range(0, IMAGES, BATCH):
            step(expected, momentum, x[first:first + BATCH], y[first:first + BATCH], rate)
    report.compare("momentum", 1e-4, momentum, v)
    report.compare("weights", 1e-4, expected, w)
    change = {name: expected[name] - initial[name].double() for name in initial}
    report.compare("change", 1e-4, change,
                   {name: w[name].double() - initial[name].double() for name in w})
    sys.exit(1 if report.failed else 0)


if __name__ == "__main__":
    main()
