"""Reference values of JAX for the samplers of rnglib/keys: random cases, edges, batches of keys.

    python conformance/keys.py            writes conformance/golden/keys.json
    python conformance/keys.py --check    compares with what is there, and writes nothing

Needs jax 0.10.2 and numpy, on the CPU. Digests are SHA-256 over little-endian bytes (masks: one byte each). Numbers
that JSON lacks are written as the strings "nan", "inf" and "-inf".
"""

import hashlib
import math

import jax
import jax.numpy as jnp
import numpy as np
from jax import random

from golden_file import finish

SEED = 20240607

cases = np.random.default_rng(SEED)
inf = math.inf


def sha(array):
    return hashlib.sha256(np.ascontiguousarray(array).tobytes()).hexdigest()


def number(x):
    x = float(x)
    return x if math.isfinite(x) else repr(x)


def numbers(array):
    return [number(x) for x in np.asarray(array).ravel()]


def seed():
    return int(cases.integers(0, 2**32))


def uniforms():
    drawn = []
    for _ in range(40):
        s, scale = seed(), 10.0 ** cases.uniform(-6, 6)
        low, high = sorted(float(x) for x in cases.normal(size=2) * scale)
        u = random.uniform(random.key(s), (2000,), minval=low, maxval=high)
        drawn.append({"seed": s, "minval": low, "maxval": high, "n": 2000, "sha": sha(u)})
    edges = []
    for low, high in ((2, 1), (1, 1), (0, inf), (-inf, 0), (math.nan, 1), (0, math.nan), (-3e38, 3e38), (0, 1e-30)):
        u = random.uniform(random.key(3), (4,), minval=low, maxval=high)
        edges.append({"minval": number(low), "maxval": number(high), "values": numbers(u)})
    return {"uniform": drawn, "uniformEdges": edges}


def bernoullis():
    drawn = []
    for i in range(60):
        s, mode = seed(), "low" if i % 3 else "high"
        # Right at a multiple of 2^-23, between two of them, and anywhere.
        p = (float(cases.integers(0, 2**23)) * 2**-23, float(cases.uniform()), float(10 ** cases.uniform(-8, 0)))[i % 3]
        mask = random.bernoulli(random.key(s), p, (3000,), mode=mode)
        drawn.append({"seed": s, "p": p, "mode": mode, "n": 3000, "sha": sha(mask)})
    nan = random.bernoulli(random.key(3), math.nan, (4,)).astype(int).tolist()
    return {"bernoulli": drawn, "bernoulliNaN": nan}


def randints():
    drawn = []
    for i in range(40):
        s = seed()
        bound = 10 if i % 2 else 2**31
        low, high = (int(x) for x in np.sort(cases.integers(-bound, bound, size=2)))
        r = random.randint(random.key(s), (1000,), low, high)
        drawn.append({"seed": s, "minval": low, "maxval": high, "n": 1000, "sha": sha(r)})
    edges = []
    for low, high in ((5, 2), (5, 5), (-(2**31), 2**31 - 1), (2**31 - 2, 2**31 - 1), (-(2**31), -(2**31) + 1)):
        r = random.randint(random.key(3), (4,), low, high)
        edges.append({"minval": low, "maxval": high, "values": r.tolist()})
    return {"randint": drawn, "randintEdges": edges}


@jax.jit
def fused_erf(doubled):
    """erf fused with another operation, as in `truncated_normal`: alone XLA computes it otherwise beyond 3.74."""
    return jax.lax.erf(doubled / 2)


def normals():
    bounds = [(-2, 2), (-1, 0.5), (0, 3), (-inf, 1), (-inf, inf), (4, 5), (6, 7), (-9, -8), (2, -2), (2, 2)]
    bounds += [(math.nan, 1), (-1e-3, 1e-3), (0.1, 0.2), (-3.9, 3.9), (-5.2, 5.2)]
    bounds += [tuple(float(x) for x in np.sort(cases.normal(size=2) * 2)) for _ in range(20)]
    truncated = []
    for low, high in bounds:
        s = seed()
        x = random.truncated_normal(random.key(s), float(low), float(high), (100,))
        truncated.append({"seed": s, "lower": number(low), "upper": number(high), "values": numbers(x)})
    points = np.concatenate([cases.normal(size=60), cases.uniform(-5, 5, 60), 10.0 ** cases.uniform(-30, 0.6, 40)])
    points = np.concatenate([points.astype(np.float32), np.float32([0, inf, -inf, math.nan, 3.83, 3.84])])
    units = np.concatenate([cases.uniform(-1, 1, 100), 1 - 10.0 ** cases.uniform(-7.2, -1, 50)]).astype(np.float32)
    units = np.concatenate([units, np.float32([0, 1, -1, 1e-20, 2])])
    return {
        "truncatedNormal": truncated,
        "erf": {"x": numbers(points), "y": numbers(fused_erf(2 * points))},
        "erfInv": {"x": numbers(units), "y": numbers(jax.lax.erf_inv(jnp.asarray(units)))},
    }


def batches():
    """What vmap over an array of keys draws."""
    keys = random.split(random.key(7), 3)
    each = lambda draw: jax.vmap(draw)(keys)
    return {
        "batch": {
            "seed": 7,
            "split": 3,
            "keys": np.asarray(random.key_data(keys)).ravel().tolist(),
            "bits": np.asarray(each(lambda k: random.bits(k, (20,)))).ravel().tolist(),
            "uniform": numbers(each(lambda k: random.uniform(k, (2, 9)))),
            "bernoulli": np.asarray(each(lambda k: random.bernoulli(k, 0.3, (20,)))).astype(int).ravel().tolist(),
            "randint": np.asarray(each(lambda k: random.randint(k, (20,), -50, 50))).ravel().tolist(),
            "normal": numbers(each(lambda k: random.normal(k, (20,)))),
            "splitEach": np.asarray(random.key_data(each(lambda k: random.split(k, 2)))).ravel().tolist(),
        }
    }


def masks():
    """where(mask, x / keep, 0) as Dropout has it, on x[i] = (i % 1000 - 500) / 8."""
    n = 1 << 20
    x = jnp.asarray((np.arange(n) % 1000 - 500) / 8, jnp.float32)
    drawn = []
    for rate in (0.1, 0.25, 0.5, 1 / 3, 0.9, 0.0):
        s, keep = seed(), 1 - rate
        mask = random.bernoulli(random.key(s), keep, (n,))
        y = jax.jit(lambda m, v, keep=keep: jnp.where(m, v / keep, jnp.zeros_like(v)))(mask, x)
        # The sign of zero is JAX's own here: a kept -0 cannot occur, for x is never -0.
        drawn.append({"seed": s, "rate": rate, "n": n, "sha": sha(y)})
    return {"mask": drawn}


if __name__ == "__main__":
    parts = [uniforms(), bernoullis(), randints(), normals(), batches(), masks()]
    finish("keys", {name: value for part in parts for name, value in part.items()}, seed=SEED)
