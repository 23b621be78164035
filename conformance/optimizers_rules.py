"""Steps of optax's update rules, each by default and with every option changed. Run: python conformance/optimizers_rules.py"""
import math
import warnings

import jax
import jax.numpy as jnp
import numpy as np
import optax

from golden_file import finish

warnings.filterwarnings("ignore", category=DeprecationWarning)

SEED, STEPS, SHOWN = 7, 12, (1, 11)
SHAPES = {"cube": (2, 3, 2), "empty": (0, 3), "matrix": (3, 4), "scalar": (), "vector": (5,)}
random = np.random.RandomState(SEED)


def draw(shape, scale):
    return np.round(random.normal(size=shape) * scale, 3)


PARAMS = {name: draw(shape, 1.0) for name, shape in SHAPES.items()}
GRADIENTS = [{name: draw(shape, 0.5 + 0.25 * (i % 3)) for name, shape in SHAPES.items()} for i in range(STEPS)]
# Ties and zeros: what was there before again, its opposite, nothing at all.
PARAMS["vector"][4] = 0.0
for i, step in enumerate(GRADIENTS):
    step["vector"][0] = 0.5
    step["vector"][1] = 0.25 * (-1) ** i
    step["vector"][2] = 0.0
    step["matrix"][1] = step["matrix"][0]
    step["matrix"][2] = 0.0 if i % 4 == 3 else step["matrix"][2]

INF, NAN = math.inf, math.nan
ODD_PARAMS = {"empty": np.zeros((0, 3)), "odd": np.array([0.5, -1.0, 2.0, 3.0, 0.25, -0.75, 1.0, -2.0, 0.0, 4.0])}
ODD_GRADIENTS = [
    {"empty": np.zeros((0, 3)), "odd": np.array(odd)}
    for odd in [
        [NAN, INF, -INF, 0.0, -0.0, 1e25, -1e25, 1e-12, 2.0, -2.0],
        [1.0, 1.0, -1.0, 0.0, 0.0, 1.0, 2.0, -1e-12, NAN, -2.0],
        [1.0, -2.0, 3.0, 0.5, 0.0, -1.0, 1e25, 1e-12, 1.0, INF],
    ]
]


def plain(x):
    """Nine digits are all of a float32. JSON has no NaN and no infinities."""
    return [float(f"{v:.9g}") if math.isfinite(v) else str(float(v)) for v in np.asarray(x, dtype=np.float64).ravel()]


def camel(name):
    first, *rest = name.split("_")
    return first + "".join(part.capitalize() for part in rest)


def part(key):
    # Fields of states are camelCased, names of parameters are not.
    name = getattr(key, "name", None)
    return camel(name) if name is not None else str(getattr(key, "key", getattr(key, "idx", key)))


def values(x):
    """Numbers; of a key its two words."""
    if jnp.issubdtype(x.dtype, jax.dtypes.prng_key):
        return [int(word) for word in jax.random.key_data(x)]
    return plain(x)


def leaves(tree):
    return {".".join(map(part, path)): values(value) for path, value in jax.tree_util.tree_flatten_with_path(tree)[0]}


def floats(tree, names):
    return {name: jnp.asarray(tree[name], dtype=jnp.float32) for name in names}


def run(tx, params, gradients, shown, compiled=True):
    names = list(params)
    params = floats(params, names)
    state = tx.init(params)
    # Powers of decays are rounded right in compiled programs only, which training runs are.
    update = jax.jit(tx.update) if compiled else tx.update
    steps = []
    for i, gradient in enumerate(gradients):
        updates, state = update(floats(gradient, names), state, params)
        # What optax makes a vector of stays a scalar.
        params = {name: p + jnp.reshape(updates[name], p.shape) for name, p in params.items()}
        if i in shown:
            steps.append(leaves(params))
    return {"steps": steps, "state": leaves(state)}


def schedule(count):
    return 0.1 * 0.9**count


def decay(count):
    return 0.02 * (count + 1)


def big(params):
    return {name: p.ndim > 1 for name, p in params.items()}


