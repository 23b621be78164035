"""Values of Variables that are no arrays: numbers, texts, and lists, tuples and dicts with arrays in them."""

import math

import jax
import numpy as np
from flax import nnx

from .keys import INTEGER


def is_array(value):
    return isinstance(value, (jax.Array, np.ndarray, np.generic, jax.ShapeDtypeStruct))


def _entries(value):
    return enumerate(value) if isinstance(value, (list, tuple)) else value.items()


def items_of(value, path=()):
    """The arrays in lists, tuples and dicts, with their paths. Flax makes States of the lists in an optimizer's state."""
    if is_array(value):
        yield path, value
    elif isinstance(value, (list, tuple, dict, nnx.State)):
        for name, each in _entries(value):
            yield from items_of(each, (*path, name))


def is_tree(value):
    return any(True for _ in items_of(value))


def with_items(value, new, path=()):
    """The same with other arrays, by their paths. Lists stay lists, tuples tuples."""
    if is_array(value):
        return new[path]
    if isinstance(value, (dict, nnx.State)):
        return type(value)({name: with_items(each, new, (*path, name)) for name, each in value.items()})
    if isinstance(value, (list, tuple)):
        made = [with_items(each, new, (*path, i)) for i, each in enumerate(value)]
        return type(value)(*made) if hasattr(value, "_fields") else type(value)(made)
    return value


def numbers_in(value):
    """A number, or nested lists of numbers of one shape, as an array; None for everything else."""

    def all_numbers(x):
        if isinstance(x, (list, tuple)):
            return all(map(all_numbers, x))
        return isinstance(x, (int, float)) and not isinstance(x, bool)

    if not all_numbers(value):
        return None
    try:
        return np.array(value, dtype=None if value not in ([], ()) else np.float64)
    except ValueError:
        return None


def nested(array, like):
    """Numbers in the form that the value had: a number, or lists or tuples of numbers."""
    if isinstance(like, (list, tuple)):
        return type(like)(nested(each, like[i] if i < len(like) else []) for i, each in enumerate(array))
    return array.item()


def static_json(value, arrays_as_null=False):
    """A plain value as FORMAT.md writes static values. Raises TypeError for what is none."""
    if arrays_as_null and is_array(value):
        return None
    if value is None or isinstance(value, (bool, str)):
        return value
    if isinstance(value, int):
        return value if abs(value) < 2**53 else {"$": "bigint", "value": str(value)}
    if isinstance(value, float):
        if math.isfinite(value):
            return {"$": "number", "value": "-0"} if value == 0 and math.copysign(1, value) < 0 else value
        return {"$": "number", "value": "NaN" if math.isnan(value) else "Infinity" if value > 0 else "-Infinity"}
    if isinstance(value, (list, tuple)):
        return [static_json(each, arrays_as_null) for each in value]
    if isinstance(value, dict) and all(isinstance(name, str) for name in value):
        entries = {name: static_json(each, arrays_as_null) for name, each in value.items()}
        return {"$": "record", "entries": [list(entry) for entry in entries.items()]} if "$" in entries else entries
    if isinstance(value, dict) and all(isinstance(name, (str, int)) for name in value):
        return {"$": "map", "entries": [[name, static_json(each, arrays_as_null)] for name, each in value.items()]}
    raise TypeError(type(value).__name__)


def static_value(json):
    """A plain value from what `static_json` wrote. Raises ValueError for what it never writes."""
    if isinstance(json, list):
        return [static_value(each) for each in json]
    if not isinstance(json, dict):
        return json
    if "$" not in json:
        return {name: static_value(each) for name, each in json.items()}
    match json["$"], json.get("value"), json.get("entries"):
        case "undefined", _, _:
            return None
        case "number", "-0", _:
            return -0.0
        case "number", "NaN" | "Infinity" | "-Infinity" as text, _:
            return float(text.replace("Infinity", "inf"))
        case "bigint", str(text), _ if INTEGER.match(text):
            return int(text)
        case "record" | "map", _, list(entries) if all(
            isinstance(entry, list) and len(entry) == 2 for entry in entries
        ):
            return {name: static_value(each) for name, each in entries}
    raise ValueError(f"expected a plain value, got {json}")
