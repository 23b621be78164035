"""Values, gradients and second derivatives of optax's losses, at their edges too. Run: python conformance/losses.py"""
import math
import os

# One program for each case, compiled quickly and without simplifications: 0 * NaN is what the ops give one by one.
os.environ["XLA_FLAGS"] = "--xla_backend_optimization_level=0 --xla_disable_hlo_passes=algsimp"

import jax
import jax.numpy as jnp
import numpy as np
import optax
from optax import losses

from golden_file import finish

INF, NAN = math.inf, math.nan
SEED = 13
rng = np.random.default_rng(SEED)


def draw(*shape, scale=1.0):
    """Numbers with few digits, which keep the file small and are the same in both languages."""
    return (np.round(rng.normal(size=shape) * scale * 64) / 64).astype(np.float32)


def shares(*shape):
    x = np.exp(rng.normal(size=shape))
    return np.round(x / x.sum(-1, keepdims=True), 4).astype(np.float32)


def floats(x):
    return np.asarray(x, dtype=np.float32)


def ints(x):
    return np.asarray(x, dtype=np.int32)


def bools(x):
    return np.asarray(x, dtype=bool)


def plain(x):
    """JSON has no NaN and no infinities. Eight digits are more than float32 has."""
    return [float(f"{v:.8g}") if math.isfinite(v) else str(float(v)) for v in np.asarray(x, dtype=np.float64).ravel()]


def array(x):
    x = np.asarray(x)
    if x.dtype.kind in "ib":
        return {"shape": list(x.shape), "dtype": "bool" if x.dtype.kind == "b" else "int32", "data": [int(v) for v in x.ravel()]}
    return {"shape": list(x.shape), "dtype": "float32", "data": plain(x)}


def camel(name):
    head, *rest = name.split("_")
    return head + "".join(part.capitalize() for part in rest)


def weights(x):
    """1, 1.5, 2, 1, … in the shape of x: the factors of the sums that are differentiated."""
    return jnp.reshape(1 + (jnp.arange(x.size) % 3) / 2, x.shape).astype(x.dtype)


def first(outputs):
    return outputs if isinstance(outputs, tuple) else (outputs,)


cases = []


def case(title, name, *args, exact=False, **how):
    """One call. exact: in float64, where terms that are large cancel: float32 of optax keeps three digits there."""
    if not exact:
        return add_case(title, name, *args, **how)
    with jax.enable_x64(True):
        add_case(title, name, *(a.astype(np.float64) if a.dtype == np.float32 else a for a in args), **how)


def add_case(title, name, *args, wrt=None, second=True, function=None, here=None, **options):
    """wrt: the arguments that are differentiated (default: those of floats). here: options as TypeScript has them."""
    f = function or getattr(losses, name)
    args = [jnp.asarray(a) for a in args]
    wrt = [i for i, a in enumerate(args) if jnp.issubdtype(a.dtype, jnp.floating)] if wrt is None else wrt
    python = {k: jnp.asarray(v) if isinstance(v, np.ndarray) else v for k, v in options.items()}
    outputs = first(f(*args, **python))

    def total(*given):
        full = list(args)
        for i, x in zip(wrt, given):
            full[i] = x
        return sum(jnp.sum(y * weights(y)) for y in first(f(*full, **python)))

    def slope(*given):
        return sum(jnp.sum(g * weights(g)) for g in jax.grad(total, argnums=tuple(range(len(wrt))))(*given))

    given = [args[i] for i in wrt]
    every = tuple(range(len(wrt)))
    said = options if here is None else here
    made = {
        "title": f"{name}: {title}",
        "name": camel(name),
        "args": [array(a) for a in args],
        "options": {camel(k): array(v) if isinstance(v, np.ndarray) else v for k, v in said.items()},
        "wrt": wrt,
        "values": [array(y) for y in outputs],
    }
    if wrt:

        def slopes(*given):
            first_order = jax.grad(total, argnums=every)(*given)
            return first_order, jax.grad(slope, argnums=every)(*given) if second else None

        # dice_loss looks at values when they are to be probabilities.
        run = slopes if "apply_softmax" in options else jax.jit(slopes)
        made["gradients"], made["second"] = ([plain(g) for g in order] if order else None for order in run(*given))
        if not second:
            del made["second"]
    cases.append(made)


