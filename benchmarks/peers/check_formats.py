"""Has other programs read what `export` writes, and compares their scores with `predict`'s.

    python3 -m pip install --target PEERS torch torchvision onnx onnxruntime \
        "opencv-python-headless==4.14.*"
    PYTHONPATH=PEERS python3 benchmarks/peers/check_formats.py [--alexnet ./alexnet] [MODEL...]

For each model (default: alexnet-2012, alexnet-2014, caffenet, bvlc_alexnet) weights are drawn,
exported and computed by ONNX Runtime, by OpenCV (where its LRN means the same: it ignores k) and,
for alexnet-2014, by torchvision: floating-point images, then pixels, of which ONNX Runtime scales
and subtracts by itself, and a photograph-like picture through torchvision's own pipeline. Bounds
are relative to the largest score: 1e-5 for ONNX Runtime and OpenCV, 1e-4 for PyTorch. Then every
file is imported, and so is what PyTorch saves of it in both forms: the weights must be equal bits.
"""

import argparse
import json
import pathlib
import shutil
import struct
import subprocess
import sys
import tempfile
import types

import numpy as np

LRN_WITH_ANOTHER_K = {"alexnet-2012", "alexnet-2012-original", "alexnet-2012-ungrouped"}
CONSTANTS = {"alexnet-2014"}
SIZES = {"alexnet-2014": 224, "alexnet-2012-original": 224, "alexnet-32": 32}


def save(path, tensors, notes=None):
    header, data, at = {}, b"", 0
    if notes:
        header["__metadata__"] = notes
    for name, values in tensors.items():
        raw = np.ascontiguousarray(values)
        kind = {"float32": "F32", "uint8": "U8"}[str(raw.dtype)]
        header[name] = {
            "dtype": kind,
            "shape": list(raw.shape),
            "data_offsets": [at, at + raw.nbytes],
        }
        at += raw.nbytes
        data += raw.tobytes()
    text = json.dumps(header).encode()
    pathlib.Path(path).write_bytes(struct.pack("<Q", len(text)) + text + data)


def load(path):
    raw = pathlib.Path(path).read_bytes()
    length = struct.unpack("<Q", raw[:8])[0]
    header = json.loads(raw[8 : 8 + length])
    tensors = {}
    for name, info in header.items():
        if name != "__metadata__":
            begin, end = (8 + length + offset for offset in info["data_offsets"])
            tensors[name] = np.frombuffer(raw[begin:end], np.float32).reshape(info["shape"])
    return tensors


def torchvision():
    """Its functions that are compiled for another build of PyTorch are not needed here."""
    try:
        import torchvision
    except RuntimeError:
        for name in [name for name in sys.modules if name.startswith("torchvision")]:
            del sys.modules[name]
        name = "torchvision._meta_registrations"
        sys.modules[name] = types.ModuleType(name)
        import torchvision
    return torchvision


def compare(what, expected, got, bound):
    worst = float(np.abs(expected - got).max() / np.abs(expected).max())
    print(f"  {what:34} {worst:.1e}", "" if worst <= bound else f"ABOVE {bound}")
    return worst <= bound


