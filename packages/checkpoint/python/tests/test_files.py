"""Files that are damaged, hostile, in parts, or that a killed process left."""

import json
import os
import pathlib
import random
import signal
import subprocess
import sys
import unittest

import jax.numpy as jnp
import numpy as np
from flax import nnx

from nnxjs_flax import CheckpointError, load_into, save
from nnxjs_flax.layout import checksum
from nnxjs_flax.writing import write

from .common import FolderTest, values_of

PACKAGE = pathlib.Path(__file__).resolve().parent.parent
MODEL = {"a": nnx.Param(jnp.arange(3.0)), "b": nnx.RngCount(jnp.uint32(7)), "é": nnx.Variable("text")}


def fresh():
    return {"a": nnx.Param(jnp.zeros(3)), "b": nnx.RngCount(jnp.uint32(0)), "é": nnx.Variable("")}


class Files(FolderTest):
    def test_every_bit_counts(self):
        save(MODEL, self.path, metadata={"note": "n"})
        good = self.path.read_bytes()
        random.seed(0)
        wrong = [good[:length] for length in (0, 7, 8, 100, len(good) - 1)] + [good + b"\0"]
        for _ in range(300):
            at = random.randrange(len(good))
            wrong.append(good[:at] + bytes([good[at] ^ 1 << random.randrange(8)]) + good[at + 1 :])
        changed = 0
        for bytes_ in wrong:
            self.path.write_bytes(bytes_)
            model = fresh()
            try:
                load_into(model, self.path)
            except CheckpointError:
                self.assertEqual(values_of(model), values_of(fresh()))
            else:
                # Spaces and offsets may be written otherwise.
                self.assertEqual(values_of(model), values_of(MODEL))
                changed += 1
        self.assertLess(changed, 20)

    def test_headers_that_say_other_things(self):
        save(MODEL, self.path)
        length = int.from_bytes(self.path.read_bytes()[:8], "little")
        header, data = json.loads(self.path.read_bytes()[8 : 8 + length]), self.path.read_bytes()[8 + length :]

        def forge(sign=True, **changes):
            texts = {name: text for name, text in {**header["__metadata__"], **changes}.items() if text is not None}
            if sign:
                texts["nnx.checksum"] = checksum(
                    {key: (each["dtype"], each["shape"]) for key, each in header.items() if key != "__metadata__"},
                    texts,
                )
            text = json.dumps({**header, "__metadata__": texts}).encode()
            self.path.write_bytes(len(text).to_bytes(8, "little") + text + data)

        for changes, pattern in [
            ({"nnx.format": "2"}, "expected version 1 of the format, got 2"),
            ({"nnx.format": None}, "nnx.format in the metadata"),
            ({"nnx.leaves": "[]"}, "nnx.leaves to be an object"),
            ({"nnx.leaves": "{"}, "nnx.leaves in JSON"),
            ({"nnx.leaves": None}, "nnx.leaves in JSON"),
            ({"nnx.leaves": '{"a": 1}'}, "describe leaves by objects"),
            ({"nnx.crc32": None}, "nnx.crc32 in JSON"),
            ({"nnx.crc32": "{}"}, "at .*: expected data with the checksum None"),
            ({"sign": False, "new": "text"}, "expected a header with the checksum"),
            ({"sign": False, "nnx.checksum": None}, "expected a header with the checksum None"),
        ]:
            with self.subTest(pattern):
                forge(**changes)
                self.assert_refused(pattern, load_into, fresh(), self.path)
        forge(new="text")
        load_into(fresh(), self.path)

    def test_two_keys_of_one_path(self):
        write(self.path, {"0": np.ones(1, np.float32), "\\0": np.ones(1, np.float32)}, {}, {})
        self.assert_refused("expected one key for a path", load_into, fresh(), self.path)

    def test_dtypes_of_other_programs(self):
        text = b'{"w":{"dtype":"F8_E5M2","shape":[2],"data_offsets":[0,2]}}'
        self.path.write_bytes(len(text).to_bytes(8, "little") + text + b"\0\0")
        self.assert_refused("at w: expected one of F32, .*, got F8_E5M2", load_into, fresh(), self.path)

    def test_no_file(self):
        with self.assertRaisesRegex(FileNotFoundError, "and no run.safetensors.index.json"):
            load_into(fresh(), self.path)
        with self.assertRaises(OSError):
            save(MODEL, self.folder / "none" / "x.safetensors")

    def test_metadata(self):
        save(MODEL, self.path, metadata={"note": "ü", "": "x"})
        self.assertEqual(self.content().metadata, {"note": "ü", "": "x"})
        for metadata in ({"nnx.step": "1"}, {"a": 1}, {1: "a"}):
            self.assert_refused("expected metadata to have texts", save, MODEL, self.path, metadata=metadata)

    def test_links_and_permissions(self):
        real = self.folder / "real.safetensors"
        real.write_bytes(b"old")
        self.path.symlink_to(real)
        save(MODEL, self.path)
        self.assertTrue(self.path.is_symlink())
        load_into(fresh(), real)
        plain = self.folder / "plain"
        plain.write_bytes(b"")
        self.assertEqual(real.stat().st_mode, plain.stat().st_mode)


