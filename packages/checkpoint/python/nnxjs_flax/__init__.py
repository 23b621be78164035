"""Checkpoints of nnxjs, read and written with Flax NNX.

    import nnxjs_flax

    nnxjs_flax.load_into({"model": model, "optimizer": optimizer}, "run.safetensors")
    ...  # go on with jit, on as many devices as there are
    nnxjs_flax.save({"model": model, "optimizer": optimizer}, "run.safetensors")

README.md says what maps to what, FORMAT.md of @nnxjs/checkpoint what is in a file.
"""

from .errors import CheckpointError
from .exchange import load_into, save
from .orbax_directories import from_orbax, to_orbax

__all__ = ["CheckpointError", "from_orbax", "load_into", "save", "to_orbax"]
