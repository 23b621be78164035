"""Checkpoints of nnxjs, read and written with Flax NNX.

    import nnxjs_flax

    nnxjs_flax.load_into({"model": model, "optimizer": optimizer}, "run.safetensors")
    ...  # go on with jit, on as many devices as there are
    nnxjs_flax.save({"model": model, "optimizer": optimizer}, "run.safetensors")

The format is described in ../../FORMAT.md.
"""

from .exchange import load_into, save
from .files import CheckpointError
from .orbax_directories import from_orbax, to_orbax

__all__ = ["CheckpointError", "from_orbax", "load_into", "save", "to_orbax"]
