"""Optimizers, metrics and EMA: names, counts and what the next step is.

conformance/exchange_keys.py has the keys of 37 optimizers.
"""

import unittest

import jax
import jax.numpy as jnp
import numpy as np
import optax
from flax import nnx

from nnxjs_flax import load_into, save
from nnxjs_flax.writing import write

from .common import FolderTest, values_of


class Net(nnx.Module):
    def __init__(self, rngs):
        self.in_proj, self.norm, self.out = (
            nnx.Linear(2, 3, rngs=rngs),
            nnx.BatchNorm(3, rngs=rngs),
            nnx.Linear(3, 1, rngs=rngs),
        )

    def __call__(self, x):
        return self.out(self.norm(self.in_proj(x)))


def labels(params):
    return jax.tree.map(lambda p: "large_ones" if p.ndim > 1 else "rest", params)


TRANSFORMATIONS = {
    "chain": optax.chain(optax.clip_by_global_norm(0.1), optax.adamw(lambda count: 0.1 / (count + 1))),
    "masked": optax.masked(optax.adam(0.1), lambda params: jax.tree.map(lambda p: p.ndim > 1, params)),
    "multi_transform": optax.multi_transform({"large_ones": optax.adam(0.1), "rest": optax.sgd(0.1, 0.9)}, labels),
    "inject_hyperparams": optax.inject_hyperparams(optax.adam)(lambda count: 0.1 / (count + 1), b1=0.8),
    "MultiSteps": optax.MultiSteps(optax.adam(0.1), 2),
    "ema": optax.chain(optax.sgd(0.1), optax.ema(0.9)),
    "lbfgs": optax.lbfgs(0.1, memory_size=3, linesearch=None),
    "noise": optax.noisy_sgd(0.1, key=3),
    "sm3": optax.sm3(0.1),
    "apply_if_finite": optax.apply_if_finite(optax.sgd(0.1), 3),
    "optimistic": optax.optimistic_gradient_descent(0.1),
}


def step(run, x):
    loss, grads = nnx.value_and_grad(lambda model: (model(x) ** 2).mean())(run["model"])
    run["optimizer"].update(run["model"], grads)
    return float(loss)


class Optimizers(FolderTest):
    def test_the_next_steps_are_the_same(self):
        for name, tx in TRANSFORMATIONS.items():
            with self.subTest(name):

                def make(seed, steps):
                    model = Net(nnx.Rngs(seed))
                    run = {"model": model, "optimizer": nnx.Optimizer(model, tx, wrt=nnx.Param)}
                    for i in range(steps):
                        step(run, jnp.arange(8.0).reshape(4, 2) * (i + 1))
                    return run

                saved = make(0, 3)
                fresh = self.assert_round_trip(lambda i: saved if i == 0 else make(1, 1))
                x = jnp.ones((3, 2)).at[0].set(0)
                self.assertEqual([step(fresh, x) for _ in range(2)], [step(saved, x) for _ in range(2)])

    def test_names_of_parameters_and_labels_stay(self):
        optimizer = nnx.Optimizer(Net(nnx.Rngs(0)), TRANSFORMATIONS["multi_transform"], wrt=nnx.Param)
        save({"o": optimizer}, self.path)
        keys = self.content().leaves.keys()
        self.assertIn("o.optState.innerStates.large_ones.innerState.0.mu.in_proj.kernel", keys)
        self.assertNotIn("o.optState.innerStates.large_ones.innerState.0.mu.in_proj.bias", keys)

    def test_an_optimizer_in_a_module(self):
        class Trainer(nnx.Module):
            def __init__(self, seed):
                self.net = Net(nnx.Rngs(seed))
                self.optimizers = nnx.List([nnx.Optimizer(self.net, optax.adam(0.1), wrt=nnx.Param)])

        self.assert_round_trip(Trainer)
        self.assertIn("optimizers.0.optState.0.mu.in_proj.kernel", self.content().leaves)

    def test_ema(self):
        def make(seed):
            model = Net(nnx.Rngs(seed))
            return {"model": model, "ema": nnx.EMA(model, 0.9)}

        self.assert_round_trip(make)
        self.assertIn("ema.params.in_proj.kernel", self.content().leaves)


def metrics(_):
    return nnx.MultiMetric(
        loss=nnx.metrics.Average("loss"), accuracy=nnx.metrics.Accuracy(), spread=nnx.metrics.Welford("loss")
    )


class Metrics(FolderTest):
    def test_sums_have_rests_there(self):
        saved = metrics(0)
        saved.update(loss=jnp.array([0.1, 0.7]), logits=jnp.eye(3), labels=jnp.arange(3))
        self.assert_round_trip(lambda i: metrics(i) if i else saved)
        content = self.content()
        self.assertEqual(content.arrays["loss.count"].dtype, np.float32)
        self.assertEqual(content.arrays["spread.rest.m2"], np.float32(0))
        self.assertEqual({each["type"] for each in content.leaves.values()}, {"metric_state"})

    def test_large_counts_are_exact(self):
        def make(count):
            average = nnx.metrics.Average()
            average.count.set_value(jnp.int32(count))
            return average

        fresh = self.assert_round_trip(lambda i: make(2**31 - 1) if i == 0 else make(0))
        self.assertEqual(int(fresh.count.get_raw_value()), 2**31 - 1)
        self.assertEqual((self.content().arrays["count"], self.content().arrays["rest.count"]), (2.0**31, -1.0))

    def test_what_flax_cannot_hold(self):
        average = nnx.metrics.Average()
        parts = {"total": 1.0, "count": 2.0, "rest.total": 2.0**-30, "rest.count": 0.0}
        good = {key: np.float32(value) for key, value in parts.items()}
        write(self.path, good, {}, {})
        self.assertEqual(load_into(average, self.path), [])
        self.assertEqual(float(average.total.get_raw_value()), 1.0)
        for change, pattern in [
            ({"count": np.float32(2.5)}, "expected a count that int32 holds, got 2.5"),
            ({"count": np.float32(2**31)}, "expected a count"),
            ({"rest.count": np.ones(2, np.float32)}, "expected shape"),
        ]:
            write(self.path, {**good, **change}, {}, {})
            self.assert_refused(pattern, load_into, average, self.path)
        write(self.path, {"total": np.float32(1), "count": np.int32(2)}, {}, {})
        self.assertEqual(load_into(average, self.path), [])
        self.assertEqual(int(average.count.get_raw_value()), 2)

    def test_infinite_sums(self):
        average = nnx.metrics.Average()
        average.update(values=jnp.array([jnp.inf, 1.0]))
        save(average, self.path)
        fresh = nnx.metrics.Average()
        load_into(fresh, self.path)
        self.assertEqual(values_of(fresh), values_of(average))

    def test_metrics_of_your_own_are_left_alone(self):
        class Largest(nnx.Metric):
            def __init__(self, x):
                self.total = nnx.metrics.MetricState(jnp.float32(x))

        self.assert_round_trip(Largest)
        self.assertEqual(list(self.content().arrays), ["total"])


if __name__ == "__main__":
    unittest.main()