class Shards(FolderTest):
    """As `save` of nnxjs writes them with `maxShardBytes`."""

    def setUp(self):
        super().setUp()
        names = [f"run-0123abcd-0000{i}-of-00002.safetensors" for i in (1, 2)]
        self.shards = [self.folder / name for name in names]
        save({"a": MODEL["a"], "é": MODEL["é"]}, self.shards[0])
        save({"b": MODEL["b"]}, self.shards[1])
        sums = {shard.name: _checksum_in(shard) for shard in self.shards}
        self.index = {
            "metadata": {"total_size": 16, "nnx.format": "1", "nnx.shards": sums},
            "weight_map": {"a": names[0], "b": names[1]},
        }
        self.write_index(self.index)

    def write_index(self, index):
        (self.folder / "run.safetensors.index.json").write_text(index if isinstance(index, str) else json.dumps(index))

    def test_are_read(self):
        model = fresh()
        self.assertEqual(load_into(model, self.path), [])
        self.assertEqual(values_of(model), values_of(MODEL))
        model = fresh()
        self.assertEqual(load_into(model, self.folder / "run.safetensors.index.json"), [])
        self.assertEqual(values_of(model), values_of(MODEL))

    def test_of_others_have_no_checksums(self):
        self.write_index({"weight_map": self.index["weight_map"]})
        self.assertEqual(load_into(fresh(), self.path), [])

    def test_an_index_that_is_wrong(self):
        own, weights = self.index["metadata"], self.index["weight_map"]
        for index, pattern in [
            ("{", "an index in JSON"),
            ("[]", "an object with weight_map"),
            ({"metadata": own, "weight_map": {"a": 1}}, "an object with weight_map"),
            ({"metadata": own, "weight_map": {"a": weights["a"]}}, "an index of all 2 tensors"),
            ({"metadata": {**own, "total_size": 15}, "weight_map": weights}, "an index of all 2 tensors"),
            ({"metadata": {**own, "total_size": None}, "weight_map": weights}, "nnx.shards and total_size"),
            ({"metadata": {**own, "nnx.format": "2"}, "weight_map": weights}, "version 1"),
            ({"metadata": own, "weight_map": {**weights, "c": weights["a"]}}, "c in run-0123abcd-00001"),
            ({"metadata": own, "weight_map": {**weights, "a": "other"}}, "other among nnx.shards"),
            ({"weight_map": {"a": "../run.safetensors"}}, "names of files, without folders"),
            ({"weight_map": {"a": ".."}}, "names of files, without folders"),
            ({"weight_map": {"a": "gone.safetensors"}}, "the file gone.safetensors beside it"),
        ]:
            with self.subTest(pattern):
                self.write_index(index)
                self.assert_refused(pattern, load_into, fresh(), self.path)

    def test_of_different_saves(self):
        save({"b": nnx.RngCount(jnp.uint32(8)), "x": nnx.Param(jnp.ones(1))}, self.shards[1])
        self.assert_refused("a file of the same save", load_into, fresh(), self.path)

    def test_go_when_one_file_is_saved(self):
        other = self.folder / "running-0123abcd-00001-of-00002.safetensors"
        other.write_bytes(b"")
        save(MODEL, self.path)
        self.assertEqual(sorted(os.listdir(self.folder)), ["run.safetensors", other.name])


def _checksum_in(path):
    length = int.from_bytes(path.read_bytes()[:8], "little")
    return json.loads(path.read_bytes()[8 : 8 + length])["__metadata__"]["nnx.checksum"]


KILLED = """
import os, signal, sys
import jax.numpy as jnp
from flax import nnx
import nnxjs_flax
os.fsync = lambda file: os.kill(os.getpid(), signal.SIGKILL)
nnxjs_flax.save({"a": nnx.Param(jnp.full(3, 9.0))}, sys.argv[1])
"""


@unittest.skipUnless(os.name == "posix", "Windows kills otherwise")
class Killed(FolderTest):
    def test_the_old_file_stays_and_the_rest_goes(self):
        save(MODEL, self.path)
        before = self.path.read_bytes()
        ended = subprocess.run(
            [sys.executable, "-c", KILLED, self.path], env={**os.environ, "PYTHONPATH": str(PACKAGE)}
        )
        self.assertEqual(ended.returncode, -signal.SIGKILL)
        self.assertEqual(self.path.read_bytes(), before)
        left = set(os.listdir(self.folder)) - {self.path.name}
        self.assertRegex(left.pop(), r"^\.run\.safetensors\..+\.tmp$")
        save(MODEL, self.path)
        self.assertEqual(os.listdir(self.folder), [self.path.name])

    def test_an_error_leaves_nothing(self):
        save(MODEL, self.path)
        before, replace = self.path.read_bytes(), os.replace
        os.replace = lambda *paths: (_ for _ in ()).throw(OSError("no"))
        self.addCleanup(setattr, os, "replace", replace)
        with self.assertRaises(OSError):
            save(MODEL, self.path)
        self.assertEqual(self.path.read_bytes(), before)
        self.assertEqual(os.listdir(self.folder), [self.path.name])


if __name__ == "__main__":
    unittest.main()
