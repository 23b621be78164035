"""Flax's transforms of modules: vmap, scan, cond, switch, loops, vjp, jvp, custom_vjp, remat; JAX's jacobians. Run: python conformance/transforms.py"""
import jax
import jax.numpy as jnp
import numpy as np
from flax import nnx

from golden_file import finish

cases = {}


def case(f):
    """A case is a function that returns a dict of arrays."""
    cases[f.__name__] = {name: plain(value) for name, value in f().items()}
    return f


def plain(x):
    """A nested list of numbers. Floats are float32: 9 digits tell all of them apart."""
    x = np.asarray(x)
    return [plain(each) for each in x] if x.ndim else float(f"{x:.9g}") if x.dtype.kind == "f" else int(x)


def values(state):
    return {".".join(map(str, path)): leaf[...] for path, leaf in nnx.to_flat_state(state)}


class Block(nnx.Module):
    def __init__(self, rngs):
        self.linear = nnx.Linear(3, 3, rngs=rngs)
        self.drop = nnx.Dropout(0.5, rngs=rngs)
        self.count = nnx.Variable(jnp.array(0.0))

    def __call__(self, x):
        self.count[...] += 1
        return jnp.tanh(self.drop(self.linear(x)))


X = jnp.linspace(-1.0, 1.0, 6).reshape(2, 3)


@nnx.split_rngs(splits=4)
@nnx.vmap
def stacked(rngs):
    return Block(rngs)


@case
def vmap_ensemble():
    rngs = nnx.Rngs(0, dropout=1)
    model = stacked(rngs)
    y = nnx.vmap(lambda m, x: m(x), in_axes=(0, None))(model, X)
    return {
        "kernel": model.linear.kernel[...],
        "y": y,
        "count": model.count[...],
        "streams": model.drop.rngs.count[...],
        "default_count": rngs.default.count[...],
    }


@case
def vmap_state_axes():
    """The parameters are shared, the streams are split: one mask for each member."""
    rngs = nnx.Rngs(0, dropout=1)
    model = Block(rngs)
    axes = nnx.StateAxes({nnx.RngState: 0, ...: None})

    @nnx.split_rngs(splits=3)
    @nnx.vmap(in_axes=(axes, None))
    def run(m, x):
        return m(x)

    first, second = run(model, X), run(model, X)
    return {"first": first, "second": second, "count": model.count[...], "stream": model.drop.rngs.count[...]}


@case
def vmap_axes():
    w = jnp.arange(6.0).reshape(2, 3)
    v = nnx.Param(w)

    def f(v, x):
        v[...] = v[...] * x
        return {"sum": v[...].sum(), "v": v[...]}

    out = nnx.vmap(f, in_axes=(1, 0), out_axes={"sum": 0, "v": 1})(v, jnp.array([1.0, 10.0, 100.0]))
    return {"v": v[...], **out}


@case
def vmap_per_example_gradients():
    model = Block(nnx.Rngs(2))
    model.eval()

    def loss(m, x):
        return jnp.sum(m.linear(x) ** 2)

    grads = nnx.vmap(lambda m, x: nnx.grad(loss)(m, x), in_axes=(None, 0))(model, X)
    return values(grads)


@case
def grad_of_vmap():
    model = stacked(nnx.Rngs(3))
    model.eval()

    def loss(m):
        return jnp.mean(nnx.vmap(lambda n, x: n(x), in_axes=(0, None))(m, X) ** 2)

    return {**values(nnx.grad(loss)(model)), "count": model.count[...]}


def deep(model, x, reverse=False, f=lambda m, x: m(x)):
    def step(x, m):
        y = f(m, x)
        return y, y

    return nnx.scan(step, reverse=reverse)(x, model)


@case
def scan_layers():
    model = stacked(nnx.Rngs(4, dropout=5))
    y, ys = deep(model, X)
    back, _ = deep(model, X, reverse=True)
    return {"y": y, "ys": ys, "back": back, "count": model.count[...], "streams": model.drop.rngs.count[...]}


