"""Rows, amounts and totals of nnx.tabulate, from real Flax.

Run from the root of the repository, with the versions that the result records:

    .venv/bin/python conformance/tabulate.py

Writes conformance/golden/tabulate.json: the cells of the table of each model. Flax's table is text; rows are parted at its lines.
"""

import jax.numpy as jnp
from flax import nnx

from golden_file import finish

SEED = 0


class Block(nnx.Module):
    def __init__(self, din, dout, rngs):
        self.linear = nnx.Linear(din, dout, rngs=rngs)
        self.bn = nnx.BatchNorm(dout, rngs=rngs)
        self.dropout = nnx.Dropout(0.2, rngs=rngs)

    def __call__(self, x):
        return nnx.relu(self.dropout(self.bn(self.linear(x))))


class Two(nnx.Module):
    def __init__(self, rngs):
        self.block1 = Block(32, 128, rngs)
        self.block2 = Block(128, 10, rngs)

    def __call__(self, x):
        return self.block2(self.block1(x))


class Cnn(nnx.Module):
    def __init__(self, rngs):
        self.convs = nnx.List([nnx.Conv(1, 4, (3, 3), rngs=rngs), nnx.Conv(4, 8, (3, 3), rngs=rngs)])
        self.norm = nnx.LayerNorm(8, rngs=rngs)
        self.out = nnx.Linear(8, 10, rngs=rngs)

    def encode(self, x):
        for conv in self.convs:
            x = nnx.relu(conv(x))
        return self.norm(jnp.mean(x, (1, 2)))

    def __call__(self, images):
        features = self.encode(images)
        return {"logits": self.out(features), "features": features}


class Shared(nnx.Module):
    """One layer under two names, called three times; two of the calls have inputs of the same shape."""

    def __init__(self, rngs):
        self.a = nnx.Linear(3, 3, rngs=rngs)
        self.b = self.a
        self.embed = nnx.Embed(7, 3, rngs=rngs)

    def __call__(self, tokens, mask):
        x = self.embed(tokens)
        return self.a(self.b(x)) * mask, self.a(jnp.mean(x, 0))


def cells(model, *args, **options):
    text = nnx.tabulate(model, *args, console_kwargs={"force_terminal": False, "width": 400}, **options)
    rows, current = [], None
    for line in text.splitlines():
        if line[:1] in "┏┡├└":
            if current:
                rows.append(["\n".join(words).strip() for words in current])
            current = None
            continue
        if line[:1] not in "┃│":
            continue
        words = [word.strip() for word in line.strip("┃│").replace("┃", "│").split("│")]
        current = [[word] for word in words] if current is None else [a + [b] for a, b in zip(current, words)]
    caption = [line.strip() for line in text.splitlines() if "Total Parameters" in line]
    return {"head": rows[0], "rows": rows[1:-1], "total": rows[-1], "caption": caption[0]}


images = jnp.ones((2, 8, 8, 1))
finish(
    "tabulate",
    {
        "cases": {
            "two": cells(Two(nnx.Rngs(SEED)), jnp.ones((1, 32))),
            "two, depth 1": cells(Two(nnx.Rngs(SEED)), jnp.ones((1, 32)), depth=1),
            "cnn": cells(Cnn(nnx.Rngs(SEED)), images),
            "cnn, encode": cells(Cnn(nnx.Rngs(SEED)), images, method="encode"),
            "shared": cells(Shared(nnx.Rngs(SEED)), jnp.zeros((5,), jnp.int32), jnp.ones((5, 1))),
        }
    },
    libraries=("jax", "flax"),
    seed=SEED,
)
