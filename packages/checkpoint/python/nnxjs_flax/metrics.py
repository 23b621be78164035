"""The metrics that nnxjs keeps in twice the bits of float32, and Flax does not.

There, each sum has beside it, under `rest`, what rounding took from it, and counts are float32 too. A sum of Flax is written with
such a rest; a sum that is read is the two added, rounded once.
"""

import numpy as np
from flax import nnx

from .errors import CheckpointError
from .keys import key_of

SUMS = {nnx.metrics.Average: ("total", "count"), nnx.metrics.Welford: ("count", "mean", "m2")}


def is_sum(leaf):
    """Whether a leaf is a sum of a metric that has rests in nnxjs."""
    return any(isinstance(leaf.owner, metric) and leaf.name in names for metric, names in SUMS.items())


def rest_of(leaf):
    """The path of what rounding took from a sum."""
    *outer, name = leaf.path
    return (*outer, "rest", name)


def split_sum(key, value):
    """A sum as two float32 numbers. Raises CheckpointError for one that has more bits."""
    exact = np.asarray(value).astype(np.float64)
    with np.errstate(invalid="ignore", over="ignore"):
        high = exact.astype(np.float32)
        low = np.where(np.isfinite(high), exact - high, 0).astype(np.float32)
    if not np.isfinite(high).all():
        return high, low
    if (high.astype(np.float64) + low != np.asarray(value)).any():
        raise CheckpointError(f"save at {key}: expected a sum of at most 48 bits, got {value}. Reset the metric.")
    return high, low


def joined_sum(leaf, high, low):
    """A sum from its two parts, in the dtype that the metric has. Raises CheckpointError where it does not fit."""
    key, old = leaf.key, leaf.value
    where = key_of(rest_of(leaf))
    if high.shape != np.shape(old) or low is not None and low.shape != high.shape:
        raise CheckpointError(f"expected shape {list(np.shape(old))} here and at {where}, got {list(high.shape)}")
    exact = high.astype(np.float64) + (0 if low is None else low.astype(np.float64))
    dtype = np.dtype(old.dtype)
    if dtype.kind == "f" or high.dtype == dtype and low is None:
        return exact.astype(dtype) if dtype.kind == "f" else high
    if not (
        np.isfinite(exact).all()
        and (exact == np.rint(exact)).all()
        and np.abs(exact).max(initial=0) < 2.0 ** (8 * dtype.itemsize - 1)
    ):
        raise CheckpointError(
            f"expected a count that {dtype} holds, got {exact}; counts of weighted values are fractions in nnxjs alone, at {key}"
        )
    return exact.astype(dtype)
