"""The products of JAX, jitted."""

import jax
import jax.numpy as jnp
from same_numbers import numbers


def make(transpose_a, transpose_b):
    a, b = numbers("products.a", (512, 512)), numbers("products.b", (512, 512))
    product = jax.jit(lambda x, y: (x.T if transpose_a else x) @ (y.T if transpose_b else y))

    def step():
        product(a, b).block_until_ready()

    return step, lambda: [jnp.abs(product(a, b)).sum()]


runs = {
    "512³ NN": lambda: make(False, False),
    "512³ NT": lambda: make(False, True),
    "512³ TN": lambda: make(True, False),
    "512³ TT": lambda: make(True, True),
}
