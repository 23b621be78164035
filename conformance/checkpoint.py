"""Files of safetensors and orbax's rules of what stays. Run: python conformance/checkpoint.py"""
import base64
import json
import logging
import pathlib
import struct
import tempfile
import zlib

import numpy as np
import orbax.checkpoint as ocp
from safetensors import SafetensorError, safe_open
from safetensors.numpy import load, save

from golden_file import finish

logging.disable(logging.CRITICAL)
OURS = pathlib.Path(__file__).resolve().parent.parent / "packages/checkpoint/test/format-1.safetensors"


def text(data):
    return base64.b64encode(bytes(data)).decode()


def described(array):
    array = np.asarray(array)
    return {"dtype": str(array.dtype), "shape": list(array.shape), "bytes": array.tobytes().hex()}


# Written by the library itself, every dtype that numpy has with it.
WRITTEN = {
    "layers.0.kernel": np.arange(6, dtype=np.float32).reshape(2, 3) / 7,
    "layers.0.bias": np.array([1, -2, 3], np.int32),
    "mask": np.array([[True, False]]),
    "z": np.array([1 + 2j, -3.5j], np.complex64),
    "empty": np.zeros((0, 3), np.float32),
    "scalar": np.array(0.1, np.float64),
    "key": np.array([0, 4294967295], np.uint32),
    "step": np.array(12345678901, np.int64),
    "half": np.array([1.5, -0.25], np.float16),
    "ä🙂": np.array([1], np.uint8),
}
files = [
    {"name": name, "file": text(save(tensors, metadata=metadata)), "tensors": {k: described(v) for k, v in tensors.items()}}
    for name, tensors, metadata in [
        ("all dtypes", WRITTEN, {"note": "ü"}),
        ("no metadata", {"w": np.ones((2, 2), np.float32)}, None),
        ("nothing", {}, None),
    ]
]


def entry(shape, offsets, dtype="F32"):
    return {"dtype": dtype, "shape": shape, "data_offsets": offsets}


def raw(header, data=b"", length=None):
    if not isinstance(header, bytes):
        header = json.dumps(header).encode()
    return struct.pack("<Q", len(header) if length is None else length) + header + data


# Which of these the library itself takes.
ODD = {
    "unpadded": raw({"a": entry([1], [0, 4])}, b"\0" * 4),
    "a newline behind": raw(b'{"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}}\n', b"\0" * 4),
    "out of order": raw({"a": entry([1], [4, 8]), "b": entry([1], [0, 4])}, b"\0" * 8),
    "unaligned": raw({"a": entry([1], [0, 1], "BOOL"), "b": entry([1], [1, 5])}, b"\0" * 5),
    "empty key": raw({"": entry([1], [0, 4])}, b"\0" * 4),
    "hole": raw({"a": entry([1], [4, 8])}, b"\0" * 8),
    "overlap": raw({"a": entry([1], [0, 4]), "b": entry([1], [0, 4])}, b"\0" * 4),
    "trailing": raw({"a": entry([1], [0, 4])}, b"\0" * 5),
    "missing data": raw({"a": entry([1], [0, 4])}, b"\0" * 3),
    "wrong length": raw({"a": entry([2], [0, 4])}, b"\0" * 4),
    "fractional size": raw(b'{"a":{"dtype":"F32","shape":[1.0],"data_offsets":[0,4]}}', b"\0" * 4),
    "negative size": raw({"a": entry([-1], [0, 4])}, b"\0" * 4),
    "unknown dtype": raw({"a": entry([1], [0, 4], "F33")}, b"\0" * 4),
    "overflow": raw({"a": entry([2**40, 2**40], [0, 0])}),
    "metadata of numbers": raw({"__metadata__": {"a": 1}, "a": entry([1], [0, 4])}, b"\0" * 4),
    "header too long": raw({"a": entry([1], [0, 4])}, b"\0" * 4, 10**6),
    "huge header": raw({"a": entry([1], [0, 4])}, b"\0" * 4, 2**63),
    "no header": b"\0" * 7,
    # Taken there, refused here: the two would not agree on what is in it, or say nothing of it.
    "key twice": raw(b'{"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]},"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}}', b"\0" * 4),
    "another field": raw({"a": {**entry([1], [0, 4]), "x": 1}}, b"\0" * 4),
    "a space before": raw(b' {"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}}', b"\0" * 4),
    "a boolean of 7": raw({"a": entry([1], [0, 1], "BOOL")}, b"\7"),
}


