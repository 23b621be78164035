"""Edges of activations, pools, masked functions, indexing and layers without rows, from JAX and Flax in float32.

    python conformance/edges_numbers.py        (jax 0.10.2, flax 0.12.8)

writes golden/edges-numbers.json: for each case of a group its inputs, its value, and the gradients of sum(w * value) with
w = 1, 2, 3, ... over the value in order; for activations also the gradient of sum(gradient). No random numbers.
"""

import jax
import jax.numpy as jnp
import numpy as np
from flax import nnx

from golden_file import finish

NAN, INF = float("nan"), float("inf")


def number(v):
    v = float(v)
    return "NaN" if np.isnan(v) else ("Infinity" if v > 0 else "-Infinity") if np.isinf(v) else v


def written(x):
    x = np.asarray(x)
    return {"shape": list(x.shape), "dtype": str(x.dtype), "data": [number(v) for v in x.ravel()]}


def array(x):
    return jnp.array(x, jnp.float32)


def weighted(f):
    def loss(*xs):
        y = f(*xs)
        return jnp.sum(y * jnp.arange(1, y.size + 1, dtype=jnp.float32).reshape(y.shape))

    return loss


def case(name, f, *xs, **more):
    """Value and gradients of f at xs."""
    gradients = jax.grad(weighted(f), argnums=tuple(range(len(xs))))(*xs)
    return {"name": name, "inputs": [written(x) for x in xs], "value": written(f(*xs)), "gradients": [written(g) for g in gradients], **more}


# -- activations ------------------------------------------------------------------------------------------------------
AT = array([NAN, INF, -INF, 0.0, -0.0, 1, -1, 2.5, -2.5, 3, -3, 6, -6, 7, 50, -50, 1e30, -1e30])
n = jax.nn
ACTIVATIONS = {
    "celu": n.celu, "celu 2": lambda x: n.celu(x, 2.0), "elu": n.elu, "elu 2": lambda x: n.elu(x, 2.0), "gelu": n.gelu,
    "gelu exact": lambda x: n.gelu(x, approximate=False), "hardSigmoid": n.hard_sigmoid, "hardSilu": n.hard_silu, "hardTanh": n.hard_tanh,
    "leakyRelu": n.leaky_relu, "leakyRelu 0.3": lambda x: n.leaky_relu(x, 0.3), "logSigmoid": n.log_sigmoid, "relu": n.relu, "relu6": n.relu6,
    "selu": n.selu, "sigmoid": n.sigmoid, "silu": n.silu, "softSign": n.soft_sign, "softplus": n.softplus, "tanh": jnp.tanh,
}


def activation(name, f):
    first = jax.vmap(jax.grad(f))
    second = jax.vmap(jax.grad(jax.grad(f)))
    return {"name": name, "x": written(AT), "value": written(f(AT)), "first": written(first(AT)), "second": written(second(AT))}


# -- pools ------------------------------------------------------------------------------------------------------------
def values(shape, holes):
    """-5.5 to 4.5, with some elements replaced."""
    x = np.array([(i * 7) % 11 - 5.5 for i in range(int(np.prod(shape)))], np.float32)
    for at, v in holes.items():
        x[at] = v
    return array(x.reshape(shape))


POOLS = [
    ("NaN", [2], None, [[1], [NAN], [2], [3]]),
    ("NaN in a row", [2], None, [[NAN], [NAN], [2], [3]]),
    ("NaN before the largest", [3], None, [[1], [NAN], [0], [NAN], [5]]),
    ("NaN first", [3], None, [[NAN], [2], [1]]),
    ("NaN last", [3], None, [[1], [2], [NAN]]),
    ("NaN with padding", [3], "SAME", [[1], [NAN], [0], [2]]),
    ("padding alone in front", [2], [[2, 0]], [[1], [2]]),
    ("padding alone behind", [2], [[0, 2]], [[1], [2]]),
    ("padding alone on both sides", [2], [[3, 3]], [[1], [2]]),
    ("all -Infinity", [2], None, [[-INF], [-INF], [1]]),
    ("all -Infinity by itself", [1], None, [[-INF], [-INF], [1]]),
    ("all -Infinity beside padding", [3], "SAME", [[-INF], [-INF], [1]]),
    ("all -Infinity between padding", [2], [[1, 1]], [[-INF], [-INF]]),
    ("all Infinity between padding", [2], [[1, 1]], [[INF], [INF]]),
    ("ties", [2], None, [[1], [1], [1]]),
    ("two axes, NaN", [2, 2], None, values((2, 4, 4, 2), {5: NAN, 40: INF})),
    ("two axes, -Infinity", [2, 2], "SAME", values((1, 3, 4, 2), {0: -INF, 2: -INF, 8: -INF, 10: -INF})),
    ("two axes, uneven padding", [3, 2], [[2, 1], [0, 1]], values((2, 3, 4, 1), {})),
    ("three axes, first padded", [3, 3, 1], "SAME", values((1, 3, 4, 4, 2), {})),
    ("three axes, last padded", [1, 1, 3], "SAME", values((1, 2, 2, 3, 1), {3: NAN})),
    ("three axes, below 0", [2, 2, 2], "SAME", -jnp.abs(values((2, 3, 2, 3, 2), {}))),
    ("three axes, strides", [2, 2, 2], [[1, 1], [0, 1], [1, 0]], values((1, 3, 3, 3, 2), {7: NAN, 9: -INF})),
    ("no rows", [2, 2], None, values((0, 3, 3, 2), {})),
    ("no channels", [2], None, values((3, 0), {})),
]
KINDS = {"max": nnx.max_pool, "min": nnx.min_pool, "avg": nnx.avg_pool, "avg inside": lambda *a, **k: nnx.avg_pool(*a, **k, count_include_pad=False)}


