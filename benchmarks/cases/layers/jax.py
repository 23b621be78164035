"""The layers of Flax, jitted."""

import jax.numpy as jnp
from flax import nnx
from flax_training import value_and_gradients
from same_numbers import fill, integers, numbers

rngs = nnx.Rngs(0)
ROWS, IMAGES, HEADS = (512, 128), (8, 28, 28, 16), (8, 64, 4, 32)


class Nothing(nnx.Module):
    pass


def unary(f):
    return lambda: (Nothing(), lambda model, *xs: f(*xs))


def module(make):
    return lambda: (make(), lambda model, x: model(x))


def transposed():
    return nnx.ConvTranspose(32, 16, (3, 3), strides=(2, 2), transpose_kernel=True, rngs=rngs)


LAYERS = {
    "Linear": (module(lambda: nnx.Linear(256, 256, rngs=rngs)), {"x": (128, 256)}),
    "Conv 3×3": (module(lambda: nnx.Conv(16, 32, (3, 3), rngs=rngs)), {"x": IMAGES}),
    "depthwise": (
        module(lambda: nnx.Conv(32, 32, (3, 3), feature_group_count=32, rngs=rngs)),
        {"x": (8, 28, 28, 32)},
    ),
    "ConvTranspose": (module(transposed), {"x": (8, 14, 14, 32)}),
    "maxPool": (unary(lambda x: nnx.max_pool(x, (2, 2), strides=(2, 2))), {"x": IMAGES}),
    "avgPool": (unary(lambda x: nnx.avg_pool(x, (2, 2), strides=(2, 2))), {"x": IMAGES}),
    "BatchNorm": (module(lambda: nnx.BatchNorm(16, rngs=rngs)), {"x": IMAGES}),
    "LayerNorm": (module(lambda: nnx.LayerNorm(128, rngs=rngs)), {"x": ROWS}),
    "softmax": (unary(nnx.softmax), {"x": ROWS}),
    "logSoftmax": (unary(nnx.log_softmax), {"x": ROWS}),
    "relu": (unary(nnx.relu), {"x": ROWS}),
    "tanh": (unary(jnp.tanh), {"x": ROWS}),
    "gelu": (unary(nnx.gelu), {"x": ROWS}),
    "silu": (unary(nnx.silu), {"x": ROWS}),
    "Dropout": (module(lambda: nnx.Dropout(0.5, rngs=nnx.Rngs(0))), {"x": ROWS}),
    "attention": (
        unary(nnx.dot_product_attention),
        {"query": HEADS, "key": HEADS, "value": HEADS},
    ),
}


def weighted(y, weights):
    return (y * weights).sum() / 1000


def weights_of(name, shape):
    return numbers(f"{name}.loss", shape)


def make(name):
    built, shapes = LAYERS[name]
    model, forward = built()
    fill(model, f"{name}.")
    inputs = [numbers(f"{name}.{key}", shape) for key, shape in shapes.items()]
    weights = weights_of(name, forward(model, *inputs).shape)

    def loss_fn(m, *given):
        *xs, weights = given
        return weighted(forward(m, *xs), weights)

    step, check = value_and_gradients(model, loss_fn, inputs, weights)
    return step, (lambda: []) if name == "Dropout" else check


def embed():
    model = fill(nnx.Embed(1000, 128, rngs=rngs), "Embed.")
    ids = integers("Embed.ids", (8, 64), 1000)
    weights = weights_of("Embed", (8, 64, 128))
    return value_and_gradients(model, lambda m, ids, w: weighted(m(ids), w), (), ids, weights)


runs = {name: (lambda name=name: make(name)) for name in LAYERS} | {"Embed": embed}
