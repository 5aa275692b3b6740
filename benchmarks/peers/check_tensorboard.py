"""Reads the events that `train --tensorboard DIR` wrote with TensorBoard's own readers.

    python3 -m pip install --target PEERS tensorboard
    PYTHONPATH=PEERS python3 benchmarks/peers/check_tensorboard.py DIR RUN

Every scalar of a step must be there once and be what steps.jsonl and metrics.jsonl of the run say;
each epoch must have the histograms of weights and, if the network has a convolution, a picture. Of
the two readers one is for scripts, and the other is that of the server, which shows what a browser
gets; they do not agree on when a run was resumed.
"""

import json
import pathlib
import struct
import sys

from tensorboard.backend.event_processing import event_accumulator
from tensorboard.backend.event_processing import plugin_event_accumulator
from tensorboard.util import tensor_util


def lines(path):
    return [json.loads(line) for line in path.read_text().splitlines()]


def single(value):
    return struct.unpack("<f", struct.pack("<f", value))[0]


class Script:
    """Events as scripts read them."""

    def __init__(self, folder):
        guidance = {kind: 0 for kind in event_accumulator.DEFAULT_SIZE_GUIDANCE}
        self.events = event_accumulator.EventAccumulator(folder, size_guidance=guidance)
        self.events.Reload()

    def tags(self, kind):
        return self.events.Tags()[kind]

    def scalars(self, tag):
        return [(e.step, e.value) for e in self.events.Scalars(tag)]

    def pictures(self, tag):
        return [(e.step, e.encoded_image_string) for e in self.events.Images(tag)]

    def histograms(self, tag):
        return [e.step for e in self.events.Histograms(tag)]


class Server:
    """Events as the server reads them: all are tensors, with the name of the plugin they are for."""

    def __init__(self, folder):
        everything = {plugin_event_accumulator.TENSORS: 0}
        kinds = {kind: 0 for kind in ("scalars", "images", "histograms")}
        self.events = plugin_event_accumulator.EventAccumulator(
            folder, size_guidance=everything, tensor_size_guidance=kinds
        )
        self.events.Reload()

    def tags(self, kind):
        return list(self.events.PluginTagToContent(kind)) if kind in self.plugins() else []

    def plugins(self):
        return self.events.ActivePlugins()

    def tensors(self, tag):
        return [
            (e.step, tensor_util.make_ndarray(e.tensor_proto)) for e in self.events.Tensors(tag)
        ]

    def scalars(self, tag):
        return [(step, value.item()) for step, value in self.tensors(tag)]

    def pictures(self, tag):
        return [(step, value[2]) for step, value in self.tensors(tag)]  # after width and height

    def histograms(self, tag):
        return [step for step, _ in self.tensors(tag)]


def compare(events, tag, expected):
    got = events.scalars(tag)
    steps = [step for step, _ in got]
    assert len(set(steps)) == len(steps), f"{tag}: a step is there twice"
    assert dict(got) == {step: single(value) for step, value in expected.items()}, tag


def check(events, run, steps, epochs):
    for field in ("loss", "error", "rate", "images_per_second", "data_wait"):
        compare(events, f"train/{field}", {s["step"]: s[field] for s in steps})
    for layer in steps[0]["gradient_norm"]:
        tag = f"gradient_norm/{layer}"
        compare(events, tag, {s["step"]: s["gradient_norm"][layer] for s in steps})
    compare(events, "epoch/train_loss", {e["step"]: e["train_loss"] for e in epochs})
    if epochs[0]["val_loss"] is not None:
        compare(events, "validation/loss", {e["step"]: e["val_loss"] for e in epochs})
    ends = [e["step"] for e in epochs]
    layers = json.loads((run / "run.json").read_text())["network"]["layers"]
    drawn = any(layer["type"] == "convolution" for layer in layers)
    assert bool(events.tags("images")) == drawn and events.tags("histograms")
    for tag in events.tags("images"):
        pictures = events.pictures(tag)
        assert [step for step, _ in pictures] == ends, tag
        assert all(png[:4] == b"\x89PNG" for _, png in pictures), tag
    for tag in events.tags("histograms"):
        assert events.histograms(tag) == ends, tag
    return {kind: len(events.tags(kind)) for kind in ("scalars", "images", "histograms")}


def main():
    folder, run = sys.argv[1], pathlib.Path(sys.argv[2])
    steps = lines(run / "steps.jsonl")
    epochs = lines(run / "metrics.jsonl")
    counts = check(Script(folder), run, steps, epochs)
    assert check(Server(folder), run, steps, epochs) == counts
    tags = ", ".join(f"{count} {kind}" for kind, count in counts.items())
    print(f"{len(steps)} steps, {len(epochs)} epochs: {tags}")


if __name__ == "__main__":
    main()