# Regression.
odd = floats([0.0, -0.0, 1.0, -1.0, 0.5, INF, -INF, NAN, 1e4, -1e4, 1e-4, 3e20])
for name in ["squared_error", "l2_loss", "huber_loss", "log_cosh"]:
    case("two tensors", name, draw(2, 3), draw(2, 3))
    case("no targets, at the edges", name, odd, second=False)
    case("six axes", name, draw(1, 2, 1, 2, 1, 2), draw(1, 2, 1, 2, 1, 2))
    case("no rows", name, np.zeros((0, 3), np.float32), np.zeros((0, 3), np.float32))
for name in ["huber_loss", "log_cosh"]:
    case("broadcast", name, draw(2, 3), draw(3))
case("delta, with ties", "huber_loss", floats([0.0, 0.5, -0.5, 0.25, 2.0, -3.0]), delta=0.5)
case("delta for each", "huber_loss", draw(2, 3, scale=2), delta=floats([0.1, 1.0, 2.0]))

for name in ["cosine_similarity", "cosine_distance"]:
    case("rows", name, draw(2, 4), draw(2, 4))
    case("an axis, a mask", name, draw(2, 3, 2), draw(2, 3, 2), axis=1, where=bools([[[1, 0], [1, 1], [0, 1]]]))
    case("zeros, infinities, NaN", name, floats([[0, 0], [INF, 1], [NAN, 1], [1e4, -1e4], [1, 2]]), floats([[1, 2], [1, 1], [1, 1], [1e4, 1e4], [1, 2]]), second=False)
    case("zeros with epsilon", name, floats([[0, 0], [1, 2], [1e-3, 0]]), floats([[1, 2], [0, 0], [1, 1]]), epsilon=1e-3, second=False)
    case("all axes", name, draw(2, 3), draw(2, 3), axis=None)
    case("broadcast, two axes", name, draw(2, 3, 2), draw(3, 2), axis=(-1, -2), here={"axis": [-1, -2]})
    case("no rows", name, np.zeros((0, 3), np.float32), np.zeros((0, 3), np.float32))
    case("five axes", name, draw(1, 2, 1, 2, 3), draw(1, 2, 1, 2, 3))

# Binary classification.
signs = floats([[1, -1, 1], [-1, 1, -1]])
for name in ["hinge_loss", "perceptron_loss"]:
    case("scores", name, draw(2, 3, scale=2), signs)
    case("ties, infinities, NaN", name, floats([1.0, 0.0, -1.0, INF, -INF, NAN, 1e4, 0.0]), floats([1, 1, -1, 1, 1, 1, -1, -1]), second=False)
    case("no rows", name, np.zeros((0, 2), np.float32), np.zeros((0, 2), np.float32))
case("broadcast", "hinge_loss", draw(2, 3), floats([1, -1, 1]))
case("five axes", "hinge_loss", draw(2, 1, 2, 1, 2), np.sign(draw(2, 1, 2, 1, 2)))
case("integer targets", "hinge_loss", draw(3), ints([1, -1, 1]))

