"""Directories of Orbax, and the command line."""

import contextlib
import io
import unittest

import jax
import jax.numpy as jnp
import numpy as np
import orbax.checkpoint as ocp
from flax import nnx

from nnxjs_flax import from_orbax, load_into, save, to_orbax
from nnxjs_flax.__main__ import main
from nnxjs_flax.writing import write

from .common import FolderTest, values_of


class Net(nnx.Module):
    def __init__(self, seed):
        rngs = nnx.Rngs(seed)
        self.layers = nnx.List([nnx.Linear(2, 3, rngs=rngs), nnx.Dropout(0.5, rngs=rngs)])
        self.norm = nnx.BatchNorm(3, rngs=rngs)
        self.half = nnx.Param(jnp.ones(2, jnp.bfloat16) * seed)
        self.layers[1](jnp.ones(1))


class Orbax(FolderTest):
    def setUp(self):
        super().setUp()
        self.directory = self.folder / "orbax"

    def orbax(self, tree):
        with ocp.StandardCheckpointer() as checkpointer:
            checkpointer.save(self.directory, tree)

    def test_a_state_becomes_a_file(self):
        for tree in (nnx.state(Net(0)), nnx.to_pure_dict(nnx.state(Net(0)))):
            with self.subTest(type(tree).__name__):
                self.directory = self.folder / type(tree).__name__
                self.orbax(tree)
                from_orbax(self.directory, self.path)
                fresh = Net(1)
                self.assertEqual(load_into(fresh, self.path), [])
                self.assertEqual(values_of(fresh), values_of(Net(0)))
                self.assertEqual(self.content().leaves["layers.1.rngs.key"], {"kind": "key"})
                self.assertEqual(self.content().leaves["layers.1.rngs.count"], {"kind": "number"})

    def test_a_file_becomes_a_directory(self):
        save(Net(0), self.path)
        to_orbax(self.path, self.directory)
        fresh = Net(1)
        with ocp.StandardCheckpointer() as checkpointer:
            restored = checkpointer.restore(self.directory)
        self.assertEqual(restored["layers"]["1"]["rngs"]["key"].dtype, jax.random.key(0).dtype)
        np.testing.assert_array_equal(restored["layers"]["0"]["kernel"], fresh_value(Net(0).layers[0].kernel))
        # And back: indices are texts there, and numbers here.
        from_orbax(self.directory, self.path)
        self.assertEqual(load_into(fresh, self.path), [])
        self.assertEqual(values_of(fresh), values_of(Net(0)))

    def test_names(self):
        self.orbax({"drop_path": jnp.ones(2)})
        from_orbax(self.directory, self.path, names={"drop_path": "dropPath"})
        self.assertEqual(list(self.content().arrays), ["dropPath"])
        to_orbax(self.path, self.folder / "back", names={"dropPath": "drop_path"})
        with ocp.StandardCheckpointer() as checkpointer:
            self.assertEqual(list(checkpointer.restore(self.folder / "back")), ["drop_path"])

    def test_plain_numbers_and_what_has_no_place(self):
        self.orbax({"step": 3, "rate": 0.5, "list": [jnp.ones(1), jnp.zeros(1)]})
        from_orbax(self.directory, self.path)
        self.assertEqual(self.content().arrays["step"], np.uint32(3))
        self.assertIn("list.1", self.content().arrays)
        self.directory = self.folder / "doubles"
        self.orbax({"w": np.ones(2)})
        self.assert_refused(
            "from_orbax at w: expected values that tensorflow.js can hold", from_orbax, self.directory, self.path
        )

    def test_what_no_dict_can_have(self):
        write(self.path, {"a": np.ones(1, np.float32), "a.b": np.ones(1, np.float32)}, {}, {})
        self.assert_refused("at a.b: expected a path of its own", to_orbax, self.path, self.directory)
        write(self.path, {"": np.ones(1, np.float32)}, {}, {})
        self.assert_refused("a Variable without one", to_orbax, self.path, self.directory)
        write(self.path, {"a": np.ones(1, np.float32), "b": np.ones(1, np.float32)}, {}, {})
        self.assert_refused("that of another array", to_orbax, self.path, self.directory, names={"b": "a"})

    def test_the_command_line(self):
        save(Net(0), self.path)
        out, err = io.StringIO(), io.StringIO()
        with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
            self.assertEqual(main(["list", str(self.path)]), 0)
            self.assertEqual(main(["to-orbax", str(self.path), str(self.directory)]), 0)
            self.assertEqual(main(["from-orbax", str(self.directory), str(self.folder / "back.safetensors")]), 0)
            self.assertEqual(main(["what"]), 2)
        self.assertIn("layers.0.kernel\tparams\tfloat32[2, 3]\n", out.getvalue())
        self.assertIn("python -m nnxjs_flax", err.getvalue())


def fresh_value(variable):
    return np.asarray(variable.get_raw_value())


if __name__ == "__main__":
    unittest.main()
