"""Names, containers, what is shared, and what only one side has."""

import unittest

import jax.numpy as jnp
import optax
from flax import nnx

from nnxjs_flax import CheckpointError, load_into, save
from nnxjs_flax.keys import camel_case, key_of, parts_of

from .common import FolderTest, values_of


def linear(seed=0):
    return nnx.Linear(2, 3, rngs=nnx.Rngs(seed))


class Keys(unittest.TestCase):
    def test_there_and_back(self):
        for path in [
            (),
            ("",),
            ("a.b", "\\", "0", "-1", "007", "-0"),
            ("__metadata__",),
            ("__metadata__", "x"),
            ("\\e", "e", "ü\n."),
        ]:
            self.assertEqual(parts_of(key_of(path)), path)
        self.assertEqual(key_of([0, -3, "7", "a.b"]), "0.-3.\\7.a\\.b")
        self.assertEqual(parts_of("0.-3.\\7"), ("0", "-3", "7"))

    def test_what_is_no_key(self):
        for key in ("a..b", ".", "a.", "a\\", "\\x", "a\\n", "\\\\\\"):
            with self.subTest(key), self.assertRaises(CheckpointError):
                parts_of(key)

    def test_names_in_camel_case(self):
        self.assertEqual(
            [camel_case(name) for name in ("opt_state", "mu", "if_", "_x_y", "a__b", "b1_c2")],
            ["optState", "mu", "if_", "_xY", "a__b", "b1C2"],
        )


