"""Steps of optax's wrappers, over twelve tame steps and at the edges of float32. Run: python conformance/optimizers_wrappers.py"""
import math

import jax
import jax.numpy as jnp
import numpy as np
import optax
from flax import nnx

from golden_file import finish

INF, NAN = math.inf, math.nan
# Names are sorted, as in the states of models: `flatten` depends on their order.
PARAMS = {
    "a": {"bias": np.array([0.5, -1.0]), "kernel": np.array([[0.25, -0.5], [1.0, 2.0]])},
    "b": np.array([2.0, 0.0, -3.0]),
    "empty": np.zeros((0, 2)),
}
rng = np.random.default_rng(0)


def like(make):
    return jax.tree.map(lambda x: make(x.shape), PARAMS)


TAME = [like(lambda shape: np.round(rng.normal(size=shape), 3)) for _ in range(12)]
ODD_VALUES = [
    [NAN, INF, 1.0],
    [1.0, 0.0, -1.0],
    [-INF, 2.0, 2.0],
    [NAN, NAN, NAN],
    [0.0, -0.0, 0.0],
    [1e25, 1e-12, -1.0],
    [1.0, 1.0, 1.0],
]
ODD = [{**step, "b": np.array(odd)} for step, odd in zip(TAME, ODD_VALUES)]


def plain(x):
    """JSON has no NaN and no infinities."""
    values = np.asarray(x, dtype=np.float64).ravel()
    return [float(np.float32(v)) if math.isfinite(v) else str(float(v)) for v in values]


def camel(name):
    head, *rest = str(name).split("_")
    return head + "".join(part.capitalize() for part in rest)


def leaves(tree):
    return {
        ".".join(camel(getattr(k, "key", getattr(k, "name", getattr(k, "idx", k)))) for k in path): plain(value)
        for path, value in jax.tree_util.tree_flatten_with_path(tree)[0]
    }


def floats(tree):
    return jax.tree.map(lambda x: jnp.asarray(x, dtype=jnp.float32), tree)


def run(tx, gradients=TAME, params=PARAMS):
    """Parameters after each step, and the state after the last."""
    params = floats(params)
    state = tx.init(params)
    steps = []
    for gradient in gradients:
        updates, state = tx.update(floats(gradient), state, params)
        params = optax.apply_updates(params, updates)
        steps.append(leaves(params))
    return {"steps": steps, "state": leaves(state)}


def lookahead(**options):
    """The fast parameters have the gradients."""
    tx = optax.lookahead(optax.adam(0.1), 3, 0.4, **options)
    params = optax.LookaheadParams.init_synced(floats(PARAMS))
    state = tx.init(params)
    steps = []
    for gradient in TAME:
        updates, state = tx.update(floats(gradient), state, params)
        params = optax.apply_updates(params, updates)
        steps.append(leaves({"fast": params.fast, "slow": params.slow}))
    return {"steps": steps, "state": leaves(state)}


def quadratic(params):
    """Curved differently in each direction, without a minimum at 0."""
    parts = [jnp.sum((i + 1.0) * (x - 0.5) ** 2) for i, x in enumerate(jax.tree.leaves(params))]
    return sum(parts[1:], parts[0])


def valley(params):
    """Bent in the first two numbers of b, quartic elsewhere; mild, for a steep one multiplies what rounding leaves."""
    b = params["b"]
    rest = 0.2 * jnp.sum(params["a"]["kernel"] ** 4) + jnp.sum(params["a"]["bias"] ** 2) + b[2] ** 2
    return (1.0 - b[0]) ** 2 + 0.3 * (b[1] - b[0] ** 2) ** 2 + rest


def searched(tx, loss, count=12):
    """Losses before each step, the parameters after it, and the state after the last."""
    params = floats(PARAMS)
    state = tx.init(params)
    losses, steps = [], []
    for _ in range(count):
        value, grad = jax.value_and_grad(loss)(params)
        updates, state = tx.update(grad, state, params, value=value, grad=grad, value_fn=loss)
        params = optax.apply_updates(params, updates)
        losses.append(float(value))
        steps.append(leaves(params))
    return {"losses": losses, "steps": steps, "state": leaves(state)}


def polyak(**options):
    tx = optax.polyak_sgd(**options)
    params = floats(PARAMS)
    state = tx.init(params)
    steps = []
    for _ in range(12):
        value, grad = jax.value_and_grad(quadratic)(params)
        updates, state = tx.update(grad, state, params, value=value)
        params = optax.apply_updates(params, updates)
        steps.append(leaves(params))
    return {"steps": steps, "state": leaves(state)}


class Held(nnx.Module):
    """Parameters as a model has them."""

    def __init__(self):
        params = floats(PARAMS)
        self.a = nnx.Dict({name: nnx.Param(value) for name, value in params["a"].items()})
        self.b = nnx.Param(params["b"])
        self.empty = nnx.BatchStat(params["empty"])


