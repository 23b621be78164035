"""Reference values of JAX for the samplers on tensors and the initializers: a few hundred random cases.

    python conformance/random_cases.py            writes conformance/golden/random-cases.json
    python conformance/random_cases.py --check    compares with what is there, and writes nothing

Needs jax 0.10.2 and numpy, on the CPU with JAX's default configuration. Each case is a call of `random.<name>` or
`initializers.<name>` by our names with a key, the arguments and options, and what JAX gave. Arrays are
{shape, dtype, data}, row-major, with the shortest decimals that are the same float32; numbers that JSON lacks are the
strings "nan", "inf" and "-inf". `keys` is null for one key, or n for `split(key(seed), n)`, over which JAX's call is mapped.
"""

import math

import jax
import jax.numpy as jnp
import numpy as np
from jax import random
from jax.nn import initializers

from golden_file import finish

SEED = 20240611
ROUNDS = 3

rng = np.random.default_rng(SEED)
found = []


def number(x):
    x = x.item() if hasattr(x, "item") else x
    if isinstance(x, bool):
        return int(x)
    if isinstance(x, float) and not math.isfinite(x):
        return repr(x)
    return x


def array(x):
    x = np.asarray(x)
    if x.dtype == np.float32:
        data = [number(float(str(v))) for v in x.ravel()]
    else:
        data = [number(v) for v in x.ravel()]
    return {"shape": list(x.shape), "dtype": str(x.dtype), "data": data}


def plain(x):
    if isinstance(x, (np.ndarray, jax.Array)):
        return array(x)
    if isinstance(x, (tuple, list)):
        return [plain(v) for v in x]
    if isinstance(x, dict):
        return {k: plain(v) for k, v in x.items()}
    return number(x)


def case(name, call, *args, options=None, batch=False, space="random"):
    """Adds what `call(key)` gives; `args` and `options` are ours."""
    seed = int(rng.integers(0, 2**32))
    keys = int(rng.integers(1, 4)) if batch else None
    key = random.key(seed)
    value = call(key) if keys is None else jax.vmap(call)(random.split(key, keys))
    found.append(
        {
            "space": space,
            "name": name,
            "seed": seed,
            "keys": keys,
            "args": plain(args),
            "options": plain(options or {}),
            "value": array(value),
        }
    )


def shape():
    rank = int(rng.integers(0, 4))
    return tuple(int(d) for d in rng.integers(1, 5, rank))


def positive(size=None, low=-2.0, high=2.0):
    """Spread evenly by magnitude, float32."""
    x = np.exp(rng.uniform(low, high, size)).astype(np.float32)
    return float(x) if size is None else x


def between(low, high, size=None):
    x = rng.uniform(low, high, size)
    return float(np.float32(x)) if size is None else x.astype(np.float32)


def one_parameter(name, call, draw):
    """A number, a tensor, a tensor that broadcasts, and several keys."""
    a, s = draw(), shape()
    case(name, lambda k: call(k, a, s), a, s)
    b = draw((4, 5))
    case(name, lambda k: call(k, b, None), b)
    c = draw((3, 1))
    case(name, lambda k: call(k, c, (2, 3, 4)), c, (2, 3, 4), batch=True)


def two_parameters(name, call, draw_a, draw_b):
    a, b, s = draw_a(), draw_b(), shape()
    case(name, lambda k: call(k, a, b, s), a, b, s)
    c, d = draw_a((4, 1)), draw_b((5,))
    case(name, lambda k: call(k, c, d, None), c, d)
    case(name, lambda k: call(k, c, b, (2, 4, 3)), c, b, (2, 4, 3), batch=True)


def without_parameters():
    for name in ["normal", "exponential", "laplace", "logistic", "cauchy", "rademacher", "maxwell", "gumbel"]:
        s = shape()
        call = getattr(random, name)
        case(name, lambda k: call(k, s), s, batch=bool(rng.integers(0, 2)))
    for mode in ["high", "highest"]:
        s = shape()
        case("gumbel", lambda k: random.gumbel(k, s, mode=mode), s, options={"mode": mode})