edge_logits = floats([0.0, 1.0, -1.0, INF, -INF, NAN, 1e4, -1e4, 30.0, -30.0, 100.0, -100.0, 0.5])
case("labels", "sparsemax_loss", draw(2, 3), ints([[0, 1, 1], [1, 0, 0]]))
case("zeros", "sparsemax_loss", edge_logits, ints([0] * 13), second=False)
case("ones", "sparsemax_loss", edge_logits, ints([1] * 13), second=False)
case("broadcast bools", "sparsemax_loss", draw(2, 3), bools([1, 0, 1]))
for name in ["sigmoid_binary_cross_entropy", "sigmoid_focal_loss"]:
    case("shares", name, draw(2, 3), shares(2, 3))
    case("zeros", name, edge_logits, floats([0] * 13), second=False)
    case("ones", name, edge_logits, floats([1] * 13), second=False)
    case("halves", name, edge_logits, floats([0.5] * 13), second=False)
    case("integers", name, draw(2, 3), ints([[0, 1, 1], [1, 0, 0]]))
    case("broadcast", name, draw(2, 3), shares(3))
    case("six axes", name, draw(1, 2, 1, 2, 1, 2), shares(1, 2, 1, 2, 1, 2))
    case("no rows", name, np.zeros((0, 3), np.float32), np.zeros((0, 3), np.float32))
case("broadcast logits", "sigmoid_binary_cross_entropy", draw(3), shares(2, 3))
case("alpha", "sigmoid_focal_loss", draw(2, 3), shares(2, 3), alpha=0.25)
case("alpha for each, gamma", "sigmoid_focal_loss", draw(2, 3), shares(2, 3), alpha=floats([0.1, 0.5, 0.9]), gamma=0.5)
case("gamma 0", "sigmoid_focal_loss", draw(4), ints([0, 1, 1, 0]), gamma=0.0)
case("gamma 5, sure", "sigmoid_focal_loss", floats([20, -20, 8, -8]), ints([0, 1, 1, 0]), gamma=5.0)

# Classification over several classes.
edge_rows = floats(
    [
        [0.5, -1.0, 2.0],
        [1.0, 1.0, 1.0],
        [1e4, -1e4, 9999.0],
        [-1e4, 1e4, 0.0],
        [-INF, 1.0, 2.0],
        [INF, 1.0, 2.0],
        [NAN, 1.0, 2.0],
        [-INF, -INF, -INF],
        [INF, INF, 0.0],
        [INF, -INF, 0.0],
        [100.0, 0.0, -100.0],
        [88.0, 89.0, 90.0],
    ]
)
hot = floats(np.eye(3)[[2, 0, 2, 1, 1, 1, 1, 0, 2, 1, 0, 2]])
some_classes = bools([[1, 1, 0, 1], [1, 0, 0, 1], [0, 0, 0, 0]])
some_rows = bools([1, 0, 1])

for name in ["softmax_cross_entropy", "poly_loss_cross_entropy", "safe_softmax_cross_entropy"]:
    case("shares", name, draw(3, 4), shares(3, 4))
    case("one hot, at the edges", name, edge_rows, hot, second=False)
    case("shares, at the edges", name, edge_rows, floats([[0.2, 0.3, 0.5]] * 12), second=False)
    case("labels that do not sum to 1", name, draw(2, 3), floats([[0.5, 0, 0], [1, 2, -1]]))
    case("broadcast labels", name, draw(2, 3), shares(3))
    case("broadcast logits", name, draw(3), shares(2, 3))
    case("six axes", name, draw(1, 2, 1, 2, 1, 3), shares(1, 2, 1, 2, 1, 3))
    case("no rows", name, np.zeros((0, 3), np.float32), np.zeros((0, 3), np.float32))
    case("one row", name, draw(5), shares(5))
    case("one class", name, draw(3, 1), np.ones((3, 1), np.float32))
    if name == "safe_softmax_cross_entropy":
        continue
    case("axis 0", name, draw(3, 2), shares(2, 3).T)
    case("two axes", name, draw(2, 2, 3), shares(2, 6).reshape(2, 2, 3), axis=(1, 2), here={"axis": [1, 2]})
    case("all axes", name, draw(2, 3), shares(6).reshape(2, 3), axis=None)
    # optax's gradient of labels that do not count is NaN; see the page of deviations.
    case("where", name, draw(3, 4), shares(3, 4), wrt=[0], where=some_classes)
