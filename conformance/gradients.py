"""Gradients of one program per kernel and convention, from JAX in double precision.

    python conformance/gradients.py [--check]        (jax 0.10.2)

writes golden/gradients.json: for each program its inputs, its value f(x), the weights `dy` of the outputs, the gradients
of sum(dy * f(x)), directions `v`, and the gradients of sum(v * gradients). Each first gradient of a smooth program is checked
against central differences before it is written.
"""

import math
import zlib

import jax
import jax.numpy as jnp
import numpy as np
from jax import lax, nn

from golden_file import finish

jax.config.update("jax_enable_x64", True)

PROGRAMS = {}


class R:
    """Random numbers in [lo, hi), two decimals, no two closer than 0.01 if `apart`."""

    def __init__(self, *shape, lo=-2.0, hi=2.0, apart=False):
        self.shape, self.lo, self.hi, self.apart = shape, lo, hi, apart

    def draw(self, rng):
        size = int(np.prod(self.shape))
        if self.apart:
            grid = np.linspace(self.lo, self.hi, size + 2)[1:-1]
            values = rng.permutation(grid)
        else:
            values = rng.uniform(self.lo, self.hi, size)
        values = np.round(values, 2)
        values[values == 0] = 0.13
        return values.reshape(self.shape)


class V:
    """Given values."""

    def __init__(self, *values, shape=None):
        self.values = np.array(values, dtype=np.float64)
        if shape is not None:
            self.values = self.values.reshape(shape)

    def draw(self, rng):
        return self.values


def program(name, f, *inputs, ints=(), smooth=True, ones=False, second=True):
    assert name not in PROGRAMS, name
    PROGRAMS[name] = dict(f=f, inputs=inputs, ints=[np.array(i, dtype=np.int32) for i in ints], smooth=smooth, ones=ones, second=second)


def pos(*shape, lo=0.3, hi=2.0):
    return R(*shape, lo=lo, hi=hi)


# -- products ---------------------------------------------------------------------------------------------------------
T = lambda x: jnp.swapaxes(x, -1, -2)
program("matMul", lambda a, b: a @ b, R(3, 4), R(4, 2))
program("matMul transposeA", lambda a, b: T(a) @ b, R(4, 3), R(4, 2))
program("matMul transposeB", lambda a, b: a @ T(b), R(3, 4), R(2, 4))
program("matMul transposeA transposeB", lambda a, b: T(a) @ T(b), R(4, 3), R(2, 4))
program("matMul wide right transposed", lambda a, b: a @ T(b), R(2, 3), R(9, 3))
program("matMul batched", lambda a, b: a @ b, R(2, 3, 4), R(2, 4, 2))
program("matMul batched transposeA transposeB", lambda a, b: T(a) @ T(b), R(2, 4, 3), R(2, 2, 4))
program("matMul batch of a alone", lambda a, b: a @ b, R(2, 5, 3), R(3, 4))
program("matMul batch of a alone, b transposed", lambda a, b: a @ T(b), R(2, 5, 3), R(4, 3))
program("matMul batch of b alone", lambda a, b: a @ b, R(3, 4), R(2, 4, 2))
program("matMul batches broadcast", lambda a, b: a @ b, R(2, 1, 3, 4), R(1, 3, 4, 2))
program("matMul batch of one", lambda a, b: a @ b, R(1, 3, 4), R(5, 4, 2))
program("matMul large batch", lambda a, b: jnp.tanh(a @ b), R(2, 40, 32, lo=-0.3, hi=0.3), R(2, 32, 30, lo=-0.3, hi=0.3), second=False)
program("dot", lambda a, b: jnp.dot(a, b), R(4), R(4))
program("outerProduct", lambda a, b: jnp.outer(a, b), R(3), R(4))
program("fused.matMul", lambda a, b, c: nn.relu(a @ b + c), R(3, 4), R(4, 2), R(2))
program("fused.matMul linear", lambda a, b, c: a @ b + c, R(3, 4), R(4, 2), R(2))

# -- einsum -----------------------------------------------------------------------------------------------------------
for eq, shapes in {
    "ij,jk->ik": [(2, 3), (3, 4)],
    "bthd,bshd->bhts": [(2, 3, 2, 4), (2, 5, 2, 4)],
    "ij->ji": [(2, 3)],
    "ij->i": [(2, 3)],
    "ij->": [(2, 3)],
    "i,j->ij": [(3,), (2,)],
    "i,i->": [(3,), (3,)],
    "bij,bjk->ik": [(2, 3, 4), (2, 4, 2)],
    "ij,kj->": [(2, 3), (4, 3)],
    "ijk,ij->ik": [(2, 3, 4), (2, 3)],
    "ij,jk,kl->il": [(2, 3), (3, 2), (2, 3)],
    "bi,ij,bj->b": [(2, 3), (3, 2), (2, 2)],
    "i,j,k->kji": [(2,), (3,), (2,)],
    "ab,bc,cd,de->": [(2, 2), (2, 3), (3, 2), (2, 2)],
}.items():
    program("einsum " + eq, (lambda eq: lambda *xs: jnp.einsum(eq, *xs))(eq), *[R(*s) for s in shapes])