def flax_ema():
    """The means of Flax's EMA after each step of its Optimizer."""
    model = Held()
    optimizer = nnx.Optimizer(model, optax.adam(0.1), wrt=nnx.Param)
    ema = nnx.EMA(model, decay=0.8)
    steps = []
    for gradient in TAME:
        grads = nnx.state(model, nnx.Param)
        nnx.replace_by_pure_dict(grads, {name: value for name, value in floats(gradient).items() if name != "empty"})
        optimizer.update(model, grads)
        ema.update(model)
        steps.append(leaves(nnx.to_pure_dict(ema.params)))
    return steps


def is_matrix(params):
    return jax.tree.map(lambda p: p.ndim > 1, params)


def large(updates, step, params):
    return optax.skip_large_updates(updates, step, params, max_squared_norm=9.0)


def labels(params):
    return jax.tree.map(lambda p: "vector" if p.ndim == 1 else "matrix", params)


def large_norm(updates):
    return optax.global_norm(updates) > 3.0


adam, sgd = optax.adam(0.1), optax.sgd(0.1, momentum=0.9)
tame = {
    "masked_function": run(optax.chain(optax.masked(optax.add_decayed_weights(0.5), is_matrix), adam)),
    "masked_tree": run(optax.masked(adam, {"a": {"bias": True, "kernel": False}, "b": False, "empty": True})),
    "masked_prefix": run(optax.masked(adam, {"a": True, "b": False, "empty": False})),
    "partition_function": run(optax.partition({"matrix": adam, "vector": sgd}, labels)),
    "partition_prefix": run(
        optax.partition({"x": adam, "y": sgd, "z": optax.set_to_zero()}, {"a": "x", "b": "y", "empty": "z"})
    ),
    # Masks and labels of all parameters, for transformations of some.
    "partition_masks_of_all": run(
        optax.partition(
            {
                "x": optax.adamw(0.1, weight_decay=0.3, mask={"a": {"bias": False, "kernel": True}, "b": True, "empty": False}),
                "y": optax.partition({"p": adam, "q": sgd}, {"a": {"bias": "p", "kernel": "q"}, "b": "q", "empty": "p"}),
            },
            {"a": {"bias": "y", "kernel": "x"}, "b": "y", "empty": "x"},
        )
    ),
    "freeze": run(optax.chain(sgd, optax.freeze({"a": True, "b": False, "empty": False}))),
    "selective_transform": run(
        optax.selective_transform(adam, freeze_mask={"a": {"bias": True, "kernel": False}, "b": True, "empty": False})
    ),
    "multi_steps_3": run(optax.MultiSteps(adam, 3)),
    "multi_steps_sum": run(optax.MultiSteps(sgd, 2, use_grad_mean=False)),
    "multi_steps_schedule": run(optax.MultiSteps(adam, lambda step: 1 + step % 3)),
    "multi_steps_skip_large": run(optax.MultiSteps(sgd, 2, should_skip_update_fn=large)),
    "apply_if_finite": run(optax.apply_if_finite(adam, 2)),
    "inject_hyperparams": run(
        optax.inject_hyperparams(optax.adam)(lambda step: 0.1 / (step + 1), b1=0.7, b2=lambda step: 0.9 + 0.005 * step)
    ),
    "lookahead": lookahead(),
    "lookahead_reset": lookahead(reset_state=True),
    "named_chain": run(optax.named_chain(("clip", optax.clip(0.5)), ("adam", adam))),
    "conditionally_transform": run(optax.chain(optax.conditionally_transform(adam, lambda step: step % 3 != 1))),
    "conditionally_mask": run(optax.conditionally_mask(sgd, lambda step: step % 3 != 1)),
    "set_to_zero": run(optax.set_to_zero()),
    "keep_params_nonnegative": run(
        optax.chain(sgd, optax.keep_params_nonnegative()), params=jax.tree.map(np.abs, PARAMS)
    ),
    "ema": run(optax.chain(optax.ema(0.8), optax.scale(-0.1))),
    "ema_biased": run(optax.chain(optax.ema(0.8, debias=False), optax.scale(-0.1))),
    "trace": run(optax.chain(optax.trace(0.8), optax.scale(-0.1))),
    "trace_nesterov": run(optax.chain(optax.trace(0.8, nesterov=True), optax.scale(-0.1))),
    "scale_by_schedule": run(optax.scale_by_schedule(lambda step: -0.1 / (step + 1))),
    "apply_every": run(optax.chain(sgd, optax.apply_every(4))),
    "stateless": run(optax.chain(optax.stateless(lambda u, p: jax.tree.map(lambda x, y: x + 0.1 * y, u, p)), sgd)),
    "stateless_with_tree_map": run(optax.chain(optax.stateless_with_tree_map(lambda u, p: u * p), sgd)),
    "flatten": run(optax.flatten(adam)),
    "flatten_clip": run(optax.flatten(optax.chain(optax.clip_by_global_norm(1.0), sgd))),
    "identity": run(optax.chain(optax.identity(), optax.scale(-0.1))),
    "snapshot": run(optax.chain(sgd, optax.snapshot("norm", optax.global_norm), optax.clip_by_global_norm(0.1))),
    "monitor": run(
        optax.chain(
            sgd,
            optax.monitor({"norm": optax.global_norm, "share": optax.measure_with_ema(large_norm, 0.7)}),
            optax.clip_by_global_norm(0.1),
        )
    ),
}
odd = {
    "apply_if_finite_1": run(optax.apply_if_finite(adam, 1), ODD),
    "apply_if_finite_10": run(optax.apply_if_finite(sgd, 10), ODD),
    "zero_nans": run(optax.chain(optax.zero_nans(), optax.clip(1.0), adam), ODD),
    "multi_steps_skip": run(optax.MultiSteps(adam, 2, should_skip_update_fn=optax.skip_not_finite), ODD),
    "multi_steps_skip_large": run(optax.MultiSteps(sgd, 2, should_skip_update_fn=large), ODD),
    "keep_params_nonnegative": run(
        optax.chain(sgd, optax.keep_params_nonnegative()), ODD, jax.tree.map(np.abs, PARAMS)
    ),
    "masked": run(optax.masked(adam, {"a": True, "b": False, "empty": True}), ODD),
    "ema": run(optax.chain(optax.ema(0.8), optax.scale(-0.1)), ODD),
    "trace": run(optax.trace(0.8, nesterov=True), ODD),
    "flatten": run(optax.flatten(optax.chain(optax.clip_by_global_norm(1.0), optax.sgd(0.1))), ODD),
    "conditionally_mask": run(optax.conditionally_mask(sgd, lambda step: step % 2 == 1), ODD),
    "snapshot": run(optax.chain(optax.snapshot("norm", optax.global_norm), optax.zero_nans(), sgd), ODD),
}
losses = {
    "lbfgs": searched(optax.lbfgs(), quadratic, 6),
    "lbfgs_valley": searched(optax.lbfgs(memory_size=3), valley),
    "lbfgs_no_scaling": searched(optax.lbfgs(memory_size=2, scale_init_precond=False), valley, 8),
    "lbfgs_learning_rate": searched(optax.lbfgs(0.5, linesearch=None), quadratic),
    "lbfgs_backtracking": searched(
        optax.lbfgs(linesearch=optax.scale_by_backtracking_linesearch(15, store_grad=True)), valley
    ),
    "zoom": searched(optax.chain(optax.sgd(1.0), optax.scale_by_zoom_linesearch(15)), valley),
    "zoom_options": searched(
        optax.chain(
            optax.sgd(1.0),
            optax.scale_by_zoom_linesearch(
                6, max_learning_rate=0.05, increase_factor=3.0, curv_rtol=0.1, approx_dec_rtol=None, tol=1e-3
            ),
        ),
        valley,
    ),
    "zoom_upwards": searched(optax.chain(optax.scale(1.0), optax.scale_by_zoom_linesearch(4)), quadratic, 2),
    "backtracking": searched(optax.chain(optax.sgd(1.0), optax.scale_by_backtracking_linesearch(20, slope_rtol=0.6)), valley),
    "backtracking_options": searched(
        optax.chain(
            optax.sgd(1.0),
            optax.scale_by_backtracking_linesearch(
                5, slope_rtol=0.3, decrease_factor=0.5, increase_factor=INF, max_learning_rate=0.4, atol=0.1, rtol=0.01
            ),
        ),
        valley,
    ),
    "polyak_sgd": polyak(),
    "polyak_sgd_options": polyak(max_learning_rate=0.05, scaling=lambda step: 1.0 / (step + 1), f_min=0.1, eps=0.5, variant="sps+"),
    "polyak_sgd_below": polyak(f_min=1000.0, max_learning_rate=0.01),
}
content = {
    "params": {name: {"shape": value.shape, "values": plain(value)} for name, value in {
        "a.bias": PARAMS["a"]["bias"], "a.kernel": PARAMS["a"]["kernel"], "b": PARAMS["b"], "empty": PARAMS["empty"],
    }.items()},
    "tameGradients": [leaves(step) for step in TAME],
    "oddGradients": [leaves(step) for step in ODD],
    "norms": [plain(optax.global_norm(floats(step)))[0] for step in ODD],
    "tame": tame,
    "odd": odd,
    "losses": losses,
    "ema": flax_ema(),
}
note = "parameters after each step by path, and the state after the last; what is not finite as text"
finish("optimizers-wrappers", content, libraries=("jax", "flax", "optax"), note=note)
