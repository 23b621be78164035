"""Adam of optax, jitted, with its arguments donated."""

import jax
import jax.numpy as jnp
import optax
from same_numbers import weights

SHAPES = {
    "a.kernel": (784, 512),
    "a.bias": (512,),
    "b.kernel": (512, 256),
    "b.bias": (256,),
    "c.kernel": (256, 10),
    "c.bias": (10,),
}


def make():
    tx = optax.adam(1e-3)
    grads = {path: weights(path, shape) for path, shape in SHAPES.items()}
    params = jax.tree.map(jnp.copy, grads)
    carry = [params, tx.init(params)]

    def update(params, state, grads):
        updates, state = tx.update(grads, state, params)
        return optax.apply_updates(params, updates), state

    jitted = jax.jit(update, donate_argnums=(0, 1))

    def step():
        carry[:] = jax.block_until_ready(jitted(*carry, grads))

    def check():
        sums = []
        for _ in range(3):
            step()
            sums.append(jnp.abs(carry[0]["a.bias"]).sum())
        return sums

    return step, check


runs = {"Adam, 536 k parameters": make}