# -- binary -----------------------------------------------------------------------------------------------------------
program("add", lambda a, b: jnp.sin(a + b), R(2, 3), R(2, 3))
program("add broadcast suffix", lambda a, b: jnp.sin(a + b), R(2, 3), R(3))
program("add broadcast prefix", lambda a, b: jnp.sin(a + b), R(2, 3), R(2, 1))
program("add broadcast middle", lambda a, b: jnp.sin(a + b), R(2, 3, 4), R(2, 1, 4))
program("add broadcast both", lambda a, b: jnp.sin(a + b), R(3, 1), R(1, 4))
program("add broadcast scalar", lambda a, b: jnp.sin(a + b), R(2, 3), R())
program("add size-1 axes", lambda a, b: jnp.sin(a + b), R(1, 3), R(1, 1))
program("add of itself", lambda a: a + a, R(3))
program("sub", lambda a, b: jnp.sin(a - b), R(2, 3), R(3))
program("mul", lambda a, b: a * b, R(2, 3), R(2, 3))
program("mul broadcast", lambda a, b: a * b, R(2, 3), R(2, 1))
program("div", lambda a, b: a / b, R(2, 3), pos(3))
program("divNoNan", lambda a, b: a / b, R(2, 3), pos(3))
program("pow", lambda a, b: a**b, pos(2, 3), R(3))
program("pow of a negative", lambda a: lax.pow(a, jnp.full_like(a, 3.0)), R(4))
program("maximum", lambda a, b: jnp.maximum(a, b) ** 2, R(2, 3), R(3))
program("minimum", lambda a, b: jnp.minimum(a, b) ** 2, R(2, 3), R(3))
program("squaredDifference", lambda a, b: (a - b) ** 2, R(2, 3), R(3))
program("atan2", lambda a, b: jnp.arctan2(a, b), R(2, 3), R(3))
program("floorDiv", lambda a, b: a * jnp.floor(a / b), R(2, 3), V(0.7, 0.9, 1.3))
program("mod", lambda a, b: jnp.mod(a, b) ** 2, R(2, 3), V(0.7, 0.9, 1.3))
program("addN", lambda a, b, c: jnp.sin(a + b + c), R(2, 3), R(2, 3), R(2, 3))
program("prelu", lambda x, a: jnp.where(x >= 0, x, a * x) ** 2, R(2, 3), pos(3))

# -- unary ------------------------------------------------------------------------------------------------------------
UNARY = {
    "relu": (nn.relu, R(6)),
    "relu6": (lambda x: nn.relu6(4 * x), R(6)),
    "leakyRelu": (lambda x: nn.leaky_relu(x, 0.2), R(6)),
    "elu": (nn.elu, R(6)),
    "selu": (nn.selu, R(6)),
    "sigmoid": (nn.sigmoid, R(6)),
    "logSigmoid": (nn.log_sigmoid, R(6)),
    "tanh": (jnp.tanh, R(6)),
    "softplus": (nn.softplus, R(6)),
    "erf": (jax.scipy.special.erf, R(6)),
    "gelu erf": (lambda x: nn.gelu(x, approximate=False), R(6)),
    "gelu tanh": (lambda x: nn.gelu(x, approximate=True), R(6)),
    "silu": (nn.silu, R(6)),
    "exp": (jnp.exp, R(6)),
    "expm1": (jnp.expm1, R(6)),
    "log": (jnp.log, pos(6)),
    "log1p": (jnp.log1p, pos(6)),
    "sqrt": (jnp.sqrt, pos(6)),
    "rsqrt": (lax.rsqrt, pos(6)),
    "square": (jnp.square, R(6)),
    "reciprocal": (lambda x: 1 / x, pos(6)),
    "abs": (lambda x: jnp.abs(x) * x, R(6)),
    "neg": (lambda x: (-x) ** 2, R(6)),
    "clipByValue": (lambda x: jnp.clip(x, -1, 1) ** 2, R(6)),
    "sin": (jnp.sin, R(6)),
    "cos": (jnp.cos, R(6)),
    "tan": (jnp.tan, R(6, lo=-1, hi=1)),
    "asin": (jnp.arcsin, R(6, lo=-0.9, hi=0.9)),
    "acos": (jnp.arccos, R(6, lo=-0.9, hi=0.9)),
    "atan": (jnp.arctan, R(6)),
    "sinh": (jnp.sinh, R(6)),
    "cosh": (jnp.cosh, R(6)),
    "asinh": (jnp.arcsinh, R(6)),
    "acosh": (jnp.arccosh, R(6, lo=1.2, hi=3)),
    "atanh": (jnp.arctanh, R(6, lo=-0.9, hi=0.9)),
    "step": (lambda x: x * (x > 0), R(6)),
    "sign": (lambda x: x * jnp.sign(x), R(6)),
    "floor": (lambda x: x * jnp.floor(x), R(6)),
    "ceil": (lambda x: x * jnp.ceil(x), R(6)),
    "round": (lambda x: x * jnp.round(x), R(6)),
    "cast": (lambda x: x * lax.convert_element_type(lax.convert_element_type(x, jnp.int32), jnp.float64), R(6)),
    "identity": (lambda x: x * 2, R(6)),
}
for name, (f, x) in UNARY.items():
    program(name, f, x)

# -- choices ----------------------------------------------------------------------------------------------------------
program("where", lambda x, y: jnp.where(x > 0, x * y, y**2), R(6), R(6))
program("where broadcast", lambda x, y: jnp.where(x > 0, x, y), R(2, 3), R(3))
program("where of two comparisons", lambda x, y: jnp.where((x > -1) & (x <= 1) | (y != 0), x * y, y), R(6), R(6))
program("where not", lambda x: jnp.where(~(x > 0.5), x**2, x), R(6))
program("isNaN", lambda x: jnp.where(jnp.isnan(x), 0.0, x**2), R(6))

# -- reductions -------------------------------------------------------------------------------------------------------
for keep in (False, True):
    k = " keepDims" if keep else ""
    program("sum axis 1" + k, lambda x, keep=keep: jnp.sum(x**2, 1, keepdims=keep), R(2, 3, 2))
    program("mean axes 0, 2" + k, lambda x, keep=keep: jnp.mean(x**2, (0, 2), keepdims=keep), R(2, 3, 2))
    program("max axis 1" + k, lambda x, keep=keep: jnp.max(x, 1, keepdims=keep) ** 2, R(2, 3, apart=True))
    program("min axis -1" + k, lambda x, keep=keep: jnp.min(x, -1, keepdims=keep) ** 2, R(2, 3, apart=True))
    program("prod axis 1" + k, lambda x, keep=keep: jnp.prod(x, 1, keepdims=keep), R(2, 3, 2))
