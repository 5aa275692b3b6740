"""Times this engine and PyTorch in turn on one machine and prints the median ratios.

Usage: PYTHONPATH=DIR python3 benchmarks/peers/compare_pytorch.py [--model alexnet-32] [--rounds 5]
    [--threads 2] [--batch 128] [--vectors avx2] [--more]

DIR holds PyTorch. Build first: mvn -DskipTests package. A ratio above 1 means that this engine is
faster. PyTorch's best memory format of the round is what it is compared with. With alexnet-32 the
product of two matrices is timed as well. With --batch 1 the rates of inference are one image's
latency turned round. With --vectors avx2 both use vectors of 256 bits on a machine that has longer
ones. With --more the last round also measures PyTorch compiled (torch.compile) and,
for the network of 2012, without its local response normalization, both with channels last.
"""

import argparse
import json
import os
import platform
import statistics
import subprocess
import sys
import tempfile
import time

import torch
import torch.nn as nn
import torch.nn.functional as F

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))

# What the libraries read when they are loaded, so that it has to be there before.
AVX2 = {
    "ATEN_CPU_CAPABILITY": "avx2",
    "ONEDNN_MAX_CPU_ISA": "AVX2",
    "MKL_ENABLE_INSTRUCTIONS": "AVX2",
    "ALEXNET_JAVA_OPTS": "-Dalexnet.vector.bits=256",
    "JDK_JAVA_OPTIONS": "-Dalexnet.vector.bits=256",
}


def median_seconds(f, seconds=2.0):
    """Median time of one call, over about the given time, after warming up for as long."""
    end = time.perf_counter() + seconds
    while time.perf_counter() < end:
        f()
    times = []
    end = time.perf_counter() + seconds
    while time.perf_counter() < end or len(times) < 2:
        start = time.perf_counter()
        f()
        times.append(time.perf_counter() - start)
    return statistics.median(times)


def alexnet32():
    return nn.Sequential(
        nn.Conv2d(3, 32, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2),
        nn.Conv2d(32, 64, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2),
        nn.Conv2d(64, 128, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2),
        nn.Flatten(), nn.Linear(2048, 512), nn.ReLU(), nn.Dropout(0.5), nn.Linear(512, 10))


def alexnet2012(normalized=True):
    def norm():
        return nn.LocalResponseNorm(5, alpha=5e-4, beta=0.75, k=2) if normalized else nn.Identity()

    return nn.Sequential(
        nn.Conv2d(3, 96, 11, stride=4), nn.ReLU(), norm(), nn.MaxPool2d(3, 2),
        nn.Conv2d(96, 256, 5, padding=2, groups=2), nn.ReLU(), norm(), nn.MaxPool2d(3, 2),
        nn.Conv2d(256, 384, 3, padding=1), nn.ReLU(),
        nn.Conv2d(384, 384, 3, padding=1, groups=2), nn.ReLU(),
        nn.Conv2d(384, 256, 3, padding=1, groups=2), nn.ReLU(), nn.MaxPool2d(3, 2),
        nn.Flatten(), nn.Linear(9216, 4096), nn.ReLU(), nn.Dropout(0.5),
        nn.Linear(4096, 4096), nn.ReLU(), nn.Dropout(0.5), nn.Linear(4096, 1000))


# Network, edge of its images, classes, seconds a measurement.
MODELS = {"alexnet-32": (alexnet32, 32, 10, 2.0), "alexnet-2012": (alexnet2012, 227, 1000, 10.0)}


def torch_rates(net, layout, batch, edge, classes, seconds, compiled=False):
    """Images a second of training and of inference."""
    net = net.to(memory_format=layout)
    run = torch.compile(net) if compiled else net
    x = torch.randn(batch, 3, edge, edge).to(memory_format=layout)
    y = torch.randint(0, classes, (batch,))
    optimizer = torch.optim.SGD(net.parameters(), lr=0.01, momentum=0.9, weight_decay=5e-4)

    def step():
        optimizer.zero_grad()
        loss = F.cross_entropy(run(x), y)
        loss.backward()
        optimizer.step()
        return loss.item()

    def infer():
        with torch.no_grad():
            return run(x)

    net.train()
    train = batch / median_seconds(step, seconds)
    net.eval()
    return {"train": train, "infer": batch / median_seconds(infer, seconds)}