def pool(kind, name, window, padding, x):
    strides = [2] * len(window) if "strides" in name else None
    pads = "VALID" if padding is None else padding if isinstance(padding, str) else tuple(tuple(p) for p in padding)
    f = lambda x: KINDS[kind](x, tuple(window), strides=tuple(strides) if strides else None, padding=pads)
    return case(f"{kind} of {name}", f, array(x), kind=kind, window=window, strides=strides, padding=padding or "VALID")


# -- functions with masks, over nothing, and of rows with infinities ---------------------------------------------------
X = array([[1, 2, 3], [4, 5, 6]])
MASKS = {
    "nothing": [[0, 0, 0], [0, 0, 0]], "a row": [[1, 1, 0], [0, 0, 0]], "two": [[1, 1, 0], [0, 1, 1]], "a column": [[0], [1]], "all": [[1, 1, 1], [1, 1, 1]],
}
ROWS = {"NaN": [NAN, 1, 2], "Infinity": [INF, 1, 2], "two Infinity": [INF, INF, 1], "all -Infinity": [-INF, -INF, -INF], "-Infinity": [-INF, 1, 2], "far": [1000, 0, -1000]}
MASKED = {
    "softmax": lambda x, w: n.softmax(x, where=w), "softmax of columns": lambda x, w: n.softmax(x, axis=0, where=w),
    "softmax of all": lambda x, w: n.softmax(x, axis=(0, 1), where=w), "logSoftmax": lambda x, w: n.log_softmax(x, where=w),
    "logSoftmax of columns": lambda x, w: n.log_softmax(x, axis=0, where=w), "logsumexp": lambda x, w: n.logsumexp(x, axis=1, where=w),
    "standardize": lambda x, w: n.standardize(x, where=w),
}


def masked():
    for name, f in MASKED.items():
        for which, mask in MASKS.items():
            w = jnp.array(mask, bool)
            yield case(f"{name} where {which}", (lambda f, w: lambda x: f(x, w))(f, w), X, function=name, mask=written(w))
        w = jnp.array([[1, 1, 0]], bool)
        for which, row in ROWS.items():
            yield case(f"{name} of {which}", (lambda f: lambda x: f(x, None))(f), array([row]), function=name, mask=None)
            yield case(f"{name} of {which}, masked", (lambda f: lambda x: f(x, w))(f), array([row]), function=name, mask=written(w))
        if "of columns" in name or name == "softmax of all":
            continue
        yield case(f"{name} of no columns", (lambda f: lambda x: f(x, None))(f), jnp.zeros((2, 0)), function=name, mask=None)
        yield case(f"{name} of no rows", (lambda f: lambda x: f(x, None))(f), jnp.zeros((0, 3)), function=name, mask=None)


# -- indexing ---------------------------------------------------------------------------------------------------------
A = array(np.arange(24).reshape(2, 3, 4) * 0.5)
TAKES = [
    ("rows", [[[0, 2, 1, 0]], [[2, 2, 0, 1]]], 1), ("last axis", [[[3], [0], [1]], [[2], [2], [0]]], -1), ("first axis", [[[1, 0, 1, 0]]], 0),
    ("twice the same", [[[1, 1], [1, 1], [0, 0]], [[0, 3], [3, 3], [3, 3]]], 2), ("from the end", [[[-1], [-4], [0]]], 2), ("outside", [[[4], [-5], [1]]], 2),
    ("flat", [5, -1, 30, 0], None), ("nothing", np.zeros((2, 3, 0), int), 2),
]
UPDATES = [
    ("inside", (1, 2, 2), (1, 1, 0)), ("at the end", (1, 2, 2), (1, 2, 3)), ("before the start", (2, 1, 1), (-1, -1, -9)), ("from the end", (1, 1, 2), (-1, -2, -3)),
    ("all", (2, 3, 4), (0, 0, 0)), ("one", (1, 1, 1), (0, 2, 3)), ("nothing", (0, 2, 2), (1, 1, 1)),
]