case("where by row", "softmax_cross_entropy", draw(3, 4), shares(3, 4), wrt=[0], where=some_rows)
case("where, axis 0", "softmax_cross_entropy", draw(4, 3), shares(3, 4).T, wrt=[0], axis=0, where=some_classes.T)
case("infinities that do not count", "softmax_cross_entropy", floats([[INF, 1, 2], [NAN, 0, 1], [-INF, 1, 1]]), floats([[0, 1, 0]] * 3), wrt=[0], where=bools([[0, 1, 1]] * 3), second=False)
case("integer labels", "softmax_cross_entropy", draw(2, 3), ints([[0, 1, 0], [1, 0, 0]]))
case("bool labels", "softmax_cross_entropy", draw(2, 3), bools([[0, 1, 0], [1, 0, 0]]))
case("epsilon", "poly_loss_cross_entropy", draw(3, 4), shares(3, 4), epsilon=-1.0)
case("epsilon for each", "poly_loss_cross_entropy", draw(3, 4), shares(3, 4), epsilon=floats([0.5, 1.0, 2.0]))

INTEGER = "softmax_cross_entropy_with_integer_labels"
case("classes", INTEGER, draw(3, 4), ints([0, 3, 1]))
case("at the edges", INTEGER, edge_rows, ints([2, 0, 2, 1, 1, 1, 1, 0, 2, 1, 0, 2]), second=False, exact=True)
case("the other classes, at the edges", INTEGER, edge_rows, ints([0, 1, 0, 0, 0, 0, 0, 1, 0, 0, 1, 0]), second=False, exact=True)
case("axis 0", INTEGER, draw(3, 2), ints([0, 2]), axis=0)
case("axis 1 of 3", INTEGER, draw(2, 3, 2), ints([[0, 2], [1, 1]]), axis=1)
case("two axes", INTEGER, draw(2, 2, 3), ints([5, 2]), axis=(1, 2), here={"axis": [1, 2]})
case("two axes, turned", INTEGER, draw(2, 2, 3), ints([5, 2]), axis=(2, 1), here={"axis": [2, 1]})
case("where", INTEGER, draw(3, 4), ints([0, 3, 1]), where=some_classes)
case("where by row", INTEGER, draw(3, 4), ints([0, 3, 1]), where=some_rows)
case("where, two axes", INTEGER, draw(3, 2, 2), ints([0, 3, 1]), axis=(-2, -1), where=some_classes.reshape(3, 2, 2), here={"axis": [-2, -1], "where": some_classes.reshape(3, 2, 2)})
case("the label does not count", INTEGER, draw(2, 3), ints([0, 1]), where=bools([[0, 1, 1], [1, 0, 1]]))
case("six axes", INTEGER, draw(1, 2, 1, 2, 1, 3), ints(rng.integers(0, 3, (1, 2, 1, 2, 1))))
case("no rows", INTEGER, np.zeros((0, 3), np.float32), np.zeros((0,), np.int32))
case("one row", INTEGER, draw(5), ints(3))
case("one class", INTEGER, draw(3, 1), ints([0, 0, 0]))

for name in ["multiclass_hinge_loss", "multiclass_perceptron_loss"]:
    case("classes", name, draw(3, 4), ints([0, 3, 1]))
    case("ties", name, floats([[1, 1, 0], [0, 1, 0], [2, 1, 1], [0, 0, 0]]), ints([0, 0, 1, 2]), second=False)
    case("at the edges", name, edge_rows, ints([2, 0, 2, 1, 1, 1, 1, 0, 2, 1, 0, 2]), second=False)
    case("one row", name, draw(4), ints(2))
    case("five axes", name, draw(2, 1, 2, 1, 3), ints(rng.integers(0, 3, (2, 1, 2, 1))))
    case("no rows", name, np.zeros((0, 3), np.float32), np.zeros((0,), np.int32))
case("classes", "multiclass_sparsemax_loss", draw(4, 5), ints([0, 3, 1, 4]))
case("spread out", "multiclass_sparsemax_loss", draw(4, 5, scale=4), ints([0, 3, 1, 4]))
case("ties", "multiclass_sparsemax_loss", floats([[1, 1, 0], [0, 1, 0], [0.5, 0.5, 0.5]]), ints([0, 0, 2]), second=False)
case("at the edges", "multiclass_sparsemax_loss", floats([[1e4, 0, -1e4], [-INF, 1, 2], [NAN, 1, 2], [INF, 1, 2]]), ints([1, 1, 1, 1]), second=False)

