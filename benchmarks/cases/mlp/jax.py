"""The MLP with Flax."""

import jax
import jax.numpy as jnp
import optax
from flax import nnx
from flax_training import trainer
from same_numbers import fill, integers, numbers


class DropConnect(nnx.Linear):
    def __init__(self, *args, rngs):
        super().__init__(*args, rngs=rngs)
        self.deterministic = False
        self.rngs = rngs.dropconnect.fork()

    def __call__(self, x):
        kernel = self.kernel[...]
        if not self.deterministic:
            mask = jax.random.bernoulli(self.rngs(), 0.5, kernel.shape)
            kernel = jnp.where(mask, kernel / 0.5, 0)
        return x @ kernel + self.bias[...]


class Mlp(nnx.Module):
    def __init__(self, dense, rngs):
        self.hidden = nnx.List([dense(784, 512, rngs=rngs), dense(512, 256, rngs=rngs)])
        self.out = nnx.Linear(256, 10, rngs=rngs)
        self.dropout = nnx.Dropout(0.5, rngs=rngs)

    def __call__(self, x):
        for layer in self.hidden:
            x = self.dropout(nnx.relu(layer(x)))
        return self.out(x)


def make(dense):
    model = fill(Mlp(dense, nnx.Rngs(0, dropconnect=1)))
    x, labels = numbers("mlp.x", (128, 784)), integers("mlp.labels", (128,), 10)

    def loss_fn(m):
        return optax.softmax_cross_entropy_with_integer_labels(m(x), labels).mean()

    def check():
        return [first]

    model.eval()
    first = loss_fn(model)
    model.train()
    return trainer(model, loss_fn), check


runs = {"MLP": lambda: make(nnx.Linear), "MLP, DropConnect": lambda: make(DropConnect)}