def indexing():
    for name, ids, axis in TAKES:
        ids = jnp.array(ids, jnp.int32)
        yield case(f"takeAlongAxis: {name}", (lambda ids, axis: lambda x: jnp.take_along_axis(x, ids, axis))(ids, axis), A, ids=written(ids), axis=axis)
    for name, shape, starts in UPDATES:
        u = array(np.arange(int(np.prod(shape))).reshape(shape) - 40.0)
        yield case(f"dynamicUpdateSlice: {name}", (lambda s: lambda x, u: jax.lax.dynamic_update_slice(x, u, s))(starts), A, u, starts=list(starts))


EINSUMS = {"ij,jk,kl->il": [(2, 3), (3, 4), (4, 2)], "bi,ij,bj->b": [(2, 3), (3, 4), (2, 4)], "i,j,k->kji": [(2,), (3,), (4,)], "ij,j,j->": [(2, 3), (3,), (3,)],
           "ab,bc,cd,de->ae": [(2, 3), (3, 2), (2, 3), (3, 2)], "ij,jk->i": [(2, 3), (3, 4)], "ij,kj->j": [(2, 3), (4, 3)]}


def einsums():
    for equation, shapes in EINSUMS.items():
        yield case(equation, (lambda e: lambda *xs: jnp.einsum(e, *xs))(equation), *[values(s, {}) * 0.25 for s in shapes])


# -- normalisations and attention with masks ----------------------------------------------------------------------------
def norms():
    new = lambda: nnx.Rngs(0)
    rows = values((3, 4), {}) * 0.5
    image = values((2, 3, 2, 4), {}) * 0.5
    makers = {
        "LayerNorm": (lambda **k: nnx.LayerNorm(4, rngs=new(), **k), rows, (3, 4)), "RMSNorm": (lambda **k: nnx.RMSNorm(4, rngs=new(), **k), rows, (3, 4)),
        "BatchNorm": (lambda **k: nnx.BatchNorm(4, rngs=new(), **k), rows, (3, 4)), "GroupNorm": (lambda **k: nnx.GroupNorm(4, 2, rngs=new(), **k), image, image.shape),
        "InstanceNorm": (lambda **k: nnx.InstanceNorm(4, rngs=new(), **k), image, image.shape),
    }
    for name, (make, x, shape) in makers.items():
        size = int(np.prod(shape))
        everything = np.ones(shape, bool)
        some = np.array([i % 3 != 1 for i in range(size)]).reshape(shape)
        first = np.ones(shape, bool)
        first[0] = False
        holes = np.array(x)
        holes[~some] = NAN
        far = np.array(x)
        far[~some] = INF
        for fast in (True, False):
            for which, mask, at in (("all", everything, x), ("some", some, x), ("nothing of the first", first, x), ("nothing", ~everything, x), ("NaN where false", some, holes), ("Infinity where false", some, far)):
                m = jnp.array(mask)
                f = lambda x: make(use_fast_variance=fast)(x, mask=m)
                yield case(f"{name} of {which}, {'fast' if fast else 'two passes'}", f, array(at), layer=name, fast=fast, mask=written(m))


def attention():
    q, k, v = values((1, 2, 1, 2), {}) * 0.3, values((1, 3, 1, 2), {}) * 0.2, values((1, 3, 1, 2), {}) * 0.5
    v_nan = v.at[0, 2].set(NAN)
    k_nan = k.at[0, 2].set(NAN)
    for which, mask in (("all", [[1, 1, 1]] * 2), ("some", [[1, 1, 0], [0, 1, 0]]), ("nothing of a query", [[0, 0, 0], [1, 1, 0]]), ("nothing", [[0, 0, 0]] * 2)):
        m = jnp.array(mask, bool)[None, None]
        f = lambda q, k, v: nnx.dot_product_attention(q, k, v, mask=m)
        yield case(f"attention to {which}", f, q, k, v, mask=written(m))
        yield case(f"attention to {which}, a key that is NaN", f, q, k_nan, v, mask=written(m))
        yield case(f"attention to {which}, a value that is NaN", f, q, k, v_nan, mask=written(m))


