"""Whole training runs of real Flax and optax, 60 steps each, on the digits and on numbers that a formula gives.

Run: python conformance/runs.py. Writes conformance/golden/runs.json: the loss of every step of each run. The same models stand in
TypeScript in packages/nnx/src/same-run; digits.py has the run of a DropConnect classifier.
"""

import pathlib

import jax
import jax.numpy as jnp
import numpy as np
import optax
from flax import nnx

from golden_file import finish

SEED, STEPS, BATCH, CLASSES, PIXELS = 0, 60, 32, 10, 64
DATA = pathlib.Path(__file__).resolve().parent.parent / "examples/digits/data/digits.csv"
ROWS = np.loadtxt(DATA, delimiter=",", dtype=np.float32)


def batch_of(step):
    """The images of one step, in the order of the file, and their labels."""
    rows = ROWS[(np.arange(BATCH) + step * BATCH) % len(ROWS)]
    return rows[:, :PIXELS] / 16, rows[:, PIXELS].astype(np.int32)


def cross_entropy(logits, labels):
    return optax.softmax_cross_entropy_with_integer_labels(logits, labels).mean()


def classify(model, tx, shape):
    """Trains a classifier of the digits, given as arrays of `shape`."""
    optimizer = nnx.Optimizer(model, tx, wrt=nnx.Param)

    @nnx.jit
    def train(model, optimizer, x, y):
        loss, grads = nnx.value_and_grad(lambda m: cross_entropy(m(x), y))(model)
        optimizer.update(model, grads)
        return loss

    losses = []
    for step in range(STEPS):
        x, y = batch_of(step)
        losses.append(float(train(model, optimizer, x.reshape((BATCH, *shape)), y)))
    return losses


class Mlp(nnx.Module):
    def __init__(self, rngs):
        self.hidden = nnx.Linear(PIXELS, 32, rngs=rngs)
        self.norm = nnx.BatchNorm(32, rngs=rngs)
        self.drop = nnx.Dropout(0.3, rngs=rngs)
        self.out = nnx.Linear(32, CLASSES, rngs=rngs)

    def __call__(self, x):
        return self.out(self.drop(jax.nn.relu(self.norm(self.hidden(x)))))


class ConvNet(nnx.Module):
    def __init__(self, rngs):
        self.first = nnx.Conv(1, 8, (3, 3), rngs=rngs)
        self.second = nnx.Conv(8, 16, (3, 3), rngs=rngs)
        self.out = nnx.Linear(64, CLASSES, rngs=rngs)

    def __call__(self, x):
        x = nnx.max_pool(jax.nn.relu(self.first(x)), (2, 2), strides=(2, 2))
        x = nnx.avg_pool(jax.nn.relu(self.second(x)), (2, 2), strides=(2, 2))
        return self.out(x.reshape((x.shape[0], -1)))


class RowReader(nnx.Module):
    """An LSTM that reads an image row by row."""

    def __init__(self, rngs):
        self.rnn = nnx.RNN(nnx.LSTMCell(8, 16, rngs=rngs), rngs=rngs)
        self.out = nnx.Linear(16, CLASSES, rngs=rngs)

    def __call__(self, x):
        return self.out(self.rnn(x)[:, -1])


VOCABULARY, LENGTH, WIDTH, HEADS = 11, 12, 16, 2


class Block(nnx.Module):
    def __init__(self, rngs):
        self.norm1 = nnx.LayerNorm(WIDTH, rngs=rngs)
        self.attention = nnx.MultiHeadAttention(
            HEADS, WIDTH, dropout_rate=0.1, decode=False, deterministic=False, rngs=rngs
        )
        self.norm2 = nnx.LayerNorm(WIDTH, rngs=rngs)
        self.up = nnx.Linear(WIDTH, 32, rngs=rngs)
        self.down = nnx.Linear(32, WIDTH, rngs=rngs)
        self.drop = nnx.Dropout(0.1, rngs=rngs)

    def __call__(self, x, mask):
        x = x + self.attention(self.norm1(x), mask=mask)
        return x + self.drop(self.down(jax.nn.gelu(self.up(self.norm2(x)))))


class Decoder(nnx.Module):
    def __init__(self, rngs):
        self.embed = nnx.Embed(VOCABULARY, WIDTH, rngs=rngs)
        self.position = nnx.Param(nnx.initializers.normal(0.02)(rngs.params(), (LENGTH, WIDTH)))
        self.blocks = nnx.List([Block(rngs) for _ in range(2)])
        self.norm = nnx.LayerNorm(WIDTH, rngs=rngs)
        self.out = nnx.Linear(WIDTH, VOCABULARY, rngs=rngs)

    def __call__(self, tokens):
        x = self.embed(tokens) + self.position[...]
        mask = nnx.make_causal_mask(tokens)
        for block in self.blocks:
            x = block(x, mask)
        return self.out(self.norm(x))


