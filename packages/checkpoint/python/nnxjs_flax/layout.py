"""What writing and reading have in common: dtypes, checksums, names of files."""

import pathlib
import re
import zlib

import ml_dtypes
import numpy as np

from .errors import CheckpointError

# Names of dtypes in a file. Those after BOOL are only in files of others.
NAMES = {
    "float32": "F32",
    "float64": "F64",
    "int32": "I32",
    "uint32": "U32",
    "complex64": "C64",
    "bool": "BOOL",
    "float16": "F16",
    "bfloat16": "BF16",
    "int8": "I8",
    "uint8": "U8",
    "int16": "I16",
    "uint16": "U16",
    "int64": "I64",
    "uint64": "U64",
}
DTYPES = {code: np.dtype(ml_dtypes.bfloat16 if name == "bfloat16" else name) for name, code in NAMES.items()}

VERSION = "1"
SHARD = re.compile(r"-[0-9a-f]{8}-[0-9]{5,}-of-[0-9]{5,}\.safetensors")


def crc(data):
    """The CRC-32 of bytes, as files have it."""
    return f"{zlib.crc32(data):08x}"


def crc_of(array):
    return crc(np.ascontiguousarray(array).reshape(-1).view(np.uint8))


def checksum(tensors, metadata):
    """The checksum of all in a header but the offsets.

    Args:
      tensors: name of the dtype and shape by key.
      metadata: texts by name.
    """
    text = "".join(f"{key}\0{dtype}\0{','.join(map(str, shape))}\0" for key, (dtype, shape) in sorted(tensors.items()))
    text += "".join(f"{name}\0{value}\0" for name, value in sorted(metadata.items()) if name != "nnx.checksum")
    return crc(text.encode())


def index_of(path):
    """Where the index of a checkpoint in several files is."""
    return path.with_name(path.name + ".index.json")


def stem_of(path):
    return path.name.removesuffix(".safetensors")


def path_of(where, path):
    """A path of a file, from what the user passed. Raises CheckpointError for what names none."""
    try:
        found = pathlib.Path(path)
    except TypeError:
        raise CheckpointError(f"{where}: expected a path, got {path!r}. Name a file.") from None
    if found.name == "":
        raise CheckpointError(f"{where}: expected a path, got {str(path)!r}. Name a file.")
    return found
