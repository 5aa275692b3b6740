"""Checks scores and gradients of cuda-convnet's layer files against PyTorch in float64.

Usage: PYTHONPATH=DIR python3 benchmarks/peers/check_layer_files.py RELEASE [LAYERS PARAMS ...]
    [--backend cpu] [--images 2]

DIR holds PyTorch, RELEASE the authors' sources (computerhistory/AlexNet-Source-Code). LAYERS and
PARAMS are files there; by default two for CIFAR-10 and one for four GPUs. The layers are read here
by a reader of its own, after layer.py and layer.cu of the release; of the engine come the names of
its parameters alone. Weights and images are drawn until results do not hang by a thread. Scores may
be off by 1e-4 of the largest, gradients by 1e-3 of the largest of their tensor: those come from the
momentum after one step without dropout and decay. Exits 1 if anything is off by more.
"""

import argparse
import configparser
import json
import math
import os
import re
import shlex
import subprocess
import sys
import tempfile

import torch
import torch.nn.functional as F

from check_models import ROOT, Report, double, error, float32, load, save

FILES = [
    ("example-layers/layers-18pct.cfg", "example-layers/layer-params-18pct.cfg"),
    ("example-layers/layers-conv-local-13pct.cfg", "example-layers/layer-params-conv-local-13pct.cfg"),
    ("layers/layers-120-4gpu.cfg", "layers/layer-params-120-4gpu.cfg"),
]
RATE = float32(0.001)


def sections(path):
    parser = configparser.RawConfigParser()
    parser.read(path)
    return {name: dict(parser.items(name)) for name in parser.sections()}


def numbers(section, key, count, otherwise):
    """One value for each input."""
    text = section.get(key)
    return [float(n) for n in text.split(",")] if text else [otherwise] * count


def windows(x, size, stride, padding):
    """Zeros around images, so that 1 + ceil((2 padding + image - size) / stride) windows fit."""
    edge = x.shape[2]
    count = 1 + math.ceil((2 * padding + edge - size) / stride)
    behind = (count - 1) * stride + size - edge - padding
    return F.pad(x, (padding, behind, padding, behind))


