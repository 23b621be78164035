"""Reference values of JAX where samplers are at the edges: parameters that are repeated, single, extreme or none at all.

    python conformance/edges_random.py            writes conformance/golden/edges-random.json
    python conformance/edges_random.py --check    compares with what is there, and writes nothing

Needs jax 0.10.2 and numpy, on the CPU with JAX's default configuration. The cases have the form of `random_cases.py`.
"""

import math

import jax
import jax.numpy as jnp
import numpy as np
import random_cases
from golden_file import finish
from jax import random
from random_cases import between, case, f_of, positive

SEED = 20250302

inf, nan = math.inf, math.nan
# Zeros of both signs, numbers that XLA reads as 0, the smallest and largest ones, and none.
SPECIAL = np.float32([0, -0.0, 1e-45, -1e-39, 1.2e-38, 1e-20, 1e-7, 0.5, 1, 2, 10, 16777216, 1e7, 3e38, -1, -3e38, inf, -inf, nan])

ONE_PARAMETER = {
    "gamma": random.gamma,
    "loggamma": random.loggamma,
    "chisquare": random.chisquare,
    "t": random.t,
    "pareto": random.pareto,
    "rayleigh": random.rayleigh,
    "wald": random.wald,
    "geometric": random.geometric,
    "lognormal": random.lognormal,
    "generalizedNormal": random.generalized_normal,
}


def one(name, call, parameter, shape, batch=False):
    case(name, lambda k: call(k, parameter, shape), parameter, shape, batch=batch)


def repeated_and_single():
    """The same distribution by numbers and tensors, of one element and of many, repeated or not."""
    for name, low, high in [("pareto", -3, 3), ("lognormal", -3, 3), ("wald", -6, 9), ("geometric", -14, -0.1)]:
        call = ONE_PARAMETER[name]
        for _ in range(3):
            number = positive(None, low, high)
            for shape in [(), (1,), (60,)]:
                one(name, call, number, shape)
            one(name, call, np.float32(number), (5,))
            one(name, call, positive((1,), low, high), (60,))
            one(name, call, positive((1,), low, high), (1,))
            one(name, call, positive((12,), low, high), (5, 12))
            one(name, call, positive((5, 1), low, high), (5, 12))
            one(name, call, positive((60,), low, high), (60,))
            one(name, call, number, (), batch=True)
            one(name, call, positive((12,), low, high), (12,), batch=True)
    for p in [1e-5, 1e-6, 3e-4]:
        one("geometric", random.geometric, p, (400,))
    for name in ["gamma", "chisquare", "t", "generalizedNormal"]:
        call = ONE_PARAMETER[name]
        one(name, call, positive(), (1,))
        one(name, call, positive((5, 1)), (5, 4))
    for shape in [(), (6,)]:
        a, b = positive(), positive()
        case("f", lambda k: f_of(k, a, b, shape), a, b, shape)
        case("beta", lambda k: random.beta(k, a, b, shape), a, b, shape)
        case("weibullMin", lambda k: random.weibull_min(k, a, b, shape), a, b, shape)
        case("doubleSidedMaxwell", lambda k: random.double_sided_maxwell(k, a, b, shape), a, b, shape)
        case("triangular", lambda k: random.triangular(k, -a, 0.0, b, shape), -a, 0.0, b, shape)


def specials():
    for name, call in ONE_PARAMETER.items():
        one(name, call, SPECIAL, SPECIAL.shape)
        for value in [nan, -inf, 0.0, -1.0]:
            one(name, call, value, (2,))
    small = np.float32([nan, -1, -inf, 0, -0.0, 1e-45, 1e-20, 0.5, 9.999999, 10, 1e5])
    one("poisson", random.poisson, small, small.shape)
    for a in [2.0, -1.0, nan]:
        case("f", lambda k: f_of(k, SPECIAL, a, SPECIAL.shape), SPECIAL, a, SPECIAL.shape)
        case("f", lambda k: f_of(k, a, SPECIAL, SPECIAL.shape), a, SPECIAL, SPECIAL.shape)
        case("beta", lambda k: random.beta(k, SPECIAL, a), SPECIAL, a)
        case("weibullMin", lambda k: random.weibull_min(k, SPECIAL, a, SPECIAL.shape), SPECIAL, a, SPECIAL.shape)
        case("triangular", lambda k: random.triangular(k, a, SPECIAL, 3.0), a, SPECIAL, 3.0)
    for p in [1e-45, 1e-38, 1e-8, 1 - 2.0**-24, nan, -1.0, 2.0]:
        case("bernoulli", lambda k: random.bernoulli(k, p, (50,)), p, (50,))
    for mode in ["low", "high"]:
        case("bernoulli", lambda k: random.bernoulli(k, SPECIAL, SPECIAL.shape, mode), SPECIAL, SPECIAL.shape, options={"mode": mode})
    for n, p in [(0.0, 0.5), (7.9, 0.3), (1e6, 1e-7), (1e7, 0.5), (1e5, 0.999), (12.0, 1.0), (12.0, 0.0), (-3.0, 0.5), (5.0, nan)]:
        case("binomial", lambda k: random.binomial(k, n, p, (8,)), n, p, (8,))
    chances = np.float32([0, 1e-45, 1e-30, 0.5, 1, 1.5, -0.5, nan])
    case("binomial", lambda k: random.binomial(k, 50.0, chances), 50.0, chances)


