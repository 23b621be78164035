"""Digests of long arrays of JAX: the float32 functions under the samplers, and the samplers that are equal bit for bit.

    python conformance/random_digests.py            writes conformance/golden/random-digests.json
    python conformance/random_digests.py --check    compares with what is there, and writes nothing

Needs jax 0.10.2 and numpy, on the CPU with JAX's default configuration. Digests are SHA-256 over little-endian bytes.
Functions are applied to `uniform(key(seed), (n,), minval, maxval)`, rounded down where `whole` says so.
"""

import hashlib

import jax
import jax.numpy as jnp
import numpy as np
from jax import random

from golden_file import finish

SEED = 20240612
N = 50_000


def sha(array):
    return hashlib.sha256(np.ascontiguousarray(array).tobytes()).hexdigest()


def functions():
    for name, f, low, high, whole in [
        ("log", jnp.log, 1e-30, 1.0, False),
        ("log", jnp.log, 1.0, 1e6, False),
        ("log1p", jnp.log1p, -1.0, 0.0, False),
        ("log1p", jnp.log1p, 0.0, 5.0, False),
        ("exp", jnp.exp, -87.0, 88.0, False),
        ("lgamma", jax.lax.lgamma, 1.0, 20.0, False),
        ("lgamma", jax.lax.lgamma, 1.0, 3000.0, True),
        ("erfInv", jax.lax.erf_inv, -1.0, 1.0, False),
    ]:
        x = random.uniform(random.key(SEED), (N,), minval=low, maxval=high)
        x = jnp.floor(x) if whole else x
        yield {"name": name, "minval": low, "maxval": high, "whole": whole, "sha": sha(jax.jit(f)(x))}


def samplers():
    key = random.key(SEED)
    rates = random.uniform(random.key(1), (N,), minval=0.0, maxval=60.0)
    chances = random.uniform(random.key(2), (N,))
    logits = jnp.log(random.uniform(random.key(3), (N // 5, 5)))
    weights = random.uniform(random.key(4), (1000,))
    yield {"name": "gumbel", "sha": sha(random.gumbel(key, (N,)))}
    yield {"name": "exponential", "sha": sha(random.exponential(key, (N,)))}
    yield {"name": "laplace", "sha": sha(random.laplace(key, (N,)))}
    yield {"name": "logistic", "sha": sha(random.logistic(key, (N,)))}
    yield {"name": "poisson", "sha": sha(random.poisson(key, rates))}
    yield {"name": "binomial", "sha": sha(random.binomial(key, 100.0, chances))}
    yield {"name": "geometric", "sha": sha(random.geometric(key, chances))}
    yield {"name": "permutation", "sha": sha(random.permutation(key, N))}
    yield {"name": "categorical", "sha": sha(random.categorical(key, logits))}
    yield {"name": "choice", "sha": sha(random.choice(key, 1000, (N,), p=weights))}
    yield {"name": "wald", "sha": sha(random.wald(key, rates))}


def main():
    content = {"functions": list(functions()), "samplers": list(samplers())}
    finish("random-digests", content, seed=SEED, n=N)


if __name__ == "__main__":
    main()
