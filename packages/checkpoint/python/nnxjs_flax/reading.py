"""Tensors and descriptions from a file, or from several with an index, held against their checksums."""

import dataclasses
import json
import re

import numpy as np
from safetensors import SafetensorError, safe_open

from .errors import CheckpointError
from .keys import parts_of
from .layout import DTYPES, NAMES, VERSION, checksum, crc_of, index_of


@dataclasses.dataclass(frozen=True)
class Content:
    """What a checkpoint has.

    Attributes:
      arrays: numpy arrays by key, of the dtypes in the file.
      leaves: descriptions by key, as FORMAT.md says; empty for a file that nnxjs did not write.
      metadata: the user's texts by name.
    """

    arrays: dict
    leaves: dict
    metadata: dict


def read(path):
    """Reads all of a checkpoint.

    Args:
      path: a `pathlib.Path`. Where there is no such file but an index (`<path>.index.json`), the shards that it names are read.
    Raises CheckpointError for what is damaged; FileNotFoundError where nothing is.
    """
    index = path if path.suffix == ".json" else index_of(path)
    if path != index and (path.exists() or not index.exists()):
        return _checked(path, _read_one(path))
    shards, expected, total = _read_index(index)
    arrays, leaves, metadata, keys = {}, {}, {}, set()
    for name, own in shards.items():
        shard = path.with_name(name)
        if not shard.exists():
            raise _damaged(index, f"the file {name} beside it", "no such file")
        content = _read_one(shard, expected and expected.get(name, ""))
        keys |= content.arrays.keys()
        for key in own:
            if key not in content.arrays:
                raise _damaged(index, f"{key} in {name}", "no such tensor")
            arrays[key] = content.arrays[key]
        leaves.update(content.leaves)
        metadata.update(content.metadata)
    if expected is not None and (keys != arrays.keys() or total != sum(array.nbytes for array in arrays.values())):
        raise _damaged(index, f"an index of all {len(keys)} tensors", f"{len(arrays)} of {total} bytes")
    return _checked(path, Content(arrays, leaves, metadata))


def _checked(path, content):
    """Two keys that differ in nothing but 0 and "0" are one path to nnxjs."""
    seen = {}
    for key in content.arrays:
        if seen.setdefault(parts_of(key), key) != key:
            raise _damaged(path, "one key for a path", f"{seen[parts_of(key)]} and {key}")
    return content


def _read_index(index):
    """The keys that each shard has, what its checksum should be, and the bytes of all tensors."""
    try:
        content = json.loads(index.read_text(encoding="utf-8"))
    except ValueError as error:
        raise _damaged(index, "an index in JSON", str(error)) from error
    if not isinstance(content, dict) or not _are_texts(content.get("weight_map")):
        raise _damaged(index, "an index: an object with weight_map", "something else")
    metadata = content.get("metadata") if isinstance(content.get("metadata"), dict) else {}
    expected, total = None, None
    if "nnx.format" in metadata:
        if metadata["nnx.format"] != VERSION:
            raise _other_version(index, metadata["nnx.format"])
        expected, total = metadata.get("nnx.shards"), metadata.get("total_size")
        if not _are_texts(expected) or not isinstance(total, int):
            raise _damaged(index, "nnx.shards and total_size", "something else")
    shards = {name: [] for name in expected or {}}
    for key, name in content["weight_map"].items():
        if expected is not None and name not in expected:
            raise _damaged(index, f"{name} among nnx.shards", "no such file")
        shards.setdefault(name, []).append(key)
    for name in shards:
        if name in ("", ".", "..") or re.search(r"[/\\\0]", name):
            raise _damaged(index, "names of files, without folders", repr(name))
    return shards, expected, total


def _are_texts(value):
    return isinstance(value, dict) and all(isinstance(each, str) for each in value.values())


def _read_one(path, expected=None):
    """One file. `expected`: its checksum, where an index says."""
    if not path.exists():
        raise FileNotFoundError(
            f"expected a checkpoint at {path}, got no such file, and no {index_of(path).name}. Save one there first."
        )
    try:
        with safe_open(path, framework="numpy") as file:
            metadata = file.metadata() or {}
            arrays = {key: _array(path, file, key) for key in file.keys()}
    except (SafetensorError, ValueError) as error:
        if isinstance(error, CheckpointError):
            raise
        raise _damaged(path, "a safetensors file", str(error)) from error
    own = {name: text for name, text in metadata.items() if name.startswith("nnx.")}
    others = {name: text for name, text in metadata.items() if name not in own}
    if "nnx.format" not in own:
        if own or expected is not None:
            raise _damaged(path, "nnx.format in the metadata", "none")
        return Content(arrays, {}, others)
    if own["nnx.format"] != VERSION:
        raise _other_version(path, own["nnx.format"])
    kinds = {key: (NAMES[str(array.dtype)], array.shape) for key, array in arrays.items()}
    found = checksum(kinds, metadata)
    if found != own.get("nnx.checksum"):
        raise _damaged(path, f"a header with the checksum {own.get('nnx.checksum')}", found)
    if expected not in (None, found):
        raise _damaged(path, "a file of the same save as the index", "another file of this name")
    sums, leaves = _object(path, own, "nnx.crc32"), _object(path, own, "nnx.leaves")
    for key, array in arrays.items():
        if sums.get(key) != crc_of(array):
            raise _damaged(f"{path} at {key}", f"data with the checksum {sums.get(key)}", crc_of(array))
    if not all(isinstance(each, dict) for each in leaves.values()):
        raise _damaged(path, "nnx.leaves to describe leaves by objects", "something else")
    return Content(arrays, leaves, others)


def _array(path, file, key):
    dtype = file.get_slice(key).get_dtype()
    if dtype not in DTYPES:
        raise CheckpointError(
            f"{path} at {key}: expected one of {', '.join(DTYPES)}, got {dtype}. Convert it with the library that wrote it."
        )
    array = file.get_tensor(key)
    if dtype == "BOOL" and array.view(np.uint8).max(initial=0) > 1:
        raise _damaged(f"{path} at {key}", "bytes 0 and 1 for booleans", "others")
    return array


def _object(path, own, name):
    try:
        value = json.loads(own.get(name, ""))
    except ValueError as error:
        raise _damaged(path, f"{name} in JSON", str(error)) from error
    if not isinstance(value, dict):
        raise _damaged(path, f"{name} to be an object", "something else")
    return value


def _damaged(where, expected, got):
    return CheckpointError(f"{where}: expected {expected}, got {got}. It is damaged, or no such file: write it anew.")


def _other_version(path, got):
    return CheckpointError(f"{path}: expected version {VERSION} of the format, got {got}. Update nnxjs_flax.")
