"""What the cases for JAX have in common."""

import jax
import jax.numpy as jnp
import optax
from flax import nnx


def trainer(model, loss_fn):
    """One jitted step of training with Adam. Parameters and state are donated, as users do."""
    tx = optax.adam(1e-3)
    graphdef, params, rest = nnx.split(model, nnx.Param, ...)

    def step(params, opt_state, rest):
        def loss_of(params):
            merged = nnx.merge(graphdef, params, rest, copy=True)
            loss = loss_fn(merged)
            return loss, nnx.state(merged, nnx.Not(nnx.Param))

        (loss, rest), grads = jax.value_and_grad(loss_of, has_aux=True)(params)
        updates, opt_state = tx.update(grads, opt_state, params)
        return loss, optax.apply_updates(params, updates), opt_state, rest

    jitted = jax.jit(step, donate_argnums=(0, 1, 2))
    carry = [params, tx.init(params), rest]

    def run():
        loss, *carry[:] = jax.block_until_ready(jitted(*carry))
        return loss

    return run


def value_and_gradients(model, loss_fn, inputs, *constants):
    """The jitted value and gradients of a loss, with respect to a model and inputs.

    The constants are arguments, too: XLA would compute with them while it compiles, which for a
    linear layer is all of the gradient.
    """
    graphdef, params, rest = nnx.split(model, nnx.Param, ...)

    def loss_of(params, *given):
        return loss_fn(nnx.merge(graphdef, params, rest, copy=True), *given)

    argnums = tuple(range(1 + len(inputs)))
    jitted = jax.jit(jax.value_and_grad(loss_of, argnums=argnums))

    def step():
        return jax.block_until_ready(jitted(params, *inputs, *constants))[0]

    def check():
        value, grads = jitted(params, *inputs, *constants)
        return [value, sum(jnp.abs(g).sum() for g in jax.tree.leaves(grads))]

    return step, check
