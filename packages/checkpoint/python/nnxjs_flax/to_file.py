"""Values of Flax as what a file of nnxjs holds: see "Values" in FORMAT.md."""

import jax
import jax.numpy as jnp
import numpy as np
from flax import nnx

from .errors import CheckpointError
from .keys import key_of
from .leaves import is_key
from .trees import is_array, is_tree, items_of, numbers_in, static_json

OptArray, OptVariable = nnx.training.optimizer.OptArray, nnx.training.optimizer.OptVariable

# What nnxjs calls the types of Variables that Flax has not registered.
TYPES = {
    nnx.Variable: "Variable",
    nnx.RngState: "rng_state",
    nnx.RngKey: "rng_key",
    nnx.RngCount: "rng_count",
    nnx.OptState: "opt_state",
    OptArray: "opt_array",
    OptVariable: "opt_variable",
    nnx.LoRAParam: "lora_params",
    nnx.metrics.MetricState: "metric_state",
}
# Metadata that says how Flax treats a Variable on its devices, which nobody else can use.
OWN_METADATA = {"hijax", "ref", "eager_sharding", "sharding_names", "out_sharding", "mesh"}


def encoded(leaf):
    """The numpy arrays of a leaf by path, and its description. Raises CheckpointError for what no file can hold."""
    value, variable = leaf.value, leaf.variable
    # The words of a raw key are uint32, and no tensors either.
    is_number = isinstance(variable, (nnx.RngState, nnx.OptState)) and not _is_tensor(leaf)
    arrays, description = _encoded(leaf.path, value, is_number)
    if _is_raw_key(leaf):
        description = {"kind": "key"}
    return arrays, {**description, **about(leaf)}


def parts_of_state(leaf):
    """What is one leaf of an optimizer in Flax and several in nnxjs: inner path, array, description of each. None for other leaves.

    These are lists in the place of a parameter, as sm3 has them.
    """
    value, variable = leaf.value, leaf.variable
    if not isinstance(variable, nnx.OptState) or is_array(value):
        return None
    return [
        (inner, held(f"save at {leaf.key}", on_host(each)), {"type": "opt_variable"}) for inner, each in items_of(value)
    ] or None


def _is_raw_key(leaf):
    """Whether it has the words of keys in the place of typed ones."""
    value, variable = leaf.value, leaf.variable
    if getattr(value, "dtype", None) != np.uint32:
        return False
    return isinstance(variable, nnx.RngKey) or isinstance(variable, OptArray) and np.shape(value) == (2,)


def _type_of(leaf):
    """The type of a Variable in nnxjs. In an optimizer, keys are in a Variable of the base class."""
    if _is_tensor(leaf):
        return OptVariable
    is_key_of_state = isinstance(leaf.variable, OptArray) and (is_key(leaf.value) or _is_raw_key(leaf))
    return nnx.OptState if is_key_of_state else type(leaf.variable)


def _is_tensor(leaf):
    """Whether a leaf of an optimizer is a tensor in nnxjs: what is about a parameter, arrays with axes, and booleans."""
    value, variable = leaf.value, leaf.variable
    if not isinstance(variable, OptArray) or not is_array(value):
        return isinstance(variable, OptVariable)
    return not is_key(value) and not _is_raw_key(leaf) and (np.ndim(value) > 0 or value.dtype == bool)


def about(leaf):
    """What a description says of a Variable; nothing of a bare array."""
    variable = leaf.variable
    if variable is None:
        return {}
    kept = {name: each for name, each in variable.get_metadata().items() if name not in OWN_METADATA}
    written = {}
    for name, each in kept.items():
        try:
            written[name] = static_json(each)
        except TypeError:
            continue
    found = {"type": type_name(_type_of(leaf))}
    if written:
        found["metadata"] = written
    if len(written) < len(kept):
        found["unwritten"] = sorted(kept.keys() - written.keys())
    return found


def type_name(type_):
    """What nnxjs calls a type of Variables; that of a class which nobody registered is its own name."""
    if type_ in TYPES:
        return TYPES[type_]
    try:
        return nnx.variable_name_from_type(type_)
    except ValueError:
        return type_.__name__


