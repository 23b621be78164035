"""A file of tensors, written whole or not at all."""

import contextlib
import importlib.metadata
import itertools
import json
import os
import re
import socket
import time

import numpy as np

from .errors import CheckpointError
from .layout import NAMES, SHARD, VERSION, checksum, crc_of, index_of, stem_of

_count = itertools.count()


def write(path, arrays, leaves, metadata):
    """Writes one file. Until all of it is on the disk, the file that was there before stays.

    What killed processes of this machine left behind is removed, and so are the shards of a checkpoint of this name.

    Args:
      path: a `pathlib.Path`; what a link leads to is replaced, not the link.
      arrays: numpy arrays by key, of the dtypes of the format.
      leaves: descriptions by key.
      metadata: the user's texts by name.
    Raises CheckpointError for metadata that is no text; OSError where the disk refuses.
    """
    for name, value in metadata.items():
        if not (isinstance(name, str) and isinstance(value, str)) or name.startswith("nnx."):
            raise CheckpointError(
                f"save: expected metadata to have texts under names that do not begin with nnx., got {name!r}: {value!r}. "
                "Write other things with json.dumps."
            )
    arrays = {key: np.asarray(array, order="C") for key, array in arrays.items()}
    header, placed = _header(arrays, leaves, metadata)
    target = path.resolve()
    _remove_left_overs(target)
    temporary = target.with_name(f".{target.name}.{_host()}.{os.getpid()}.{time.time_ns():x}{next(_count):x}.tmp")
    try:
        with open(temporary, "xb") as file:
            file.write(header)
            for array in placed:
                # The format is little-endian.
                file.write(array.astype(array.dtype.newbyteorder("<"), copy=False).tobytes())
            file.flush()
            os.fsync(file.fileno())
        os.replace(temporary, target)
    except BaseException:
        with contextlib.suppress(OSError):
            os.unlink(temporary)
        raise
    _sync(target.parent)
    _remove_shards(path)


def _header(arrays, leaves, metadata):
    """The bytes before the data, and the arrays in the order of the data."""
    own = {
        "nnx.format": VERSION,
        "nnx.leaves": _json(leaves),
        "nnx.crc32": _json({key: crc_of(array) for key, array in arrays.items()}),
        "nnx.written_by": f"nnxjs_flax {_version()}",
    }
    texts = {**metadata, **own}
    kinds = {key: (NAMES[str(array.dtype)], list(array.shape)) for key, array in arrays.items()}
    texts["nnx.checksum"] = checksum(kinds, texts)
    entries, at = {"__metadata__": dict(sorted(texts.items()))}, 0
    order = sorted(arrays, key=lambda key: (-arrays[key].itemsize, key))
    for key in order:
        dtype, shape = kinds[key]
        entries[key] = {"dtype": dtype, "shape": shape, "data_offsets": [at, at + arrays[key].nbytes]}
        at += arrays[key].nbytes
    text = json.dumps(entries, ensure_ascii=False, separators=(",", ":")).encode()
    text += b" " * (-len(text) % 8)
    if len(text) > 100_000_000:
        raise CheckpointError(
            f"save: expected a header of at most 100000000 bytes, got {len(text)}. Save fewer leaves in one file."
        )
    return len(text).to_bytes(8, "little") + text, [arrays[key] for key in order]


def _json(value):
    return json.dumps(value, sort_keys=True, ensure_ascii=False, separators=(",", ":"))


def _version():
    with contextlib.suppress(importlib.metadata.PackageNotFoundError):
        return importlib.metadata.version("nnxjs-flax")
    return "from sources"


def _host():
    return re.sub(r"[^A-Za-z0-9_-]", "_", socket.gethostname())


def _remove_left_overs(target):
    # Windows has no way to ask for a process without ending it.
    if os.name != "posix":
        return
    start = f".{target.name}.{_host()}."
    for name in os.listdir(target.parent):
        found = re.fullmatch(r"([0-9]+)\.[0-9a-z]+\.tmp", name.removeprefix(start)) if name.startswith(start) else None
        if found and not _is_running(int(found[1])):
            with contextlib.suppress(FileNotFoundError):
                os.unlink(target.with_name(name))


def _is_running(process):
    try:
        os.kill(process, 0)
    except (ProcessLookupError, OverflowError):
        return False
    except PermissionError:
        return True
    return True


def _remove_shards(path):
    index = index_of(path)
    if not index.exists():
        return
    index.unlink()
    for name in os.listdir(path.parent):
        stem = stem_of(path)
        if name.startswith(stem) and SHARD.fullmatch(name[len(stem) :]):
            path.with_name(name).unlink(missing_ok=True)


def _sync(folder):
    """Names in a folder are lasting once the folder was flushed. Windows' cannot be, and need not."""
    if os.name == "posix":
        handle = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)
