"""What the tests have in common."""

import pathlib
import tempfile
import unittest

import jax
import numpy as np
from flax import nnx

import nnxjs_flax
from nnxjs_flax.reading import read


def values_of(nodes):
    """Every leaf as numpy arrays or plain values, to compare."""

    def plain(value):
        if isinstance(value, (jax.Array, np.ndarray)):
            if jax.dtypes.issubdtype(value.dtype, jax.dtypes.prng_key):
                value = jax.random.key_data(value)
            return str(value.dtype), np.asarray(value).tolist()
        return value

    if isinstance(nodes, nnx.Variable):
        return plain(nodes.get_raw_value())
    return {
        path: jax.tree.map(plain, leaf.get_raw_value() if isinstance(leaf, nnx.Variable) else leaf)
        for path, leaf in nnx.to_flat_state(nnx.state(nodes))
    }


class FolderTest(unittest.TestCase):
    """A test with a folder of its own."""

    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = pathlib.Path(folder.name)
        self.path = self.folder / "run.safetensors"

    def content(self):
        return read(self.path)

    def assert_round_trip(self, make, changed=None):
        """What is saved comes back in another one: `make(0)` into `make(1)`."""
        saved, fresh = make(0), make(1)
        nnxjs_flax.save(saved, self.path)
        self.assertEqual(nnxjs_flax.load_into(fresh, self.path), [])
        self.assertEqual(values_of(fresh), values_of(saved))
        again = self.folder / "again.safetensors"
        nnxjs_flax.save(fresh, again)
        self.assertEqual(again.read_bytes(), self.path.read_bytes())
        return fresh

    def assert_refused(self, pattern, function, *args, **options):
        with self.assertRaisesRegex(nnxjs_flax.CheckpointError, pattern):
            function(*args, **options)