# Divergences.
for name in ["kl_divergence", "generalized_kl_divergence", "convex_kl_divergence"]:
    f = losses.generalized_kl_divergence if name == "convex_kl_divergence" else None
    case("shares", name, np.log(shares(3, 4)), shares(3, 4), function=f)
    case("zeros, infinities", name, floats([[0, -1, -2], [-INF, -1, -2], [-INF, -1, -2], [NAN, 0, 0]]), floats([[0, 0.5, 0.5], [0, 0.5, 0.5], [0.5, 0.5, 0], [1, 0, 0]]), second=False, function=f)
    case("where", name, np.log(shares(3, 4)), shares(3, 4), where=some_classes, function=f)
    case("axis 0", name, np.log(shares(2, 3)), shares(2, 3), axis=0, function=f)
    case("all axes, broadcast", name, np.log(shares(2, 3)), shares(3), axis=None, function=f)
    case("five axes, two of them", name, np.log(shares(2, 1, 2, 1, 3)), shares(2, 1, 2, 1, 3), axis=(2, -1), here={"axis": [2, -1]}, function=f)
    case("no rows", name, np.zeros((0, 3), np.float32), np.zeros((0, 3), np.float32), function=f)
LOG = "kl_divergence_with_log_targets"
case("shares", LOG, np.log(shares(3, 4)), np.log(shares(3, 4)))
case("infinities", LOG, floats([[0, -1, -2], [-INF, -1, -2], [-INF, -1, -2]]), floats([[-INF, -1, -1], [-1, -1, -1], [-INF, NAN, 0]]), second=False)
case("where, axis 0", LOG, np.log(shares(4, 3)), np.log(shares(4, 3)), axis=0, where=some_classes.T)

# Labels.
case("one hot", "smooth_labels", floats(np.eye(4)[[0, 2]]), here={"alpha": 0.1}, alpha=0.1)
case("where", "smooth_labels", floats(np.eye(4)[[0, 2, 1]]), alpha=0.1, where=some_classes)
case("axis 0", "smooth_labels", floats(np.eye(3)[:, :2]), alpha=0.25, axis=0)
case("all axes", "smooth_labels", draw(2, 3), alpha=0.5, axis=None)
case("two axes", "smooth_labels", draw(2, 3), alpha=0.5, axis=(0, 1), here={"alpha": 0.5, "axis": [0, 1]})

# Sequences.


def paddings(lengths, n):
    return floats([[i >= length for i in range(n)] for length in lengths])


def ctc(title, logits, padded, labels, label_lengths, second=True, alphas=None, **options):
    """Both functions. alphas: whether gradients of forward probabilities are taken, which need an epsilon of few digits."""
    rest = padded, ints(labels), paddings(label_lengths, len(labels[0]))
    case(title, "ctc_loss", logits, *rest, wrt=[0], second=second, exact=True, **options)
    case(title, "ctc_loss_with_forward_probs", logits, *rest, wrt=[0] if alphas else [], second=second, exact=True, **options)