def _encoded(path, value, is_number):
    key = key_of(path)
    if is_key(value):
        return {path: _key_data(key, value)}, {"kind": "key"}
    if is_array(value):
        array = on_host(value)
        # Counts, steps and hyperparameters are numbers there, and tensors whatever is about a parameter.
        if is_number and (array.ndim == 0 or array.dtype == np.uint32):
            return {path: as_number(f"save at {key}", array)}, {"kind": "number"}
        return {path: held(f"save at {key}", array)}, {}
    if isinstance(value, bool):
        return {path: np.asarray(value)}, {"kind": "boolean"}
    numbers = numbers_in(value)
    if numbers is not None:
        return {path: as_number(f"save at {key}", numbers)}, {"kind": "number"}
    if is_tree(value):
        return _encoded_tree(path, value)
    try:
        return {}, {"kind": "data", "value": static_json(value)}
    except TypeError:
        raise CheckpointError(
            f"save at {key}: expected arrays or plain data, got {type(value).__name__}. Keep it outside Variables."
        ) from None


def _encoded_tree(path, value):
    arrays, parts = {}, []
    for inner, each in items_of(value):
        at = (*path, *inner)
        if at in arrays:
            raise CheckpointError(f"save at {key_of(at)}: expected one array of that path, got two. Rename one.")
        arrays[at] = _key_data(key_of(at), each) if is_key(each) else held(f"save at {key_of(at)}", on_host(each))
        parts.append({"path": list(inner), "kind": "key" if is_key(each) else "tensor"})
    try:
        skeleton = static_json(value, arrays_as_null=True)
    except TypeError as error:
        raise CheckpointError(
            f"save at {key_of(path)}: expected arrays and plain data in it, got {error}. Keep it outside Variables."
        ) from None
    return arrays, {"kind": "tree", "value": skeleton, "parts": parts}


def _key_data(key, value):
    if value.dtype != jax.random.key(0, impl="threefry2x32").dtype:
        raise CheckpointError(
            f"save at {key}: expected keys of threefry2x32, got {value.dtype}. nnxjs has no other: make it with impl='threefry2x32'."
        )
    return on_host(jax.random.key_data(value))


def on_host(value):
    """All of an array, wherever its parts are. All processes have to call it for the same arrays, in the same order."""
    if isinstance(value, jax.ShapeDtypeStruct):
        raise CheckpointError(f"save: expected arrays, got the abstract {value}. Load values into the model first.")
    if isinstance(value, jax.core.Tracer):
        raise CheckpointError("save: expected arrays, got tracers. Call it outside jit.")
    if isinstance(value, jax.Array) and not value.is_fully_addressable:
        if value.is_fully_replicated:
            return np.asarray(value.addressable_data(0))
        from jax.experimental import multihost_utils

        return np.asarray(multihost_utils.process_allgather(value, tiled=True))
    return np.asarray(value)


def as_number(where, array):
    """Numbers as U32 where all are such integers, otherwise as F64. Raises CheckpointError where neither holds one."""
    numbers = np.asarray(array)
    if numbers.dtype == bool or jnp.issubdtype(numbers.dtype, jnp.integer):
        if numbers.size == 0 or int(numbers.min()) >= 0 and int(numbers.max()) < 2**32:
            return numbers.astype(np.uint32)
        wide = numbers.astype(np.float64)
        if any(int(a) != int(b) for a, b in zip(wide.reshape(-1), numbers.reshape(-1), strict=True)):
            raise CheckpointError(
                f"{where}: expected integers that float64 holds, got {numbers}. nnxjs has no other numbers."
            )
        return wide
    return numbers.astype(np.float64)


def held(where, array):
    """The array in a dtype of tensorflow.js, if each value has a place there. Raises CheckpointError otherwise."""
    dtype = array.dtype
    if str(dtype) in ("float32", "int32", "bool", "complex64"):
        return array
    if jnp.issubdtype(dtype, jnp.floating) and dtype.itemsize <= 2:
        return array.astype(np.float32)
    if jnp.issubdtype(dtype, jnp.integer):
        if array.size == 0 or int(array.min()) >= -(2**31) and int(array.max()) < 2**31:
            return array.astype(np.int32)
        raise CheckpointError(
            f"{where}: expected integers below 2^31, got {dtype} up to {array.max()}. tensorflow.js has int32 alone; keys belong in RngKey."
        )
    raise CheckpointError(
        f"{where}: expected values that tensorflow.js can hold, got {dtype}. Cast it to float32 or complex64."
    )
