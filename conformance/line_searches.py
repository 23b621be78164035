"""Where line searches of optax end, on losses of one number that are made of pieces: with ties, kinks, jumps, and no numbers.

A loss is a list of pieces [from, value, slope, curve]: value + u * (slope + u * curve) for u = x - from, from the last piece that
begins at or before x. All of them are small multiples of powers of two, so that float32 has most sums exactly. The search goes from 0
to the right. Numbers that JSON lacks are "nan" and "inf".
"""

import os

# Without fused multiply-add, which the library does not have either.
os.environ["XLA_FLAGS"] = os.environ.get("XLA_FLAGS", "") + " --xla_cpu_max_isa=AVX"

import jax
import jax.numpy as jnp
import numpy as np
import optax

from golden_file import finish

SEED = 16
rng = np.random.default_rng(SEED)
PIECES = 8


def number(x):
    x = float(x)
    return "nan" if x != x else "inf" if x == float("inf") else "-inf" if x == -float("inf") else x


def pick(*items):
    return items[rng.integers(len(items))]


def loss():
    """Falls at first; what comes then is up to chance."""
    ends = sorted(rng.choice([0.125, 0.25, 0.5, 0.75, 1, 1.5, 2, 3, 4, 6, 8], rng.integers(0, PIECES - 1), replace=False))
    first = [0.0, pick(0, 0, 1, -1, 0.5), pick(-1, -1, -2, -0.5, -0.25, -4), pick(0, 0, 0.25, 0.5, 1, -0.25)]
    pieces = [first]
    for end in ends:
        start, value, slope, curve = pieces[-1]
        u = end - start
        joined = value + u * (slope + u * curve)
        value = joined if rng.random() < 0.6 else pick(-1, -0.5, -0.25, 0, 0.25, 0.5, 1, first[1])
        if rng.random() < 0.05:
            value = pick(float("nan"), float("inf"), 1e30)
        slope = pick(-2, -1, -0.5, -0.25, -0.125, 0, 0, 0.125, 0.25, 0.5, 1, 2)
        pieces.append([float(end), value, slope, pick(0, 0, 0, 0.25, 0.5, 1, -0.25)])
    return pieces


def parabola():
    """One whose least point is between two tries, or on one of them."""
    return [[0.0, pick(0, 1, -2), pick(-1, -2, -4, -8), pick(0.125, 0.25, 0.5, 1, 2, 3, 8)]]


def valley():
    """A parabola that goes on as another one."""
    start, value, slope, curve = parabola()[0]
    end = pick(0.25, 0.5, 1, 2)
    return [
        [start, value, slope, curve],
        [end, value + end * (slope + end * curve), slope + 2 * end * curve, pick(-0.5, 0.25, 1, 2, 8)],
    ]


def padded(pieces):
    return jnp.array(pieces + [[float("inf"), 0, 0, 0]] * (PIECES - len(pieces)), jnp.float32)


def value_fn(x, pieces):
    at = jnp.sum(pieces[:, 0] <= x) - 1
    start, value, slope, curve = pieces[at]
    u = x - start
    return value + u * (slope + u * curve)


ZOOM = [
    {},
    {"approx_dec_rtol": None},
    {"approx_dec_rtol": None, "slope_rtol": 0.25, "curv_rtol": 0.5},
    {"approx_dec_rtol": 0.5, "slope_rtol": 0.25, "curv_rtol": 0.25},
    {"approx_dec_rtol": 0.125, "slope_rtol": 0.375, "curv_rtol": 0.0},
    {"approx_dec_rtol": None, "curv_rtol": 0.0, "stepsize_precision": 0.25},
    {"approx_dec_rtol": None, "curv_rtol": 0.125, "slope_rtol": 0.0, "tol": 0.25},
    {"approx_dec_rtol": None, "curv_rtol": 0.25, "slope_rtol": 0.5, "max_learning_rate": 2.0},
    {"approx_dec_rtol": None, "curv_rtol": 0.0, "max_learning_rate": 3.0, "tol": 0.125, "increase_factor": 1.5},
    {"approx_dec_rtol": 0.25, "curv_rtol": 0.125, "slope_rtol": 0.5, "stepsize_precision": 0.5, "tol": 0.0625},
]


