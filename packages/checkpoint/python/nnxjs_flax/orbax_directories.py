"""Orbax directories into files of nnxjs, and back. Orbax itself reads and writes them."""

import pathlib

import jax
import numpy as np

from .exchange import _held, _is_key
from .files import CheckpointError, read, write
from .keys import key_of, parts_of


def from_orbax(directory, path):
    """Writes what a `StandardCheckpointer` saved (a State, or a nested dict of arrays) to one file.

    Types of Variables are not in such a directory, so restore the file into a model.
    """
    import orbax.checkpoint as ocp

    tree = ocp.StandardCheckpointer().restore(pathlib.Path(directory).absolute())
    leaves, _ = jax.tree_util.tree_flatten_with_path(tree)
    arrays, described = {}, {}
    for entries, value in leaves:
        parts = [part for part in map(_part, entries)]
        # A State has its arrays below the attribute `value` of a Variable.
        if parts and parts[-1] in ("value", "raw_value"):
            parts.pop()
        key = key_of(parts)
        if _is_key(value):
            arrays[key], described[key] = np.asarray(jax.random.key_data(value)), {"kind": "key"}
            continue
        array = np.asarray(value)
        if array.dtype == np.uint32:
            arrays[key], described[key] = array, {"kind": "key" if array.shape[-1:] == (2,) else "number"}
        else:
            arrays[key], described[key] = _held(key, array), {}
    write(path, arrays, described, {})


def to_orbax(path, directory):
    """Writes the tensors of a file as a nested dict, with indices as text, to a directory that Orbax makes."""
    import orbax.checkpoint as ocp

    tree = {}
    for key, array in read(path)[0].items():
        *outer, last = parts_of(key)
        at = tree
        for part in outer:
            at = at.setdefault(part, {})
        at[last] = array
    with ocp.StandardCheckpointer() as checkpointer:
        checkpointer.save(pathlib.Path(directory).absolute(), tree)


def _part(entry):
    part = getattr(entry, "key", getattr(entry, "name", getattr(entry, "idx", None)))
    if part is None:
        raise CheckpointError(f"expected names and indices in the tree, got {entry!r}.")
    return int(part) if isinstance(part, str) and part.isdigit() and str(int(part)) == part else part