def uniforms_and_integers():
    low, s = between(-5, 5), shape()
    high = low + positive()
    case("uniform", lambda k: random.uniform(k, s, minval=low, maxval=high), s, options={"minval": low, "maxval": high})
    lows, highs = between(-5, 0, (4, 1)), between(0, 5, (5,))
    bounds = {"minval": lows, "maxval": highs}
    case("uniform", lambda k: random.uniform(k, (3, 4, 5), **bounds), (3, 4, 5), options=bounds, batch=True)
    low = int(rng.integers(-(2**31), 2**31 - 2))
    high = int(rng.integers(low, 2**31 - 1))
    case("randint", lambda k: random.randint(k, s, low, high), s, low, high)
    lows, highs = rng.integers(-100, 50, (4, 1)).astype(np.int32), rng.integers(0, 2**30, 5).astype(np.int32)
    case("randint", lambda k: random.randint(k, (4, 5), lows, highs), (4, 5), lows, highs, batch=True)
    p = between(0, 1, (3, 4))
    for mode in ["low", "high"]:
        case("bernoulli", lambda k: random.bernoulli(k, p, (5, 3, 4), mode), p, (5, 3, 4), options={"mode": mode})
    chance = between(0, 1)
    case("bernoulli", lambda k: random.bernoulli(k, chance, s), chance, s, batch=True)
    lower, upper = between(-3, 0, (4, 1)), between(0, 3, (5,))
    case("truncatedNormal", lambda k: random.truncated_normal(k, lower, upper), lower, upper)
    a = between(-3, 1)
    b = a + positive()
    case("truncatedNormal", lambda k: random.truncated_normal(k, a, b, s), a, b, s, batch=True)


def choices():
    n = int(rng.integers(1, 60))
    case("permutation", lambda k: random.permutation(k, n), n, batch=bool(rng.integers(0, 2)))
    x = rng.integers(0, 100, (3, 4, 5)).astype(np.int32)
    axis = int(rng.integers(-3, 3))
    for independent in [False, True]:
        options = {"axis": axis, "independent": independent}
        case("permutation", lambda k: random.permutation(k, x, **options), x, options=options, batch=True)
    s = shape()
    case("choice", lambda k: random.choice(k, n, s), n, s, batch=True)
    few = (int(rng.integers(1, n + 1)),)
    case("choice", lambda k: random.choice(k, n, few, replace=False), n, few, options={"replace": False})
    p = positive((n,))
    case("choice", lambda k: random.choice(k, n, s, p=p), n, s, options={"p": p}, batch=True)
    options = {"p": p, "replace": False}
    case("choice", lambda k: random.choice(k, n, few, **options), n, few, options=options)
    y = between(-1, 1, (3, 4, 5))
    options = {"axis": axis}
    case("choice", lambda k: random.choice(k, y, (2, 3), **options), y, (2, 3), options=options)
    options = {"axis": axis, "replace": False}
    case("choice", lambda k: random.choice(k, y, (2,), **options), y, (2,), options=options, batch=True)
    logits = between(-2, 2, (3, 4, 5))
    case("categorical", lambda k: random.categorical(k, logits), logits, batch=True)
    batch_shape = tuple(np.delete(logits.shape, axis).tolist())
    options = {"axis": axis, "shape": (6, *batch_shape)}
    case("categorical", lambda k: random.categorical(k, logits, **options), logits, options=options)
    options = {"axis": axis, "shape": (2, *batch_shape), "replace": False}
    case("categorical", lambda k: random.categorical(k, logits, **options), logits, options=options)
    options = {"mode": "high"}
    case("categorical", lambda k: random.categorical(k, logits, **options), logits, options=options)


def f_of(key, dfnum, dfden, shape):
    """JAX's own fails where the parameters have different ranks."""
    full = np.broadcast_shapes(np.shape(dfnum), np.shape(dfden)) if shape is None else shape
    return random.f(key, jnp.broadcast_to(dfnum, full), jnp.broadcast_to(dfden, full), shape)


def families():
    one_parameter("gamma", random.gamma, positive)
    one_parameter("loggamma", random.loggamma, lambda size=None: positive(size, -4, 2))
    one_parameter("chisquare", random.chisquare, positive)
    one_parameter("t", random.t, positive)
    one_parameter("poisson", random.poisson, lambda size=None: positive(size, -2, 2.3))
    one_parameter("poisson", random.poisson, lambda size=None: positive(size, 2.31, 6))
    one_parameter("poisson", random.poisson, lambda size=None: positive(size, 0, 4))
    one_parameter("pareto", random.pareto, positive)
    one_parameter("rayleigh", random.rayleigh, positive)
    one_parameter("wald", random.wald, positive)
    one_parameter("geometric", random.geometric, lambda size=None: between(0.01, 0.99, size))
    one_parameter("lognormal", random.lognormal, positive)
    two_parameters("beta", random.beta, positive, positive)
    two_parameters("f", f_of, positive, positive)
    trials = lambda size=None: np.floor(positive(size, 0, 6))  # noqa: E731
    two_parameters("binomial", random.binomial, trials, lambda size=None: between(0, 1, size))
    s = shape()
    scale, concentration = positive(), positive()
    case("weibullMin", lambda k: random.weibull_min(k, scale, concentration, s), scale, concentration, s, batch=True)
    left, middle, right = between(-3, -1, (4, 1)), between(-1, 1, (5,)), between(1, 3)
    case("triangular", lambda k: random.triangular(k, left, middle, right), left, middle, right, batch=True)
    loc, width = between(-2, 2), positive()
    case("doubleSidedMaxwell", lambda k: random.double_sided_maxwell(k, loc, width, s), loc, width, s)
    locs = between(-2, 2, (3,))
    case("doubleSidedMaxwell", lambda k: random.double_sided_maxwell(k, locs, width, (2,)), locs, width, (2,), batch=True)


