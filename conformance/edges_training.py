"""Steps of optax's transformations at the edges of float32. Run: python conformance/edges_training.py"""
import math

import jax
import jax.numpy as jnp
import numpy as np
import optax

from golden_file import finish

INF, NAN = math.inf, math.nan
# One leaf with everything odd, one that is tame, one without elements.
PARAMS = {
    "empty": np.zeros((0, 3)),
    "odd": np.array([0.5, -1.0, 2.0, 3.0, 0.25, -0.75, 1.0, -2.0, 0.0, 4.0]),
    "tame": np.array([[0.5, -1.0], [2.0, 0.0]]),
}
GRADIENTS = [
    {"empty": np.zeros((0, 3)), "odd": np.array(odd), "tame": np.array(tame)}
    for odd, tame in [
        ([NAN, INF, -INF, 0.0, -0.0, 1e25, -1e25, 1e-12, 2.0, -2.0], [[0.1, -0.2], [0.0, 3.0]]),
        ([1.0, 1.0, -1.0, 0.0, 0.0, 1.0, 2.0, -1e-12, NAN, -2.0], [[0.3, 0.2], [0.0, -1.0]]),
        ([1.0, -2.0, 3.0, 0.5, 0.0, -1.0, 1e25, 1e-12, 1.0, INF], [[-0.1, 0.0], [1e-3, 0.5]]),
    ]
]


def plain(x):
    """JSON has no NaN and no infinities."""
    return [float(v) if math.isfinite(v) else str(float(v)) for v in np.asarray(x, dtype=np.float64).ravel()]


def leaves(tree):
    return {
        ".".join(str(getattr(k, "key", getattr(k, "name", getattr(k, "idx", k)))) for k in path): plain(value)
        for path, value in jax.tree_util.tree_flatten_with_path(tree)[0]
    }


def floats(tree):
    return jax.tree.map(lambda x: jnp.asarray(x, dtype=jnp.float32), tree)


def run(tx, params=PARAMS, gradients=GRADIENTS):
    """Parameters after each step, and the state after the last."""
    params = floats(params)
    state = tx.init(params)
    steps = []
    for gradient in gradients:
        updates, state = tx.update(floats(gradient), state, params)
        params = optax.apply_updates(params, updates)
        steps.append(leaves(params))
    return {"steps": steps, "state": leaves(state)}


TAME = [{"tame": np.array([[0.1 * (i + 1), -0.2], [0.3 * i - 1, 0.01]])} for i in range(8)]


def tame(tx):
    return run(tx, {"tame": PARAMS["tame"]}, TAME)


content = {
    "params": {name: {"shape": value.shape, "values": plain(value)} for name, value in PARAMS.items()},
    "gradients": [{name: plain(value) for name, value in step.items()} for step in GRADIENTS],
    "tameGradients": [{name: plain(value) for name, value in step.items()} for step in TAME],
    "edges": {
        "sgd": run(optax.sgd(0.1)),
        "sgd_momentum": run(optax.sgd(0.1, momentum=0.9)),
        "sgd_nesterov": run(optax.sgd(0.1, momentum=0.9, nesterov=True)),
        "adam": run(optax.adam(0.1)),
        "adam_nesterov": run(optax.adam(0.1, nesterov=True)),
        "adamw": run(optax.adamw(0.1, weight_decay=0.1)),
        "adamw_no_decay": run(
            optax.adamw(0.1, weight_decay=0.0), {**PARAMS, "odd": np.array([INF, -INF, NAN] + [1.0] * 7)}
        ),
        "adamw_infinite_params": run(
            optax.adamw(0.1, weight_decay=0.1), {**PARAMS, "odd": np.array([INF, -INF, NAN] + [1.0] * 7)}
        ),
        "adam_no_eps": run(optax.adam(0.1, eps=0.0)),
        "rmsprop": run(optax.rmsprop(0.1)),
        "rmsprop_no_eps": run(optax.rmsprop(0.1, eps=0.0)),
        "rmsprop_centered_momentum": run(optax.rmsprop(0.1, centered=True, momentum=0.9)),
        "lion": run(optax.lion(0.1)),
        "clip": run(optax.chain(optax.clip(0.5), optax.sgd(0.1))),
        "clip_zero": run(optax.chain(optax.clip(0.0), optax.sgd(0.1))),
        "clip_global_norm": run(optax.chain(optax.clip_by_global_norm(0.5), optax.sgd(0.1))),
    },
    "tame": {
        "adam": tame(optax.adam(0.1)),
        "adam_nesterov": tame(optax.adam(0.1, nesterov=True)),
        "adam_nesterov_options": tame(optax.adam(0.1, b1=0.7, b2=0.95, eps=1e-3, eps_root=1e-4, nesterov=True)),
        "adamw_nesterov": tame(optax.adamw(0.1, weight_decay=0.2, nesterov=True)),
        "lion": tame(optax.lion(0.1, b1=0.5, b2=0.7, weight_decay=0.2)),
        "clip_global_norm": tame(optax.chain(optax.clip_by_global_norm(0.5), optax.sgd(0.1))),
        "clip_global_norm_no_elements": run(
            optax.chain(optax.clip_by_global_norm(0.5), optax.sgd(0.1)),
            {"empty": PARAMS["empty"]},
            [{"empty": PARAMS["empty"]}],
        ),
    },
}
note = "parameters after each step by path, and the state after the last; what is not finite as text"
finish("edges-training", content, libraries=("jax", "flax", "optax"), note=note)