class Check:
    def __init__(self, command, folder, model):
        self.command, self.folder, self.model = command, folder, model
        self.weights = folder / "weights.safetensors"
        self.mean = None
        self.good = True

    def alexnet(self, *words):
        done = subprocess.run(
            [*self.command, *map(str, words)], stdout=subprocess.DEVNULL, stderr=subprocess.PIPE
        )
        if done.returncode != 0:
            sys.exit(" ".join(map(str, words)) + ": " + done.stderr.decode())

    def note(self, *comparison):
        self.good &= compare(*comparison)

    def export(self, ending, *more):
        out = self.folder / f"network{ending}"
        beside = [".prototxt", ".binaryproto"] if ending == ".caffemodel" else []
        for part in [out, *map(out.with_suffix, beside)]:
            part.unlink(missing_ok=True)
        self.alexnet(
            "export", "--model", self.model, "--weights", self.weights, "--out", out, *more
        )
        return out

    def run(self):
        print(self.model)
        self.alexnet("init", "--model", self.model, "--seed", 5, "--out", self.weights)
        size = SIZES.get(self.model, 227)
        random = np.random.default_rng(1)
        images = random.normal(0, 30, (2, 3, size, size)).astype(np.float32)
        save(self.folder / "images.safetensors", {"images": images})
        scores = self.folder / "scores.safetensors"
        self.alexnet(
            "predict", "--model", self.model, "--weights", self.weights,
            "--data", self.folder / "images.safetensors", "--out", scores,
        )  # fmt: skip
        expected = load(scores)["logits"]
        self.onnx(images, expected)
        self.opencv(images, expected)
        if self.model == "alexnet-2014":
            self.torch(images, expected)
        self.pixels(size)
        self.back()
        return self.good

    def pixels(self, size):
        """Bytes of the size that images are stored with, of which the network sees the centre."""
        import onnxruntime

        stored, crop = 256, (256 - size) // 2
        random = np.random.default_rng(3)
        pixels = random.integers(0, 256, (2, 3, stored, stored), np.uint8)
        save(self.folder / "pixels.safetensors", {"images": pixels})
        if self.model not in CONSTANTS:
            self.mean = self.folder / "input.safetensors"
            mean = random.uniform(90, 140, (3, stored, stored)).astype(np.float32)
            save(self.mean, {"mean": mean}, {"images": "pixels"})
        given = ["--input", self.mean] if self.mean else []
        scores = self.folder / "scores.safetensors"
        self.alexnet(
            "predict", "--model", self.model, "--weights", self.weights, *given,
            "--data", self.folder / "pixels.safetensors", "--out", scores,
        )  # fmt: skip
        expected = load(scores)["logits"]
        session = onnxruntime.InferenceSession(str(self.export(".onnx", *given)))
        centre = pixels[:, :, crop : crop + size, crop : crop + size].astype(np.float32)
        got = session.run(["logits"], {"input": centre})[0]
        self.note("ONNX Runtime, logits of pixels", expected, got, 1e-5)

    def back(self):
        """Every file that can be made of the network is imported again."""
        given = ["--input", self.mean] if self.mean else []
        files = {".onnx": [], ".caffemodel": [], ".safetensors": [], ".pth": []}
        for ending in files:
            files[ending] = [self.export(ending, *given)]
        if self.mean:
            files[".caffemodel"].append(self.folder / "network.binaryproto")
        if self.model == "alexnet-2014":
            files.update(self.saved_by_torch(files[".pth"][0]))
        for ending, parts in files.items():
            run = self.folder / "run"
            more = []
            if self.mean and ending not in (".onnx", ".caffemodel"):
                more = ["--mean", self.mean]
            self.alexnet("import", *parts, "--model", self.model, "--out", run, *more)
            same = load(run / "model.safetensors").items()
            own = load(self.weights)
            good = all(np.array_equal(own[name], values) for name, values in same)
            print(f"  {ending:34}", "comes back" if good else "COMES BACK WITH OTHER WEIGHTS")
            self.good &= good
            shutil.rmtree(run)

    def saved_by_torch(self, file):
        import torch

        state = torch.load(file, weights_only=True)
        zip_file, stream = self.folder / "torch-zip.pth", self.folder / "torch-stream.pth"
        torch.save(state, zip_file)
        torch.save(state, stream, _use_new_zipfile_serialization=False)
        return {"PyTorch's archive": [zip_file], "PyTorch's stream": [stream]}

    def onnx(self, images, expected):
        import onnx
        import onnxruntime

        file = self.export(".onnx", "--raw")
        onnx.checker.check_model(str(file), full_check=True)
        session = onnxruntime.InferenceSession(str(file))
        got = session.run(["logits"], {"input": images})[0]
        self.note("ONNX Runtime, logits", expected, got, 1e-5)

    def opencv(self, images, expected):
        import cv2

        if self.model in LRN_WITH_ANOTHER_K:
            print("  OpenCV: not compared, its LRN ignores k")
            return
        weights = self.export(".caffemodel", "--raw")
        net = cv2.dnn.readNetFromCaffe(str(weights.with_suffix(".prototxt")), str(weights))
        got = []
        for image in images:
            net.setInput(image[None, ::-1].copy())  # blue, green, red
            got.append(net.forward("fc8" if "fc8" in net.getLayerNames() else "fc2")[0].copy())
        self.note("OpenCV, logits", expected, np.stack(got), 1e-5)

    def torch(self, images, expected):
        import torch

        vision = torchvision()
        network = vision.models.alexnet().eval()
        file = self.export(".pth")
        network.load_state_dict(torch.load(file, weights_only=True))
        with torch.no_grad():
            got = network(torch.from_numpy(images)).numpy()
        self.note("PyTorch, torchvision's alexnet", expected, got, 1e-4)
        self.photograph(network)

    def photograph(self, network):
        """A picture of 500 x 375 through torchvision's pipeline and through ours."""
        import torch
        from PIL import Image

        vision = torchvision()
        y, x = np.mgrid[0:375, 0:500]
        waves = [128 + 100 * np.sin(x / (9 + c) + y / (17 - 3 * c)) for c in range(3)]
        noise = np.random.default_rng(2).normal(0, 12, (375, 500, 3))
        picture = np.clip(np.stack(waves, 2) + noise, 0, 255).astype(np.uint8)
        file = self.folder / "picture.png"
        Image.fromarray(picture).save(file)
        kind = vision.transforms
        pipeline = kind.Compose(
            [
                kind.Resize(256),
                kind.CenterCrop(224),
                kind.ToTensor(),
                kind.Normalize([0.485, 0.456, 0.406], [0.229, 0.224, 0.225]),
            ]
        )
        with torch.no_grad():
            theirs = torch.softmax(network(pipeline(Image.open(file))[None]), 1)[0].numpy()
        scores = self.folder / "picture.safetensors"
        self.alexnet(
            "predict", "--model", self.model, "--weights", self.weights, file, "--out", scores
        )
        ours = load(scores)["probabilities"][0]
        same = list(np.argsort(-theirs)[:5]) == list(np.argsort(-ours)[:5])
        print("  a photograph, the five names:", "the same" if same else "OTHERS")
        self.good &= same
        self.note("a photograph, probabilities", theirs, ours, 1e-3)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--alexnet", default="./alexnet")
    parser.add_argument("models", nargs="*")
    options = parser.parse_args()
    models = options.models or ["alexnet-2012", "alexnet-2014", "caffenet", "bvlc_alexnet"]
    good = True
    for model in models:
        with tempfile.TemporaryDirectory() as folder:
            good &= Check(options.alexnet.split(), pathlib.Path(folder), model).run()
    sys.exit(0 if good else 1)


main()
