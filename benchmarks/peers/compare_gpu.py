"""Compares this engine with PyTorch on the GPU of this machine and writes a results file.

Usage: PYTHONPATH=DIR python3 benchmarks/peers/compare_gpu.py [--minutes 5] [--rounds 3]
    [--batches 128,1024] [--precisions bf16,tf32] [--out FILE.md] [--dry]

DIR holds PyTorch with CUDA, unless the Python at hand has it. alexnet-2012 is trained and evaluated
on images in memory. First the scores of both for the same weights and images are compared; then
rounds alternate. PyTorch runs at its best: channels last, bf16 autocast or TF32, cuDNN's
benchmark, a fused optimizer, the whole step as one CUDA graph, with torch.compile and without,
of which the faster counts; and all of that without its local response normalization too, which has
no fused kernel there. The network is the same otherwise. PyTorch's images lie on the device
already; this engine brings each batch from the host and crops, mirrors and centres it within the
time that is measured.

What would take longer than --minutes is left out, which the file says. --dry runs everything once
on the CPU with two images, which shows that nothing is missing.
"""

import argparse
import datetime
import json
import os
import platform
import statistics
import subprocess
import sys
import tempfile
import time

import torch
import torch.nn.functional as F

from compare_pytorch import ROOT, alexnet2012

MODEL = "alexnet-2012"
EDGE, CLASSES = 227, 1000
COMPARED = 8  # images whose scores are compared

# As bench and selftest allow: roundings of 32 operations, four times their root.
BOUNDS = {"fp32": 1e-3, "tf32": 4 * 32**0.5 * 2**-11, "bf16": 4 * 32**0.5 * 2**-8}


def read_safetensors(path):
    """Tensors of single precision by name."""
    with open(path, "rb") as file:
        size = int.from_bytes(file.read(8), "little")
        header = json.loads(file.read(size))
        data = file.read()
    tensors = {}
    for name, info in header.items():
        if name != "__metadata__":
            begin, end = info["data_offsets"]
            values = torch.frombuffer(bytearray(data[begin:end]), dtype=torch.float32)
            tensors[name] = values.reshape(info["shape"])
    return tensors


def write_safetensors(path, tensors):
    """Tensors of single precision."""
    header, blobs, at = {}, [], 0
    for name, tensor in tensors.items():
        blob = tensor.contiguous().numpy().tobytes()
        header[name] = {
            "dtype": "F32", "shape": list(tensor.shape), "data_offsets": [at, at + len(blob)]}
        at += len(blob)
        blobs.append(blob)
    text = json.dumps(header).encode()
    with open(path, "wb") as file:
        file.write(len(text).to_bytes(8, "little") + text + b"".join(blobs))


def alexnet(*arguments):
    """Runs this engine; its answer on stdout."""
    run = subprocess.run(
        [os.path.join(ROOT, "alexnet"), *map(str, arguments)], capture_output=True, text=True)
    if run.returncode:
        sys.exit(f"alexnet {' '.join(map(str, arguments))} ended with {run.returncode}: {run.stderr}")
    return run.stdout


def take_weights(net, weights):
    """Convolutions and fully-connected layers in their order have our names in theirs."""
    layers = [m for m in net.modules() if isinstance(m, (torch.nn.Conv2d, torch.nn.Linear))]
    names = list(dict.fromkeys(name.rsplit(".", 1)[0] for name in weights))
    assert len(layers) == len(names), (len(layers), names)
    with torch.no_grad():
        for layer, name in zip(layers, names):
            layer.weight.copy_(weights[name + ".weight"])
            layer.bias.copy_(weights[name + ".bias"])


class Halves(torch.nn.Module):
    """The normalization of the paper, in which each GPU sees its own half of the channels."""

    def __init__(self, norm):
        super().__init__()
        self.norm = norm

    def forward(self, x):
        return torch.cat([self.norm(half) for half in x.chunk(2, dim=1)], dim=1)


class Halved(torch.nn.Module):
    """Dropout as the paper evaluates it: outputs are halved then, and not doubled in training."""

    def forward(self, x):
        return 0.5 * x


