"""Flax modules into files, and back."""

import numpy as np

from . import metrics
from .errors import CheckpointError
from .from_file import fitted, placed
from .keys import key_of, parts_of
from .layout import path_of
from .leaves import leaves_of
from .processes import first_writes
from .reading import read
from .to_file import about, encoded, on_host, parts_of_state
from .trees import is_array, is_tree, items_of, nested, numbers_in, static_value, with_items
from .writing import write


def save(nodes, path, *, names=None, metadata=None):
    """Writes modules, optimizers and whatever else has Variables to one file, which nnxjs restores.

    Args:
      nodes: a module, an `nnx.Optimizer`, metrics, Rngs, a Variable or a State; or dicts and lists of these, whose
        names begin the paths, as `save` of nnxjs takes them. What is shared is written once, under the path that
        comes first.
      path: the file, a text or path. Its folder must be there. It is replaced whole or not at all.
      names: a dict from names of attributes here to those in nnxjs, for example `{"drop_path": "dropPath"}`,
        wherever they are. Fields of `nnx.Optimizer` and of optax's states get their names there anyway; those of
        Flax's layers are the same there.
      metadata: a dict of texts to keep in the file.

    Dtypes: float32, int32, bool and complex64 are written as they are; floating dtypes of 16 and 8 bits as float32,
    other integers as int32. Counts, steps and hyperparameters become numbers, keys their two words. Arrays that are
    spread over devices are gathered. With several processes, all of them call it, and the first writes.

    Raises CheckpointError, with the key, for what nnxjs has no place for: float64 and complex128, integers beyond
    int32, keys that are not of threefry2x32, objects that are neither arrays nor plain data. OSError where the disk
    refuses.
    """
    target = path_of("save", path)
    arrays, leaves = {}, {}
    for leaf in leaves_of("save", nodes, names or {}):
        for path_parts, array, description in _written(leaf):
            leaves[key_of(path_parts)] = description
            for inner, each in array.items():
                if key_of(inner) in arrays:
                    raise CheckpointError(
                        f"save at {key_of(inner)}: expected one array of that path, got two. Change names."
                    )
                arrays[key_of(inner)] = each
    first_writes(lambda: write(target, arrays, leaves, metadata or {}))


def _written(leaf):
    """What a leaf of Flax is in nnxjs: path, arrays by path, description."""
    if metrics.is_sum(leaf):
        description = about(leaf)
        high, low = metrics.split_sum(leaf.key, on_host(leaf.value))
        yield leaf.path, {leaf.path: high}, description
        yield metrics.rest_of(leaf), {metrics.rest_of(leaf): low}, description
        return
    parts = parts_of_state(leaf)
    if parts is None:
        yield leaf.path, *encoded(leaf)
        return
    for inner, array, description in parts:
        path = (*leaf.path, *inner)
        yield path, {path: array}, description


def load_into(nodes, path, *, names=None, strict=True):
    """Reads a file into modules and optimizers that exist, in place: Variables keep their identity, dtype and sharding.

    Args:
      nodes, names: as for `save`. An abstract model, as `nnx.eval_shape` makes it, gets real arrays.
      path: a file, or the name that the shards and the index of one have. Files of other libraries are read by their
        keys alone.
      strict: with False, leaves that only one side has are left alone.
    Returns: a list of the keys that the file or the modules lack; empty if `strict`.
    Raises CheckpointError that names all that does not fit, and for damaged files; FileNotFoundError. Nothing is
    changed then.

    Shapes must be equal. Floating numbers are rounded to the dtype that the model has, and what would become infinite
    is refused; integers and booleans must fit exactly. Types and metadata of Variables stay those of the model. With
    several processes, each reads the file and takes the parts that its devices have.
    """
    content = read(path_of("load_into", path))
    source = _Source(content)
    changes, wrong, missing = [], [], []
    for leaf in leaves_of("load_into", nodes, names or {}):
        try:
            changes.append((leaf, source.take(leaf)))
        except KeyError:
            missing.append(leaf.key)
        except CheckpointError as error:
            wrong.append(f"{leaf.key}: {error}")
    extra = source.left()
    if strict:
        wrong += [f"{key}: the file lacks it" for key in missing]
        wrong += [f"{key}: the model lacks it" for key in extra]
    if wrong:
        shown = wrong[:50] + ([f"and {len(wrong) - 50} more"] if len(wrong) > 50 else [])
        raise CheckpointError(
            f"load_into({path}): expected a value for each leaf, and nothing else, got\n  "
            + "\n  ".join(shown)
            + "\nUse the model that was saved, or strict=False."
        )
    _apply(changes)
    return missing + extra


def _apply(changes):
    """All or none."""
    done = []
    try:
        for leaf, value in changes:
            done.append((leaf, leaf.value))
            leaf.replace(value)
    except BaseException:
        for leaf, value in done:
            leaf.replace(value)
        raise


class _Source:
    """What a file has, by path, and what of it was not asked for yet."""

    def __init__(self, content):
        self._arrays = {parts_of(key): array for key, array in content.arrays.items()}
        self._data = {
            parts_of(key): each.get("value") for key, each in content.leaves.items() if each.get("kind") == "data"
        }

    def left(self):
        return [key_of(parts) for parts in (*self._arrays, *self._data)]

    def take(self, leaf):
        """The new value of a leaf. Raises KeyError where the file has none, CheckpointError where it does not fit."""
        value, at = leaf.value, tuple(map(str, leaf.path))
        if metrics.is_sum(leaf):
            high = self._arrays.pop(at)
            rest = self._arrays.pop(tuple(map(str, metrics.rest_of(leaf))), None)
            return placed(metrics.joined_sum(leaf, high, rest), value)
        if is_array(value):
            return fitted(self._arrays.pop(at), value)
        if isinstance(value, bool) or numbers_in(value) is not None:
            return self._numbers(at, value)
        if is_tree(value):
            return self._tree(at, value)
        if at in self._arrays:
            raise CheckpointError(f"expected plain data like {value!r}, got an array")
        try:
            return static_value(self._data.pop(at))
        except ValueError as error:
            raise CheckpointError(str(error)) from error

    def _numbers(self, at, value):
        array = self._arrays.pop(at)
        if isinstance(value, bool) != (array.dtype == bool) or array.dtype.kind == "c":
            raise CheckpointError(f"expected {type(value).__name__}s, got {array.dtype}")
        like = np.asarray(value)
        if array.shape != like.shape and value not in ([], ()):
            raise CheckpointError(f"expected numbers of shape {list(like.shape)}, got {list(array.shape)}")
        whole = like.dtype.kind == "i" and (array == np.rint(array)).all()
        return nested(array.astype(np.int64) if whole and array.dtype.kind == "f" else array, value)

    def _tree(self, at, value):
        items = dict(items_of(value))
        new = {}
        for inner, old in items.items():
            where = (*at, *map(str, inner))
            if where not in self._arrays:
                raise (
                    KeyError(where)
                    if not new
                    else CheckpointError(f"expected an array at {key_of(inner)} in it, got none")
                )
            try:
                new[inner] = fitted(self._arrays.pop(where), old)
            except CheckpointError as error:
                raise CheckpointError(f"at {key_of(inner)} in it {error}") from None
        return with_items(value, new)