def accepted(file):
    try:
        load(file)
    except (SafetensorError, ValueError):
        return False
    return True


verdicts = [{"name": name, "file": text(file), "accepted": accepted(file)} for name, file in ODD.items()]


def ours():
    """What the library reads in a file of ours, and whether the checksums are as FORMAT.md says."""
    with safe_open(OURS, "np") as opened:
        tensors = {key: opened.get_tensor(key) for key in opened.keys()}
        metadata = opened.metadata()
    data = OURS.read_bytes()
    (length,) = struct.unpack("<Q", data[:8])
    header = json.loads(data[8 : 8 + length])
    header.pop("__metadata__")
    sums = json.loads(metadata["nnx.crc32"])
    assert length % 8 == 0
    for key, array in tensors.items():
        assert sums[key] == f"{zlib.crc32(array.tobytes()):08x}", key
    listing = "".join(f"{key}\0{e['dtype']}\0{','.join(map(str, e['shape']))}\0" for key, e in sorted(header.items()))
    listing += "".join(f"{name}\0{value}\0" for name, value in sorted(metadata.items()) if name != "nnx.checksum")
    assert metadata["nnx.checksum"] == f"{zlib.crc32(listing.encode()):08x}"
    return {key: described(value) for key, value in sorted(tensors.items())}


def kept(saves, **options):
    """After each save: the steps that are there, the latest and the best."""
    manager = ocp.CheckpointManager(
        tempfile.mkdtemp(), options=ocp.CheckpointManagerOptions(enable_async_checkpointing=False, **options)
    )
    rows = []
    for step, loss in saves:
        manager.save(step, args=ocp.args.StandardSave({"a": np.ones(2)}), metrics=None if loss is None else {"loss": loss})
        best = manager.best_step() if "best_fn" in options else manager.latest_step()
        rows.append({"step": step, "loss": loss, "all": sorted(manager.all_steps()), "latest": manager.latest_step(), "best": best})
    return rows


LOSSES = [(1, 0.5), (2, 0.9), (3, 0.1), (4, 0.2), (5, 0.9), (6, 0.05)]
by_loss = {"best_fn": lambda metrics: metrics["loss"]}
managers = [
    {"name": name, "options": options, "saves": kept(saves, **more)}
    for name, saves, options, more in [
        ("the latest two", [(1, None), (2, None), (5, None), (9, None)], {"maxToKeep": 2}, {"max_to_keep": 2}),
        ("all", LOSSES, {}, {}),
        ("the best two", LOSSES, {"maxToKeep": 2, "best": "max"}, {"max_to_keep": 2, **by_loss}),
        ("the two of least loss", LOSSES, {"maxToKeep": 2, "best": "min"}, {"max_to_keep": 2, "best_mode": "min", **by_loss}),
        ("the best", LOSSES, {"maxToKeep": 1, "best": "max"}, {"max_to_keep": 1, **by_loss}),
        ("equals", [(1, 0.5), (2, 0.5), (3, 0.5)], {"maxToKeep": 2, "best": "max"}, {"max_to_keep": 2, **by_loss}),
        (
            "some without metrics",
            [(1, 0.5), (2, None), (3, 0.1), (4, None), (5, 0.9), (6, 0.95)],
            {"maxToKeep": 2, "best": "max"},
            {"max_to_keep": 2, **by_loss},
        ),
    ]
]

finish(
    "checkpoint",
    {"files": files, "verdicts": verdicts, "ours": ours(), "managers": managers},
    libraries=("jax", "numpy", "safetensors", "orbax.checkpoint"),
)