def paper_network():
    """The network whose scores are ours; PyTorch's own modules, which are timed, cost as much."""
    layers = []
    for layer in alexnet2012():
        if isinstance(layer, torch.nn.LocalResponseNorm):
            layer = Halves(layer)
        elif isinstance(layer, torch.nn.Dropout):
            layer = Halved()
        layers.append(layer)
    return torch.nn.Sequential(*layers)


def set_precision(precision):
    torch.backends.cuda.matmul.allow_tf32 = precision != "fp32"
    torch.backends.cudnn.allow_tf32 = precision != "fp32"


def autocast(device, precision):
    # Without its cache of casts: a graph must hold the casts of every step.
    return torch.autocast(
        device, dtype=torch.bfloat16, enabled=precision == "bf16", cache_enabled=False)


def compare_outputs(device, precisions):
    """Relative distances of PyTorch's scores from ours, of the same weights and images."""
    distances = {}
    with tempfile.TemporaryDirectory() as folder:
        weights, images, scores = (
            os.path.join(folder, name + ".safetensors") for name in ("weights", "images", "scores"))
        alexnet("init", "--model", MODEL, "--seed", 7, "--sigma", 0.03, "--out", weights)
        torch.manual_seed(1)
        x = 50 * torch.randn(COMPARED, 3, EDGE, EDGE)
        write_safetensors(images, {"images": x})
        backend = "cuda" if device == "cuda" else "cpu"
        alexnet(
            "predict", "--model", MODEL, "--weights", weights, "--data", images, "--batch", COMPARED,
            "--backend", backend, "--out", scores, "--json")
        ours = read_safetensors(scores)["logits"].double()
        net = paper_network()
        take_weights(net, read_safetensors(weights))
        net = net.to(device, memory_format=torch.channels_last).eval()
        x = x.to(device, memory_format=torch.channels_last)
        for precision in dict.fromkeys(["fp32", *precisions]):
            set_precision(precision)
            with torch.no_grad(), autocast(device, precision):
                theirs = net(x).double().cpu()
            distance = float((theirs - ours).norm() / ours.norm())
            if not distance <= BOUNDS[precision]:
                sys.exit(
                    f"PyTorch's scores in {precision} differ from ours by {distance:.2g}, more than"
                    f" {BOUNDS[precision]:.2g}: nothing is compared.")
            distances[precision] = distance
    return distances


class Peer:
    """One way for PyTorch to train and to evaluate, ready to be timed."""

    def __init__(self, device, batch, precision, normalized, compiled, notes):
        self.device = device
        self.batch = batch
        set_precision(precision)
        torch.manual_seed(1)
        self.net = alexnet2012(normalized).to(device, memory_format=torch.channels_last)
        x = torch.randn(batch, 3, EDGE, EDGE, device=device)
        x = x.to(memory_format=torch.channels_last)
        y = torch.randint(0, CLASSES, (batch,), device=device)
        optimizer = torch.optim.SGD(
            self.net.parameters(), lr=1e-4, momentum=0.9, weight_decay=5e-4, fused=True)
        run = torch.compile(self.net) if compiled else self.net

        def train():
            optimizer.zero_grad(set_to_none=True)
            with autocast(device, precision):
                loss = F.cross_entropy(run(x), y)
            loss.backward()
            optimizer.step()
            return loss

        def infer():
            with torch.no_grad(), autocast(device, precision):
                return run(x)

        self.kinds = {}
        self.graphs = []  # keeps what a replay needs
        for kind, step in (("train", train), ("infer", infer)):
            self.net.train(kind == "train")
            self.kinds[kind] = self.graph(step, kind, notes) if device == "cuda" else step
        self.check(train, infer)

    def graph(self, step, kind, notes):
        """The step as one CUDA graph; by itself where it cannot be captured."""
        try:
            stream = torch.cuda.Stream()
            stream.wait_stream(torch.cuda.current_stream())
            with torch.cuda.stream(stream):
                for _ in range(4):
                    step()
            torch.cuda.current_stream().wait_stream(stream)
            graph = torch.cuda.CUDAGraph()
            with torch.cuda.graph(graph):
                kept = step()
            self.graphs.append((graph, kept))
            return graph.replay
        except RuntimeError as error:
            torch.cuda.synchronize()
            notes.add(f"PyTorch's step ({kind}) could not be captured: {str(error).splitlines()[0]}")
            return step

    def check(self, train, infer):
        self.net.train()
        loss = float(train())
        self.net.eval()
        scores = infer()
        if loss != loss or scores.shape != (self.batch, CLASSES):
            sys.exit(f"PyTorch computes a loss of {loss} and scores of {tuple(scores.shape)}.")

    def rate(self, kind, seconds):
        """Images a second over about so many seconds, many steps under way at once."""
        step = self.kinds[kind]
        self.net.train(kind == "train")
        sync = torch.cuda.synchronize if self.device == "cuda" else lambda: None
        for _ in range(3):
            step()
        sync()
        begin = time.perf_counter()
        step()
        sync()
        count = max(1, int(seconds / max(1e-5, time.perf_counter() - begin)))
        begin = time.perf_counter()
        for _ in range(count):
            step()
        sync()
        return self.batch * count / (time.perf_counter() - begin)


