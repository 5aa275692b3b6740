"""Reads the events that `train --tensorboard DIR` wrote with TensorBoard's own reader.

    python3 -m pip install --target PEERS tensorboard
    PYTHONPATH=PEERS python3 benchmarks/peers/check_tensorboard.py DIR RUN

Every scalar of a step must be there once and be what steps.jsonl and metrics.jsonl of the run say;
each epoch must have the histograms of weights and, if the network has a convolution, a picture.
"""

import json
import pathlib
import struct
import sys

from tensorboard.backend.event_processing import event_accumulator as accumulator


def lines(path):
    return [json.loads(line) for line in path.read_text().splitlines()]


def single(value):
    return struct.unpack("<f", struct.pack("<f", value))[0]


def compare(events, tag, expected):
    got = {e.step: e.value for e in events.Scalars(tag)}
    assert len(got) == len(events.Scalars(tag)), f"{tag}: a step is there twice"
    assert got == {step: single(value) for step, value in expected.items()}, tag


def main():
    folder, run = sys.argv[1], pathlib.Path(sys.argv[2])
    events = accumulator.EventAccumulator(
        folder, size_guidance={kind: 0 for kind in accumulator.DEFAULT_SIZE_GUIDANCE}
    )
    events.Reload()
    steps = lines(run / "steps.jsonl")
    for field in ("loss", "error", "rate", "images_per_second", "data_wait"):
        compare(events, f"train/{field}", {s["step"]: s[field] for s in steps})
    for layer in steps[0]["gradient_norm"]:
        tag = f"gradient_norm/{layer}"
        compare(events, tag, {s["step"]: s["gradient_norm"][layer] for s in steps})
    epochs = lines(run / "metrics.jsonl")
    compare(events, "epoch/train_loss", {e["step"]: e["train_loss"] for e in epochs})
    if epochs[0]["val_loss"] is not None:
        compare(events, "validation/loss", {e["step"]: e["val_loss"] for e in epochs})
    ends = [e["step"] for e in epochs]
    tags = events.Tags()
    layers = json.loads((run / "run.json").read_text())["network"]["layers"]
    drawn = any(layer["type"] == "convolution" for layer in layers)
    assert bool(tags["images"]) == drawn and tags["histograms"], tags
    for tag in tags["images"]:
        assert [e.step for e in events.Images(tag)] == ends, tag
        assert all(e.encoded_image_string[:4] == b"\x89PNG" for e in events.Images(tag))
    for tag in tags["histograms"]:
        assert [e.step for e in events.Histograms(tag)] == ends, tag
    print(
        f"{len(steps)} steps, {len(epochs)} epochs: "
        + ", ".join(f"{len(tags[kind])} {kind}" for kind in ("scalars", "images", "histograms"))
    )


if __name__ == "__main__":
    main()
