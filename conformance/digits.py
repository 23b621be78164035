"""Reference numbers of the digits example, from real JAX, Flax and optax.

Run from the root of the repository, with the versions that the result records:

    python3 -m venv .venv && .venv/bin/pip install jax==0.10.2 flax==0.12.8 optax==0.2.8
    .venv/bin/python conformance/digits.py

Writes conformance/golden/digits.json: the first weights and masks that the example draws from seed 0, and the losses of its
first 60 steps.
"""

import hashlib
import pathlib

import jax
import jax.numpy as jnp
import numpy as np
import optax
from flax import nnx

from golden_file import finish

SEED, RATE, BATCH, STEPS, CLASSES, PIXELS, HELD_OUT = 0, 0.25, 64, 60, 8, 64, 400
ROOT = pathlib.Path(__file__).resolve().parent


class DropConnect(nnx.Module):
    """Masked weights, scaled by 1 / (1 - rate)."""

    def __init__(self, base, rate, rngs):
        self.kernel, self.bias, self.rate = base.kernel, base.bias, rate
        self.rngs = rngs["dropconnect"].fork()

    def mask(self):
        return jax.random.bernoulli(self.rngs(), 1 - self.rate, self.kernel.shape)

    def __call__(self, x):
        kernel = jnp.where(self.mask(), self.kernel[...] / (1 - self.rate), 0)
        return x @ kernel + self.bias[...]


class Mlp(nnx.Module):
    def __init__(self, rngs):
        self.input = nnx.Linear(PIXELS, 128, rngs=rngs)
        self.hidden = DropConnect(nnx.Linear(128, 128, rngs=rngs), RATE, rngs)
        self.output = DropConnect(nnx.Linear(128, CLASSES, rngs=rngs), RATE, rngs)

    def __call__(self, x):
        return self.output(jax.nn.relu(self.hidden(jax.nn.relu(self.input(x)))))


def training_images():
    rows = np.loadtxt(ROOT.parent / "examples/digits/data/digits.csv", delimiter=",", dtype=np.float32)
    seen = rows[rows[:, PIXELS] < CLASSES]
    index = np.arange(len(seen))
    rows = seen[~((index % 3 == 2) & (index < 3 * HELD_OUT))]
    return rows[:, :PIXELS] / 16, rows[:, PIXELS].astype(np.int32)


def streams():
    return nnx.Rngs(params=SEED, dropconnect=SEED + 1)


def first_draws():
    model = Mlp(streams())
    mask = np.asarray(model.hidden.mask()).astype(np.uint8)
    return {
        "input_kernel": np.asarray(model.input.kernel[...]).ravel()[:256].tolist(),
        "hidden_kernel": np.asarray(model.hidden.kernel[...]).ravel()[:256].tolist(),
        "output_kernel": np.asarray(model.output.kernel[...]).ravel()[:256].tolist(),
        "hidden_mask_kept": int(mask.sum()),
        "hidden_mask_first_row": mask[0].tolist(),
        "hidden_mask_sha256": hashlib.sha256(mask.tobytes()).hexdigest(),
    }


def losses():
    model = Mlp(streams())
    shuffle = jax.random.key(SEED + 2)
    optimizer = nnx.Optimizer(model, optax.adam(1e-3), wrt=nnx.Param)
    pixels, labels = training_images()

    def loss_fn(model, x, y):
        return optax.softmax_cross_entropy_with_integer_labels(model(x), y).mean()

    found = []
    epoch = 0
    while len(found) < STEPS:
        order = np.asarray(jax.random.permutation(jax.random.fold_in(shuffle, epoch), len(pixels)))
        for start in range(0, len(pixels), BATCH):
            batch = order[start : start + BATCH]
            loss, grads = nnx.value_and_grad(loss_fn)(model, pixels[batch], labels[batch])
            optimizer.update(model, grads)
            found.append(float(loss))
        epoch += 1
    return {"images": len(pixels), "losses": found[:STEPS]}


if __name__ == "__main__":
    partitionable = bool(jax.config.jax_threefry_partitionable)
    content = {"draws": first_draws(), "training": losses()}
    finish("digits", content, libraries=("jax", "flax", "optax"), seed=SEED, rate=RATE, partitionable=partitionable)
