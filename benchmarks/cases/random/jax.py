"""Whole numbers and permutations with JAX, jitted."""

import jax


def make(draw):
    key = jax.random.key(1)
    jitted = jax.jit(draw)

    def step():
        jitted(key).block_until_ready()

    return step, lambda: jitted(key)[:3]


runs = {
    "randint, 1M": lambda: make(lambda key: jax.random.randint(key, (1 << 20,), 0, 1000)),
    "permutation, 1M": lambda: make(lambda key: jax.random.permutation(key, 1 << 20)),
}
