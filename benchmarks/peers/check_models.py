"""Checks scores, gradients and training steps of every model against PyTorch in float64.

Usage: PYTHONPATH=DIR python3 benchmarks/peers/check_models.py [MODEL ...] [--backend cpu]

DIR holds PyTorch. The command line of this engine trains on random floating-point images at the
scale of its network's pixels, without dropout, shuffling and augmentation; its initial weights, its
momentum and its weights after six steps of one image (the rate falls after the third) are read from
its run folders and computed again here, in float64. Printed is, for each kind of
tensor, the largest difference as a share of the tensor's largest number. Scores may be off by 1e-5,
what six steps change by 1e-3, and a gradient by five times what PyTorch's own float32 is off.
Exits 1 if anything is off by more.
"""

import argparse
import ctypes
import json
import os
import shlex
import shutil
import subprocess
import sys
import tempfile

import torch
import torch.nn.functional as F

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
IMAGES = 3
BATCH = 1
TYPES = {"F32": torch.float32, "I64": torch.int64}


def float32(value):
    """The float32 that the engine has for a decimal number, as a double."""
    return torch.tensor(value, dtype=torch.float32).double().item()


MOMENTUM, DECAY = float32(0.9), float32(0.0005)


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
            tensor = tensor.contiguous()
            file.write(ctypes.string_at(tensor.data_ptr(), tensor.numel() * tensor.element_size()))


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


def conv(w, name, x, stride=1, padding=0, groups=1):
    return F.conv2d(x, w[name + ".weight"], w[name + ".bias"], stride, padding, 1, groups)


def linear(w, name, x):
    return F.linear(x, w[name + ".weight"], w[name + ".bias"])


def norm(x, alpha, k, groups, mean):
    """Across maps; PyTorch divides alpha by the five terms of a sum."""
    parts = x.chunk(groups, 1)
    alpha = alpha if mean else 5 * alpha
    return torch.cat([F.local_response_norm(p, 5, alpha, 0.75, k) for p in parts], 1)


def map_norm(x):
    """Within a map: the mean of squares over 5 x 5 pixels, zeros beyond the image counted."""
    mean = F.avg_pool2d(x * x, 5, 1, 2, count_include_pad=True)
    return x / (1 + 1e-3 * mean) ** 0.75


def pool(x):
    return F.max_pool2d(x, 3, 2)


def classify(w, x):
    x = F.relu(linear(w, "fc6", x.flatten(1)))
    return linear(w, "fc8", F.relu(linear(w, "fc7", x)))


def alexnet32(w, x):
    for name in ("conv1", "conv2", "conv3"):
        x = F.max_pool2d(F.relu(conv(w, name, x, padding=1)), 2)
    return linear(w, "fc2", F.relu(linear(w, "fc1", x.flatten(1))))


def alexnet2012(groups):
    def forward(w, x):
        x = pool(norm(F.relu(conv(w, "conv1", x, 4)), 1e-4, 2, groups, False))
        x = F.relu(conv(w, "conv2", x, 1, 2, groups))
        x = pool(norm(x, 1e-4, 2, groups, False))
        x = F.relu(conv(w, "conv3", x, 1, 1))
        x = F.relu(conv(w, "conv4", x, 1, 1, groups))
        return classify(w, pool(F.relu(conv(w, "conv5", x, 1, 1, groups))))

    return forward


def original(w, x):
    x = conv(w, "conv1", F.pad(x, (0, 3, 0, 3)), 4)
    x = F.relu(pool(norm(x, 1e-4, 2, 2, True)))
    x = norm(F.relu(conv(w, "conv2", x, 1, 2, 2)), 1e-4, 2, 2, True)
    x = pool(map_norm(x))
    x = F.relu(conv(w, "conv3", x, 1, 1))
    x = F.relu(conv(w, "conv4", x, 1, 1, 2))
    return classify(w, F.relu(pool(conv(w, "conv5", x, 1, 1, 2))))


def alexnet2014(w, x):
    x = pool(F.relu(conv(w, "conv1", x, 4, 2)))
    x = pool(F.relu(conv(w, "conv2", x, 1, 2)))
    for name in ("conv3", "conv4", "conv5"):
        x = F.relu(conv(w, name, x, 1, 1))
    return classify(w, pool(x))


