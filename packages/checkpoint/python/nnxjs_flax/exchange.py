"""Flax modules into files, and back."""

import json

import jax
import jax.numpy as jnp
import numpy as np
from flax import nnx

from .files import CheckpointError, read, write
from .keys import camel_case, key_of, parts_of

# What nnxjs calls the types of Variables. Flax names types that nobody registered by their class.
TYPES = {
    nnx.RngKey: "rng_key",
    nnx.RngCount: "rng_count",
    nnx.OptState: "opt_state",
    nnx.training.optimizer.OptArray: "opt_array",
    nnx.training.optimizer.OptVariable: "opt_variable",
    nnx.LoRAParam: "lora_params",
}
# Metadata that says how Flax treats a Variable on its devices, which nobody else can use.
OWN_METADATA = {"hijax", "ref", "eager_sharding", "sharding_names", "out_sharding", "mesh"}


def save(nodes, path, *, names=None, metadata=None):
    """Writes modules, optimizers and whatever else `nnx.state` takes to one file.

    Args:
      nodes: a graph node, or a dict of several by name, as `save` of nnxjs takes them.
      path: the file. It is replaced whole or not at all.
      names: a dict from names of attributes here to those in nnxjs, for example `{"drop_path": "dropPath"}`. The fields of an
        `nnx.Optimizer` and of optax's states are mapped anyway.
      metadata: a dict of strings to keep in the file.

    float16 and bfloat16 are written as float32, and small integers as int32: nnxjs has no others. Arrays that are spread over devices
    are gathered; with several processes, the first writes.
    """
    arrays, leaves = {}, {}
    for path_parts, variable in _leaves(nodes, names or {}):
        key = key_of(path_parts)
        if key in arrays:
            raise CheckpointError(f"save at {key}: expected one leaf, got two of that name. Change `names`.")
        arrays[key], leaves[key] = _described(key, variable)
    if jax.process_index() == 0:
        write(path, arrays, leaves, metadata or {})


def load_into(nodes, path, *, names=None, strict=True):
    """Reads a file into modules and optimizers that exist, in place. Their arrays keep dtype and sharding.

    Args:
      nodes, names: as for `save`.
      strict: with False, leaves that only one side has are left alone.
    Returns: the keys that the file or the modules lack.
    Raises CheckpointError, naming all that does not fit; nothing is changed then.
    """
    arrays, _ = read(path)
    found = {parts_of(key): array for key, array in arrays.items()}
    changes, wrong, missing = [], [], []
    for path_parts, variable in _leaves(nodes, names or {}):
        key, text = key_of(path_parts), tuple(str(part) for part in path_parts)
        if text not in found:
            missing.append(key)
            continue
        try:
            changes.append((variable, _fitted(found.pop(text), _value_of(variable))))
        except CheckpointError as error:
            wrong.append(f"{key}: {error}")
    odd = missing + [key_of(parts) for parts in found]
    if strict:
        wrong += [f"{key}: the file lacks it" for key in missing]
        wrong += [f"{key_of(parts)}: the model lacks it" for parts in found]
    if wrong:
        raise CheckpointError(f"load_into({path}): " + "; ".join(wrong) + ". Use the model that was saved, or strict=False.")
    for variable, value in changes:
        variable.set_raw_value(value) if hasattr(variable, "set_raw_value") else variable.set_value(value)
    return odd


def _leaves(nodes, names):
    """Every Variable with its path in nnxjs."""
    for name, node in nodes.items() if isinstance(nodes, dict) else [(None, nodes)]:
        prefix = [] if name is None else [name]
        fields = _field_depths(node)
        for parts, variable in nnx.to_flat_state(nnx.state(node)):
            mapped = [
                camel_case(part) if (depth, parts[: depth + 1]) in fields else names.get(part, part)
                for depth, part in enumerate(parts)
            ]
            yield (*prefix, *mapped), _variable_at(node, parts, variable)


def _field_depths(node):
    """Where in the paths of an optimizer there are names of fields, not of parameters: `(depth, path up to there)`."""
    if not isinstance(node, nnx.Optimizer):
        return set()
    found = set()
    leaves, _ = jax.tree_util.tree_flatten_with_path(node.opt_state, is_leaf=lambda x: isinstance(x, nnx.Variable))
    for path, _ in leaves:
        parts = ["opt_state", *(_part(entry) for entry in path)]
        found.add((0, ("opt_state",)))
        for depth, entry in enumerate(path, 1):
            if isinstance(entry, jax.tree_util.GetAttrKey):
                found.add((depth, tuple(parts[: depth + 1])))
    return found


