"""What checkpoints of optimizers, layers, metrics and Rngs of Flax have in them: python conformance/exchange_keys.py

Writes golden/exchange-keys.json: for each case a row `[key, kind, type, dtype, shape]` for each leaf. Each case is also loaded into a fresh one of
its kind. packages/checkpoint/src/exchange-keys.test.ts makes the same in TypeScript, and compares what it saves.
"""

import pathlib
import sys
import tempfile

import jax
import jax.numpy as jnp
import optax
from flax import nnx

from golden_file import finish

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "packages/checkpoint/python"))

import nnxjs_flax  # noqa: E402
from nnxjs_flax.reading import read  # noqa: E402


class Two(nnx.Module):
    """Its names are of Python, and so stay."""

    def __init__(self, rngs):
        self.in_proj = nnx.Linear(2, 3, rngs=rngs)
        self.out_proj = nnx.Linear(3, 2, use_bias=False, rngs=rngs)


def labels(params):
    return jax.tree.map(lambda p: "the_matrices" if p.ndim > 1 else "the_vectors", params)


def matrices(params):
    return jax.tree.map(lambda p: p.ndim > 1, params)


TRANSFORMATIONS = {
    "sgd": optax.sgd(0.1),
    "momentum": optax.sgd(0.1, momentum=0.9),
    "adam": optax.adam(0.1),
    "adam of a schedule": optax.adam(lambda step: 0.1),
    "adamw after clipping": optax.chain(optax.clip_by_global_norm(1.0), optax.adamw(0.1)),
    "adabelief": optax.adabelief(0.1),
    "adadelta": optax.adadelta(0.1),
    "adafactor": optax.adafactor(0.1, min_dim_size_to_factor=2),
    "adagrad": optax.adagrad(0.1),
    "adamax": optax.adamax(0.1),
    "adan": optax.adan(0.1),
    "amsgrad": optax.amsgrad(0.1),
    "lamb": optax.lamb(0.1),
    "lion": optax.lion(0.1),
    "novograd": optax.novograd(0.1),
    "radam": optax.radam(0.1),
    "rmsprop": optax.rmsprop(0.1, centered=True, momentum=0.9),
    "rprop": optax.rprop(0.1),
    "sm3": optax.sm3(0.1),
    "yogi": optax.yogi(0.1),
    "noisy_sgd": optax.noisy_sgd(0.1, key=0),
    "optimistic gradient descent": optax.optimistic_gradient_descent(0.1),
    "scale_by_distance_over_gradients": optax.scale_by_distance_over_gradients(),
    "masked": optax.masked(optax.adam(0.1), matrices),
    "partition": optax.partition(
        {"the_matrices": optax.adam(0.1), "the_vectors": optax.sgd(0.1, momentum=0.9)}, labels
    ),
    "inject_hyperparams": optax.inject_hyperparams(optax.sgd, static_args=("nesterov", "accumulator_dtype"))(
        learning_rate=0.1, momentum=lambda step: 0.9
    ),
    "MultiSteps": optax.MultiSteps(optax.adam(0.1), 3),
    "ema": optax.chain(optax.sgd(0.1), optax.ema(0.9)),
    "apply_every": optax.apply_every(3),
    "apply_if_finite": optax.apply_if_finite(optax.adam(0.1), 3),
    "named_chain": optax.named_chain(("the_first", optax.scale_by_adam()), ("second", optax.scale(-0.1))),
    "flatten": optax.flatten(optax.adam(0.1)),
    "lbfgs": optax.lbfgs(0.1, memory_size=3, linesearch=None),
    "lbfgs with a search": optax.lbfgs(memory_size=3),
    "backtracking": optax.chain(optax.sgd(0.1), optax.scale_by_backtracking_linesearch(5)),
    "polyak_sgd": optax.polyak_sgd(),
    "trace, scale_by_schedule": optax.chain(optax.trace(0.9), optax.scale_by_schedule(lambda step: -0.1)),
}


def streams():
    return nnx.Rngs(0, dropout=1)


def attention():
    layer = nnx.MultiHeadAttention(2, 4, normalize_qk=True, decode=False, dropout_rate=0.1, rngs=streams())
    layer.init_cache((1, 2, 4))
    return layer


