"""Reference vectors of JAX's threefry generator.

    python conformance/threefry.py            writes conformance/golden/threefry.json
    python conformance/threefry.py --check    compares with what is there, and writes nothing

Needs jax 0.10.2 and numpy, on the CPU. The newest layout (jax_threefry_partitionable) is JAX's default.
"""

import hashlib

import jax
import jax.extend.random
import jax.numpy as jnp
import numpy as np
from jax import random

from golden_file import finish

SEED = 1701
MILLION = 1 << 20

key = random.key(SEED)
key42 = random.key(42)


def sha(array):
    return hashlib.sha256(np.ascontiguousarray(array).tobytes()).hexdigest()


def words(keys):
    return np.asarray(random.key_data(keys)).reshape(-1).tolist()


def digits(mask):
    return "".join("1" if bit else "0" for bit in np.asarray(mask).tolist())


def error_of(function):
    try:
        function()
    except Exception as error:  # noqa: BLE001
        return f"{type(error).__name__}: {error}"
    raise AssertionError("expected an error")


def floats(array):
    return [float(x) for x in np.asarray(array)]


def keys_and_bits():
    """The hash itself, seeds, split, fold_in and bits of each width."""
    inputs = np.random.RandomState(0).randint(0, 1 << 32, (16, 4), dtype=np.uint32)
    raw = []
    for k0, k1, x0, x1 in inputs:
        y = jax.extend.random.threefry_2x32((k0, k1), np.array([x0, x1], np.uint32))
        raw.append([int(v) for v in (k0, k1, x0, x1, *np.asarray(y))])
    seeds = [0, 1, 42, -1, -2, 2**31 - 1, 2**31, 2**31 + 99, 2**32 - 1, 2**32, 2**32 + 5, 2**53 - 1, 2**63 - 1]
    seeds += [-(2**31), -(2**31) - 100, -(2**63), 1701, 123456789012345]
    too_large = [2**63, 2**64 - 1, -(2**63) - 1]
    return {
        "raw": raw,
        "seeds": [[str(s), words(random.key(s))] for s in seeds],
        "seed_err": {str(s): error_of(lambda s=s: random.key(s)) for s in too_large},
        "seed_float": error_of(lambda: random.key(1.5)),
        "split": {str(n): words(random.split(key42, n)) for n in (1, 2, 3, 5)},
        "split_shape_2_3": words(random.split(key42, (2, 3))),
        "fold_in": {str(d): words(random.fold_in(key42, d)) for d in (0, 1, 2, 7, 2**31, 2**32 - 1)},
        "fold_in_edge": {
            str(d): error_of(lambda d=d: random.fold_in(key42, d)) for d in (-1, -5, 2**32, 2**40)
        },
        "fold_in_np_m1": words(random.fold_in(key42, np.int32(-1))),
        "bits8": random.bits(key, (14,), np.uint8).tolist(),
        "bits16": random.bits(key, (14,), np.uint16).tolist(),
        "bits32": random.bits(key, (14,), np.uint32).tolist(),
        "bits_scalar": [int(random.bits(key))],
    }


def distributions():
    """Floats are written in full, so reading them back gives the same float32."""
    ps = (0.5, 0.9, 0.1, 1.0, 0.0, 1.5, -0.5, 1 / 3, 1e-7)
    half = lambda dtype: np.asarray(random.uniform(key, (8,), dtype)).view(np.uint16).tolist()
    return {
        "uniform": floats(random.uniform(key, (11,))),
        "uniform_m3_5": floats(random.uniform(key, (1001,), minval=-3.0, maxval=5.3)),
        "normal": floats(random.normal(key, (1001,))),
        "bern": {str(p): digits(random.bernoulli(key, p, (300,))) for p in ps},
        "bern_high": {str(p): digits(random.bernoulli(key, p, (300,), mode="high")) for p in (0.5, 0.9)},
        "randint": random.randint(key, (20,), 0, 10).tolist(),
        "randint2": random.randint(key, (20,), -5, 1000003).tolist(),
        "perm20": random.permutation(key, 20).tolist(),
        "perm5000": sha(random.permutation(key, 5000)),
        "f16": half(jnp.float16),
        "bf16": half(jnp.bfloat16),
    }


def millions():
    """Whole arrays by their SHA-256 (little-endian bytes; masks as one byte each)."""
    return {
        "sha_bits32_1M": sha(random.bits(key, (MILLION,))),
        "sha_bits32_1000003": sha(random.bits(key, (1000003,))),
        "sha_uniform_1M": sha(random.uniform(key, (MILLION,))),
        "sha_bern_0.9_1M": sha(random.bernoulli(key, 0.9, (MILLION,))),
        "sha_bern_1m0.1_1M": sha(random.bernoulli(key, 1 - 0.1, (MILLION,))),
    }


def old_layout():
    """jax_threefry_partitionable=False, for reference; this package has the newer layout only."""
    jax.config.update("jax_threefry_partitionable", False)
    key0 = random.key(0)
    old = {}
    for width, dtype in ((8, np.uint8), (16, np.uint16), (32, np.uint32)):
        old[f"bits{width}"] = random.bits(key, (3,), dtype).tolist()
        old[f"bits{width}_n7"] = random.bits(key, (7,), dtype).tolist()
    old["split4"] = words(random.split(key0, 4))
    old["fold4"] = words(random.fold_in(key0, 4))
    jax.config.update("jax_threefry_partitionable", True)
    return {"old": old}


def with_64_bits():
    """What jax_enable_x64 changes: seeds keep their upper half, and bits and uniform may be 64 bits wide."""
    jax.config.update("jax_enable_x64", True)
    seeds = (0, -1, 2**32 + 5, 2**53 - 1, 2**63 - 1, -(2**63), -(2**31) - 100)
    wide = {
        "x64seeds": [[str(s), words(random.key(s))] for s in seeds],
        "bits64": [str(b) for b in random.bits(key, (6,), np.uint64).tolist()],
        "bits32_x64": random.bits(key, (3,), np.uint32).tolist(),
        "uniform64": [repr(u) for u in random.uniform(key, (5,), np.float64).tolist()],
        "x64seed_np_uint64": [words(random.key(np.uint64(2**64 - 1)))],
    }
    jax.config.update("jax_enable_x64", False)
    return wide


if __name__ == "__main__":
    parts = [keys_and_bits(), distributions(), millions(), old_layout(), with_64_bits()]
    finish("threefry", {name: value for part in parts for name, value in part.items()}, seed=SEED, x64=False)
