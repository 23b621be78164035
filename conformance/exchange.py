"""Runs that begin in Flax and go on in nnxjs, and the other way: python conformance/exchange.py

Writes golden/exchange-from-flax-<name>.safetensors, checkpoints of Flax after 20 steps, and golden/exchange.json: logits and the losses of
the next five steps, of these and of golden/exchange-from-nnxjs-<name>.safetensors, which `node scripts/run.mjs conformance/exchange-write.ts`
writes. All are read into models of another seed. Flax 0.12.8's `nnxjs_flax` is packages/checkpoint/python.
"""

import pathlib
import sys
import tempfile

import numpy as np

from golden_file import GOLDEN, finish

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "packages/checkpoint/python"))

import nnxjs_flax  # noqa: E402
from nnxjs_flax.reading import read  # noqa: E402

from exchange_models import MODELS, logits, make, train  # noqa: E402

SEED, OTHER_SEED, STEPS, NEXT = 0, 7, 20, 5


def write_checkpoint(name):
    """Trains and saves; with --check compares with the file that is there."""
    run = make(name, SEED)
    train(name, run, 0, STEPS)
    path = GOLDEN / f"exchange-from-flax-{name}.safetensors"
    if "--check" not in sys.argv:
        nnxjs_flax.save(run, path)
        return
    with tempfile.TemporaryDirectory() as folder:
        made_path = pathlib.Path(folder) / "made.safetensors"
        nnxjs_flax.save(run, made_path)
        made, stored = read(made_path), read(path)
    # A step of Adam is of full size also where the gradient is rounding alone, so that no bound on single weights is safe.
    same = made.leaves == stored.leaves and all(
        np.array_equal(made.arrays[key], array) if array.dtype.kind == "u" else made.arrays[key].shape == array.shape
        for key, array in stored.arrays.items()
    )
    if not same:
        sys.exit(f"exchange: {path.name} has other leaves, keys or counts than a run of today.")


def goes_on(name, path):
    """What Flax computes from a file on."""
    run = make(name, OTHER_SEED)
    nnxjs_flax.load_into(run, path)
    return {"logits": logits(name, run), "losses": train(name, run, STEPS, NEXT)}


for each in MODELS:
    write_checkpoint(each)
content = {
    side: {name: goes_on(name, GOLDEN / f"exchange-{side}-{name}.safetensors") for name in MODELS}
    for side in ("from-flax", "from-nnxjs")
}
finish("exchange", content, libraries=("jax", "flax", "optax", "safetensors"), seed=SEED, steps=STEPS)