ctc("two sequences", draw(2, 5, 4), paddings([5, 5], 5), [[1, 2], [3, 3]], [2, 2])
ctc("paddings, repetitions", draw(3, 6, 4), paddings([6, 4, 2], 6), [[1, 1, 2], [3, 1, 0], [2, 0, 0]], [3, 2, 0])
ctc("another blank", draw(2, 4, 3), paddings([4, 3], 4), [[0, 1], [1, 1]], [2, 1], blank_id=2)
ctc("too short for its labels", draw(2, 2, 3), paddings([2, 1], 2), [[1, 1], [1, 2]], [2, 2], second=False)
ctc("an epsilon", draw(1, 3, 3), paddings([3], 3), [[1, 1]], [2], log_epsilon=-20.0, alphas=True)
ctc("an epsilon, paddings", draw(2, 4, 4), paddings([4, 3], 4), [[1, 2, 2], [3, 0, 0]], [3, 1], log_epsilon=-10.0, alphas=True)
ctc("padding in the middle", draw(1, 4, 3), floats([[0, 1, 0, 0]]), [[1, 2]], [2])
ctc("no labels", draw(2, 3, 3), paddings([3, 2], 3), [[0], [0]], [0, 0])
ctc("no frames that count", draw(2, 2, 3), paddings([0, 2], 2), [[1], [1]], [1, 0])
ctc("large logits", draw(1, 4, 3, scale=1e3), paddings([4], 4), [[1, 2]], [2], second=False)
ctc("padded labels that are no classes", draw(1, 3, 3), paddings([3], 3), [[1, -1, 7]], [1])
ctc("NaN", floats([[[NAN, 1, 0], [0.5, 1, 0]], [[0.5, 1, 0], [0.5, 1, 0]]]), paddings([2, 2], 2), [[1], [1]], [1, 1], second=False)

# Embeddings.
case("pairs", "ntxent", draw(4, 3), ints([0, 0, 1, 1]), second=False)
case("a temperature", "ntxent", draw(5, 3), ints([0, 1, 0, 2, 1]), temperature=0.5)
case("nothing differs", "ntxent", draw(3, 2), ints([1, 1, 1]), temperature=0.5)
case("no pair", "ntxent", draw(3, 2), ints([1, 2, 3]), temperature=0.5, second=False)
case("zeros", "ntxent", floats([[0, 0], [1, 2], [2, 1], [0, 0]]), ints([0, 0, 1, 1]), temperature=0.5, second=False)
case("rows", "triplet_margin_loss", draw(3, 4), draw(3, 4), draw(3, 4))
case("options", "triplet_margin_loss", draw(4, 3), draw(4, 3), draw(4, 3), axis=0, norm_degree=4, margin=0.3, eps=1e-3)
case("equal embeddings", "triplet_margin_loss", floats([[0, 0], [1, 1]]), floats([[0, 0], [1, 1]]), floats([[0, 0], [1, 0]]))
case("a tie", "triplet_margin_loss", floats([[0.0], [0.0]]), floats([[0.0], [2.0]]), floats([[1.0], [3.0]]), margin=1.0, eps=0.0, norm_degree=4, second=False, wrt=[2])
case("infinities, NaN", "triplet_margin_loss", floats([[INF, 0], [NAN, 1], [1e4, -1e4]]), floats([[0, 0], [1, 1], [0, 0]]), floats([[1, 0], [1, 0], [1, 1]]), second=False)
case("odd degree", "triplet_margin_loss", floats([[1.0, 2.0]]), floats([[0.5, 0.5]]), floats([[0.25, -1.0]]), norm_degree=3)

# Rankings.
RANK = "ranking_softmax_loss"
grades = floats([[1, 0, 0], [0, 2, 1], [0, 0, 0]])
lists = bools([[1, 1, 0], [1, 1, 1], [0, 0, 0]])
case("mean", RANK, draw(3, 3), grades)
case("one list", RANK, floats([2, 1, 3]), floats([1, 0, 0]))
case("where", RANK, draw(3, 3), grades, where=lists)
case("sum", RANK, draw(3, 3), grades, where=lists, reduce_fn=jnp.sum, here={"where": lists, "reduceFn": "sum"})
case("none", RANK, draw(3, 3), grades, where=lists, reduce_fn=None)
case("weights", RANK, draw(3, 3), grades, weights=floats([[1, 2, 3], [0.5, 0.5, 1], [1, 1, 1]]))
case("nothing counts", RANK, draw(2, 3), grades[:2], where=bools([[0, 0, 0], [0, 0, 0]]))
case("integer grades", RANK, draw(2, 3), ints([[1, 0, 0], [0, 2, 1]]))
case("at the edges", RANK, edge_rows, hot, second=False, reduce_fn=None)
case("NaN, in a mean", RANK, floats([[NAN, 1, 0], [1, 2, 3]]), floats([[1, 0, 0], [0, 1, 0]]), where=bools([[1, 1, 1], [0, 0, 0]]), second=False)
case("five axes", RANK, draw(2, 1, 2, 1, 3), shares(2, 1, 2, 1, 3), reduce_fn=None)