class Paths(FolderTest):
    def test_containers(self):
        class Net(nnx.Module):
            def __init__(self, i):
                self.layers = nnx.List([linear(i), nnx.Dict({"x.y": linear(i + 1)})])
                self.plain = nnx.data([linear(i + 2), {"a": linear(i + 3)}])

        nodes = lambda i: {
            "net": Net(i),
            "7": [linear(i + 4), (linear(i + 5),)],
            "ints": {3: linear(i + 6), -1: linear(i)},
            "": {"\\": nnx.Param(jnp.full(1, i))},
        }
        self.assert_round_trip(nodes)
        keys = self.content().arrays.keys()
        self.assertLessEqual(
            {
                "net.layers.0.bias",
                "net.layers.1.x\\.y.bias",
                "net.plain.1.a.kernel",
                "\\7.1.0.bias",
                "ints.3.bias",
                "ints.-1.bias",
                "\\e.\\\\",
            },
            keys,
        )

    def test_names(self):
        class Net(nnx.Module):
            def __init__(self, i):
                self.drop_path, self.odd = linear(i), nnx.Dict({"drop_path": linear(i + 1)})

        names = {"drop_path": "dropPath"}
        make = lambda i: (lambda net: {"model": net, "optimizer": nnx.Optimizer(net, optax.adam(0.1), wrt=nnx.Param)})(
            Net(i)
        )
        save(make(0), self.path, names=names)
        self.assertIn("model.odd.dropPath.kernel", self.content().arrays)
        self.assertIn("optimizer.optState.0.mu.dropPath.kernel", self.content().arrays)
        fresh = make(1)
        self.assertEqual(load_into(fresh, self.path, names=names), [])
        self.assertEqual(values_of(fresh), values_of(make(0)))
        self.assert_refused("drop_path.kernel: the file lacks it", load_into, fresh, self.path)
        self.assert_refused(
            "at a.bias: expected one leaf of that path, got two",
            save,
            {"a": linear(), "b": linear()},
            self.path,
            names={"b": "a"},
        )
        self.assert_refused("got two", save, {"a": [linear()], "b": {"0": linear()}}, self.path, names={"b": "a"})

    def test_what_is_shared_is_written_once(self):
        tied = linear()

        class Tied(nnx.Module):
            def __init__(self, layer):
                self.first, self.second, self.kernel = layer, layer, layer.kernel

        save({"b": Tied(tied), "a": tied}, self.path)
        self.assertEqual(sorted(self.content().arrays), ["a.bias", "a.kernel"])
        fresh = linear(1)
        nodes = {"b": Tied(fresh), "a": fresh}
        load_into(nodes, self.path)
        self.assertIs(nodes["b"].kernel, fresh.kernel)
        self.assertEqual(values_of(fresh), values_of(tied))

    def test_variables_keep_their_identity(self):
        model = linear(1)
        kernel = model.kernel
        save(linear(0), self.path)
        load_into(model, self.path)
        self.assertIs(model.kernel, kernel)

    def test_a_state(self):
        model, other = linear(0), linear(1)
        save(nnx.state(model, nnx.Param), self.path)
        load_into(nnx.state(other), self.path)
        self.assertEqual(values_of(other), values_of(model))

    def test_a_failing_load_changes_nothing(self):
        save({"a": linear(0), "b": nnx.Param(jnp.ones(4))}, self.path)
        model = {"a": linear(1), "b": nnx.Param(jnp.zeros(5)), "c": nnx.Param(jnp.zeros(1))}
        before = values_of(model)
        with self.assertRaises(CheckpointError) as caught:
            load_into(model, self.path)
        self.assertIn("b: expected float32[5], got float32[4]", str(caught.exception))
        self.assertIn("c: the file lacks it", str(caught.exception))
        self.assert_refused("b: expected", load_into, model, self.path, strict=False)
        self.assertEqual(values_of(model), before)

    def test_an_error_in_the_middle_changes_nothing(self):
        class Refusing(nnx.Variable):
            def set_raw_value(self, value, **options):
                if refusing:
                    raise RuntimeError("no")
                super().set_raw_value(value, **options)

        refusing = False
        model = {"a": linear(1), "b": Refusing(jnp.zeros(1))}
        save({"a": linear(0), "b": nnx.Variable(jnp.ones(1))}, self.path)
        before, refusing = values_of(model), True
        with self.assertRaises(RuntimeError):
            load_into({"a": model["a"], "b": model["b"]}, self.path)
        refusing = False
        self.assertEqual(values_of(model), before)

    def test_not_strict(self):
        save({"a": linear(0), "extra": nnx.Param(jnp.ones(1)), "text": nnx.Variable("x")}, self.path)
        model = {"a": linear(1), "missing": nnx.Param(jnp.zeros(1))}
        self.assertEqual(load_into(model, self.path, strict=False), ["missing", "extra", "text"])
        self.assertEqual(values_of(model["a"]), values_of(linear(0)))
        self.assert_refused("extra: the model lacks it", load_into, model, self.path)

    def test_types_nobody_registered(self):
        class Scale(nnx.Param):
            pass

        registered = dict(nnx.variablelib.VariableTypeCache)
        save({"s": Scale(jnp.ones(1), note="n", hook=abs), "v": nnx.Variable(jnp.ones(1))}, self.path)
        leaves = self.content().leaves
        self.assertEqual(leaves["s"], {"type": "Scale", "metadata": {"note": "n"}, "unwritten": ["hook"]})
        self.assertEqual(leaves["v"], {"type": "Variable"})
        self.assertEqual(dict(nnx.variablelib.VariableTypeCache), registered)

    def test_abstract_models_get_arrays(self):
        make = lambda seed: (
            lambda net: {"model": net, "optimizer": nnx.Optimizer(net, optax.adam(0.1), wrt=nnx.Param)}
        )(nnx.Sequential(linear(seed), nnx.Dropout(0.5, rngs=nnx.Rngs(seed))))
        save(make(0), self.path)
        abstract = nnx.eval_shape(lambda: make(1))
        self.assert_refused("expected arrays, got the abstract", save, abstract, self.folder / "other.safetensors")
        self.assertEqual(load_into(abstract, self.path), [])
        self.assertEqual(values_of(abstract), values_of(make(0)))
        abstract["model"](jnp.ones((1, 2)))

    def test_inside_jit(self):
        self.assert_refused("Call it outside jit", nnx.jit(lambda model: save(model, self.path)), linear())

    def test_what_is_no_model(self):
        for nodes in ({}, 3, None, "model", {"a": 1}, nnx.Dropout(0.5)):
            with self.subTest(repr(nodes)):
                self.assert_refused("expected modules, or a dict of them", save, nodes, self.path)
        self.assert_refused("expected a path", save, linear(), None)
        self.assert_refused("expected a path", load_into, linear(), "")


if __name__ == "__main__":
    unittest.main()