program("sum", lambda x: jnp.sum(x) ** 2, R(2, 3))
program("sum axis 0", lambda x: jnp.sum(x**2, 0), R(4, 3))
program("sum of a scalar", lambda x: jnp.sum(x) ** 2, R())
program("mean", lambda x: jnp.mean(x) ** 2, R(2, 3))
program("max", lambda x: jnp.max(x) ** 2, R(2, 3, apart=True))
program("prod", lambda x: jnp.prod(x), R(2, 2))
program("prod axes 0, 2", lambda x: jnp.prod(x, (0, 2)), R(2, 3, 2))
program("moments", lambda x: jnp.var(x, 0), R(4, 3))
program("norm", lambda x: jnp.sqrt(jnp.sum(x**2, 1)), R(2, 3))
program("norm 1", lambda x: jnp.sum(jnp.abs(x), 1), R(2, 3))
program("softmax", lambda x: nn.softmax(x), R(2, 4))
program("logSoftmax", lambda x: nn.log_softmax(x), R(2, 4))
program("logSumExp", lambda x: jax.scipy.special.logsumexp(x, axis=1), R(2, 4))
program("cumsum", lambda x: jnp.cumsum(x) ** 2, R(4))
program("cumsum axis 0", lambda x: jnp.cumsum(x, 0) ** 2, R(3, 2))
program("cumsum axis 1 of 3, exclusive, reverse", lambda x: (jnp.flip(jnp.cumsum(jnp.flip(x, 1), 1), 1) - x) ** 2, R(2, 3, 2))
program("cumprod", lambda x: jnp.cumprod(x), R(5))
program("cumprod axis 0", lambda x: jnp.cumprod(x, 0), R(3, 2))
program("cumprod exclusive", lambda x: jnp.concatenate([jnp.ones((2, 1)), jnp.cumprod(x, 1)[:, :-1]], 1), R(2, 4))
program("cumprod reverse", lambda x: jnp.flip(jnp.cumprod(jnp.flip(x, 1), 1), 1), R(2, 4))
program("argMax", lambda x: x * jnp.argmax(x, 1, keepdims=True), R(2, 3, apart=True))
program("all and any", lambda x: x * jnp.where(jnp.any(x > 0) & ~jnp.all(x > 0), 2.0, 3.0), R(4))
program("layerNorm", lambda x, g, b: (x - x.mean(-1, keepdims=True)) * lax.rsqrt(x.var(-1, keepdims=True) + 1e-3) * g + b, R(3, 4), R(4), R(4))
program("attention", lambda q, k, v: nn.softmax(q @ T(k) / 2) @ v, R(2, 3, 4), R(2, 5, 4), R(2, 5, 3))
LABELS = np.eye(4)[[0, 3, 1]]
program("softmaxCrossEntropy", lambda x: -jnp.mean(jnp.sum(nn.log_softmax(x) * LABELS, 1)), R(3, 4))
program("sigmoidCrossEntropy", lambda x: jnp.mean(jnp.maximum(x, 0) - x * LABELS + jnp.log1p(jnp.exp(-jnp.abs(x)))), R(3, 4))
program("meanSquaredError", lambda x: jnp.mean((x - LABELS) ** 2), R(3, 4))
program("huberLoss", lambda x: jnp.mean(jnp.where(jnp.abs(x - LABELS) <= 1, 0.5 * (x - LABELS) ** 2, jnp.abs(x - LABELS) - 0.5)), R(3, 4))
program("logLoss", lambda x: -jnp.mean(LABELS * jnp.log(x + 1e-7) + (1 - LABELS) * jnp.log(1 - x + 1e-7)), R(3, 4, lo=0.1, hi=0.9))

# -- shapes -----------------------------------------------------------------------------------------------------------
sq = lambda f: lambda *xs: f(*xs) ** 2
program("concat", sq(lambda a, b: jnp.concatenate([a, b], 1)), R(2, 3), R(2, 1))
program("concat axis -1 of one", sq(lambda a: a), R(2, 3))
program("stack", sq(lambda a, b: jnp.stack([a, b], 1)), R(2, 3), R(2, 3))
program("unstack", lambda a: a[:, 0] * a[:, 1], R(2, 3))
program("split", lambda a: a[:, :2] * a[:, 2:4], R(2, 5))
program("slice", sq(lambda a: a[1:3, 0:2]), R(3, 4))
program("slice to the end", sq(lambda a: a[1:]), R(3, 4))
program("stridedSlice", sq(lambda a: a[0:4:2, 3:0:-2]), R(5, 4))
program("stridedSlice masks", sq(lambda a: a[::2, 1:]), R(3, 4))
program("transpose", sq(lambda a: a.T), R(2, 3))
program("transpose 4d", sq(lambda a: a.transpose(2, 0, 3, 1)), R(2, 3, 2, 2))
program("reshape", sq(lambda a: a.reshape(3, 2)), R(2, 3))
program("expandDims and squeeze", sq(lambda a: a[:, None]), R(2, 3))
program("tile", sq(lambda a: jnp.tile(a, (2, 3))), R(2, 3))
program("tile 1d", sq(lambda a: jnp.tile(a, 3)), R(2))
program("broadcastTo", sq(lambda a: jnp.broadcast_to(a, (4, 2, 3))), R(2, 1))
program("reverse", lambda a: jnp.flip(a, 1) * a, R(2, 3))
program("pad", sq(lambda a: jnp.pad(a, ((1, 2), (0, 1)))), R(2, 3))
program("mirrorPad reflect", sq(lambda a: jnp.pad(a, ((1, 2), (2, 1)), mode="reflect")), R(3, 4))
program("mirrorPad symmetric", sq(lambda a: jnp.pad(a, ((2, 3), (0, 1)), mode="symmetric")), R(3, 2))


