"""The LSTM with Flax."""

import jax.numpy as jnp
from flax import nnx
from flax_training import value_and_gradients
from same_numbers import fill, numbers


def make():
    model = fill(nnx.RNN(nnx.LSTMCell(64, 64, rngs=nnx.Rngs(0))))
    return value_and_gradients(model, lambda m, x: jnp.mean(m(x) ** 2), (), numbers("lstm.x", (8, 64, 64)))


runs = {"LSTM": make}
