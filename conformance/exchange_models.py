"""Three small models with their optimizers and batches, for exchange.py. In TypeScript they stand in packages/checkpoint/test/exchange-runs.ts.

All numbers of batches are eighths and integers, so that both languages have the same bits.
"""

import jax
import jax.numpy as jnp
import numpy as np
import optax
from flax import nnx

ROWS, FEATURES, CLASSES = 8, 6, 3
WORDS, LENGTH, WIDTH = 7, 5, 8


class Mlp(nnx.Module):
    def __init__(self, rngs):
        # A bias before a BatchNorm has no gradient but rounding.
        self.hidden = nnx.Linear(FEATURES, 12, use_bias=False, rngs=rngs)
        self.norm = nnx.BatchNorm(12, rngs=rngs)
        self.drop = nnx.Dropout(0.3, rngs=rngs)
        self.out = nnx.Linear(12, CLASSES, rngs=rngs)

    def __call__(self, x):
        return self.out(self.drop(jax.nn.relu(self.norm(self.hidden(x)))))


class Decoder(nnx.Module):
    def __init__(self, rngs):
        self.embed = nnx.Embed(WORDS, WIDTH, rngs=rngs)
        self.norm1 = nnx.LayerNorm(WIDTH, rngs=rngs)
        self.attention = nnx.MultiHeadAttention(
            2, WIDTH, dropout_rate=0.1, decode=False, deterministic=False, rngs=rngs
        )
        self.norm2 = nnx.LayerNorm(WIDTH, rngs=rngs)
        self.feed_forward = nnx.List([nnx.Linear(WIDTH, 12, rngs=rngs), nnx.Linear(12, WIDTH, rngs=rngs)])
        self.drop = nnx.Dropout(0.1, rngs=rngs)
        self.out = nnx.Linear(WIDTH, WORDS, rngs=rngs)

    def __call__(self, tokens):
        x = self.embed(tokens)
        x = x + self.attention(self.norm1(x), mask=nnx.make_causal_mask(tokens))
        up, down = self.feed_forward
        return self.out(x + self.drop(down(jax.nn.gelu(up(self.norm2(x))))))


class Reader(nnx.Module):
    def __init__(self, rngs):
        self.rnn = nnx.RNN(nnx.GRUCell(2, 6, rngs=rngs), rngs=rngs)
        self.out = nnx.Linear(6, CLASSES, rngs=rngs)

    def __call__(self, x):
        return self.out(self.rnn(x)[:, -1])


def batch_of(name, step):
    """Inputs and labels."""
    i = np.arange(ROWS)[:, None]
    if name == "decoder":
        tokens = (i * (np.arange(LENGTH + 1)[None, :] + 2) + i // 3 + step) % WORDS
        return tokens[:, :-1].astype(np.int32), tokens[:, 1:].astype(np.int32)
    x = ((i * 7 + np.arange(FEATURES)[None, :] * 3 + step * 5) % 13 - 6) / 8
    labels = ((i[:, 0] + step) % CLASSES).astype(np.int32)
    return x.astype(np.float32).reshape((ROWS, -1, 2) if name == "rnn" else (ROWS, FEATURES)), labels


def warm_up(count):
    return 1e-2 * jnp.minimum(1, (count + 1) / 16)


MODELS = {"mlp": Mlp, "decoder": Decoder, "rnn": Reader}
TRANSFORMATIONS = {
    "mlp": lambda: optax.chain(optax.clip_by_global_norm(0.5), optax.adamw(warm_up, weight_decay=1e-2)),
    "decoder": lambda: optax.adamw(3e-3),
    "rnn": lambda: optax.MultiSteps(optax.sgd(0.1, momentum=0.9), 2),
}


def make(name, seed):
    """What is saved: a model and its optimizer."""
    model = MODELS[name](nnx.Rngs(seed, dropout=seed + 1))
    return {"model": model, "optimizer": nnx.Optimizer(model, TRANSFORMATIONS[name](), wrt=nnx.Param)}


@nnx.jit
def train_step(model, optimizer, x, labels):
    def loss_of(model):
        return optax.softmax_cross_entropy_with_integer_labels(model(x), labels).mean()

    loss, grads = nnx.value_and_grad(loss_of)(model)
    optimizer.update(model, grads)
    return loss


def train(name, run, first, steps):
    """The losses of some steps."""
    return [
        float(train_step(run["model"], run["optimizer"], *batch_of(name, step))) for step in range(first, first + steps)
    ]


def logits(name, run):
    """Of the batch of step 100, without dropout and with the statistics that were learned."""
    model = nnx.clone(run["model"])
    model.eval()
    return np.asarray(model(batch_of(name, 100)[0])).ravel().tolist()