def simple_rnn():
    return nnx.RNN(nnx.SimpleCell(2, 3, rngs=streams()), rngs=streams())


NODES = {
    "LinearGeneral": lambda: nnx.LinearGeneral(2, (3, 2), rngs=streams()),
    "Einsum": lambda: nnx.Einsum("ab,bc->ac", (2, 3), (3,), rngs=streams()),
    "Embed": lambda: nnx.Embed(3, 2, rngs=streams()),
    "Conv": lambda: nnx.Conv(1, 2, (3,), rngs=streams()),
    "ConvTranspose": lambda: nnx.ConvTranspose(1, 2, (3,), rngs=streams()),
    "BatchNorm": lambda: nnx.BatchNorm(2, rngs=streams()),
    "LayerNorm": lambda: nnx.LayerNorm(2, rngs=streams()),
    "RMSNorm": lambda: nnx.RMSNorm(2, rngs=streams()),
    "GroupNorm": lambda: nnx.GroupNorm(4, 2, rngs=streams()),
    "InstanceNorm": lambda: nnx.InstanceNorm(2, rngs=streams()),
    "MultiHeadAttention": attention,
    "LSTMCell": lambda: nnx.LSTMCell(2, 3, rngs=streams()),
    "OptimizedLSTMCell": lambda: nnx.OptimizedLSTMCell(2, 3, rngs=streams()),
    "GRUCell": lambda: nnx.GRUCell(2, 3, rngs=streams()),
    "Bidirectional": lambda: nnx.Bidirectional(simple_rnn(), simple_rnn(), rngs=streams()),
    "LoRALinear": lambda: nnx.LoRALinear(2, 3, lora_rank=1, rngs=streams()),
    "PReLU": nnx.PReLU,
    "SpectralNorm": lambda: nnx.SpectralNorm(nnx.Linear(2, 3, rngs=streams()), rngs=streams()),
    "WeightNorm": lambda: nnx.WeightNorm(nnx.Linear(2, 3, rngs=streams()), rngs=streams()),
    "Sequential": lambda: nnx.Sequential(
        nnx.Linear(2, 2, rngs=streams()), jax.nn.relu, nnx.Dropout(0.5, rngs=streams())
    ),
    "Rngs": streams,
    "MultiMetric": lambda: nnx.MultiMetric(
        loss=nnx.metrics.Average("loss"), accuracy=nnx.metrics.Accuracy(), spread=nnx.metrics.Welford("loss")
    ),
    "EMA": lambda: nnx.EMA(Two(streams()), 0.9),
    "a Variable": lambda: nnx.Param(jnp.ones((2, 0))),
    "dicts and lists": lambda: {
        "a.b": [nnx.Linear(1, 1, rngs=streams())],
        "": {"7": nnx.Param(jnp.ones(2)), "\\": nnx.BatchStat(jnp.ones(1, bool))},
    },
}


def rows_of(make):
    """The leaves of what was saved; a fresh one of its kind takes all of them."""
    with tempfile.TemporaryDirectory() as folder:
        paths = [pathlib.Path(folder) / name for name in ("first.safetensors", "second.safetensors")]
        nnxjs_flax.save(make(), paths[0])
        fresh = make()
        nnxjs_flax.load_into(fresh, paths[0])
        nnxjs_flax.save(fresh, paths[1])
        assert paths[0].read_bytes() == paths[1].read_bytes()
        content = read(paths[0])
    return [row(key, each, content.arrays.get(key)) for key, each in sorted(content.leaves.items())]


def row(key, description, array):
    form = [] if array is None else [str(array.dtype), list(array.shape)]
    return [key, description.get("kind", "tensor"), description.get("type", ""), *form]


finish(
    "exchange-keys",
    {
        "optimizers": {
            name: rows_of(lambda: nnx.Optimizer(Two(streams()), tx, wrt=nnx.Param))
            for name, tx in TRANSFORMATIONS.items()
        },
        "nodes": {name: rows_of(make) for name, make in NODES.items()},
    },
    libraries=("jax", "flax", "optax", "safetensors"),
)