def caffenet(w, x):
    x = norm(pool(F.relu(conv(w, "conv1", x, 4))), 1e-4, 1, 1, True)
    x = norm(pool(F.relu(conv(w, "conv2", x, 1, 2, 2))), 1e-4, 1, 1, True)
    x = F.relu(conv(w, "conv3", x, 1, 1))
    x = F.relu(conv(w, "conv4", x, 1, 1, 2))
    return classify(w, pool(F.relu(conv(w, "conv5", x, 1, 1, 2))))


class Model:
    """A network: its scores, the edge of its images, the scale of its pixels, how biases learn."""

    def __init__(self, scores, edge=227, scale=1.0, bias_rate=1.0, bias_decay=1.0, rate=0.001):
        self.scores, self.edge, self.scale = scores, edge, scale
        self.bias_rate, self.bias_decay = bias_rate, bias_decay
        self.classes = 10 if edge == 32 else 1000
        self.rate = float32(rate)
        self.fallen = float32(self.rate * 0.1)

    def factors(self, name):
        return (self.bias_rate, self.bias_decay) if name.endswith(".bias") else (1, 1)

    def gradients(self, w, x, y):
        leaves = {name: tensor.clone().requires_grad_() for name, tensor in w.items()}
        F.cross_entropy(self.scores(leaves, x), y).backward()
        return {name: leaf.grad for name, leaf in leaves.items()}

    def step(self, w, v, x, y, rate):
        """The paper's rule, in place."""
        for name, g in self.gradients(w, x, y).items():
            rate_factor, decay_factor = self.factors(name)
            e, decay = rate * rate_factor, DECAY * decay_factor
            v[name] = MOMENTUM * v[name] - decay * e * w[name] - e * g
            w[name] = w[name] + v[name]


MODELS = {
    "alexnet-32": Model(alexnet32, 32, 1 / 255, bias_decay=0, rate=0.02),
    "alexnet-2012": Model(alexnet2012(2)),
    "alexnet-2012-original": Model(original, 224, bias_rate=2, bias_decay=0),
    "alexnet-2012-ungrouped": Model(alexnet2012(1)),
    "alexnet-2014": Model(alexnet2014, 224, rate=0.0001),
    "caffenet": Model(caffenet, bias_rate=2, bias_decay=0),
}


def double(tensors):
    return {name: tensor.double() for name, tensor in tensors.items()}


def error(expected, got):
    return (got.double() - expected).abs().max().item() / expected.abs().max().item()


class Report:
    def __init__(self, model):
        self.model, self.failed = model, False

    def compare(self, what, bounds, expected, got):
        """Each tensor against its bound; the one nearest to it, or beyond it, is printed."""
        errors = {name: error(expected[name], got[name]) for name in expected}
        worst = max(errors, key=lambda name: errors[name] / bounds[name])
        bad = not errors[worst] <= bounds[worst]
        self.failed |= bad
        print(f"{self.model:24s} {what:10s} {errors[worst]:.2e} of at most {bounds[worst]:.1e} "
              f"in {worst}{'  FAILED' if bad else ''}", flush=True)

    def same(self, what, bound, expected, got):
        self.compare(what, {name: bound for name in expected}, expected, got)


def six_steps(model, initial, x, y):
    """The changes of the weights, and the momentum; the rate falls after the third step."""
    w = dict(initial)
    v = {t: torch.zeros_like(w[t]) for t in w}
    for rate in (model.rate, model.fallen):
        for i in range(IMAGES):
            model.step(w, v, x[i:i + 1], y[i:i + 1], rate)
    return {t: w[t] - initial[t] for t in w}, v


def well_conditioned(model, start):
    """Weights and images whose results do not hang by a thread: where weights moved by a millionth
    move them by little, and PyTorch's own float32 can follow its float64. Elsewhere the maximum of some pool is as good as shared by two pixels, and
    any rounding gives the gradient to one or the other."""
    for seed in range(1, 100):
        torch.manual_seed(seed)
        initial = {t: spread(t, w) for t, w in start.items()}
        pixels = torch.randint(0, 256, (IMAGES, 3, model.edge, model.edge)).float() - 120
        x = pixels * float32(model.scale)
        y = torch.randint(0, model.classes, (IMAGES,))
        exact = double(initial)
        moved = {t: w * (1 + 1e-6 * torch.randn_like(w)) for t, w in exact.items()}
        one, other = (model.gradients(w, x.double(), y) for w in (exact, moved))
        if max(error(one[t], other[t]) for t in one) > 1e-4:
            continue
        change, v = six_steps(model, exact, x.double(), y)
        other, _ = six_steps(model, moved, x.double(), y)
        peer, _ = six_steps(model, initial, x, y)
        own = max(error(change[t], peer[t]) for t in change)
        if own < 1e-3 and max(error(change[t], other[t]) for t in change) < 3e-4:
            return seed, initial, x, y, one, change, v, own
    raise SystemExit("no well-conditioned images found")