SOME = {"cube": True, "empty": True, "matrix": True, "scalar": False, "vector": False}
NO_SCALARS = ("cube", "matrix", "vector")
sgd = optax.sgd(0.1)


def then_sgd(tx):
    return optax.chain(tx, sgd)


RULES = {
    "adabelief": optax.adabelief(0.1),
    "adabelief/options": optax.adabelief(schedule, b1=0.7, b2=0.95, eps=1e-3, eps_root=1e-4, nesterov=True),
    "adadelta": optax.adadelta(1.0),
    "adadelta/options": optax.adadelta(schedule, rho=0.7, eps=1e-2, weight_decay=0.1, weight_decay_mask=SOME),
    "adadelta/no rate": optax.adadelta(eps=1e-2, weight_decay=decay),
    "adafactor": optax.adafactor(0.1),
    "adafactor/no rate": optax.adafactor(),
    "adafactor/factored": optax.adafactor(schedule, min_dim_size_to_factor=2),
    "adafactor/options": optax.adafactor(
        0.1,
        min_dim_size_to_factor=3,
        decay_rate=0.5,
        multiply_by_parameter_scale=False,
        clipping_threshold=0.5,
        momentum=0.8,
        weight_decay_rate=0.01,
        eps=1e-3,
        weight_decay_mask=SOME,
    ),
    "adafactor/plain": optax.adafactor(0.1, clipping_threshold=None, factored=False, weight_decay_rate=decay),
    "adagrad": optax.adagrad(0.1),
    "adagrad/options": optax.adagrad(schedule, initial_accumulator_value=0.0, eps=1e-2),
    "adam": optax.adam(0.1),
    "adam/options": optax.adam(schedule, b1=0.7, b2=0.95, eps=1e-3, eps_root=1e-4, nesterov=True),
    "adamax": optax.adamax(0.1),
    "adamax/options": optax.adamax(schedule, b1=0.7, b2=0.8, eps=1e-2),
    "adamaxw": optax.adamaxw(0.1),
    "adamaxw/options": optax.adamaxw(0.1, b1=0.7, b2=0.8, eps=1e-2, weight_decay=0.1, mask=SOME),
    "adamw": optax.adamw(0.1),
    "adamw/options": optax.adamw(
        schedule, b1=0.7, b2=0.95, eps=1e-3, eps_root=1e-4, weight_decay=decay, mask=big, nesterov=True
    ),
    "adamw/masked": optax.adamw(0.1, weight_decay=0.3, mask=SOME),
    "adan": optax.adan(0.1),
    "adan/options": optax.adan(schedule, b1=0.7, b2=0.6, b3=0.9, eps=1e-3, eps_root=1e-4, weight_decay=0.1, mask=SOME),
    "amsgrad": optax.amsgrad(0.1),
    "amsgrad/options": optax.amsgrad(schedule, b1=0.7, b2=0.6, eps=1e-3, eps_root=1e-4, bias_correction_mu=False),
    "amsgrad/as in the paper": optax.amsgrad(0.1, b2=0.6, bias_correction_mu=False, bias_correction_nu=False),
    "fromage": optax.fromage(0.1),
    "fromage/options": optax.fromage(schedule, min_norm=1.5),
    "lamb": optax.lamb(0.1),
    "lamb/options": optax.lamb(schedule, b1=0.7, b2=0.95, eps=1e-3, eps_root=1e-4, weight_decay=0.1, mask=SOME),
    "lars": optax.lars(0.1),
    "lars/options": optax.lars(
        schedule,
        weight_decay=0.1,
        weight_decay_mask=SOME,
        trust_coefficient=0.1,
        eps=0.5,
        trust_ratio_mask=big,
        momentum=0.7,
        nesterov=True,
    ),
    "lars/decay by schedule": optax.lars(0.1, weight_decay=decay),
    "lion": optax.lion(0.1),
    "lion/options": optax.lion(schedule, b1=0.7, b2=0.6, weight_decay=decay, mask=SOME),
    "nadam": optax.nadam(0.1),
    "nadam/options": optax.nadam(0.1, b1=0.7, b2=0.95, eps=1e-3, eps_root=1e-4),
    "nadamw": optax.nadamw(0.1),
    "nadamw/options": optax.nadamw(0.1, b1=0.7, b2=0.95, eps=1e-3, eps_root=1e-4, weight_decay=0.1, mask=SOME),
    "noisySgd": optax.noisy_sgd(0.1, key=0),
    "noisySgd/options": optax.noisy_sgd(schedule, eta=0.5, gamma=0.2, key=jax.random.key(42)),
    "novograd": optax.novograd(0.1),
    "novograd/options": optax.novograd(schedule, b1=0.7, b2=0.6, eps=1e-2, eps_root=1e-3, weight_decay=0.1),
    "optimisticAdam": optax.optimistic_adam(0.1),
    "optimisticAdam/options": optax.optimistic_adam(
        0.1, optimism=0.3, b1=0.7, b2=0.95, eps=1e-3, eps_root=1e-4, nesterov=False
    ),
    "optimisticAdamV2": optax.optimistic_adam_v2(0.1),
    "optimisticAdamV2/options": optax.optimistic_adam_v2(
        schedule, alpha=0.7, beta=0.4, b1=0.7, b2=0.95, eps=1e-3, eps_root=1e-4, nesterov=False
    ),
    "optimisticGradientDescent": optax.optimistic_gradient_descent(0.1),
    "optimisticGradientDescent/options": optax.optimistic_gradient_descent(schedule, alpha=0.7, beta=0.4),
    "radam": optax.radam(0.1),
    "radam/options": optax.radam(schedule, b1=0.7, b2=0.95, eps=1e-3, eps_root=1e-4, threshold=7.0, nesterov=True),
    "rmsprop": optax.rmsprop(0.1),
    "rmsprop/options": optax.rmsprop(
        schedule, decay=0.7, eps=1e-2, initial_scale=0.5, eps_in_sqrt=False, momentum=0.6, nesterov=True
    ),
    "rmsprop/bias": optax.rmsprop(0.1, eps=1e-2, bias_correction=True, momentum=0.6),
    "rmsprop/centered": optax.rmsprop(0.1, decay=0.7, eps=0.1, centered=True, bias_correction=True),
    "rmsprop/centered options": optax.rmsprop(
        0.1, decay=0.7, eps=0.5, initial_scale=0.5, eps_in_sqrt=False, centered=True
    ),
    "rprop": optax.rprop(0.1),
    "rprop/options": optax.rprop(0.1, eta_minus=0.3, eta_plus=2.0, min_step_size=0.05, max_step_size=0.3),
    "sgd": optax.sgd(0.1),
    "sgd/options": optax.sgd(schedule, momentum=0.8, nesterov=True),
    "signSgd": optax.sign_sgd(0.1),
    "signSgd/schedule": optax.sign_sgd(schedule),
    "signum": optax.signum(0.1),
    "signum/options": optax.signum(schedule, beta=0.5),
    "sm3": (optax.sm3(0.1), NO_SCALARS),
    "sm3/options": (optax.sm3(0.1, momentum=0.5), NO_SCALARS),
    "yogi": optax.yogi(0.1),
    "yogi/options": optax.yogi(schedule, b1=0.7, b2=0.6, eps=1e-2),
    # What has options that no optimizer passes on, and what stands in no optimizer.
    "adaptiveGradClip": then_sgd(optax.adaptive_grad_clip(0.1)),
    "adaptiveGradClip/options": (then_sgd(optax.adaptive_grad_clip(0.3, eps=0.5, axis=(0, -1))), ("cube", "matrix")),
    "adaptiveGradClip/one axis": (then_sgd(optax.adaptive_grad_clip(0.2, axis=-1)), NO_SCALARS),
    "addDecayedWeights": then_sgd(optax.add_decayed_weights(0.1)),
    "addDecayedWeights/options": then_sgd(optax.add_decayed_weights(decay, mask=SOME)),
    "addNoise": then_sgd(optax.add_noise(0.3, 0.1, key=3)),
    "centralize": then_sgd(optax.centralize()),
    "clipByBlockRms": then_sgd(optax.clip_by_block_rms(0.5)),
    "normalizeByUpdateNorm": then_sgd(optax.normalize_by_update_norm()),
    "normalizeByUpdateNorm/options": then_sgd(optax.normalize_by_update_norm(scale_factor=2.0, eps=0.5)),
    "scaleByDistanceOverGradients": then_sgd(optax.scale_by_distance_over_gradients(reps_rel=0.1)),
    "scaleByDistanceOverGradients/options": then_sgd(
        optax.scale_by_distance_over_gradients(reps_rel=0.5, eps=0.1, global_scale=2.0)
    ),
    "scaleByFactoredRms": then_sgd(optax.scale_by_factored_rms()),
    "scaleByFactoredRms/options": then_sgd(
        optax.scale_by_factored_rms(
            decay_rate=0.5, min_dim_size_to_factor=2, epsilon=1e-2, decay_rate_fn=lambda i, rate: rate * i / (i + 1.0)
        )
    ),
    "scaleByLion/smooth": then_sgd(optax.scale_by_lion(mode="smooth", smooth_beta=3.0)),
    "scaleByLion/refined": then_sgd(optax.scale_by_lion(b1=0.2, mode="refined")),
    "scaleByParamBlockNorm": then_sgd(optax.scale_by_param_block_norm()),
    "scaleByParamBlockNorm/options": then_sgd(optax.scale_by_param_block_norm(min_scale=1.0)),
    "scaleByParamBlockRms": then_sgd(optax.scale_by_param_block_rms()),
    "scaleByParamBlockRms/options": then_sgd(optax.scale_by_param_block_rms(min_scale=1.0)),
    "scaleByRms": then_sgd(optax.scale_by_rms()),
    "scaleBySm3": (then_sgd(optax.scale_by_sm3(b1=0.5, b2=0.7, eps=1e-2)), NO_SCALARS),
    "scaleByStddev": then_sgd(optax.scale_by_stddev(eps=1e-2)),
    "scaleByStddev/options": then_sgd(
        optax.scale_by_stddev(decay=0.7, eps=0.5, initial_scale=0.5, eps_in_sqrt=False, bias_correction=True)
    ),
    "scaleByTrustRatio": then_sgd(optax.scale_by_trust_ratio()),
    "scaleByTrustRatio/options": then_sgd(optax.scale_by_trust_ratio(min_norm=1.5, trust_coefficient=0.3, eps=0.2)),
    "scaleByYogi": then_sgd(optax.scale_by_yogi(eps_root=1e-2, initial_accumulator_value=0.1)),
}