# Segmentation.
masks = floats(np.eye(3)[[[[0, 1], [2, 1]], [[1, 0], [2, 2]]]])
case("classes", "dice_loss", draw(2, 2, 2, 3), masks)
case("weights", "dice_loss", draw(2, 2, 2, 3), masks, class_weights=floats([1, 2, 3]), smooth=0.5, alpha=0.3, beta=0.7, reduction="none")
case("sum without background", "dice_loss", draw(2, 2, 2, 3), masks, reduction="sum", ignore_background=True)
case("probabilities", "dice_loss", floats([[[0.5, 0.25, 0.25], [1, 0, 0]]]), floats([[[1, 0, 0], [0, 1, 0]]]), apply_softmax=False)
case("binary", "dice_loss", draw(2, 3, 1), floats([[1, 0, 1], [0, 0, 1]])[..., None])
case("no class axis in predictions", "dice_loss", draw(2, 3), floats([[1, 0, 1], [0, 0, 1]])[..., None])
case("no class axis in targets", "dice_loss", draw(2, 3, 1), floats([[1, 0, 1], [0, 0, 1]]))
case("an axis", "dice_loss", draw(2, 2, 2, 3), masks, axis=1)
case("two axes", "dice_loss", draw(2, 2, 2, 3), masks, axis=(0, 1), here={"axis": [0, 1]})
case("no spatial axes", "dice_loss", draw(2, 3), floats(np.eye(3)[[0, 2]]))
case("infinities, NaN", "dice_loss", floats([[[INF, 0, 1], [1, 2, 3]], [[NAN, 0, 1], [1, 2, 3]], [[-INF, 0, 1], [1e4, -1e4, 0]]]), floats(np.eye(3)[[[0, 1], [1, 2], [2, 0]]]), second=False)
case("smooth 0, an absent class", "dice_loss", draw(1, 2, 3), floats(np.eye(3)[[[0, 1]]]), smooth=0.0)
case("classes", "multiclass_generalized_dice_loss", draw(2, 2, 2, 3), masks)
case("without background", "multiclass_generalized_dice_loss", draw(2, 2, 2, 3), masks, smooth=0.5, ignore_background=True)
case("an absent class", "multiclass_generalized_dice_loss", draw(2, 4, 3), floats(np.eye(3)[[[0, 1, 1, 0], [1, 1, 0, 1]]]), wrt=[0])
case("pixels", "binary_dice_loss", draw(2, 2, 3), floats(rng.integers(0, 2, (2, 2, 3))))
case("a last axis of 1", "binary_dice_loss", draw(2, 4, 1), floats(rng.integers(0, 2, (2, 4, 1))), smooth=0.25)
case("one axis", "binary_dice_loss", draw(3), floats([1, 0, 1]))

# Fenchel-Young.
FY = losses.make_fenchel_young_loss(jax.scipy.special.logsumexp)
case("logsumexp", "make_fenchel_young_loss", draw(2, 2, 3), shares(2, 2, 3), function=FY)
case("logsumexp, broadcast", "make_fenchel_young_loss", draw(2, 3), shares(3), function=FY)
case("logsumexp, one row", "make_fenchel_young_loss", draw(4), shares(4), function=FY)
case("logsumexp, at the edges", "make_fenchel_young_loss", edge_rows, hot, second=False, function=FY)

note = "gradients: of the sum of the values times 1, 1.5, 2, 1, 1.5, …; second: of the sum of those gradients times the same; what is not finite as text; with large terms that cancel, in float64"
finish("losses", {"cases": cases}, libraries=("jax", "optax", "numpy"), seed=SEED, note=note)
