"""Makes the files of PyTorch that the tests of `formats` read, in each form that it writes.

    PYTHONPATH=DIR python3 benchmarks/peers/make_pytorch_files.py formats/src/test/resources/pytorch

Element i of parameter p is ((7 i + p) mod 64 - 32) / 8, which half precision and bfloat16 hold
exactly. Parameters: conv1.weight [2,3,2,2], conv1.bias [2], fc2.weight [3,8], fc2.bias [3].
"""

import collections
import pathlib
import sys

import torch

SHAPES = {
    "conv1.weight": (2, 3, 2, 2),
    "conv1.bias": (2,),
    "fc2.weight": (3, 8),
    "fc2.bias": (3,),
}


def tensor(number, shape):
    count = torch.Size(shape).numel()
    return (((7 * torch.arange(count) + number) % 64 - 32) / 8).reshape(shape)


def state(change=lambda t: t, prefix=""):
    return collections.OrderedDict(
        (prefix + name, change(tensor(i, shape))) for i, (name, shape) in enumerate(SHAPES.items())
    )


def strided(t):
    """The same values, with other strides and an offset into a larger storage."""
    last_first = t.permute(*reversed(range(t.dim()))).contiguous()
    padded = torch.full((last_first.numel() + 5,), 99.0)
    padded[3 : 3 + last_first.numel()] = last_first.flatten()
    return padded[3 : 3 + last_first.numel()].view(last_first.shape).permute(
        *reversed(range(t.dim()))
    )


def shared():
    """All parameters in one storage."""
    whole = torch.cat([t.flatten() for t in state().values()])
    views, at = collections.OrderedDict(), 0
    for name, shape in SHAPES.items():
        count = torch.Size(shape).numel()
        views[name] = whole[at : at + count].view(shape)
        at += count
    return views


def checkpoint():
    """What a training script keeps: the network of DataParallel, and its optimizer."""
    parameters = [torch.nn.Parameter(t) for t in state().values()]
    optimizer = torch.optim.SGD(parameters, lr=0.1, momentum=0.9)
    for p in parameters:
        p.grad = torch.ones_like(p)
    optimizer.step()
    for p, t in zip(parameters, state().values()):
        p.data.copy_(t)
    return {
        "epoch": 3,
        "arch": "tiny",
        "best": None,
        "state_dict": collections.OrderedDict(
            ("module." + name, p) for name, p in zip(SHAPES, parameters)
        ),
        "optimizer": optimizer.state_dict(),
    }


class Network(torch.nn.Module):
    """Its state dict notes versions of its layers, and a counter that is no weight."""

    def __init__(self):
        super().__init__()
        self.conv1 = torch.nn.Conv2d(3, 2, 2)
        self.fc2 = torch.nn.Linear(8, 3)
        self.register_buffer("steps", torch.tensor(5))
        self.load_state_dict(state(), strict=False)


def main(folder):
    folder = pathlib.Path(folder)
    cases = {
        "plain": state(),
        "module": Network().state_dict(),
        "half": state(lambda t: t.half()),
        "bfloat16": state(lambda t: t.bfloat16()),
        "double": state(lambda t: t.double()),
        "strided": state(strided),
        "shared": shared(),
        "checkpoint": checkpoint(),
    }
    for name, case in cases.items():
        torch.save(case, folder / f"{name}-zip.pt")
        torch.save(case, folder / f"{name}-stream.pt", _use_new_zipfile_serialization=False)
    torch.save(Network(), folder / "whole-zip.pt")


main(sys.argv[1])