def peers(device, batch, precision, deadline, notes):
    """PyTorch's ways by name."""
    ways = {}
    for normalized in (True, False):
        for compiled in (False, True):
            name = ("with LRN" if normalized else "without LRN") + (", compiled" if compiled else "")
            if time.monotonic() > deadline:
                notes.add(f"Left out for want of time: PyTorch {name}, {precision}, batch {batch}.")
                continue
            try:
                ways[name] = Peer(device, batch, precision, normalized, compiled, notes)
            except Exception as error:  # torch.compile fails in many ways; the other way is left
                text = (str(error).splitlines() or [type(error).__name__])[0]
                notes.add(f"PyTorch {name}, {precision}, batch {batch} failed: {text}")
    return ways


def best(rates, kind, normalized):
    """The faster of compiled and not."""
    start = "with LRN" if normalized else "without LRN"
    return max((r[kind] for name, r in rates.items() if name.startswith(start)), default=None)


def our_rates(device, batch, precision, steps):
    backend = ["cuda", "--precision", precision] if device == "cuda" else ["cpu"]
    answer = json.loads(
        alexnet(
            "bench", "--model", MODEL, "--batch", batch, "--steps", steps, "--json", "--backend",
            *backend))
    return {"train": answer["train_images_per_second"], "infer": answer["infer_images_per_second"]}


def measure(device, batch, precision, rounds, seconds, steps, deadline, notes):
    """Rounds of a configuration: of each our rates and PyTorch's by way."""
    ways = peers(device, batch, precision, deadline, notes)
    result = []
    for i in range(rounds):
        if i and time.monotonic() > deadline:
            notes.add(f"Left out for want of time: round {i + 1}, {precision}, batch {batch}.")
            break
        ours = our_rates(device, batch, precision, steps)
        theirs = {
            name: {kind: way.rate(kind, seconds) for kind in ("train", "infer")}
            for name, way in ways.items()}
        result.append((ours, theirs))
        print(f"{precision}, batch {batch}, round {i + 1}: ours {ours}, PyTorch {theirs}", flush=True)
    return result


def text_of(command):
    try:
        return subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip()
    except (OSError, subprocess.CalledProcessError):
        return ""


def environment(device):
    lines = [f"- date: {datetime.date.today().isoformat()}", f"- Linux {platform.release()}"]
    if device == "cuda":
        driver = text_of(["nvidia-smi", "--query-gpu=driver_version", "--format=csv,noheader"])
        lines.append(f"- device: {torch.cuda.get_device_name(0)}")
        lines.append(f"- driver: {driver.splitlines()[0] if driver else 'not told by nvidia-smi'}")
    else:
        lines.append(f"- device: the CPU ({platform.machine()}), a dry run: no figure means anything")
    lines.append(
        f"- PyTorch {torch.__version__}, CUDA {torch.version.cuda},"
        f" cuDNN {torch.backends.cudnn.version()}")
    commit = text_of(["git", "-C", ROOT, "rev-parse", "--short", "HEAD"])
    lines.append(f"- this engine: {alexnet('--version').splitlines()[0]}{', commit ' + commit if commit else ''}")
    for backend in json.loads(alexnet("devices", "--json"))["backends"]:
        if backend["name"] == device:
            for library in backend["libraries"]:
                lines.append(f"- {library['name']} {library['version']}, as this engine loads it")
    return lines