def large_rates():
    for low in [1e7, 2.0**24, 2.0**24 + 2, 20297460, 2.0**25 - 2, 2.0**25, 1e8, 1.5e9, 2.1e9]:
        one("poisson", random.poisson, low, (97,))
    rates = between(2.0**24, 2.0**25, (60,))
    one("poisson", random.poisson, rates, (60,))


def bounds():
    """Far in a tail, where erf rounds to 1."""
    pairs = [(5, 6), (5.3, inf), (-inf, -5.3), (5, 5.2), (-7, -6), (6.7705894, 16777216), (3, 3), (2, -2), (nan, 1), (0, 1e-40), (-inf, inf)]
    for low, high in pairs:
        low, high = float(np.float32(low)), float(np.float32(high))
        case("truncatedNormal", lambda k: random.truncated_normal(k, low, high, (8,)), low, high, (8,))
        a, b = np.float32([low]), np.float32([high])
        case("truncatedNormal", lambda k: random.truncated_normal(k, a, b, (8,)), a, b, (8,))
        case("truncatedNormal", lambda k: random.truncated_normal(k, a, high), a, high)
    for low, high in [(0, 1e-38), (0, 2e-38), (0, 1e-36), (1e-40, 1e-35), (-1e-37, 1e-37), (0, inf), (-3e38, 3e38), (nan, 1), (1, nan), (2, 1)]:
        low, high = float(np.float32(low)), float(np.float32(high))
        options = {"minval": low, "maxval": high}
        case("uniform", lambda k: random.uniform(k, (20,), **options), (20,), options=options)
        arrays = {"minval": np.float32([low]), "maxval": np.float32([high])}
        case("uniform", lambda k: random.uniform(k, (20,), **arrays), (20,), options=arrays)
    for low, high in [(0, 2**31 - 1), (-(2**31), 2**31 - 1), (5, 5), (7, -7), (2**31 - 2, 2**31 - 1)]:
        arrays = np.int32([low]), np.int32([high])
        case("randint", lambda k: random.randint(k, (20,), low, high), (20,), low, high)
        case("randint", lambda k: random.randint(k, (20,), *arrays), (20,), *arrays)


def tensors_for_numbers():
    p = np.float32([1, 2])
    case("generalizedNormal", lambda k: random.generalized_normal(k, p, (2,)), p, (2,))
    case("generalizedNormal", lambda k: random.generalized_normal(k, p, (3, 2)), p, (3, 2), batch=True)
    power = np.float32(2)
    case("ball", lambda k: random.ball(k, 2, power), 2, power)
    skewed = np.float32([[2, 1.5, 0], [0.5, 2, 0.3], [0, -0.3, 1]])
    mean = np.float32([1, 2, 3])
    case("multivariateNormal", lambda k: random.multivariate_normal(k, mean, skewed, (4,)), mean, skewed, (4,))


def empty():
    none = np.zeros((0, 3), np.float32)
    for name in ["gamma", "poisson", "geometric", "lognormal", "chisquare", "pareto"]:
        call = ONE_PARAMETER.get(name, random.poisson)
        one(name, call, 2.0, (0,))
        case(name, lambda k: call(k, none), none)
    case("dirichlet", lambda k: random.dirichlet(k, jnp.ones(3), (0,)), np.ones(3, np.float32), (0,))
    case("permutation", lambda k: random.permutation(k, none), none)
    case("normal", lambda k: random.normal(k, (2, 0, 3)), (2, 0, 3), batch=True)


def main():
    random_cases.rng = np.random.default_rng(SEED)
    for part in [repeated_and_single, specials, large_rates, bounds, tensors_for_numbers, empty]:
        part()
    finish("edges-random", {"cases": random_cases.found}, seed=SEED)


if __name__ == "__main__":
    main()
