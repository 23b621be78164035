"""Element-wise kernels, places, casts and normalisations at the edges of float32 and int32, from JAX. Run: python conformance/edges_kernels.py

Each case has the values of its function at all numbers of a list, or at all pairs of them, the first changing fastest.
What is not finite, and -0, stands as text.
"""

import jax
import jax.numpy as jnp
import numpy as np
from flax import nnx

from golden_file import finish

NAN, INF = float("nan"), float("inf")
FLOATS = np.array(
    [0.0, -0.0, 1, -1, 2, -2, 0.5, -0.5, 1.5, -2.5, 5.3, -5.3, 0.1, 1e-20, -1e-20, 1e-7, 1e-12, -1e-4, 1e10, 2147483648, -2147483648]
    + [2147483520, -2147483904, 16777217, 1e20, -1e30, 3.4e38, INF, -INF, NAN],
    np.float32,
)
INTEGERS = np.array(
    [0, 1, -1, 2, -2, 3, 7, -7, 100, 46341, 65536, 16777217, -16777217, 123456789, -987654321, 1 << 30, 2147483647, -2147483647, -2147483648],
    np.int32,
)
POWERS = np.array([0, 1, 2, 3, 5, 9, 30, 31], np.int32)
ROWS = np.array(
    [[1, NAN, 3, 2], [NAN, NAN, 1, 0], [INF, -INF, INF, 0], [-INF, -INF, -INF, -INF], [3, 1, 3, 3], [NAN, -INF, INF, 5], [4, INF, 2, NAN], [1e30, -1e30, 3e38, 3e38]],
    np.float32,
)
# As scores that a mask leaves out.
MASKED = np.array([[1, -INF, 3, 2], [-INF, -INF, 0, -INF], [-1e30, -INF, -1e30, -INF], [-INF, 3e38, 5, -3e38]], np.float32)
BOOLS = np.array([False, True])


def text(v):
    v = float(v)
    return v if np.isfinite(v) and not (v == 0 and np.signbit(v)) else str(v)


def plain(x):
    x = np.asarray(x)
    return [text(v) for v in x.ravel()] if x.dtype.kind == "f" else [int(v) for v in x.ravel()]


def at_all(numbers, functions):
    return {name: plain(jax.jit(f)(numbers)) for name, f in functions.items()}


def at_pairs(first, second, functions):
    a, b = (m.ravel() for m in np.meshgrid(first, second))
    return {name: plain(jax.jit(f)(a, b)) for name, f in functions.items()}


def floors(a, b):
    """By NumPy: XLA takes quotients below the normal numbers for 0."""
    with np.errstate(all="ignore"):
        return np.floor(a / b)


# The squares of some have no float32; of the last row no square is lost.
LARGE = np.array([[2e19, 2e19, 2e19, 2.2e19], [1e30, 1, 2, 3], [1e20, -1e20, 1, 2], [3e4, 1, -2e4, 5]], np.float32)
NORMS = {
    "LayerNorm": lambda fast: nnx.LayerNorm(4, use_fast_variance=fast, rngs=nnx.Rngs(0)),
    "RMSNorm": lambda fast: nnx.RMSNorm(4, use_fast_variance=fast, rngs=nnx.Rngs(0)),
    "GroupNorm": lambda fast: nnx.GroupNorm(4, 2, use_fast_variance=fast, rngs=nnx.Rngs(0)),
    "BatchNorm": lambda fast: nnx.BatchNorm(4, use_fast_variance=fast, rngs=nnx.Rngs(0)),
}


content = {
    "floats": plain(FLOATS),
    "integers": plain(INTEGERS),
    "powers": plain(POWERS),
    "rows": plain(ROWS),
    "ofFloats": at_all(
        FLOATS,
        {
            "elu": jax.nn.elu,
            "sin": jnp.sin,
            "cos": jnp.cos,
            "sign": jnp.sign,
            "round": jnp.round,
            "toInteger": lambda x: x.astype(jnp.int32),
            "relu": jax.nn.relu,
            "relu6": jax.nn.relu6,
            "leakyRelu": lambda x: jax.nn.leaky_relu(x, 0.2),
            "clip": lambda x: jnp.clip(x, -1.5, 2.5),
        },
    ),
    "ofFloatPairs": at_pairs(
        FLOATS,
        FLOATS,
        {
            "mod": jnp.mod,
            "pow": jnp.power,
            "prelu": lambda x, a: jnp.where(x >= 0, x, a * x),
            "maximum": jnp.maximum,
            "minimum": jnp.minimum,
            "where": lambda a, b: jnp.where(a < b, a, b),
        },
    ),
    "floors": plain(floors(*(m.ravel() for m in np.meshgrid(FLOATS, FLOATS)))),
    "ofIntegers": at_all(INTEGERS, {"neg": lambda x: -x, "abs": jnp.abs, "square": jnp.square, "clip": lambda x: jnp.clip(x, -5, 20000003)}),
    "ofIntegerPairs": at_pairs(
        INTEGERS, INTEGERS, {"mul": jnp.multiply, "squaredDifference": lambda a, b: (a - b) * (a - b), "mod": jnp.mod}
    ),
    # By 0 XLA has nothing to say.
    "floorDiv": plain(jax.jit(jnp.floor_divide)(*(m.ravel() for m in np.meshgrid(INTEGERS, INTEGERS[1:])))),
    "integerPowers": plain(jax.jit(jnp.power)(*(m.ravel() for m in np.meshgrid(INTEGERS, POWERS)))),
    "addBools": plain(jnp.add(*(m.ravel() for m in np.meshgrid(BOOLS, BOOLS)))),
    "large": plain(LARGE),
    "norms": [{"layer": name, "fast": fast, "y": plain(make(fast)(LARGE))} for name, make in NORMS.items() for fast in (True, False)],
    "masked": plain(MASKED),
    "ofMasked": {
        "softmax": plain(jax.nn.softmax(MASKED, 1)),
        "logSoftmax": plain(jax.nn.log_softmax(MASKED, 1)),
        "logSumExp": plain(jax.nn.logsumexp(MASKED, 1)),
    },
    "ofRows": {
        "max": plain(jnp.max(ROWS, 1)),
        "min": plain(jnp.min(ROWS, 1)),
        "cumsum": plain(jnp.cumsum(ROWS, 1)),
        "softmax": plain(jax.nn.softmax(ROWS, 1)),
        "maxPool": plain(jax.lax.reduce_window(ROWS, -jnp.inf, jax.lax.max, (1, 2), (1, 1), "VALID")),
        "argMax": plain(jnp.argmax(ROWS, 1)),
        "argMin": plain(jnp.argmin(ROWS, 1)),
        "largest": plain(jax.lax.top_k(ROWS, 3)[0]),
        "places": plain(jax.lax.top_k(ROWS, 3)[1]),
    },
}
finish("edges-kernels", content, libraries=("jax", "flax", "numpy"), seed="none: the numbers stand in the file", note="rows have four numbers; of pairs the first number changes fastest")