@case
def scan_gradients():
    model = stacked(nnx.Rngs(6, dropout=7))
    out = {}
    for name, f in [("plain", lambda m, x: m(x)), ("remat", nnx.remat(lambda m, x: m(x)))]:
        loss, grads = nnx.value_and_grad(lambda m: jnp.sum(deep(m, X, f=f)[0] ** 2))(model)
        out |= {f"{name}.{path}": value for path, value in values(grads).items()} | {f"{name}.loss": loss}
    return {**out, "count": model.count[...]}


@case
def scan_recorded():
    """Each call of a compiled step draws new masks."""
    model = stacked(nnx.Rngs(13, dropout=14))
    block = nnx.remat(lambda m, x: m(x))
    step = nnx.jit(lambda m: nnx.value_and_grad(lambda n: jnp.sum(deep(n, X, f=block)[0] ** 2))(m))
    out = {}
    for call in range(3):
        loss, grads = step(model)
        out |= {f"{call}.{path}": value for path, value in values(grads).items()}
        out |= {f"{call}.loss": loss, f"{call}.streams": model.drop.rngs.count[...]}
    return out


@case
def scan_tree_carry():
    """The carry is a tree with a module and a key in it."""
    model = stacked(nnx.Rngs(15, dropout=16))
    last = nnx.BatchNorm(3, rngs=nnx.Rngs(17))

    def step(carry, m):
        h, (key, total, norm) = carry
        key, own = jax.random.split(key)
        y = norm(m(h) + jax.random.normal(own, h.shape))
        return (y, (key, total + jnp.sum(y**2), norm)), y

    (h, (key, total, _)), ys = nnx.scan(step)((X, (jax.random.key(18), jnp.array(0.0), last)), model)
    return {"h": h, "key": jax.random.key_data(key), "total": total, "mean": last.mean[...], "ys": ys}


@case
def recorded_choice():
    """Branches that draw from stacked streams; the parameters are used again afterwards."""
    model = stacked(nnx.Rngs(19, dropout=20))
    run = nnx.vmap(lambda m, x: m(x), in_axes=(0, None))

    def loss(m, x):
        h = nnx.cond(x.sum() < 10, lambda m, x: run(m, x).mean(0), lambda m, x: -x, m, x)
        return jnp.sum(run(m, h) ** 2)

    step = nnx.jit(lambda m, x: nnx.value_and_grad(loss)(m, x))
    out = {}
    for call, x in enumerate([X, X + 5, X + 1]):
        value, grads = step(model, x)
        out |= {f"{call}.{path}": leaf for path, leaf in values(grads).items()}
        out |= {f"{call}.loss": value, f"{call}.streams": model.drop.rngs.count[...], f"{call}.count": model.count[...]}
    return out


@case
def remat_states():
    """What a block writes to Variables is differentiated where it is read later."""
    model = Block(nnx.Rngs(21, dropout=22))
    model.count = nnx.BatchStat(jnp.ones((2, 3)))

    @nnx.remat
    def block(m, x):
        m.count[...] = jnp.sin(m.count[...] * jnp.tanh(m.drop(m.linear(x))))
        m.linear.bias[...] = m.linear.bias[...] * jnp.mean(x, 0)
        return m.count[...] + x

    def loss(m, x):
        for _ in range(3):
            x = block(m, x)
        return jnp.sum(x**2) + jnp.sum(m.count[...]) + jnp.sum(m.linear.bias[...])

    model.linear.bias[...] = jnp.array([0.5, -1.0, 2.0])
    grads, of_x = nnx.grad(loss, argnums=(0, 1))(model, X)
    return {**values(grads), "x": of_x, "count": model.count[...], "stream": model.drop.rngs.count[...]}


