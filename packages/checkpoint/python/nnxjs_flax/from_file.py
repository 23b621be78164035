"""Arrays of a file as what they replace in Flax: of its dtype, on its devices."""

import jax
import jax.numpy as jnp
import numpy as np

from .errors import CheckpointError
from .leaves import is_key

NO_RNG = "expected a key of threefry2x32, which is all that nnxjs has"


def fitted(array, old):
    """A value like `old` from a numpy array. Raises CheckpointError, without a place, for what does not fit."""
    if is_key(old):
        return _key(array, old)
    shape, dtype = np.shape(old), np.dtype(old.dtype)
    if array.shape != shape:
        raise CheckpointError(f"expected {dtype}{list(shape)}, got {array.dtype}{list(array.shape)}")
    return placed(_converted(array, dtype), old)


def _converted(array, dtype):
    """Numbers keep their values; floating ones are rounded. Kinds stay apart, but for single numbers of nnxjs."""
    kinds = _kind(array.dtype), _kind(dtype)
    is_number = array.ndim == 0 and array.dtype in (np.float64, np.uint32) and kinds[1] != "complex"
    if kinds[0] != kinds[1] and not is_number:
        raise CheckpointError(f"expected {dtype}, got {array.dtype}")
    with np.errstate(invalid="ignore", over="ignore"):
        new = array.astype(dtype)
        again = new.astype(array.dtype)
    if kinds == ("float", "float"):
        if (np.isfinite(array) & ~np.isfinite(again)).any():
            raise CheckpointError(
                f"expected numbers that {dtype} holds, got up to {np.abs(array[np.isfinite(array)]).max()}"
            )
    elif not np.array_equal(again, array, equal_nan=kinds[0] == "complex"):
        raise CheckpointError(f"expected {dtype}, got {array.dtype} with values that {dtype} cannot hold")
    return new


def _kind(dtype):
    kinds = {"bool": jnp.bool_, "int": jnp.integer, "float": jnp.floating, "complex": jnp.complexfloating}
    return next(name for name, kind in kinds.items() if jnp.issubdtype(dtype, kind))


def _key(array, old):
    if old.dtype != jax.random.key(0, impl="threefry2x32").dtype:
        raise CheckpointError(f"{NO_RNG}, for a model with {old.dtype}")
    if array.dtype != np.uint32 or array.shape != (*old.shape, 2):
        raise CheckpointError(f"expected a key as uint32{[*old.shape, 2]}, got {array.dtype}{list(array.shape)}")
    sharding = _sharding(old)
    key = jax.random.wrap_key_data(jnp.asarray(array), impl="threefry2x32")
    if sharding is None:
        return key
    if not sharding.is_fully_addressable:
        # Keys cannot be put together from parts: the same is everywhere, and jit says where it belongs.
        return jax.jit(
            lambda: jax.random.wrap_key_data(jnp.asarray(array), impl="threefry2x32"), out_shardings=sharding
        )()
    return jax.device_put(key, sharding)


def placed(new, old):
    """A numpy array as one of numpy or of JAX, as `old` is, on its devices."""
    if isinstance(old, (np.ndarray, np.generic)):
        return new
    sharding = _sharding(old)
    if sharding is None:
        return jnp.asarray(new)
    if not sharding.is_fully_addressable:
        return jax.make_array_from_callback(new.shape, sharding, lambda index: new[index])
    return jax.device_put(new, sharding)


def _sharding(old):
    """Where an array has to be; None where JAX may still move it."""
    return getattr(old, "sharding", None) if getattr(old, "committed", True) else None
