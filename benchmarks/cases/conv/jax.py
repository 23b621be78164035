"""The convolutional net with Flax."""

import optax
from flax import nnx
from flax_training import trainer
from same_numbers import fill, integers, numbers


class Net(nnx.Module):
    def __init__(self, rngs):
        self.conv1 = nnx.Conv(1, 16, (3, 3), rngs=rngs)
        self.conv2 = nnx.Conv(16, 32, (3, 3), rngs=rngs)
        self.out = nnx.Linear(1568, 10, rngs=rngs)

    def __call__(self, x):
        for conv in (self.conv1, self.conv2):
            x = nnx.max_pool(nnx.relu(conv(x)), (2, 2), strides=(2, 2))
        return self.out(x.reshape(32, -1))


def make():
    x, labels = numbers("conv.x", (32, 28, 28, 1)), integers("conv.labels", (32,), 10)

    def loss_fn(m):
        return optax.softmax_cross_entropy_with_integer_labels(m(x), labels).mean()

    return trainer(fill(Net(nnx.Rngs(0))), loss_fn)


runs = {"conv net": make}
