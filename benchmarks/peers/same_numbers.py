"""The numbers of numbers.ts, and models filled with them."""

import math

import jax.numpy as jnp
import numpy as np
from flax import nnx


def _mix(h):
    h = (h ^ (h >> np.uint32(16))) * np.uint32(0x85EBCA6B)
    h = (h ^ (h >> np.uint32(13))) * np.uint32(0xC2B2AE35)
    return h ^ (h >> np.uint32(16))


def _hashes(name, shape):
    seed = 0x811C9DC5
    for character in name:
        seed = ((seed ^ ord(character)) * 0x01000193) & 0xFFFFFFFF
    count = np.arange(math.prod(shape), dtype=np.uint32)
    return _mix(count * np.uint32(0x9E3779B1) + np.uint32(seed)).reshape(shape)


def numbers(name, shape, scale=1.0):
    """Uniform numbers in [-scale, scale)."""
    share = (_hashes(name, shape) >> np.uint32(8)).astype(np.float64) / 2**24
    return jnp.asarray((2 * share - 1) * scale, jnp.float32)


def integers(name, shape, bound):
    """Whole numbers from 0 to below `bound`."""
    return jnp.asarray(_hashes(name, shape) % np.uint32(bound), jnp.int32)


def weights(path, shape):
    """The initial values of a parameter: its path in the model says what it is."""
    if path.endswith("scale"):
        return jnp.ones(shape, jnp.float32)
    if path.endswith("bias"):
        return numbers(path, shape, 0.1)
    return numbers(path, shape, math.sqrt(3 / math.prod(shape[:-1])))


def fill(model, prefix=""):
    """Gives every parameter of a model its numbers."""
    state = nnx.state(model, nnx.Param)
    for path, variable in nnx.to_flat_state(state):
        name = prefix + ".".join(map(str, path))
        variable[...] = weights(name, variable[...].shape)
    nnx.update(model, state)
    return model
