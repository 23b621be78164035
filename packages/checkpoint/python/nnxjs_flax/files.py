"""Files: tensors by key, with what nnxjs wants to know of them."""

import contextlib
import json
import os
import pathlib
import tempfile
import zlib

import numpy as np
from safetensors import safe_open
from safetensors.numpy import save_file

NAMES = {
    "float32": "F32", "float64": "F64", "int32": "I32", "uint32": "U32", "bool": "BOOL", "complex64": "C64",
}


class CheckpointError(ValueError):
    """A file that cannot be read, or does not fit what it is read into."""


def crc(data):
    return f"{zlib.crc32(data):08x}"


def _checksum(tensors, metadata):
    """The checksum of all in a header but the offsets. `tensors`: shape and dtype by key."""
    text = "".join(f"{key}\0{dtype}\0{','.join(map(str, shape))}\0" for key, (dtype, shape) in sorted(tensors.items()))
    text += "".join(f"{name}\0{value}\0" for name, value in sorted(metadata.items()) if name != "nnx.checksum")
    return crc(text.encode())


def write(path, arrays, leaves, metadata):
    """Writes a whole file or none: whatever happens meanwhile, the old file stays until the new one is on the disk."""
    path = pathlib.Path(path)
    arrays = {key: np.asarray(array, order="C") for key, array in arrays.items()}
    headers = {
        **metadata,
        "nnx.format": "1",
        "nnx.leaves": json.dumps(leaves, sort_keys=True),
        "nnx.crc32": json.dumps({key: crc(array.reshape(-1).view(np.uint8)) for key, array in sorted(arrays.items())}),
    }
    kinds = {key: (NAMES[str(array.dtype)], array.shape) for key, array in arrays.items()}
    headers["nnx.checksum"] = _checksum(kinds, headers)
    handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    os.close(handle)
    try:
        save_file(arrays, temporary, headers)
        with open(temporary, "rb") as file:
            os.fsync(file.fileno())
        os.replace(temporary, path)
    except BaseException:
        with contextlib.suppress(FileNotFoundError):
            os.unlink(temporary)
        raise
    folder = os.open(path.parent, os.O_RDONLY)
    os.fsync(folder)
    os.close(folder)


def read(path):
    """All arrays by key, and the descriptions of the leaves (empty for a file that nnxjs did not write)."""
    path = pathlib.Path(path)
    index = path.with_name(path.name + ".index.json")
    if path.exists() or not index.exists():
        return _read_one(path)
    content = json.loads(index.read_text())
    files = sorted(set(content["weight_map"].values()) | set(content["metadata"].get("nnx.shards", {})))
    arrays, leaves = {}, {}
    for name in files:
        if pathlib.PurePath(name).name != name:
            raise CheckpointError(f"{index}: expected names of files, got {name!r}. Copy the shards beside the index.")
        expected = content["metadata"].get("nnx.shards", {}).get(name)
        more, described = _read_one(path.with_name(name), expected)
        arrays.update(more)
        leaves.update(described)
    return arrays, leaves


def _read_one(path, expected=None):
    try:
        with safe_open(path, framework="numpy") as file:
            metadata = file.metadata() or {}
            arrays = {key: file.get_tensor(key) for key in file.keys()}
    except Exception as error:
        if isinstance(error, FileNotFoundError):
            raise
        raise CheckpointError(f"{path}: expected a safetensors file, got {error}. Copy the file again.") from error
    if "nnx.format" not in metadata:
        if any(name.startswith("nnx.") for name in metadata):
            raise CheckpointError(f"{path}: expected nnx.format in the metadata, got none. The file is damaged.")
        return arrays, {}
    if metadata["nnx.format"] != "1":
        raise CheckpointError(f"{path}: expected format 1, got {metadata['nnx.format']}. Update nnxjs_flax.")
    kinds = {key: (NAMES.get(str(array.dtype)), array.shape) for key, array in arrays.items()}
    found = _checksum(kinds, metadata)
    if found != metadata.get("nnx.checksum") or expected not in (None, found):
        raise CheckpointError(f"{path}: expected another checksum of the header, got {found}. The file is damaged.")
    sums = json.loads(metadata["nnx.crc32"])
    for key, array in arrays.items():
        if sums.get(key) != crc(np.ascontiguousarray(array).reshape(-1).view(np.uint8)):
            raise CheckpointError(f"{path} at {key}: expected another checksum of the data. The file is damaged.")
    return arrays, json.loads(metadata["nnx.leaves"])