def vectors():
    alpha = positive((3, 4))
    case("dirichlet", lambda k: random.dirichlet(k, alpha), alpha, batch=True)
    case("dirichlet", lambda k: random.dirichlet(k, alpha[0], (5,)), alpha[0], (5,))
    p = rng.dirichlet(np.ones(5), 4).astype(np.float32)
    n = np.floor(positive((4,), 0, 5))
    case("multinomial", lambda k: random.multinomial(k, n, p), n, p)
    case("multinomial", lambda k: random.multinomial(k, n[0], p[0], shape=(6, 5)), float(n[0]), p[0], (6, 5), batch=True)
    a = rng.normal(size=(3, 4, 4))
    cov = (a @ np.swapaxes(a, -1, -2) + np.eye(4)).astype(np.float32)
    mean = between(-1, 1, (4,))
    case("multivariateNormal", lambda k: random.multivariate_normal(k, mean, cov), mean, cov, batch=True)
    case("multivariateNormal", lambda k: random.multivariate_normal(k, mean, cov[0], (5,)), mean, cov[0], (5,))
    rows, columns = int(rng.integers(1, 7)), int(rng.integers(1, 7))
    case("orthogonal", lambda k: random.orthogonal(k, rows, (2,), m=columns), rows, (2,), options={"m": columns}, batch=True)
    power, s = between(0.5, 4), shape()
    case("generalizedNormal", lambda k: random.generalized_normal(k, power, s), power, s, batch=True)
    d = int(rng.integers(1, 6))
    case("ball", lambda k: random.ball(k, d, power, s), d, power, s)
    case("ball", lambda k: random.ball(k, d), d, batch=True)


def initial_values():
    weight = tuple(int(d) for d in rng.integers(1, 7, int(rng.integers(2, 5))))
    for name in ["lecun", "glorot", "he", "xavier", "kaiming"]:
        for kind in ["normal", "uniform"]:
            factory = getattr(initializers, f"{name}_{kind}")
            ours = f"{name}{kind.capitalize()}"
            case(ours, lambda k: factory()(k, weight), weight, space="initializers", batch=bool(rng.integers(0, 2)))
    modes = {"fanIn": "fan_in", "fanOut": "fan_out", "fanAvg": "fan_avg", "fanGeoAvg": "fan_geo_avg"}
    kinds = {"truncatedNormal": "truncated_normal", "normal": "normal", "uniform": "uniform"}
    cube = tuple(int(d) for d in rng.integers(1, 6, 3))
    for mode, theirs in modes.items():
        for kind, distribution in kinds.items():
            if rng.uniform() < 0.7:
                continue
            scale = positive()
            init = initializers.variance_scaling(scale, theirs, distribution, in_axis=0, out_axis=(-1,), batch_axis=1)
            options = {"inAxis": 0, "outAxis": [-1], "batchAxis": 1}
            given = [scale, mode, kind, options]
            case("varianceScaling", lambda k: init(k, cube), cube, options={"factory": given}, space="initializers")
    scale, columns = positive(), int(rng.integers(-2, 2))
    init = initializers.orthogonal(scale, columns)
    options = {"factory": [scale, {"columnAxis": columns}]}
    case("orthogonal", lambda k: init(k, weight), weight, options=options, space="initializers", batch=True)
    inputs = int(rng.integers(1, 5))
    kernel = (*(int(d) for d in rng.integers(1, 5, int(rng.integers(1, 4)))), inputs, inputs + int(rng.integers(0, 3)))
    init = initializers.delta_orthogonal(scale)
    case("deltaOrthogonal", lambda k: init(k, kernel), kernel, options={"factory": [scale]}, space="initializers")


def main():
    for _ in range(ROUNDS):
        for part in [without_parameters, uniforms_and_integers, choices, families, vectors, initial_values]:
            part()
    finish("random-cases", {"cases": found}, seed=SEED)


if __name__ == "__main__":
    main()
