"""Reference numbers of capture and perturb, from real Flax.

Run from the root of the repository, with the versions that the result records:

    python3 -m venv .venv && .venv/bin/pip install jax==0.10.2 flax==0.12.8
    .venv/bin/python conformance/capture.py

Writes conformance/golden/capture.json: for three models (nested, with a shared layer, with a layer called in a loop) the
weights, an input, what was sown, the gradients of what was perturbed, and the gradients of the parameters.
"""

import jax
import jax.numpy as jnp
import numpy as np
from flax import nnx

from golden_file import finish

SEED, FEATURES, BATCH = 0, 3, 2


class Dense(nnx.Module):
    """tanh(x @ kernel), sown and perturbed."""

    def __init__(self, key):
        self.kernel = nnx.Param(jax.random.normal(key, (FEATURES, FEATURES)))

    def __call__(self, x):
        y = self.perturb("y", jnp.tanh(x @ self.kernel[...]))
        self.sow(nnx.Intermediate, "y", y)
        return y


class Block(nnx.Module):
    def __init__(self, first, second):
        self.first, self.second = first, second

    def __call__(self, x):
        y = self.second(self.first(x)) + x
        self.sow(nnx.Intermediate, "sum", y)
        return y


class Nested(nnx.Module):
    def __init__(self, keys):
        self.outer = Block(Dense(keys[0]), Block(Dense(keys[1]), Dense(keys[2])))

    def __call__(self, x):
        return self.outer(x)


class Shared(nnx.Module):
    def __init__(self, keys):
        layer = Dense(keys[0])
        self.one, self.two = Block(layer, Dense(keys[1])), layer

    def __call__(self, x):
        return self.two(self.one(x))


class Loop(nnx.Module):
    def __init__(self, keys):
        self.cell = Dense(keys[0])

    def __call__(self, x):
        for _ in range(3):
            x = self.cell(x)
        return x


def by_path(state):
    def numbers(value):
        if isinstance(value, tuple):
            return [np.asarray(v).tolist() for v in value]
        return np.asarray(value).tolist()

    return {"/".join(map(str, path)): numbers(leaf.get_value()) for path, leaf in nnx.to_flat_state(state)}


def case(model_type):
    model = model_type(jax.random.split(jax.random.key(SEED), 3))
    x = jax.random.normal(jax.random.key(SEED + 1), (BATCH, FEATURES))
    _, perturbations = nnx.capture(model, nnx.Perturbation)(x)

    def loss(model, perturbations, x):
        y, sown = nnx.capture(model, nnx.Intermediate, init=perturbations)(x)
        return jnp.sum(y**2), sown

    (grads, of_perturbations), sown = nnx.grad(loss, argnums=(0, 1), has_aux=True)(model, perturbations, x)
    return {
        "x": np.asarray(x).tolist(),
        "kernels": by_path(nnx.state(model, nnx.Param)),
        "sown": by_path(sown),
        "perturbation_grads": by_path(of_perturbations),
        "param_grads": by_path(grads),
    }


if __name__ == "__main__":
    cases = {"nested": case(Nested), "shared": case(Shared), "loop": case(Loop)}
    finish("capture", {"cases": cases}, libraries=("jax", "flax"), seed=SEED)