def space_to_batch(x, s):
    n, h, w, c = x.shape
    return x.reshape(n, h // s, s, w // s, s, c).transpose(2, 4, 0, 1, 3, 5).reshape(s * s * n, h // s, w // s, c)


def depth_to_space(x, s):
    n, h, w, c = x.shape
    c //= s * s
    return x.reshape(n, h, w, s, s, c).transpose(0, 1, 3, 2, 4, 5).reshape(n, h * s, w * s, c)


program("spaceToBatchND", sq(lambda x: space_to_batch(jnp.pad(x, ((0, 0), (1, 0), (0, 1), (0, 0))), 2)), R(1, 3, 3, 2))
program("batchToSpaceND", sq(lambda x: x.reshape(2, 2, 1, 2, 2, 1).transpose(2, 3, 0, 4, 1, 5).reshape(1, 4, 4, 1)[:, 1:]), R(4, 2, 2, 1))
program("depthToSpace", sq(lambda x: depth_to_space(x, 2)), R(1, 2, 3, 8))
program("linalg.bandPart", sq(lambda a: jnp.tril(jnp.triu(a, -1), 1)), R(4, 4))
program("diag", sq(lambda a: jnp.diag(a)), R(3))

# -- indices ----------------------------------------------------------------------------------------------------------
program("gather", sq(lambda x, i: x[i]), R(4, 3), ints=[[0, 2, 2, 3, 0]])
program("gather axis 1", sq(lambda x, i: x[:, i]), R(2, 4, 3), ints=[[3, 1, 1]])
program("gather matrix of indices", sq(lambda x, i: x[i]), R(4, 3), ints=[[[0, 2], [2, 3]]])
program("gather batchDims", sq(lambda x, i: jnp.stack([x[b][i[b]] for b in range(2)])), R(2, 4, 3), ints=[[[0, 2, 2], [3, 1, 3]]])
program("gather batchDims axis 2", sq(lambda x, i: jnp.stack([x[b][:, i[b]] for b in range(2)])), R(2, 3, 4), ints=[[[0, 2, 2], [3, 1, 3]]])
program("gather a scalar index", sq(lambda x, i: x[i]), R(4, 3), ints=[2])
program("gatherND", sq(lambda x, i: x[i[:, 0], i[:, 1]]), R(3, 4), ints=[[[0, 1], [2, 3], [0, 1]]])
program("gatherND rows", sq(lambda x, i: x[i[:, 0]]), R(3, 4), ints=[[[2], [2], [1]]])
program("scatterND", sq(lambda u, i: jnp.zeros((5, 2)).at[i[:, 0]].add(u)), R(3, 2), ints=[[[4], [1], [4]]])
program("tensorScatterUpdate", sq(lambda x, u, i: x.at[i[:, 0]].set(u)), R(4, 2), R(2, 2), ints=[[[3], [0]]])
program("sparseToDense", sq(lambda v, d, i: jnp.full(5, d).at[i].set(v)), R(2), R(), ints=[[1, 3]])
program("unsortedSegmentSum", sq(lambda x, i: jnp.zeros((3, 2)).at[i].add(x)), R(4, 2), ints=[[2, 0, 2, 0]])
program("topk values", lambda x: lax.top_k(x, 2)[0] ** 2, R(2, 5, apart=True))
program("sort by topk", lambda x: lax.top_k(x, 5)[0] * jnp.arange(5.0), R(5, apart=True))
program("oneHot", lambda x, i: jax.nn.one_hot(i, 4) @ x, R(4, 3), ints=[[1, 3, 1]])

# -- convolutions -----------------------------------------------------------------------------------------------------
D2 = ("NHWC", "HWIO", "NHWC")
D3 = ("NDHWC", "DHWIO", "NDHWC")


def conv(s, pad, d=1, groups=1, dims=D2):
    n = len(dims[0]) - 2
    s, d = (s if isinstance(s, tuple) else (s,) * n), (d if isinstance(d, tuple) else (d,) * n)
    return lambda x, w: lax.conv_general_dilated(x, w, s, pad, rhs_dilation=d, dimension_numbers=dims, feature_group_count=groups)


def transposed(s, pad, out, window, cin):
    """The transpose of the convolution that maps `out` to the shape of x."""

    def f(x, w):
        g = lambda z: conv(s, pad)(z, w)
        return jax.linear_transpose(g, jax.ShapeDtypeStruct(out, x.dtype))(x)[0]

    return f


program("conv2d same", conv(1, "SAME"), R(2, 5, 4, 2), R(3, 3, 2, 3))
program("conv2d valid", conv(1, "VALID"), R(2, 5, 4, 2), R(3, 2, 2, 3))
program("conv2d stride 2 valid", conv(2, "VALID"), R(1, 6, 5, 2), R(3, 3, 2, 2))
program("conv2d stride 2 same", conv(2, "SAME"), R(1, 6, 5, 2), R(3, 3, 2, 2))
program("conv2d stride 3 window 2", conv(3, "VALID"), R(1, 7, 8, 2), R(2, 2, 2, 2))
program("conv2d strides 1, 2", conv((1, 2), "SAME"), R(1, 4, 5, 2), R(3, 3, 2, 2))
program("conv2d explicit pad", conv(1, ((2, 1), (0, 3))), R(1, 4, 3, 2), R(3, 3, 2, 2))
program("conv2d pad 1 stride 2", conv(2, ((1, 1), (1, 1))), R(1, 5, 6, 2), R(3, 3, 2, 2))
program("conv2d dilated", conv(1, "VALID", 2), R(1, 6, 7, 2), R(3, 2, 2, 2))
program("conv2d dilated same", conv(1, "SAME", 2), R(1, 6, 5, 2), R(3, 3, 2, 2))
program("conv2d 1x1", conv(1, "SAME"), R(2, 3, 2, 3), R(1, 1, 3, 2))
program("conv2d 1x1 stride 2", conv(2, "SAME"), R(2, 3, 4, 3), R(1, 1, 3, 2))
program("conv2d grouped", conv(1, "SAME", groups=2), R(1, 4, 3, 4), R(3, 3, 2, 6))
program("conv1d", lambda x, w: conv(1, "SAME")(x[:, None], w[None])[:, 0], R(2, 5, 2), R(3, 2, 3))
program("conv2dTranspose", transposed(2, "SAME", (1, 6, 5, 3), 3, 2), R(1, 3, 3, 2), R(3, 3, 3, 2))
program("conv2dTranspose valid", transposed(1, "VALID", (1, 5, 4, 3), 3, 2), R(1, 3, 3, 2), R(3, 2, 3, 2))
program("conv3d same", conv(1, "SAME", dims=D3), R(1, 3, 4, 3, 2), R(2, 3, 2, 2, 2))
program("conv3d stride 2", conv(2, "VALID", dims=D3), R(1, 4, 5, 5, 1), R(2, 3, 2, 1, 2))
program("conv3d dilated", conv(1, "VALID", 2, dims=D3), R(1, 4, 5, 3, 1), R(2, 2, 2, 1, 2))
depth = lambda s, pad, d=1: lambda x, w: conv(s, pad, d, groups=x.shape[-1])(x, w.reshape(w.shape[0], w.shape[1], 1, -1))
program("depthwiseConv2d same", depth(1, "SAME"), R(2, 4, 5, 2), R(3, 3, 2, 1))
program("depthwiseConv2d multiplier", depth(1, "VALID"), R(2, 4, 5, 2), R(3, 2, 2, 3))
program("depthwiseConv2d stride 2", depth(2, "SAME"), R(2, 5, 4, 2), R(3, 3, 2, 2))
program("depthwiseConv2d dilated", depth(1, "VALID", 2), R(1, 6, 5, 2), R(3, 2, 2, 2))
program("separableConv2d", lambda x, w, p: conv(1, "SAME")(depth(1, "SAME")(x, w), p), R(1, 4, 3, 2), R(3, 3, 2, 2), R(1, 1, 4, 3))
program("fused.conv2d relu", lambda x, w, b: nn.relu(conv(1, "SAME")(x, w) + b), R(1, 4, 4, 2), R(3, 3, 2, 3), R(3))
program("fused.conv2d linear", lambda x, w, b: conv(1, "SAME")(x, w) + b, R(1, 4, 4, 2), R(3, 3, 2, 3), R(3))
program("fused.depthwiseConv2d linear", lambda x, w, b: depth(1, "SAME")(x, w) + b, R(1, 4, 4, 2), R(3, 3, 2, 1), R(2))

# -- pools, norms, images ---------------------------------------------------------------------------------------------


def pool(kind, k, s, pad):
    def f(x):
        n = x.ndim - 2
        win, st = (1, *(k,) * n, 1), (1, *(s,) * n, 1)
        if kind == "max":
            return lax.reduce_window(x, -jnp.inf, lax.max, win, st, pad)
        total = lax.reduce_window(x, 0.0, lax.add, win, st, pad)
        return total / lax.reduce_window(jnp.ones_like(x), 0.0, lax.add, win, st, pad)

    return f


apart = lambda *s: R(*s, lo=-9, hi=-1, apart=True)
program("maxPool", pool("max", 2, 2, "VALID"), apart(2, 4, 4, 2))
program("maxPool same", pool("max", 3, 2, "SAME"), apart(1, 5, 4, 2))
program("maxPool overlapping", pool("max", 3, 1, "VALID"), apart(1, 5, 5, 2))
program("maxPool explicit pad", pool("max", 2, 2, [(0, 0), (1, 0), (0, 1), (0, 0)]), apart(1, 3, 3, 2))
program("avgPool", lambda x: pool("avg", 2, 2, "VALID")(x) ** 2, R(2, 4, 4, 2))
program("avgPool same", lambda x: pool("avg", 3, 2, "SAME")(x) ** 2, R(1, 5, 4, 2))
program("maxPool3d", pool("max", 2, 2, "VALID"), apart(1, 4, 4, 2, 2))
program("maxPool3d same", pool("max", 2, 1, "SAME"), apart(1, 3, 3, 2, 1))
program("avgPool3d", lambda x: pool("avg", 2, 1, "SAME")(x) ** 2, R(1, 3, 3, 2, 2))
BN = lambda x, m, v, s, o: (x - m) * lax.rsqrt(v + 1e-3) * s + o
program("batchNorm", BN, R(2, 3, 2, 2), R(2), pos(2), R(2), R(2))
program("batchNorm without scale", lambda x, m, v, o: BN(x, m, v, 1.0, o), R(2, 3, 2, 2), R(2), pos(2), R(2))
program("batchNorm without offset", lambda x, m, v, s: BN(x, m, v, s, 0.0), R(2, 3, 2, 2), R(2), pos(2), R(2))
program("batchNorm of x alone", lambda x, m, v: BN(x, m, v, 1.0, 0.0), R(4, 2), R(2), pos(2))
program("batchNorm by moments", lambda x, g: (x - x.mean(0)) * lax.rsqrt(x.var(0) + 1e-3) * g, R(4, 3), R(3))


def lrn(x):
    c = x.shape[-1]
    band = (np.abs(np.arange(c)[:, None] - np.arange(c)) <= 2).astype(float)
    return x * (1.5 + 0.3 * (x**2) @ band) ** -0.7


program("localResponseNormalization", lrn, R(1, 2, 2, 6))


def linear_resize(x, size, align, half):
    for axis, to in zip((1, 2), size):
        n = x.shape[axis]
        k = 1 if align and to > 1 else 0
        scale = (n - k) / (to - k)
        at = np.maximum(scale * (np.arange(to) + 0.5) - 0.5 if half else scale * np.arange(to), 0)
        lo = np.floor(at).astype(int)
        hi = np.minimum(lo + 1, n - 1)
        shape = [-1 if a == axis else 1 for a in range(4)]
        t = (at - lo).reshape(shape)
        x = jnp.take(x, lo, axis) * (1 - t) + jnp.take(x, hi, axis) * t
    return x


def nearest_resize(x, size, align, half):
    for axis, to in zip((1, 2), size):
        n = x.shape[axis]
        k = 1 if align and to > 1 else 0
        at = (n - k) / (to - k) * (np.arange(to) + (0.5 if half else 0))
        index = np.clip(np.floor(at + 0.5) if align else np.floor(at), 0, n - 1).astype(int)
        x = jnp.take(x, index, axis)
    return x


for align, half in ((False, False), (True, False), (False, True)):
    suffix = " alignCorners" if align else " halfPixelCenters" if half else ""
    for name, resize in (("resizeBilinear", linear_resize), ("resizeNearestNeighbor", nearest_resize)):
        program(name + suffix, (lambda r, a, h: lambda x: r(x, (5, 7), a, h) ** 2)(resize, align, half), R(1, 3, 4, 2))
program("resizeBilinear smaller", lambda x: linear_resize(x, (2, 3), False, True) ** 2, R(1, 5, 7, 1))
program("dropout", lambda x: x * jnp.array([2.0, 0.0, 2.0, 0.0, 0.0, 2.0]), R(6))






def dilation(x, w, s=1, d=1):
    """Grey dilation: the largest x + w in each window."""
    kh, kw, _ = w.shape
    n, h, ww, c = x.shape
    oh, ow = (h - (kh - 1) * d - 1) // s + 1, (ww - (kw - 1) * d - 1) // s + 1
    taps = [
        x[:, i * d : i * d + (oh - 1) * s + 1 : s, j * d : j * d + (ow - 1) * s + 1 : s] + w[i, j]
        for i in range(kh)
        for j in range(kw)
    ]
    return jnp.max(jnp.stack(taps), 0)


# Against inputs of two decimals no two sums are equal.
NO_TIES = (0.101, -0.302, 0.203, 0.404, -0.505, 0.106, 0.307, -0.208)
program("dilation2d", lambda x, w: dilation(x, w) ** 2, R(1, 4, 4, 2), V(*NO_TIES[:8], shape=(2, 2, 2)))
program("dilation2d stride 2", lambda x, w: dilation(x, w, 2) ** 2, R(1, 5, 5, 1), V(*NO_TIES[:6], shape=(3, 2, 1)))
program("dilation2d dilated", lambda x, w: dilation(x, w, 1, 2) ** 2, R(1, 5, 5, 1), V(*NO_TIES[:4], shape=(2, 2, 1)))
program("softmaxCrossEntropy of the labels too", lambda y, x: -jnp.sum(y * nn.log_softmax(x)) / 2, R(2, 3), R(2, 3))
program("linalg.qr", lambda a: jnp.abs(jnp.linalg.qr(a)[1]), R(3, 3))
program("conv3dTranspose", lambda x, w: jax.linear_transpose(lambda z: conv(2, "VALID", dims=D3)(z, w), jax.ShapeDtypeStruct((1, 4, 5, 4, 1), x.dtype))(x)[0], R(1, 2, 2, 2, 2), R(2, 3, 2, 1, 2))
program("flipLeftRight", lambda x: jnp.flip(x, 2) * x, R(1, 2, 3, 2))
program("comparisons", lambda x, y: jnp.where((x == y) | (x >= y) | (y < -1), x * y, y), R(6), R(6))
program("logicalXor", lambda x: jnp.where((x > -1) ^ (x > 1), x**2, x), R(6))
program("argMin", lambda x: x * jnp.argmin(x, 1, keepdims=True), R(2, 3, apart=True))
program("isInf and isFinite", lambda x: jnp.where(jnp.isfinite(x) & ~jnp.isinf(x), x**2, 0.0), R(6))
program("onesLike", lambda x: x**2, R(6))
program("any", lambda x: x * jnp.where(jnp.any(x > 0, 1, keepdims=True), 2.0, 3.0), R(3, 2))
program("LogicalXor", lambda x: jnp.where((x > -1) ^ (x > 1), x**2, x), R(6))
program("bitwiseAnd", lambda x: x * (jnp.trunc(jnp.abs(x)).astype(int) & 1), R(6))
program("multinomial of a certainty", lambda x: x * 1.0, R(1, 2))
program("maxPoolWithArgmax", lambda x: x * 5.0, V(1, 2, 3, 4, 5, 9, 6, 7, 8, shape=(1, 3, 3, 1)))
program("conv3dBackpropFilter", lambda x, dy: jax.vjp(lambda w: conv(1, "VALID", dims=D3)(x, w), jnp.zeros((2, 2, 2, 1, 2)))[1](dy)[0], R(1, 3, 3, 2, 1), R(1, 2, 2, 1, 2))
ACTIVATIONS = {
    "linear": lambda z, a: z,
    "relu": lambda z, a: nn.relu(z),
    "relu6": lambda z, a: nn.relu6(z),
    "elu": lambda z, a: nn.elu(z),
    "sigmoid": lambda z, a: nn.sigmoid(z),
    "leakyrelu": lambda z, a: nn.leaky_relu(z, 0.3),
    "prelu": lambda z, a: jnp.where(z >= 0, z, a * z),
}
for act, g in ACTIVATIONS.items():
    slope = [R(2, lo=0.1, hi=0.9)] if act == "prelu" else []
    program(f"_FusedMatMul {act}", (lambda g: lambda a, b, c, *s: g(a @ b + c, *(s or [0.0])))(g), R(1, 3, 4), R(1, 4, 2), R(2), *slope)
    program(f"FusedConv2D {act}", (lambda g: lambda x, w, c, *s: g(conv(1, "SAME")(x, w) + c, *(s or [0.0])))(g), R(1, 3, 3, 2), R(2, 2, 2, 2), R(2), *slope)
    program(f"FusedDepthwiseConv2D {act}", (lambda g: lambda x, w, c, *s: g(depth(1, "SAME")(x, w) + c, *(s or [0.0])))(g), R(1, 3, 3, 2), R(2, 2, 2, 1), R(2), *slope)
program("_FusedMatMul without bias", lambda a, b: nn.relu(a @ T(b)), R(1, 3, 4), R(1, 2, 4))
program("rfft", lambda x: jnp.abs(jnp.fft.rfft(x)) ** 2 + jnp.fft.rfft(x).imag, R(2, 6))
program("fft and ifft", lambda a, b: jnp.fft.ifft(jnp.fft.fft(a + 1j * b) ** 1).real * a + jnp.fft.fft(a + 1j * b).imag * b, R(4), R(4))
program("complex abs", lambda a, b: jnp.abs(a + 1j * b), R(4), R(4))

# -- ties and edges: weights of one, JAX's convention and nothing else ----------------------------------------------------
def edge(name, f, *inputs, **options):
    program("edge: " + name, f, *inputs, smooth=False, ones=True, **options)


INF = math.inf
NAN = math.nan
edge("max ties", jnp.max, V(1, 1, 0))
edge("max of rows with ties", lambda x: jnp.max(x, 1), V(1, 1, 0, 2, 3, 3, shape=(2, 3)))
edge("min ties", jnp.min, V(0, 0, 1))
edge("maximum tie", jnp.maximum, V(1, 2, 0), V(1, 1, 1))
edge("minimum tie", jnp.minimum, V(1, 2, 0), V(1, 1, 1))
edge("maximum of infinities", jnp.maximum, V(INF, -INF, 1), V(INF, -INF, -INF))
edge("relu at 0", nn.relu, V(0, 1, -1))
edge("relu behind a log", lambda x: jnp.log(nn.relu(x)), V(-1, 2))
edge("relu behind a square root", lambda x: jnp.sqrt(nn.relu(x)), V(-1, 4))
edge("abs at 0", jnp.abs, V(0, 1, -1))
edge("sqrt at 0", jnp.sqrt, V(0, 1))
edge("rsqrt at 0", lax.rsqrt, V(0, 1))
edge("square at 0", jnp.square, V(0, 3))
edge("log at 0", jnp.log, V(0, 1))
edge("clip at bounds", lambda x: jnp.clip(x, -1, 1), V(-1, 1, 0.5, 2, -2))
edge("leakyRelu at 0", lambda x: nn.leaky_relu(x, 0.2), V(0, 1, -1))
edge("elu at 0", nn.elu, V(0, 1, -1, 100))
edge("selu at 0", nn.selu, V(0, 1, -1))
edge("relu6 at 0 and 6", nn.relu6, V(0, 6, 3, 7, -1))
edge("prelu at 0", lambda x, a: jnp.where(x >= 0, x, a * x), V(0, 1, -1), V(0.2, 0.2, 0.2))
edge("pow(x, 2) at 0", lambda x: lax.pow(x, jnp.full_like(x, 2.0)), V(0, 2, -2))
edge("pow(x, 1) at 0", lambda x: lax.pow(x, jnp.full_like(x, 1.0)), V(0, 2))
edge("pow(x, 0.5) at 0", lambda x: lax.pow(x, jnp.full_like(x, 0.5)), V(0, 4))
edge("pow(0, y)", lambda y: lax.pow(jnp.zeros_like(y), y), V(1, 2, 3), second=False)
edge("pow(2, x)", lambda y: lax.pow(jnp.full_like(y, 2.0), y), V(0, 1, -1))
edge("norm at 0", lambda x: jnp.sqrt(jnp.sum(jnp.square(x))), V(0, 0))
edge("softplus far out", nn.softplus, V(100, -100, 0))
edge("sigmoid far out", nn.sigmoid, V(100, -100, 0))
edge("tanh far out", jnp.tanh, V(20, -20, 0))
edge("logSumExp far out", lambda x: jax.scipy.special.logsumexp(x), V(1000, 0))
edge("logSoftmax far out", lambda x: nn.log_softmax(x)[0], V(1000, 0))
edge("cast to an integer", UNARY["cast"][0], V(1.5, -1.5))
edge("floorDiv", lambda x: jnp.floor(x / 2), V(3, 5))
edge("mod", lambda x: jnp.mod(x, 2), V(3.5, -1.5))
edge("round", jnp.round, V(1.2, 2.7))
edge("sign", jnp.sign, V(0, 2))
edge("prod with a 0", jnp.prod, V(2, 0, 3))
edge("prod with two 0", jnp.prod, V(2, 0, 0))
edge("cumprod with a 0", jnp.cumprod, V(2, 0, 3, 4))
edge("atan2(x, 0)", lambda x: jnp.arctan2(x, jnp.zeros_like(x)), V(0, 1))
edge("log1p(-1)", jnp.log1p, V(-1, 0))
edge("expm1", jnp.expm1, V(0, 1))
edge("erf(3)", jax.scipy.special.erf, V(3, 0))
edge("where with an infinite slope in the other branch", lambda x: jnp.where(x > 0, jnp.sqrt(x), 0.0), V(4, 1))
edge("where of NaN not chosen", lambda x, y: jnp.where(x > 0, x, y * 2), V(1, -1), V(NAN, 3), second=False)
edge("comparison of an infinite slope", lambda x: jnp.where(jnp.log(x) > -5, x, 3 * x), V(0, 2))
edge("sign of an infinite slope", lambda x: x * jnp.sign(jnp.sqrt(x)), V(0, 2))
edge("floor of an infinite slope", lambda x: x * jnp.floor(jnp.sqrt(x)), V(0, 2))
edge("maxPool ties", lambda x: pool("max", 2, 2, "VALID")(x), V(1, 1, 0, 1, 1, 0, 1, 1, 0, 0, 0, 0, 2, 0, 0, 2, shape=(1, 4, 4, 1)))
edge("maxPool3d ties", lambda x: pool("max", 2, 2, "VALID")(x), V(1, 1, 0, 1, 1, 0, 1, 1, shape=(1, 2, 2, 2, 1)))
edge("topk ties", lambda x: lax.top_k(x, 2)[0], V(1, 3, 3, 3))
edge("div by 0", lambda a, b: a / b, V(1, 0), V(0, 0))
edge("reciprocal at 0", lambda x: lax.integer_pow(x, -1), V(0, 2))

# -- empty axes -------------------------------------------------------------------------------------------------------
edge("empty add", lambda a, b: a + b, R(0, 3), R(3))
edge("empty matMul", lambda a, b: a @ b, R(0, 3), R(3, 2))
edge("empty concat", lambda a, b: jnp.concatenate([a, b]), R(0, 3), R(2, 3))
edge("empty sum", lambda x: jnp.sum(x, 0), R(0, 3))
edge("empty mean", lambda x: jnp.mean(x, 0), R(0, 3))
edge("empty max", lambda x: jnp.max(x, 0, initial=-INF), R(0, 3))
edge("empty min", lambda x: jnp.min(x, 1, initial=INF), R(3, 0))
edge("empty prod", lambda x: jnp.prod(x, 0), R(0, 3))
edge("matMul over an empty axis", lambda a, b: a @ b, R(2, 0), R(0, 3))
edge("matMul of no batches", lambda a, b: a @ b, R(0, 2, 3), R(3, 2))
edge("transpose of no rows", lambda x: jnp.transpose(x, (1, 0, 2)), R(2, 0, 3))
edge("conv2d of no rows", lambda x, w: conv(1, "SAME")(x, w), R(0, 4, 4, 2), R(3, 3, 2, 2))
edge("conv2d of no rows, stride 2", lambda x, w: conv(2, "VALID")(x, w), R(0, 5, 5, 2), R(3, 3, 2, 2))
edge("depthwiseConv2d of no rows", lambda x, w: depth(1, "SAME")(x, w), R(0, 4, 4, 2), R(2, 2, 2, 1))
edge("avgPool of no rows", lambda x: pool("avg", 2, 1, "VALID")(x), R(0, 3, 3, 2))

# -- NaN and infinities -------------------------------------------------------------------------------------------------
edge("maximum of NaN", jnp.maximum, V(NAN, 1, NAN, 2), V(1, NAN, NAN, 1), second=False)
edge("minimum of NaN", jnp.minimum, V(NAN, 1, NAN, 2), V(1, NAN, NAN, 1), second=False)
edge("maximum of NaN, broadcast", jnp.maximum, V(NAN, 1, 2, 3, 4, NAN, shape=(2, 3)), V(1, NAN, 2), second=False)
edge("clip of NaN", lambda x: jnp.clip(x, -1, 1), V(NAN, 0.5, 2), second=False)
edge("abs of NaN", jnp.abs, V(NAN, INF, -INF), second=False)
edge("relu6 of NaN", nn.relu6, V(NAN, INF, -INF), second=False)
edge("leakyRelu of NaN", lambda x: nn.leaky_relu(x, 0.2), V(NAN, INF, -INF), second=False)
edge("prelu of NaN", lambda x, a: jnp.where(x >= 0, x, a * x), V(NAN, 3, -2), V(0.2, 0.3, 0.4), second=False)
edge("maxPool of NaN", lambda x: pool("max", 2, 1, "VALID")(x), V(1, NAN, 0, 1, 7, 0, 1, 1, 0, shape=(1, 3, 3, 1)), second=False)
edge("maxPool of -Infinity", lambda x: pool("max", 2, 1, "SAME")(x), V(-INF, -INF, 0, -INF, -INF, -INF, 1, -INF, -INF, shape=(1, 3, 3, 1)), second=False)
edge("avgPool of NaN", lambda x: pool("avg", 2, 1, "VALID")(x), V(1, NAN, 0, 1, 7, 0, 1, 1, INF, shape=(1, 3, 3, 1)), second=False)

# -- seven axes ---------------------------------------------------------------------------------------------------------
SEVEN = (2, 1, 2, 1, 2, 1, 2)
for name, f in {"add": lambda a, b: jnp.sin(a + b), "sub": lambda a, b: jnp.sin(a - b), "mul": lambda a, b: a * b, "div": lambda a, b: a / b, "squaredDifference": lambda a, b: (a - b) ** 2}.items():
    program(f"{name} of seven axes", f, R(1, 2, 1, 1, 2, 1, 2), pos(1, 2, 1, 1, 2, 1, 2))
    program(f"{name} of seven axes with a row", f, R(1, 2, 1, 1, 2, 1, 2), pos(2))
    program(f"{name} of seven axes in turns", f, R(*SEVEN), pos(1, 2, 1, 2, 1, 2, 1), second=False)
program("pad of seven axes", lambda x: jnp.pad(x, [(1, 0), (0, 0), (0, 2), (1, 1), (0, 0), (0, 0), (0, 1)], constant_values=3.0) ** 2, R(1, 2, 1, 1, 2, 1, 2))
program("softmax of seven axes", lambda x: nn.softmax(x), R(1, 2, 1, 1, 2, 1, 3))
program("mean of seven axes", lambda x: jnp.mean(x, (1, 4)) ** 2, R(1, 2, 1, 1, 2, 1, 3))
program("max of seven axes", lambda x: jnp.max(x, (1, 4)) ** 2, R(1, 2, 1, 1, 2, 1, 3, apart=True))
program("relu of eight axes", lambda x: nn.relu(x) ** 2, R(1, 2, 1, 1, 2, 1, 1, 3))


def number(x):
    return "NaN" if math.isnan(x) else "Infinity" if x == INF else "-Infinity" if x == -INF else float(f"{x:.9g}")


def record(a):
    a = np.asarray(a, dtype=np.float64)
    return {"shape": list(a.shape), "data": [number(x) for x in a.ravel()]}


def check(name, f, xs, dy, grads):
    for i, x in enumerate(xs):
        for at in np.ndindex(x.shape):
            step = 1e-6

            def value(by):
                moved = np.array(x)
                moved[at] += by
                return float(np.sum(dy * np.asarray(f(*xs[:i], jnp.asarray(moved), *xs[i + 1 :]))))

            slope = (value(step) - value(-step)) / (2 * step)
            assert abs(slope - grads[i][at]) <= 1e-5 * max(1, abs(slope)), (name, i, at, slope, grads[i][at])


def run(name, p):
    rng = np.random.RandomState(zlib.crc32(name.encode()) % 2**32)
    xs = [np.asarray(x.draw(rng), dtype=np.float64) for x in p["inputs"]]
    # The integers are not differentiated: they come last and are fixed.
    f = lambda *args: p["f"](*args, *p["ints"])
    xs = [jnp.asarray(x) for x in xs]
    y = f(*xs)
    dy = np.ones(y.shape) if p["ones"] else np.round(rng.uniform(-1, 1, y.shape), 2)
    loss = lambda *args: jnp.sum(dy * f(*args))
    which = tuple(range(len(xs)))
    gradient = jax.grad(loss, which)
    grads = gradient(*xs)
    if p["smooth"] and sum(x.size for x in xs) <= 400:
        check(name, f, xs, dy, [np.asarray(g) for g in grads])
    result = {
        "name": name,
        "inputs": [record(x) for x in xs],
        "ints": [{"shape": list(i.shape), "data": i.ravel().tolist()} for i in p["ints"]],
        "value": record(y),
        "dy": record(dy),
        "gradients": [record(g) for g in grads],
    }
    if p["second"]:
        v = [np.ones(x.shape) if p["ones"] else np.round(rng.uniform(-1, 1, x.shape), 2) for x in xs]
        seconds = jax.grad(lambda *args: sum(jnp.sum(g * d) for g, d in zip(gradient(*args), v)), which)(*xs)
        result["directions"] = [record(d) for d in v]
        result["second"] = [record(g) for g in seconds]
    return result


if __name__ == "__main__":
    programs = [run(name, program) for name, program in PROGRAMS.items()]
    precision, seed = "float64 on CPU, nine digits kept", "crc32 of the program's name"
    finish("gradients", {"programs": programs}, precision=precision, seed=seed)
