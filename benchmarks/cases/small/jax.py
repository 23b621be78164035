"""The small layers with Flax."""

import jax.numpy as jnp
from flax import nnx
from flax_training import trainer
from same_numbers import fill, numbers


class Stack(nnx.Module):
    def __init__(self, rngs):
        self.layers = nnx.List([nnx.Linear(4, 4, rngs=rngs) for _ in range(20)])

    def __call__(self, x):
        for layer in self.layers:
            x = jnp.tanh(layer(x))
        return x


def make():
    x, target = numbers("small.x", (4, 4)), numbers("small.target", (4, 4))
    return trainer(fill(Stack(nnx.Rngs(0))), lambda m: jnp.mean((m(x) - target) ** 2))


runs = {"20 layers of width 4": make}