def _part(entry):
    for name in ("name", "idx", "key"):
        if hasattr(entry, name):
            return getattr(entry, name)
    raise CheckpointError(f"expected names, indices and keys in the state of an optimizer, got {entry!r}.")


def _variable_at(node, parts, found):
    """The Variable itself: what a State holds may be a copy."""
    for part in parts:
        if isinstance(node, nnx.Variable):
            break
        by_key = isinstance(part, int) or isinstance(node, (dict, nnx.State))
        node = node[part] if by_key else getattr(node, part)
    return node if isinstance(node, nnx.Variable) else found


def _value_of(variable):
    return variable.get_raw_value() if hasattr(variable, "get_raw_value") else variable.value


def _is_key(value):
    return jnp.issubdtype(getattr(value, "dtype", None), jax.dtypes.prng_key)


def _on_host(value):
    if isinstance(value, jax.Array) and not value.is_fully_addressable:
        from jax.experimental import multihost_utils

        value = multihost_utils.process_allgather(value, tiled=True)
    return np.asarray(value)


def _described(key, variable):
    """The array of a Variable as nnxjs can hold it, and its description."""
    value = _value_of(variable)
    kept = {name: each for name, each in variable.get_metadata().items() if name not in OWN_METADATA}
    written = {name: each for name, each in kept.items() if isinstance(each, (str, bool, int, float, type(None)))}
    description = {"type": TYPES.get(type(variable)) or nnx.variable_name_from_type(type(variable), allow_register=True)}
    if written:
        description["metadata"] = written
    if len(written) < len(kept):
        description["unwritten"] = sorted(kept.keys() - written.keys())
    if _is_key(value):
        return _on_host(jax.random.key_data(value)), {**description, "kind": "key"}
    array = _on_host(value)
    counts = isinstance(variable, (nnx.RngCount, nnx.OptState)) and not isinstance(variable, nnx.training.optimizer.OptVariable)
    if counts and array.ndim == 0:
        whole = np.issubdtype(array.dtype, np.integer) and array >= 0
        return array.astype(np.uint32 if whole else np.float64), {**description, "kind": "number"}
    if isinstance(variable, nnx.RngCount):
        return array.astype(np.uint32), {**description, "kind": "number"}
    return _held(key, array), description


def _held(key, array):
    """The array in a dtype of tensorflow.js, if each value has a place there."""
    name = str(array.dtype)
    if name in ("float32", "int32", "bool", "complex64"):
        return array
    if name in ("float16", "bfloat16"):
        return array.astype(np.float32)
    if np.issubdtype(array.dtype, np.integer) and (array.size == 0 or -(2**31) <= array.min() <= array.max() < 2**31):
        return array.astype(np.int32)
    raise CheckpointError(f"save at {key}: expected values that tensorflow.js can hold, got {name}. Cast it to float32.")


def _fitted(array, old):
    """What was read, as what it replaces."""
    if _is_key(old):
        if array.dtype != np.uint32 or array.shape != (*old.shape, 2):
            raise CheckpointError(f"expected a key of shape {old.shape}, got {array.dtype}{list(array.shape)}")
        return _placed(jax.random.wrap_key_data(jnp.asarray(array), impl=jax.random.key_impl(old)), old)
    shape, dtype = np.shape(old), np.dtype(getattr(old, "dtype", np.asarray(old).dtype))
    if array.shape != shape:
        raise CheckpointError(f"expected shape {list(shape)}, got {list(array.shape)}")
    new = array.astype(dtype)
    same = array.dtype.kind == new.dtype.kind if array.dtype.kind in "fcb" else new.dtype.kind in "iuf"
    exact = np.array_equal(new.astype(array.dtype), array, equal_nan=array.dtype.kind in "fc")
    # A number of nnxjs may come as float64 where Flax has a float32, and a bfloat16 as the float32 that stood for it.
    rounds = array.dtype.kind == new.dtype.kind == "f" or array.dtype.kind == "f" and array.dtype.itemsize == 8 and exact
    if not (rounds or same and exact):
        raise CheckpointError(f"expected {dtype}, got {array.dtype}")
    return _placed(jnp.asarray(new), old)


def _placed(new, old):
    sharding = getattr(old, "sharding", None)
    return new if sharding is None else jax.device_put(new, sharding)