def cell(values):
    return ", ".join(f"{value:,.0f}" for value in values) or "not measured"


def ratio(ours, theirs):
    ratios = [a / b for a, b in zip(ours, theirs)]
    if not ratios:
        return ""
    return f"**{statistics.median(ratios):.2f}** ({min(ratios):.2f} to {max(ratios):.2f})"


def report(title, lines, distances, table, notes):
    text = [f"# {title}", "", *lines, ""]
    text.append("```\npython3 benchmarks/peers/compare_gpu.py " + " ".join(sys.argv[1:]) + "\n```")
    text += [
        "",
        "Scores of the same weights and images differ from ours in fp32 by "
        + ", ".join(f"{d:.1e} ({p})" for p, d in distances.items()) + ", relative, before anything"
        " was timed. Images a second of each round; rounds alternate, and the ratio is the median"
        " of ours to PyTorch's better way of the same round, compiled or not. PyTorch's images lie"
        " on the device already; ours come from the host.",
        "",
        "| | ours | PyTorch with LRN | ratio | PyTorch without LRN | ratio |",
        "|---|---|---|---|---|---|",
    ]
    for (precision, batch), rounds in table.items():
        for kind, name in (("train", "training"), ("infer", "inference")):
            ours = [round_[0][kind] for round_ in rounds]
            row = [f"{precision}, batch {batch}, {name}", cell(ours)]
            for normalized in (True, False):
                theirs = [best(round_[1], kind, normalized) for round_ in rounds]
                theirs = [rate for rate in theirs if rate]
                row += [cell(theirs), ratio(ours, theirs)]
            text.append("| " + " | ".join(row) + " |")
    if notes:
        text += [""] + [f"- {note}" for note in sorted(notes)]
    return "\n".join(text) + "\n"


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--minutes", type=float, default=5)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--batches", default="128,1024")
    parser.add_argument("--precisions", default="bf16,tf32")
    parser.add_argument("--out")
    parser.add_argument("--dry", action="store_true")
    options = parser.parse_args()
    device = "cpu" if options.dry else "cuda"
    if not options.dry and not torch.cuda.is_available():
        parser.error("PyTorch sees no GPU; --dry tries the script on the CPU")
    batches = [2] if options.dry else [int(b) for b in options.batches.split(",")]
    precisions = ["fp32"] if options.dry else options.precisions.split(",")
    unknown = [p for p in precisions if p not in BOUNDS]
    if unknown:
        parser.error(f"--precisions is {unknown[0]}; known are {', '.join(BOUNDS)}")
    rounds = 1 if options.dry else options.rounds
    seconds, steps = (0.01, 1) if options.dry else (0.5, 40)
    date = datetime.date.today().isoformat()
    out = options.out or os.path.join(
        ROOT, "benchmarks", "results", f"{date}-gpu-against-pytorch.md")
    torch.backends.cudnn.benchmark = True
    notes = set()
    lines = environment(device)  # builds this engine where that has not been done
    begin = time.monotonic()
    distances = compare_outputs(device, precisions)
    print("scores agree:", distances, flush=True)
    table = {}
    configurations = [(p, b) for b in batches for p in precisions]
    for i, (precision, batch) in enumerate(configurations):
        # Each has an equal part of what is left.
        left = begin + 60 * options.minutes - time.monotonic()
        deadline = time.monotonic() + left / (len(configurations) - i)
        table[precision, batch] = measure(
            device, batch, precision, rounds, seconds, steps, deadline, notes)
        if device == "cuda":
            torch.cuda.empty_cache()
    with open(out, "w", encoding="utf-8") as file:
        file.write(report(f"GPU against PyTorch, {date}", lines, distances, table, notes))
    print(f"{out} is written, after {time.monotonic() - begin:.0f} s.")


if __name__ == "__main__":
    main()