def torch_round(model, batch, more):
    make, edge, classes, seconds = MODELS[model]
    seconds = min(seconds, max(2.0, seconds * batch / 128))
    result = {}

    def add(name, net, layout, compiled=False):
        rates = torch_rates(net, layout, batch, edge, classes, seconds, compiled)
        for kind, rate in rates.items():
            result[f"{kind}_{name}"] = rate

    if model == "alexnet-32":
        a, b = torch.randn(2048, 2048), torch.randn(2048, 2048)
        result["product_gflops"] = 2 * 2048**3 / median_seconds(lambda: a @ b) / 1e9
    add("nchw", make(), torch.contiguous_format)
    add("channels_last", make(), torch.channels_last)
    if more:
        add("compiled", make(), torch.channels_last, compiled=True)
        if model == "alexnet-2012":
            add("without_lrn", alexnet2012(normalized=False), torch.channels_last)
    return result


def our_round(model, threads, batch):
    bench = subprocess.run(
        [os.path.join(ROOT, "alexnet"), "bench", "--model", model, "--batch", str(batch),
         "--threads", str(threads), "--json"],
        check=True, capture_output=True, text=True)
    steps = json.loads(bench.stdout)
    result = {
        "train": steps["train_images_per_second"], "infer": steps["infer_images_per_second"]}
    if model != "alexnet-32":
        return result
    with tempfile.NamedTemporaryFile(suffix=".json") as out:
        target = os.path.join(ROOT, "benchmarks", "target")
        java = os.path.join(os.environ["JAVA_HOME"], "bin", "java")
        classes = f"{target}/alexnet-benchmarks-0.1.0-SNAPSHOT.jar:{target}/lib/*"
        subprocess.run(
            [java, "--add-modules", "jdk.incubator.vector", "-cp", classes, "org.openjdk.jmh.Main",
             "MatrixProduct", "-p", f"threads={threads}", "-wi", "2", "-w", "2", "-i", "3", "-r", "2",
             "-rf", "json", "-rff", out.name],
            check=True, capture_output=True)
        milliseconds = statistics.median(
            json.load(open(out.name))[0]["primaryMetric"]["rawData"][0])
    result["product_gflops"] = 2 * 2048**3 / (milliseconds * 1e-3) / 1e9
    return result


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--model", choices=MODELS, default="alexnet-32")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--batch", type=int, default=128)
    parser.add_argument("--vectors", choices=["avx2"])
    parser.add_argument("--more", action="store_true")
    options = parser.parse_args()
    if "JAVA_HOME" not in os.environ:
        parser.error("set JAVA_HOME to a JDK 25")
    if options.vectors and any(os.environ.get(key) != value for key, value in AVX2.items()):
        os.execve(sys.executable, [sys.executable, *sys.argv], {**os.environ, **AVX2})
    torch.set_num_threads(options.threads)
    machine = platform.processor() or platform.machine()
    vectors = torch.backends.cpu.get_cpu_capability()
    print(f"PyTorch {torch.__version__}, {options.threads} threads, {machine}, {vectors}")
    ratios = {"product": [], "train": [], "infer": []}
    for i in range(options.rounds):
        peer = torch_round(options.model, options.batch, options.more and i == options.rounds - 1)
        ours = our_round(options.model, options.threads, options.batch)
        if "product_gflops" in peer:
            ratios["product"].append(ours["product_gflops"] / peer["product_gflops"])
        for kind in ("train", "infer"):
            best = max(peer[kind + "_nchw"], peer[kind + "_channels_last"])
            ratios[kind].append(ours[kind] / best)
        print(f"round {i + 1}")
        print("  PyTorch ", {k: round(v, 1) for k, v in peer.items()})
        print("  ours    ", {k: round(v, 1) for k, v in ours.items()}, flush=True)
    for kind, values in ratios.items():
        if not values:
            continue
        print(f"{kind}: median ratio {statistics.median(values):.2f}, from {min(values):.2f} to {max(values):.2f}")


if __name__ == "__main__":
    main()