def gaussian(section):
    size, deviation = int(section["filtersize"]), float(section["stdev"])
    line = torch.tensor(
        [math.exp(-(size // 2 - i) ** 2 / (2 * deviation**2)) for i in range(size)])
    return line / line.sum()


class Net:
    """A network of two files. Parameters are found by name: NAME where all inputs are joined, in the
    order of the file, else NAME_i for input i, or rows of the concatenation that softmax reads."""

    def __init__(self, layers, params):
        self.layers, self.params = sections(layers), sections(params)
        self.order = list(self.layers)

    def inputs(self, section):
        return [name.strip() for name in section["inputs"].split(",")]

    def weights(self, w, name, i, sizes):
        """Of input i, whose parts along the second axis have the given sizes, and a bias."""
        sources = self.inputs(self.layers[name])
        if name + f"_{i}.weight" in w:
            bias = w[name + "_0.bias"] if i == 0 else None
            return w[name + f"_{i}.weight"], bias
        weight, bias = self.rows(w, name)
        ordered = sorted(range(len(sources)), key=lambda k: (self.order.index(sources[k]), k))
        if len(sources) > 1:
            start = sum(sizes[k] for k in ordered[:ordered.index(i)])
            weight = weight[:, start:start + sizes[i]]
        return weight, bias if i == 0 else None

    def rows(self, w, name):
        if name + ".weight" in w:
            return w[name + ".weight"], w[name + ".bias"]
        for other, section in self.layers.items():
            if section["type"] == "concat" and name in self.inputs(section):
                parts = self.inputs(section)
                at = sum(int(self.layers[p]["outputs"]) for p in parts[:parts.index(name)])
                end = at + int(self.layers[name]["outputs"])
                return w[other + ".weight"][at:end], w[other + ".bias"][at:end]
        raise SystemExit(f"no weights of {name}")

    def filters(self, w, name, section, xs, local):
        total = None
        n = len(xs)
        for i, x in enumerate(xs):
            size, stride, padding, groups = (
                int(numbers(section, key, n, otherwise)[i])
                for key, otherwise in (
                    ("filtersize", None), ("stride", 1), ("padding", 0), ("groups", 1)))
            weight, bias = self.weights(w, name, i, [x.shape[1] for x in xs])
            x = windows(x, size, stride, padding)
            if local:
                edge = (x.shape[2] - size) // stride + 1
                assert groups == 1
                columns = F.unfold(x, size, stride=stride)
                positions = weight.reshape(edge * edge, weight.shape[2], -1)
                y = torch.einsum("nkl,lok->nol", columns, positions)
                y = y.reshape(len(x), weight.shape[2], edge, edge)
            else:
                y = F.conv2d(x, weight, None, stride, 0, 1, groups)
            if bias is not None:
                y = y + (bias if bias.dim() == 3 else bias[:, None, None])
            total = y if total is None else total + y
        return total

    def connected(self, w, name, xs):
        # What is joined are channels; the numbers of each lie together.
        xs = [x.flatten(1) for x in xs]
        total = None
        for i, x in enumerate(xs):
            weight, bias = self.weights(w, name, i, [x.shape[1] for x in xs])
            y = F.linear(x, weight, bias)
            total = y if total is None else total + y
        return total

    def norm(self, kind, name, section, x):
        own = {**section, **self.params.get(name, {})}
        size = int(own.get("size", own.get("sizex")))
        scale, power = float32(float(own["scale"])), float32(float(own["pow"]))
        if kind == "cmrnorm":
            k = float32(float(own.get("mindiv", 1)))
            return F.local_response_norm(x, size, scale, power, k)
        inside = F.avg_pool2d(x, size, 1, size // 2, count_include_pad=False)
        centred = x - inside if kind == "cnorm" else x
        squares = F.avg_pool2d(centred**2, size, 1, size // 2, count_include_pad=True)
        return x * (1 + scale * squares) ** -power

    def neuron(self, text, x):
        functions = {"ident": lambda x: x, "relu": F.relu, "logistic": torch.sigmoid,
                     "tanh": torch.tanh, "abs": torch.abs, "square": lambda x: x * x}
        return functions[text](x)

    def scores(self, w, images, testing):
        acts = {}
        for name, section in self.layers.items():
            kind = section["type"]
            if kind == "data":
                acts[name] = images
                continue
            if kind == "softmax":
                return acts[self.inputs(section)[0]]
            xs = [acts[source] for source in self.inputs(section)]
            if kind in ("conv", "local"):
                y = self.filters(w, name, section, xs, kind == "local")
            elif kind == "fc":
                y = self.connected(w, name, xs)
            elif kind == "concat":
                y = torch.cat(xs, 1)
            elif kind == "pool":
                assert int(section.get("start", 0)) == 0 and int(section.get("outputsx", 0)) == 0
                size, stride = int(section["sizex"]), int(section["stride"])
                pool = F.max_pool2d if section["pool"] == "max" else F.avg_pool2d
                y = pool(xs[0], size, stride, ceil_mode=True)
            elif kind in ("rnorm", "cnorm", "cmrnorm"):
                y = self.norm(kind, name, section, xs[0])
            elif kind == "hs":
                y = xs[0] * float(section["keep"]) if testing else xs[0]
            elif kind == "blur":
                line = gaussian(section).to(images.dtype)
                channels = xs[0].shape[1]
                square = (line[:, None] * line[None, :]).expand(channels, 1, -1, -1)
                y = F.conv2d(xs[0], square, padding=len(line) // 2, groups=channels)
            elif kind == "nailbed":
                stride, edge = int(section["stride"]), xs[0].shape[2]
                start = (edge - stride * ((edge - 1) // stride)) // 2  # as many before as behind
                y = xs[0][:, :, start::stride, start::stride]
            else:
                raise SystemExit(f"{name}: {kind} is not known here")
            acts[name] = self.neuron(section.get("neuron", "ident"), y)
        raise SystemExit("no softmax")

    def gradients(self, w, x, y):
        leaves = {name: tensor.clone().requires_grad_() for name, tensor in w.items()}
        F.cross_entropy(self.scores(leaves, x, False), y).backward()
        # Parts behind the first have biases of the engine's that stay 0.
        return {name: leaf.grad for name, leaf in leaves.items() if leaf.grad is not None}


def spread(name, w, last):
    """Weights with which activations are as large as pixels, where norms act, and scores are not.
    Biases of the engine's that a layer of several inputs has beyond its own stay 0."""
    if w.dim() in (1, 3):
        return torch.zeros_like(w) if re.search(r"_[1-9]\d*\.bias$", name) else torch.randn_like(w)
    inputs = w[0, 0, 0].numel() if w.dim() == 6 else w[0].numel()
    return torch.randn_like(w) * (2 / inputs) ** 0.5 * (0.02 if last else 1)


def well_conditioned(net, start, edge, classes, images):
    """Weights and images whose gradients move little where weights move by a millionth."""
    best = None
    for seed in range(1, 20):
        torch.manual_seed(seed)
        last = list(start)[-2]
        initial = {t: spread(t, w, t == last) for t, w in start.items()}
        x = torch.randint(0, 256, (images, 3, edge, edge)).float() - 120
        y = torch.randint(0, classes, (images,))
        exact = double(initial)
        moved = {t: w * (1 + 1e-6 * torch.randn_like(w)) for t, w in exact.items()}
        one, other = (net.gradients(w, x.double(), y) for w in (exact, moved))
        change = max(error(one[t], other[t]) for t in one)
        if best is None or change < best[0]:
            best = (change, seed, initial, x, y, one)
        if change < 1e-4:
            return best
    raise SystemExit(f"no well-conditioned images found; the best move by {best[0]:.1e}")


def check(layers, params, options, folder):
    net = Net(layers, params)
    file = os.path.join(folder, "net.json")

    def engine(*arguments, out=subprocess.DEVNULL):
        command = shlex.split(options.alexnet) + [str(a) for a in arguments]
        return subprocess.run(command, check=True, stdout=out, stderr=subprocess.DEVNULL).stdout

    # Rates and momentum are of the file as it was read; the names below are those of its records.
    files = ("--model", layers, "--params", params)
    described = json.loads(engine("summary", *files, "--show", "network", out=subprocess.PIPE))
    with open(file, "w") as out:
        json.dump(described, out)
    edge = described["input"]["size"]
    factors = {}
    for layer in described["layers"]:
        for kind in ("weight", "bias"):
            if kind in layer:
                factors[layer["name"] + "." + kind] = layer[kind]["rate"]
    start = os.path.join(folder, "start.safetensors")
    engine("init", *files, "--seed", 5, "--out", start)
    shapes = load(start)
    classes = [w.shape[0] for w in shapes.values()][-1]
    images = options.images
    moved, seed, initial, x, y, gradients = well_conditioned(net, shapes, edge, classes, images)
    name = os.path.basename(layers)
    print(f"{name:24s} {len(shapes)} tensors, images and weights of seed {seed}; "
          f"a millionth moves gradients by {moved:.1e}", flush=True)
    save(start, initial)
    data = os.path.join(folder, "data.safetensors")
    save(data, {"images": x, "labels": y})

    report = Report(name)
    scores = os.path.join(folder, "scores.safetensors")
    engine("predict", *files, "--weights", start, "--data", data, "--batch", images, "--backend",
           options.backend, "--out", scores)
    with torch.no_grad():
        logits = net.scores(double(initial), x.double(), True)
    report.same("scores", 1e-4, {"logits": logits, "probabilities": logits.softmax(1)}, load(scores))

    run = os.path.join(folder, "run")
    engine("train", *files, "--data", data, "--backend", options.backend, "--out", run,
           "--epochs", 1, "--batch", images, "--no-dropout", "--no-shuffle", "--augment", "none",
           "--lr", f"{RATE:.6g}", "--momentum", 0, "--weight-decay", 0, "--init", start)
    v = load(os.path.join(run, "optimizer.safetensors"))
    learned = [t for t in initial if factors.get(t, 0) > 0]
    got = {t: -v[t].double() / (RATE * factors[t]) for t in learned}
    report.same("gradient", 1e-3, {t: gradients[t] for t in learned}, got)
    return report.failed


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("release")
    parser.add_argument("files", nargs="*", metavar="LAYERS PARAMS")
    parser.add_argument("--backend", default="cpu")
    parser.add_argument("--images", type=int, default=2)
    parser.add_argument("--alexnet", default=os.path.join(ROOT, "alexnet"))
    options = parser.parse_args()
    pairs = list(zip(options.files[::2], options.files[1::2])) or FILES
    print(f"PyTorch {torch.__version__}, {options.images} images")
    failed = False
    for layers, params in pairs:
        with tempfile.TemporaryDirectory(prefix="alexnet-check-") as folder:
            paths = [os.path.join(options.release, path) for path in (layers, params)]
            failed |= check(*paths, options, folder)
    sys.exit(1 if failed else 0)


if __name__ == "__main__":
    main()