@case
def scan_state_axes():
    """Parameters by layer, streams and counts handed on, or the same for each."""
    out = {}
    for name, rest in [("carry", nnx.Carry), ("same", None)]:
        model = stacked(nnx.Rngs(8))
        model.count = nnx.Variable(jnp.array(0.0))
        model.drop = nnx.Dropout(0.5, rngs=nnx.Rngs(9))
        axes = nnx.StateAxes({nnx.Param: 0, ...: rest})
        y, counts = nnx.scan(lambda x, m: (m(x), m.count[...]), in_axes=(nnx.Carry, axes))(X, model)
        out |= {f"{name}.y": y, f"{name}.counts": counts}
    return out


@case
def scan_recurrent():
    cell = nnx.SimpleCell(3, 4, rngs=nnx.Rngs(10))

    def step(m, h, x):
        h, y = m(h, x)
        return h, y

    h, ys = nnx.scan(step, in_axes=(None, nnx.Carry, 1), out_axes=(nnx.Carry, 1))(cell, jnp.zeros((2, 4)), jnp.stack([X, -X, X], 1))
    return {"h": h, "ys": ys}


@case
def collatz():
    v = nnx.Variable(jnp.array(8))
    seen = []

    def collatz(v):
        def even(v):
            v[...] = v[...] // 2

        def odd(v):
            v[...] = 3 * v[...] + 1

        nnx.cond(v[...] % 2 == 0, even, odd, v)

    for _ in range(5):
        seen.append(int(v[...]))
        collatz(v)
    return {"seen": jnp.array(seen)}


@case
def switches():
    branches = [lambda x: x, lambda x: x * 2, lambda x: -x]
    return {"y": jnp.stack([nnx.switch(i, branches, jnp.array(3.0)) for i in (-3, 0, 1, 2, 9)])}


@case
def loops():
    model = nnx.Linear(3, 3, rngs=nnx.Rngs(11))

    def body(i, carry):
        m, x = carry
        m.bias[...] += i
        return m, m(x) / 2

    m, x = nnx.fori_loop(1, 4, body, (model, X))
    n, total = nnx.while_loop(lambda c: c[0] > 1, lambda c: (c[0] / 2, c[1] + c[0]), (jnp.array(40.0), jnp.array(0.0)))
    return {"x": x, "bias": model.bias[...], "n": n, "total": total}


def bowl(x):
    return jnp.sum(jnp.sin(x) * x[0] ** 2) + jnp.prod(x)


@case
def jacobians():
    x = jnp.array([0.3, -1.2, 0.7])

    def f(x):
        return {"a": jnp.sin(x[:2]) * x[2], "b": jnp.sum(x**2)}

    rev, fwd = jax.jacrev(f)(x), jax.jacfwd(f)(x)
    both = jax.jacrev(lambda x, y: x[:, None] * y**2, argnums=(0, 1))(x, jnp.array([2.0, 3.0]))
    return {
        "rev.a": rev["a"],
        "rev.b": rev["b"],
        "fwd.a": fwd["a"],
        "fwd.b": fwd["b"],
        "both.0": both[0],
        "both.1": both[1],
        "hessian": jax.hessian(bowl)(x),
    }


@case
def pull_backs():
    model = Block(nnx.Rngs(12))
    model.eval()
    graphdef, params, rest = nnx.split(model, nnx.Param, ...)

    def f(params, x):
        m = nnx.merge(graphdef, params, rest)
        return m.linear(x), jnp.max(x)

    y, pull, aux = jax.vjp(f, params, X, has_aux=True)
    of_model, of_x = pull(jnp.ones_like(y))
    tangents = (jax.tree.map(lambda p: jnp.full_like(p, 0.5), params), -X)
    _, push, aux2 = jax.jvp(f, (params, X), tangents, has_aux=True)
    return {"y": y, "aux": aux, "x": of_x, **values(of_model), "push": push, "aux2": aux2}


finish("transforms", {"x": plain(X), "cases": cases}, libraries=("jax", "flax", "numpy"))
