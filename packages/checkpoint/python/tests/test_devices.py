"""Arrays over many devices, in one process and in two; 64-bit mode."""

import os
import pathlib
import socket
import subprocess
import sys
import textwrap
import unittest

import jax
import jax.numpy as jnp
import numpy as np
import optax
from flax import nnx
from jax.sharding import NamedSharding, PartitionSpec as P

from nnxjs_flax import load_into, save

from .common import FolderTest, values_of

PACKAGE = pathlib.Path(__file__).resolve().parent.parent


def make(seed, mesh=None):
    model = nnx.Linear(8, 16, rngs=nnx.Rngs(seed))
    run = {"model": model, "optimizer": nnx.Optimizer(model, optax.adam(0.1), wrt=nnx.Param), "rngs": nnx.Rngs(seed)}
    if mesh is not None:
        for path, variable in nnx.to_flat_state(nnx.state(run)):
            spec = P("x", "y") if variable.get_raw_value().shape == (8, 16) else P()
            variable.set_raw_value(jax.device_put(variable.get_raw_value(), NamedSharding(mesh, spec)))
    return run


@unittest.skipUnless(jax.device_count() >= 8, "needs XLA_FLAGS=--xla_force_host_platform_device_count=8")
class Sharded(FolderTest):
    def test_arrays_keep_their_sharding(self):
        mesh = jax.make_mesh((4, 2), ("x", "y"))
        save(make(0, mesh), self.path)
        plain, sharded = make(1), make(1, mesh)
        load_into(plain, self.path)
        load_into(sharded, self.path)
        self.assertEqual(values_of(plain), values_of(make(0)))
        self.assertEqual(values_of(sharded), values_of(make(0)))
        for kernel in (sharded["model"].kernel, sharded["optimizer"].opt_state[0].mu.kernel):
            self.assertEqual(kernel.get_raw_value().sharding, NamedSharding(mesh, P("x", "y")))
            self.assertEqual(kernel.get_raw_value().addressable_shards[0].data.shape, (2, 8))
        self.assertEqual(len(sharded["rngs"].default.key.get_raw_value().sharding.device_set), 8)

    def test_arrays_that_are_nowhere_in_particular_stay_so(self):
        save(make(0), self.path)
        model = make(1)["model"]
        self.assertFalse(model.kernel.get_raw_value().committed)
        load_into({"model": model}, self.path, strict=False)
        self.assertFalse(model.kernel.get_raw_value().committed)
        far = jax.device_put(jnp.ones((1, 8)), jax.devices()[3])
        self.assertEqual(model(far).devices(), {jax.devices()[3]})

    def test_an_abstract_model_with_shardings(self):
        mesh = jax.make_mesh((8,), ("x",))
        save(make(0), self.path)
        model = nnx.eval_shape(lambda: make(1))["model"]
        abstract = model.kernel.get_raw_value()
        model.kernel.set_raw_value(
            jax.ShapeDtypeStruct(abstract.shape, abstract.dtype, sharding=NamedSharding(mesh, P("x")))
        )
        load_into({"model": model}, self.path, strict=False)
        self.assertEqual(model.kernel.get_raw_value().sharding, NamedSharding(mesh, P("x")))


class In64Bits(FolderTest):
    def setUp(self):
        super().setUp()
        jax.config.update("jax_enable_x64", True)
        self.addCleanup(jax.config.update, "jax_enable_x64", False)

    def test_doubles_take_floats_and_are_refused(self):
        save({"w": nnx.Param(jnp.asarray([0.1, 2], jnp.float32)), "n": nnx.Variable(jnp.int64(5))}, self.path)
        self.assertEqual(self.content().arrays["n"].dtype, np.int32)
        double = {"w": nnx.Param(jnp.zeros(2)), "n": nnx.Variable(jnp.int64(0))}
        load_into(double, self.path)
        self.assertEqual(values_of(double)[("w",)], ("float64", [float(np.float32(0.1)), 2.0]))
        self.assert_refused(
            "at w: expected values that tensorflow.js can hold, got float64. Cast it to float32",
            save,
            double,
            self.path,
        )

    def test_counts_and_hyperparameters_of_64_bits(self):
        def of(seed):
            model = nnx.Linear(1, 1, rngs=nnx.Rngs(seed))
            return nnx.Optimizer(model, optax.inject_hyperparams(optax.sgd)(0.1 + seed), wrt=nnx.Param)

        self.assert_round_trip(of)
        self.assertEqual(
            self.content().arrays["optState.hyperparams.learningRate"],
            np.float64(np.asarray(of(0).opt_state.hyperparams["learning_rate"].get_raw_value())),
        )


PROCESS = """
import sys
import jax
jax.config.update("jax_cpu_collectives_implementation", "gloo")
jax.distributed.initialize(f"127.0.0.1:{sys.argv[2]}", 2, int(sys.argv[3]))
import jax.numpy as jnp
import numpy as np
from flax import nnx
from jax.sharding import NamedSharding, PartitionSpec as P
import nnxjs_flax

mesh = jax.make_mesh((jax.device_count(),), ("x",))
def make(seed):
    model = nnx.Linear(8, 3, rngs=nnx.Rngs(seed))
    drop = nnx.Dropout(0.5, rngs=nnx.Rngs(seed))
    place = lambda value, spec: jax.make_array_from_callback(value.shape, NamedSharding(mesh, spec), lambda i: value[i])
    model.kernel.set_raw_value(place(np.asarray(model.kernel), P("x")))
    model.bias.set_raw_value(place(np.asarray(model.bias) + seed, P()))
    drop.rngs.key.set_raw_value(jax.jit(lambda: jax.random.key(seed), out_shardings=NamedSharding(mesh, P()))())
    return {"model": model, "drop": drop}

nnxjs_flax.save(make(0), sys.argv[1])
fresh = make(1)
nnxjs_flax.load_into(fresh, sys.argv[1])
kernel = fresh["model"].kernel.get_raw_value()
assert kernel.sharding == NamedSharding(mesh, P("x")) and not kernel.is_fully_addressable
for shard in kernel.addressable_shards:
    assert (np.asarray(shard.data) == np.asarray(nnx.Linear(8, 3, rngs=nnx.Rngs(0)).kernel)[shard.index]).all()
assert (jax.random.key_data(fresh["drop"].rngs.key.get_raw_value()).addressable_data(0) == jax.random.key_data(jax.random.key(0))).all()
try:
    nnxjs_flax.save(make(0), "/nowhere/at/all.safetensors")
except (nnxjs_flax.CheckpointError, OSError) as error:
    assert isinstance(error, OSError) == (jax.process_index() == 0), error
else:
    raise AssertionError("saved nowhere")
print("done")
"""


class TwoProcesses(FolderTest):
    def test_gather_write_once_and_take_their_parts(self):
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            port = str(free.getsockname()[1])
        env = {
            **os.environ,
            "PYTHONPATH": str(PACKAGE),
            "XLA_FLAGS": "--xla_force_host_platform_device_count=2",
            "JAX_PLATFORMS": "cpu",
        }
        running = [
            subprocess.Popen(
                [sys.executable, "-c", textwrap.dedent(PROCESS), self.path, port, str(i)],
                env=env,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                text=True,
            )
            for i in range(2)
        ]
        try:
            said = [process.communicate(timeout=300)[0] for process in running]
        finally:
            for process in running:
                process.kill()
        for process, text in zip(running, said):
            self.assertEqual(process.returncode, 0, text)
            self.assertTrue(text.endswith("done\n"), text)


if __name__ == "__main__":
    unittest.main()