# -- layers without rows ----------------------------------------------------------------------------------------------
r = lambda: nnx.Rngs(params=0, dropout=1, carry=3)
LAYERS = {
    "Linear": (lambda: nnx.Linear(3, 4, rngs=r()), (0, 3)),
    "Linear of two batch axes": (lambda: nnx.Linear(3, 4, rngs=r()), (2, 0, 3)),
    "LinearGeneral": (lambda: nnx.LinearGeneral((2, 3), (2, 2), axis=(-2, -1), rngs=r()), (0, 2, 3)),
    "LinearGeneral with batch axes": (lambda: nnx.LinearGeneral(3, 4, batch_axis={0: 2}, rngs=r()), (2, 0, 3)),
    "Einsum": (lambda: nnx.Einsum("nta,hab->nthb", (2, 3, 4), (2, 4), rngs=r()), (0, 5, 3)),
    "Einsum of no times": (lambda: nnx.Einsum("nta,hab->nthb", (2, 3, 4), (2, 4), rngs=r()), (2, 0, 3)),
    "Conv over one axis": (lambda: nnx.Conv(2, 3, 3, rngs=r()), (0, 6, 2)),
    "Conv": (lambda: nnx.Conv(2, 3, (3, 3), rngs=r()), (0, 4, 5, 2)),
    "Conv with strides": (lambda: nnx.Conv(2, 3, (3, 3), strides=2, rngs=r()), (0, 4, 5, 2)),
    "Conv with dilation": (lambda: nnx.Conv(2, 3, (3, 3), kernel_dilation=2, rngs=r()), (0, 6, 6, 2)),
    "Conv with strides and dilation": (lambda: nnx.Conv(2, 3, (3, 3), strides=2, kernel_dilation=2, rngs=r()), (0, 6, 6, 2)),
    "Conv in groups": (lambda: nnx.Conv(4, 6, (3, 3), feature_group_count=2, rngs=r()), (0, 4, 5, 4)),
    "Conv depthwise": (lambda: nnx.Conv(4, 4, (3, 3), feature_group_count=4, rngs=r()), (0, 4, 5, 4)),
    "Conv circular": (lambda: nnx.Conv(2, 3, (3, 3), padding="CIRCULAR", rngs=r()), (0, 4, 5, 2)),
    "Conv over three axes": (lambda: nnx.Conv(2, 2, (2, 2, 2), rngs=r()), (0, 3, 4, 3, 2)),
    "Conv of one element": (lambda: nnx.Conv(2, 3, (1, 1), rngs=r()), (0, 4, 5, 2)),
    "ConvTranspose": (lambda: nnx.ConvTranspose(2, 3, (3, 3), strides=2, rngs=r()), (0, 2, 3, 2)),
    "BatchNorm": (lambda: nnx.BatchNorm(3, rngs=r()), (0, 3)),
    "BatchNorm evaluating": (lambda: nnx.BatchNorm(3, use_running_average=True, rngs=r()), (0, 3)),
    "LayerNorm": (lambda: nnx.LayerNorm(3, rngs=r()), (0, 3)),
    "RMSNorm": (lambda: nnx.RMSNorm(3, rngs=r()), (0, 3)),
    "GroupNorm": (lambda: nnx.GroupNorm(4, 2, rngs=r()), (0, 3, 4)),
    "GroupNorm of no positions": (lambda: nnx.GroupNorm(4, 2, rngs=r()), (2, 0, 4)),
    "InstanceNorm": (lambda: nnx.InstanceNorm(2, rngs=r()), (0, 4, 5, 2)),
    "MultiHeadAttention": (lambda: nnx.MultiHeadAttention(4, 8, decode=False, rngs=r()), (0, 3, 8)),
    "MultiHeadAttention of no times": (lambda: nnx.MultiHeadAttention(4, 8, decode=False, rngs=r()), (2, 0, 8)),
    "PReLU": (lambda: nnx.PReLU(0.3), (0, 3)),
    "RNN": (lambda: nnx.RNN(nnx.LSTMCell(2, 3, rngs=r())), (0, 4, 2)),
    "RNN of GRUCell": (lambda: nnx.RNN(nnx.GRUCell(2, 3, rngs=r())), (0, 4, 2)),
    "LoRA": (lambda: nnx.LoRA(3, 2, 4, rngs=r()), (0, 3)),
}


def paths(state):
    return {".".join(map(str, path)): written(leaf[...]) for path, leaf in nnx.to_flat_state(state)}


def layers():
    for name, (make, shape) in LAYERS.items():
        model, x = make(), jnp.zeros(shape)
        y = model(x)
        gradients = nnx.grad(lambda m, x: weighted(m)(x), argnums=(0, 1))(make(), x)
        yield {"name": name, "input": list(shape), "output": list(y.shape), "gradients": paths(gradients[0]), "statistics": paths(nnx.state(model, nnx.BatchStat))}


content = {
    "activations": [activation(name, f) for name, f in ACTIVATIONS.items()],
    "pools": [pool(kind, *rest) for kind in KINDS for rest in POOLS],
    "masked": list(masked()),
    "indexing": list(indexing()),
    "einsums": list(einsums()),
    "norms": list(norms()),
    "attention": list(attention()),
    "layers": list(layers()),
}
finish("edges-numbers", content, libraries=("jax", "flax"), seed="none: the inputs stand in each case")