def check(name, options, folder):
    model = MODELS[name]
    data = os.path.join(folder, "data.safetensors")
    start = os.path.join(folder, "start.safetensors")

    def engine(*arguments):
        command = shlex.split(options.alexnet) + [str(a) for a in arguments]
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)

    def train(run, *arguments):
        out = os.path.join(folder, run)
        engine("train", "--model", name, "--data", data, "--backend", options.backend, "--out", out,
               "--no-dropout", "--no-shuffle", "--augment", "none", "--lr", f"{model.rate:.6g}",
               "--init", start, *arguments)
        weights = load(os.path.join(out, "model.safetensors"))
        momentum = load(os.path.join(out, "optimizer.safetensors"))
        shutil.rmtree(out)
        return weights, momentum

    report = Report(name)
    engine("init", "--model", name, "--seed", 5, "--out", start)
    seed, initial, x, y, gradients, change, momentum, own = well_conditioned(model, load(start))
    print(f"{name:24s} images and weights of seed {seed}", flush=True)
    save(start, initial)
    save(data, {"images": x, "labels": y})

    file = os.path.join(folder, "scores.safetensors")
    engine("predict", "--model", name, "--weights", start, "--data", data, "--batch", 2,
           "--backend", options.backend, "--out", file)
    with torch.no_grad():
        logits = model.scores(scaled(name, double(initial)), x.double())
    report.same("scores", 1e-5, {"logits": logits, "probabilities": logits.softmax(1)}, load(file))

    _, v = train("one", "--epochs", 1, "--batch", IMAGES)
    got = {}
    for tensor in initial:
        rate_factor, decay_factor = model.factors(tensor)
        decay = DECAY * decay_factor
        got[tensor] = -v[tensor].double() / (model.rate * rate_factor) - decay * initial[tensor].double()
    single = model.gradients(initial, x, y)
    bounds = {t: max(5 * error(gradients[t], single[t]), 1e-6) for t in gradients}
    report.compare("gradient", bounds, gradients, got)

    w, v = train("six", "--epochs", 2, "--batch", BATCH, "--schedule", "step:1")
    report.same("change", 1e-3, change, {t: w[t].double() - initial[t].double() for t in w})
    report.same("momentum", 1e-3, momentum, v)
    print(f"{name:24s} (the change in PyTorch's own float32: {own:.2e})", flush=True)
    return report.failed


def spread(name, w):
    """Weights with which activations differ from one another at every layer. With those that a
    training starts from, the second layer on is its bias of 1 and little else: values that differ
    are equal once they are rounded to float32, and the maximum of a pool is no longer defined."""
    if name.endswith(".bias"):
        return torch.randn_like(w) * 0.001  # what changes must not be lost in its last bit
    inputs = w[0].numel()
    pixels = 70 if name == "conv1.weight" and w.shape[2] == 11 else 1
    last = 0.1 if name in ("fc8.weight", "fc2.weight") else 1
    return torch.randn_like(w) * (2 / inputs) ** 0.5 / pixels * last


def scaled(name, w):
    """Weights with which a network without dropout gives the scores of one whose dropout is made up
    for in testing: what such a dropout multiplies by 0.5 is multiplied there."""
    if name not in ("alexnet-2012", "alexnet-2012-original", "alexnet-2012-ungrouped"):
        return w
    return {t: v * 0.5 if t in ("fc7.weight", "fc8.weight") else v for t, v in w.items()}


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("models", nargs="*", default=list(MODELS), metavar="MODEL")
    parser.add_argument("--backend", default="cpu")
    parser.add_argument("--alexnet", default=os.path.join(ROOT, "alexnet"))
    options = parser.parse_args()
    print(f"PyTorch {torch.__version__}, {IMAGES} images, batches of {BATCH}")
    failed = False
    for name in options.models:
        with tempfile.TemporaryDirectory(prefix="alexnet-check-") as folder:
            failed |= check(name, options, folder)
    sys.exit(1 if failed else 0)


if __name__ == "__main__":
    main()
