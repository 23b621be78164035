"""The transformer block with Flax."""

import jax.numpy as jnp
from flax import nnx
from flax_training import trainer
from same_numbers import fill, numbers


class Block(nnx.Module):
    def __init__(self, rngs):
        self.norm1 = nnx.LayerNorm(128, rngs=rngs)
        self.attention = nnx.MultiHeadAttention(4, 128, decode=False, rngs=rngs)
        self.norm2 = nnx.LayerNorm(128, rngs=rngs)
        self.up = nnx.Linear(128, 512, rngs=rngs)
        self.down = nnx.Linear(512, 128, rngs=rngs)

    def __call__(self, x, mask):
        h = x + self.attention(self.norm1(x), mask=mask)
        return h + self.down(nnx.gelu(self.up(self.norm2(h))))


def make():
    x, target = numbers("block.x", (8, 64, 128)), numbers("block.target", (8, 64, 128))
    mask = nnx.make_causal_mask(jnp.ones((8, 64)))
    return trainer(fill(Block(nnx.Rngs(0))), lambda m: jnp.mean((m(x, mask) - target) ** 2))


runs = {"transformer block": make}
