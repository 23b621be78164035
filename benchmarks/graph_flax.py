"""Times Flax NNX on the model of graph.ts: 100 blocks of Linear + BatchNorm + Dropout. Prints JSON, medians in ms."""

import json
import time

import jax
import jax.numpy as jnp
from flax import nnx


class Block(nnx.Module):
    def __init__(self, rngs):
        self.linear = nnx.Linear(4, 4, rngs=rngs)
        self.bn = nnx.BatchNorm(4, rngs=rngs)
        self.dropout = nnx.Dropout(0.5, rngs=rngs)
        self.gain = nnx.Param(jnp.ones(4))


class Model(nnx.Module):
    def __init__(self, blocks, rngs):
        self.blocks = nnx.List([Block(rngs) for _ in range(blocks)])


def median(run, rounds=15):
    times = []
    for _ in range(rounds):
        start = time.perf_counter()
        run()
        times.append((time.perf_counter() - start) * 1e3)
    return sorted(times)[rounds // 2]


model = Model(100, nnx.Rngs(0))
graphdef, state = nnx.split(model)
other = jax.tree.map(lambda x: x, state)
print(
    json.dumps(
        {
            "split": median(lambda: nnx.split(model)),
            "split into two": median(lambda: nnx.split(model, nnx.Param, ...)),
            "state": median(lambda: nnx.state(model)),
            "merge": median(lambda: nnx.merge(graphdef, state)),
            "clone": median(lambda: nnx.clone(model)),
            "update": median(lambda: nnx.update(model, state)),
            "update, all changed": median(lambda: nnx.update(model, other)),
            "iterModules": median(lambda: list(nnx.iter_modules(model))),
        }
    )
)