def rule(case):
    tx, names = case if len(case) == 2 and isinstance(case[1], tuple) else (case, tuple(SHAPES))
    return run(tx, {name: PARAMS[name] for name in names}, GRADIENTS, SHOWN)


# The odd tree has other paths than the masks, and sm3 fails without elements.
def at_edges(name, case):
    odd = ODD_PARAMS if not isinstance(case, tuple) or hasattr(case, "init") else {"odd": ODD_PARAMS["odd"]}
    tx = case if hasattr(case, "init") else case[0]
    return run(tx, odd, ODD_GRADIENTS, (0, 1, 2), compiled=False)["steps"]


def is_edge(name):
    return "/" not in name or name in ("adagrad/options", "adafactor/plain", "rmsprop/centered", "scaleByLion/refined")


content = {
    "params": {name: {"shape": value.shape, "values": plain(value)} for name, value in PARAMS.items()},
    "gradients": [{name: plain(value) for name, value in step.items()} for step in GRADIENTS],
    "oddParams": {name: {"shape": value.shape, "values": plain(value)} for name, value in ODD_PARAMS.items()},
    "oddGradients": [{name: plain(value) for name, value in step.items()} for step in ODD_GRADIENTS],
    "rules": {name: rule(case) for name, case in RULES.items()},
    "edges": {name: at_edges(name, case) for name, case in RULES.items() if is_edge(name)},
}
note = f"parameters after steps {SHOWN} (edges: after each) by path, and the state after the last; what is not finite as text"
finish("optimizers-rules", content, libraries=("jax", "flax", "optax"), seed=SEED, note=note)
