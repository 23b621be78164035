"""Orbax directories into files of nnxjs, and back. Orbax itself reads and writes them."""

import pathlib

import jax
import numpy as np

from .errors import CheckpointError
from .keys import INTEGER, key_of, parts_of
from .layout import path_of
from .leaves import is_key
from .reading import read
from .to_file import as_number, held
from .writing import write


def from_orbax(directory, path, *, names=None):
    """Writes what a `StandardCheckpointer` saved (a State, or nested dicts and lists of arrays) to one file.

    Args:
      directory: where Orbax saved.
      path: the file.
      names: a dict from names there to those in nnxjs, wherever they are, such as `{"opt_state": "optState"}`.

    Such a directory does not say what the types of Variables are, so restore the file into a model. Arrays of uint32 whose last axis is 2 are
    taken for keys, other uint32 arrays and numbers without axes for numbers. For an optimizer, restore the directory into Flax and
    `save` that: it knows which names are optax's.

    Raises CheckpointError for dtypes that nnxjs has no place for, and what Orbax raises.
    """
    import orbax.checkpoint as ocp

    target = path_of("from_orbax", path)
    with ocp.StandardCheckpointer() as checkpointer:
        tree = checkpointer.restore(pathlib.Path(directory).absolute())
    arrays, described = {}, {}
    for entries, value in jax.tree_util.tree_flatten_with_path(tree)[0]:
        parts = [_part(entry) for entry in entries]
        # A State has its arrays below the attribute `value` of a Variable.
        if len(parts) > 1 and parts[-1] in ("value", "raw_value"):
            parts.pop()
        key = key_of([(names or {}).get(part, part) for part in parts])
        if key in arrays:
            raise CheckpointError(f"from_orbax at {key}: expected one array of that path, got two. Change names.")
        arrays[key], described[key] = _written(key, value)
    write(target, arrays, described, {})


def _written(key, value):
    if is_key(value):
        return np.asarray(jax.random.key_data(value)), {"kind": "key"}
    array = np.asarray(value)
    if array.dtype == np.uint32:
        return array, {"kind": "key" if array.shape[-1:] == (2,) else "number"}
    if isinstance(value, (bool, int, float)):
        return as_number(array), {"kind": "number"}
    return held(f"from_orbax at {key}", array), {}


def to_orbax(path, directory, *, names=None):
    """Writes the arrays of a file as nested dicts, with indices as text, to a directory that Orbax makes.

    Args:
      path: a file, or one with an index.
      directory: where Orbax saves; it must not be there yet.
      names: a dict from names in nnxjs to those there.

    Keys become typed keys of threefry2x32; counts uint32 and other numbers float64, without axes. `StandardCheckpointer().restore(directory)` gives the dicts.
    """
    import orbax.checkpoint as ocp

    content = read(path_of("to_orbax", path))
    tree = {}
    for key, array in content.arrays.items():
        parts = [(names or {}).get(part, part) for part in parts_of(key)]
        if not parts:
            raise CheckpointError("to_orbax: expected names, got a Variable without one. Save it in a record.")
        at = tree
        for part in parts[:-1]:
            at = at.setdefault(part, {})
            if not isinstance(at, dict):
                raise CheckpointError(
                    f"to_orbax at {key}: expected a path of its own, got one below another array. Rename it."
                )
        if parts[-1] in at:
            raise CheckpointError(
                f"to_orbax at {key}: expected a path of its own, got that of another array. Change names."
            )
        is_words = content.leaves.get(key, {}).get("kind") == "key"
        at[parts[-1]] = jax.random.wrap_key_data(array, impl="threefry2x32") if is_words else array
    with ocp.StandardCheckpointer() as checkpointer:
        checkpointer.save(pathlib.Path(directory).absolute(), tree)


def _part(entry):
    part = getattr(entry, "key", getattr(entry, "name", getattr(entry, "idx", None)))
    if part is None:
        raise CheckpointError(f"from_orbax: expected names and indices in the tree, got {entry!r}. Save nested dicts.")
    return int(part) if isinstance(part, str) and INTEGER.match(part) else part