def sequences(step):
    """Five tokens, a separator, and the same tokens backwards."""
    i = np.arange(BATCH)[:, None] + step * BATCH
    j = np.arange(6)[None, :]
    tokens = (i * (2 * j + 3) + j * j + i // 7) % 10
    return np.concatenate([tokens, np.full((BATCH, 1), 10), tokens[:, ::-1]], axis=1).astype(np.int32)


def decoder():
    model = Decoder(nnx.Rngs(SEED, dropout=SEED + 1))
    optimizer = nnx.Optimizer(model, optax.adamw(3e-3), wrt=nnx.Param)

    @nnx.jit
    def train(model, optimizer, tokens):
        loss, grads = nnx.value_and_grad(lambda m: cross_entropy(m(tokens[:, :-1]), tokens[:, 1:]))(model)
        optimizer.update(model, grads)
        return loss

    return [float(train(model, optimizer, sequences(step))) for step in range(STEPS)]


class TwoLayers(nnx.Module):
    def __init__(self, din, dmid, dout, rngs):
        self.hidden = nnx.Linear(din, dmid, rngs=rngs)
        self.out = nnx.Linear(dmid, dout, rngs=rngs)

    def __call__(self, x):
        return self.out(jax.nn.leaky_relu(self.hidden(x), 0.2))


def circle(step):
    angle = 2 * np.pi * ((np.arange(BATCH) * 7 + step * 11) % 97) / 97
    return np.stack([np.cos(angle), np.sin(angle)], axis=1).astype(np.float32)


def gan():
    """Two optimizers: the discriminator's step, then the generator's, with noise of the stream `noise`."""
    rngs = nnx.Rngs(SEED, noise=SEED + 1)
    generator, judge = TwoLayers(4, 16, 2, rngs), TwoLayers(2, 16, 1, rngs)
    generator_optimizer = nnx.Optimizer(generator, optax.adam(2e-3, b1=0.5), wrt=nnx.Param)
    judge_optimizer = nnx.Optimizer(judge, optax.adam(2e-3, b1=0.5), wrt=nnx.Param)

    def bce(logits, label):
        return optax.sigmoid_binary_cross_entropy(logits, jnp.full_like(logits, label)).mean()

    def judge_loss(judge, generator, real, z):
        return bce(judge(real), 1.0) + bce(judge(generator(z)), 0.0)

    def generator_loss(generator, judge, z):
        return bce(judge(generator(z)), 1.0)

    found = {"judge": [], "generator": []}
    for step in range(STEPS):
        loss, grads = nnx.value_and_grad(judge_loss)(judge, generator, circle(step), rngs.noise.normal((BATCH, 4)))
        judge_optimizer.update(judge, grads)
        found["judge"].append(float(loss))
        loss, grads = nnx.value_and_grad(generator_loss)(generator, judge, rngs.noise.normal((BATCH, 4)))
        generator_optimizer.update(generator, grads)
        found["generator"].append(float(loss))
    return found


class Vae(nnx.Module):
    def __init__(self, rngs):
        self.encoder = TwoLayers(PIXELS, 32, 8, rngs)
        self.decoder = TwoLayers(4, 32, PIXELS, rngs)
        self.rngs = rngs

    def __call__(self, x):
        mean, log_variance = jnp.split(self.encoder(x), 2, axis=-1)
        z = mean + jnp.exp(0.5 * log_variance) * self.rngs.noise.normal(mean.shape)
        return self.decoder(z), mean, log_variance


def vae():
    model = Vae(nnx.Rngs(SEED, noise=SEED + 1))
    optimizer = nnx.Optimizer(model, optax.adam(3e-3), wrt=nnx.Param)

    def loss_fn(model, x):
        logits, mean, log_variance = model(x)
        reconstruction = optax.sigmoid_binary_cross_entropy(logits, x).sum(-1)
        divergence = -0.5 * (1 + log_variance - mean**2 - jnp.exp(log_variance)).sum(-1)
        return (reconstruction + divergence).mean()

    losses = []
    for step in range(STEPS):
        loss, grads = nnx.value_and_grad(loss_fn)(model, batch_of(step)[0])
        optimizer.update(model, grads)
        losses.append(float(loss))
    return losses


def mlp(tx):
    return classify(Mlp(nnx.Rngs(SEED, dropout=SEED + 1)), tx, (PIXELS,))


def warm_adamw():
    schedule = optax.warmup_cosine_decay_schedule(0.0, 1e-2, 10, STEPS, end_value=1e-4)
    return optax.chain(optax.clip_by_global_norm(0.5), optax.adamw(schedule, weight_decay=1e-2))


if __name__ == "__main__":
    content = {
        "losses": {
            "mlp_sgd": mlp(optax.sgd(0.1)),
            "mlp_adam": mlp(optax.adam(1e-2)),
            "mlp_adamw_clip_warmup_cosine": mlp(warm_adamw()),
            "conv": classify(ConvNet(nnx.Rngs(SEED)), optax.adam(3e-3), (8, 8, 1)),
            "lstm": classify(RowReader(nnx.Rngs(SEED)), optax.adam(1e-2), (8, 8)),
            "decoder": decoder(),
            **{f"gan_{name}": losses for name, losses in gan().items()},
            "vae": vae(),
        }
    }
    finish("runs", content, libraries=("jax", "flax", "optax"), seed=SEED, steps=STEPS)
