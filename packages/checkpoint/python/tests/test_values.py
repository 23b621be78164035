"""Values of every kind, and what does not fit."""

import unittest

import jax
import jax.numpy as jnp
import ml_dtypes
import numpy as np
from flax import nnx

from nnxjs_flax import load_into, save
from nnxjs_flax.writing import write

from .common import FolderTest, values_of


class Values(FolderTest):
    def test_arrays_of_every_dtype(self):
        for dtype in (
            "float32",
            "float16",
            "bfloat16",
            "float8_e4m3fn",
            "int32",
            "int16",
            "int8",
            "uint8",
            "uint16",
            "uint32",
            "int4",
            "bool",
            "complex64",
        ):
            with self.subTest(dtype):
                self.assert_round_trip(
                    lambda i: {
                        "a": nnx.Variable(jnp.asarray([[i, 1, 0]], dtype)),
                        "b": nnx.Param(jnp.zeros((), dtype)),
                        "c": nnx.Param(jnp.zeros((2, 0), dtype)),
                    }
                )
                stored = {str(array.dtype) for array in self.content().arrays.values()}
                self.assertLessEqual(stored, {"float32", "int32", "bool", "complex64"})

    def test_special_floats_bit_for_bit(self):
        odd = np.array([np.nan, np.inf, -np.inf, -0.0, 1e-45, 3.4e38], np.float32)
        fresh = nnx.Param(jnp.zeros(6))
        save(nnx.Param(jnp.asarray(odd)), self.path)
        load_into(fresh, self.path)
        self.assertEqual(np.asarray(fresh.get_raw_value()).tobytes(), odd.tobytes())

    def test_what_tensorflow_js_has_no_place_for(self):
        for value, pattern in [
            (np.ones(2), "at v: expected values that tensorflow.js can hold, got float64. Cast it to float32"),
            (np.ones(2, np.complex128), "complex128"),
            (np.array([2**31], np.int64), "expected integers below 2\\^31"),
            (np.array([2**32 - 1], np.uint32), "expected integers below 2\\^31"),
            (object(), "expected arrays or plain data, got object"),
            ((jnp.ones(1), object()), "plain data in it, got object"),
        ]:
            with self.subTest(pattern):
                self.assert_refused(pattern, save, {"v": nnx.Variable(value)}, self.path)
                self.assertFalse(self.path.exists())

    def test_numbers_texts_and_trees_stay_what_they_are(self):
        class Plain(nnx.Module):
            def __init__(self, i):
                self.whole, self.part, self.flag = nnx.Variable(3 + i), nnx.Variable(i / 3), nnx.Variable(i == 0)
                self.negative, self.large = nnx.Variable(-i - 1), nnx.Variable(2**40 + i)
                self.table, self.none = nnx.Variable([[1, i], [3, 4]]), nnx.Variable(None)
                self.text, self.data = (
                    nnx.Variable(f"text {i}"),
                    nnx.Variable({"$": [i, "x", -0.0, float("inf")], "n": 2**60 + i}),
                )
                self.numpy = nnx.Variable(np.full(2, i, np.float32))
                self.tree = nnx.Intermediate(
                    (jnp.full(2, i), {"k": jax.random.key(i), "list": [jnp.asarray(i, jnp.bfloat16)]}, "note")
                )

        fresh = self.assert_round_trip(Plain)
        self.assertIsInstance(fresh.whole.get_raw_value(), int)
        self.assertIsInstance(fresh.numpy.get_raw_value(), np.ndarray)
        self.assertIs(fresh.flag.get_raw_value(), True)
        self.assertEqual(self.content().leaves["tree"]["kind"], "tree")

    def test_keys_typed_and_raw(self):
        make = lambda i: {
            "typed": nnx.RngKey(jax.random.key(i)),
            "many": nnx.Variable(jax.random.split(jax.random.key(i), (2, 3))),
            "raw": nnx.RngKey(jax.random.PRNGKey(2**31 + i)),
        }
        self.assert_round_trip(make)
        self.assertEqual({each["kind"] for each in self.content().leaves.values()}, {"key"})
        self.assert_refused(
            "keys of threefry2x32, got key<rbg>", save, {"k": nnx.RngKey(jax.random.key(0, impl="rbg"))}, self.path
        )
        self.assert_refused(
            "for a model with key<rbg>",
            load_into,
            {"typed": nnx.RngKey(jax.random.key(0, impl="rbg"))},
            self.path,
            strict=False,
        )

    def test_rngs_alone_and_a_variable_alone(self):
        def streams(seed):
            rngs = nnx.Rngs(seed, dropout=seed + 1)
            for _ in range(seed + 2):
                rngs.dropout()
            return rngs

        fresh = self.assert_round_trip(streams)
        self.assertEqual(int(fresh.dropout.count.get_raw_value()), 2)
        self.assertIn("default.key", self.content().arrays)
        self.assert_round_trip(lambda i: nnx.Param(jnp.full((2, 2), i)))
        self.assertEqual(list(self.content().arrays), [""])

    def test_split_streams(self):
        rngs = nnx.Rngs(0)
        split = nnx.split_rngs(rngs, splits=3)
        self.addCleanup(nnx.restore_rngs, split)
        save(rngs, self.path)
        self.assertEqual(self.content().arrays["default.key"].shape, (3, 2))
        self.assertEqual(self.content().arrays["default.count"].dtype, np.uint32)
        self.assertEqual(load_into(rngs, self.path), [])

    def test_what_is_read_has_to_fit(self):
        model = {
            "f": nnx.Param(jnp.ones(2)),
            "i": nnx.Variable(jnp.ones(2, jnp.int8)),
            "h": nnx.Param(jnp.ones(2, jnp.float16)),
            "b": nnx.Variable(jnp.ones(2, bool)),
            "k": nnx.RngKey(jax.random.key(0)),
        }
        good = {
            "f": np.zeros(2, np.float32),
            "i": np.zeros(2, np.int32),
            "h": np.zeros(2, np.float32),
            "b": np.zeros(2, bool),
            "k": np.zeros(2, np.uint32),
        }
        before = values_of(model)
        for name, bad, pattern in [
            ("f", np.zeros(3, np.float32), r"f: expected float32\[2\], got float32\[3\]"),
            ("f", np.zeros((), np.float32), r"got float32\[\]"),
            ("f", np.zeros(2, np.int32), "f: expected float32, got int32"),
            ("i", np.zeros(2, np.float32), "i: expected int8, got float32"),
            ("i", np.full(2, 128, np.int32), "values that int8 cannot hold"),
            ("h", np.full(2, 1e6, np.float32), "numbers that float16 holds, got up to 1000000"),
            ("b", np.zeros(2, np.int32), "b: expected bool, got int32"),
            ("f", np.zeros(2, np.complex64), "f: expected float32, got complex64"),
            ("k", np.zeros(2, np.int32), "k: expected a key as"),
            ("k", np.zeros((2, 2), np.uint32), "k: expected a key as"),
        ]:
            with self.subTest(pattern):
                write(self.path, {**good, name: bad}, {}, {})
                self.assert_refused(pattern, load_into, model, self.path)
                self.assertEqual(values_of(model), before)
        write(self.path, good, {}, {})
        self.assertEqual(load_into(model, self.path), [])
        self.assertEqual(model["i"].get_raw_value().dtype, jnp.int8)

    def test_numbers_of_nnxjs_become_scalars_of_any_dtype(self):
        for old in (jnp.int32(0), jnp.uint32(0), jnp.float32(0), jnp.bfloat16(0), jnp.int8(0)):
            for new in (np.float64(3), np.uint32(3)):
                write(self.path, {"": new}, {}, {})
                variable = nnx.Variable(old)
                load_into(variable, self.path)
                self.assertEqual((variable.get_raw_value().dtype, float(variable.get_raw_value())), (old.dtype, 3.0))
        write(self.path, {"": np.float64(0.5)}, {}, {})
        self.assert_refused("cannot hold", load_into, nnx.Variable(jnp.int32(0)), self.path)

    def test_files_of_others(self):
        write(
            self.path,
            {"w": np.ones(2, ml_dtypes.bfloat16), "n": np.ones(2, np.int64), "h": np.ones(2, np.float16)},
            {},
            {},
        )
        model = {"w": nnx.Param(jnp.zeros(2)), "n": nnx.Variable(jnp.zeros(2, jnp.int32)), "h": nnx.Param(jnp.zeros(2))}
        load_into(model, self.path)
        self.assertEqual(values_of(model)[("w",)], ("float32", [1.0, 1.0]))


if __name__ == "__main__":
    unittest.main()