def searched(tx, read, options, max_steps, cases):
    """Where each search of a transformation ends, as `read` says of its state: one program for all."""

    @jax.jit
    def search(pieces, guess):
        x = jnp.float32(0)
        value, grad = jax.value_and_grad(value_fn)(x, pieces)
        state = tx.init(x)._replace(learning_rate=guess)
        _, state = tx.update(jnp.float32(1), state, x, value=value, grad=grad, value_fn=value_fn, pieces=pieces)
        return read(state)

    for pieces, guess in cases:
        found = search(padded(pieces), jnp.float32(guess))
        yield {
            "options": options,
            "maxSteps": max_steps,
            "guess": guess,
            "pieces": [[number(x) for x in piece] for piece in pieces],
            "found": [number(x) for x in found],
        }


def searches(options, max_steps, cases):
    tx = optax.scale_by_zoom_linesearch(max_steps, **options)

    def read(state):
        info = state.info
        return [state.learning_rate, state.value, state.grad, info.num_linesearch_steps, info.decrease_error, info.curvature_error]

    return searched(tx, read, options, max_steps, cases)


def backtracking(options, max_steps, cases):
    tx = optax.scale_by_backtracking_linesearch(max_steps, **options)

    def read(state):
        return [state.learning_rate, state.value, state.info.num_linesearch_steps, state.info.decrease_error]

    return searched(tx, read, options, max_steps, cases)


def some(count):
    return [(pick(loss, loss, loss, parabola, valley)(), pick(1.0, 1.0, 0.5, 2.0, 4.0, 0.25)) for _ in range(count)]


BACKTRACKING = [
    ({}, 6),
    ({"slope_rtol": 0.5, "decrease_factor": 0.5, "max_learning_rate": 4.0, "increase_factor": 2.0}, 3),
    ({"slope_rtol": 0.25, "decrease_factor": 0.5, "rtol": 0.5, "increase_factor": 1.0}, 2),
    ({"slope_rtol": 1.0, "decrease_factor": 0.25, "atol": 0.25, "max_learning_rate": 8.0, "increase_factor": float("inf")}, 2),
    ({"slope_rtol": 0.5, "decrease_factor": 0.5}, 1),
]

zoom = [case for options in ZOOM for steps in (3, 12) for case in searches(options, steps, some(16))]
zoom += [case for options in ZOOM[2:5] for steps in (1, 2) for case in searches(options, steps, some(5))]
backwards = [case for options, steps in BACKTRACKING for case in backtracking(options, steps, some(8))]


def polyak(variant, value, grad, **options):
    tx = optax.scale_by_polyak(variant=variant, **options)
    params = jnp.zeros(2)
    updates, _ = tx.update(jnp.array(grad), tx.init(params), params, value=value)
    return {"variant": variant, "options": options, "value": value, "grad": grad, "updates": [number(x) for x in updates]}


polyaks = [
    polyak(variant, value, grad, **options)
    for variant in ("sps", "sps+")
    for value, grad, options in [
        (3.0, [1.0, 2.0], {}),
        (3.0, [1.0, 2.0], {"f_min": 5.0}),
        (3.0, [1.0, 2.0], {"f_min": 3.0}),
        (3.0, [1.0, 0.0], {"max_learning_rate": 0.5}),
        (3.0, [1.0, 0.0], {"max_learning_rate": 8.0, "eps": 1.0}),
        (3.0, [0.0, 0.0], {}),
        (3.0, [0.0, 0.0], {"eps": 1.0}),
    ]
]

for case in backwards:
    case["options"] = {name: number(x) for name, x in case["options"].items()}
finish("line-searches", {"zoom": zoom, "backtracking": backwards, "polyak": polyaks}, libraries=("jax", "optax"), seed=SEED)
