"""Paths, classes, dtypes and shapes in the State of Flax's Optimizer, for each alias and wrapper of optax. Run: python conformance/optimizer_paths.py"""
import warnings

import jax
import jax.numpy as jnp
import optax
from flax import nnx

from golden_file import finish

warnings.filterwarnings("ignore", category=DeprecationWarning)


class Layer(nnx.Module):
    def __init__(self, **shapes):
        for name, shape in shapes.items():
            setattr(self, name, nnx.Param(jnp.ones(shape)))


class Net(nnx.Module):
    """A name with an underscore and one that is a field of states stay as they are."""

    def __init__(self):
        self.layers = nnx.List([Layer(kernel=(4, 3), bias=(3,)), Layer(kernel=(3, 2))])
        self.final_scale = nnx.Param(jnp.ones(()))
        self.count = nnx.Param(jnp.ones((2, 1, 3)))


def camel(name):
    first, *rest = name.split("_")
    return first + "".join(part.capitalize() for part in rest)


names_of_the_model = {"final_scale", "count"}


def joined(path):
    """Fields of states are camelCased. Below a field, names of the model stay as they are."""
    parts = [str(part) for part in path]
    return ".".join(part if part in names_of_the_model else camel(part) for part in parts)


def kinds(path, leaf):
    """Such as "OptVariable float32[4,3]"; nothing for what a mask leaves out, and each item of a list (sm3 has them)."""
    value = leaf.get_value()
    if isinstance(value, optax.MaskedNode):
        return
    items = {f"{path}.{i}": item for i, item in enumerate(value)} if isinstance(value, list) else {path: value}
    for place, item in items.items():
        dtype = "key" if jnp.issubdtype(item.dtype, jax.dtypes.prng_key) else str(item.dtype)
        yield place, f"{type(leaf).__name__} {dtype}[{','.join(map(str, item.shape))}]"


def state_of(model, tx):
    optimizer = nnx.Optimizer(model, tx, wrt=nnx.Param)
    leaves = nnx.to_flat_state(nnx.state(optimizer))
    return dict(each for path, leaf in leaves for each in kinds(joined(path), leaf))


def schedule(count):
    return 0.1 / (count + 1)


def is_matrix(params):
    return jax.tree.map(lambda p: p.ndim == 2, params)


def labels(params):
    return jax.tree.map(lambda p: "matrix" if p.ndim == 2 else "other", params)


def large(updates, step, params):
    return optax.skip_large_updates(updates, step, params, max_squared_norm=9.0)


def is_even(step, **extra):
    return step % 2 == 0


adam, momentum = optax.adam(0.1), optax.sgd(0.1, momentum=0.9)
TRANSFORMATIONS = {
    "adabelief": optax.adabelief(0.1),
    "adadelta": optax.adadelta(0.1),
    "adadelta/decay": optax.adadelta(schedule, weight_decay=schedule, weight_decay_mask=is_matrix),
    "adafactor": optax.adafactor(0.1),
    "adafactor/factored": optax.adafactor(schedule, min_dim_size_to_factor=2, momentum=0.9),
    "adafactor/decay": optax.adafactor(
        clipping_threshold=None, multiply_by_parameter_scale=False, weight_decay_rate=0.1, weight_decay_mask=is_matrix
    ),
    "adagrad": optax.adagrad(0.1),
    "adam": adam,
    "adam/schedule": optax.adam(schedule),
    "adamax": optax.adamax(0.1),
    "adamaxw": optax.adamaxw(0.1, mask=is_matrix),
    "adamw": optax.adamw(0.1),
    "adamw/masked": optax.adamw(schedule, weight_decay=schedule, mask=is_matrix),
    "adan": optax.adan(0.1),
    "amsgrad": optax.amsgrad(0.1),
    "fromage": optax.fromage(0.1),
    "lamb": optax.lamb(0.1),
    "lamb/masked": optax.lamb(0.1, mask=is_matrix),
    "lars": optax.lars(0.1),
    "lars/masked": optax.lars(schedule, weight_decay_mask=is_matrix, trust_ratio_mask=is_matrix),
    "lbfgs": optax.lbfgs(),
    "lbfgs/backtracking": optax.lbfgs(
        0.1, memory_size=3, linesearch=optax.scale_by_backtracking_linesearch(9, store_grad=True)
    ),
    "lbfgs/no search": optax.lbfgs(schedule, linesearch=None),
    "lion": optax.lion(0.1),
    "lion/masked": optax.lion(0.1, mask=is_matrix),
    "nadam": optax.nadam(0.1),
    "nadamw": optax.nadamw(0.1),
    "noisySgd": optax.noisy_sgd(0.1, key=0),
    "novograd": optax.novograd(0.1),
    "optimisticAdam": optax.optimistic_adam(0.1),
    "optimisticAdamV2": optax.optimistic_adam_v2(schedule),
    "optimisticGradientDescent": optax.optimistic_gradient_descent(0.1),
    "polyakSgd": optax.polyak_sgd(),
    "polyakSgd/schedule": optax.polyak_sgd(scaling=schedule),
    "radam": optax.radam(0.1),
    "rmsprop": optax.rmsprop(0.1),
    "rmsprop/centered": optax.rmsprop(0.1, centered=True, bias_correction=True, momentum=0.9),
    "rmsprop/bias": optax.rmsprop(schedule, bias_correction=True),
    "rprop": optax.rprop(0.1),
    "sgd": optax.sgd(0.1),
    "sgd/momentum": optax.sgd(schedule, momentum=0.9),
    "signSgd": optax.sign_sgd(0.1),
    "signum": optax.signum(0.1),
    "yogi": optax.yogi(0.1),
    "adaptiveGradClip": optax.adaptive_grad_clip(0.1),
    "addNoise": optax.add_noise(0.1, 0.5, 3),
    "centralize": optax.centralize(),
    "clip": optax.clip(1.0),
    "clipByBlockRms": optax.clip_by_block_rms(1.0),
    "clipByGlobalNorm": optax.clip_by_global_norm(1.0),
    "normalizeByUpdateNorm": optax.normalize_by_update_norm(),
    "scaleByDistanceOverGradients": optax.scale_by_distance_over_gradients(),
    "scaleByParamBlockNorm": optax.scale_by_param_block_norm(),
    "scaleByTrustRatio": optax.scale_by_trust_ratio(),
    "applyEvery": optax.apply_every(3),
    "applyIfFinite": optax.apply_if_finite(adam, 2),
    "chain": optax.chain(optax.clip(1.0), optax.chain(adam, optax.identity()), momentum),
    "conditionallyMask": optax.conditionally_mask(adam, is_even),
    "conditionallyTransform": optax.conditionally_transform(adam, is_even),
    "ema": optax.ema(0.9),
    "flatten": optax.flatten(adam),
    "freeze": optax.chain(momentum, optax.freeze(is_matrix)),
    "injectHyperparams": optax.inject_hyperparams(optax.adam, static_args=("eps", "eps_root", "nesterov"))(
        schedule, b1=0.9, b2=0.99
    ),
    "keepParamsNonnegative": optax.keep_params_nonnegative(),
    "masked": optax.masked(adam, is_matrix),
    "monitor": optax.monitor({"norm": optax.global_norm, "mean": optax.measure_with_ema(optax.global_norm, 0.9)}),
    "MultiSteps": optax.MultiSteps(adam, 3),
    "MultiSteps/skip": optax.MultiSteps(momentum, 2, should_skip_update_fn=optax.skip_not_finite),
    "MultiSteps/skip large": optax.MultiSteps(momentum, 2, should_skip_update_fn=large),
    "namedChain": optax.named_chain(("clip", optax.clip(0.5)), ("adam", adam)),
    "partition": optax.partition({"matrix": adam, "other": momentum}, labels),
    "scale": optax.scale(0.1),
    "scaleByBacktrackingLinesearch": optax.scale_by_backtracking_linesearch(9),
    "scaleBySchedule": optax.scale_by_schedule(schedule),
    "scaleByZoomLinesearch": optax.scale_by_zoom_linesearch(9),
    "selectiveTransform": optax.selective_transform(adam, freeze_mask=is_matrix(nnx.state(Net(), nnx.Param))),
    "setToZero": optax.set_to_zero(),
    "snapshot": optax.snapshot("norm", optax.global_norm),
    "stateless": optax.stateless(lambda u, p: u),
    "trace": optax.trace(0.9),
    "zeroNans": optax.zero_nans(),
}


class Matrices(nnx.Module):
    """What sm3 takes: no scalars."""

    def __init__(self):
        self.layers = nnx.List([Layer(kernel=(4, 3), bias=(3,))])


content = {
    "states": {name: state_of(Net(), tx) for name, tx in TRANSFORMATIONS.items()}
    | {"sm3": state_of(Matrices(), optax.sm3(0.1))},
}
note = "path, with fields camelCased: class, dtype and shape"
finish("optimizer-paths", content, libraries=("jax", "flax", "optax"), note=note)
