"""The public names of Flax NNX, jax.random and optax, which docs/deviations.md accounts for.

    python conformance/parity.py

writes conformance/golden/parity.json.
"""

import flax.nnx as nnx
import jax
import optax
import optax.losses

from golden_file import finish


def public(thing, but=()):
    """What a module or a class has that does not begin with an underscore."""
    return sorted(name for name in dir(thing) if not name.startswith("_") and name not in but)


names = {
    "flax.nnx": public(nnx),
    "flax.nnx.initializers": public(nnx.initializers),
    "flax.nnx.metrics": [name for name in public(nnx.metrics) if isinstance(getattr(nnx.metrics, name), type)
                         and getattr(nnx.metrics, name).__module__ == nnx.metrics.__name__],
    "flax.nnx.Module": public(nnx.Module),
    "flax.nnx.Variable": public(nnx.Variable, public(object)),
    "flax.nnx.Rngs": public(nnx.Rngs),
    "flax.nnx.RngStream": public(nnx.RngStream),
    "jax.random": public(jax.random),
    "optax": public(optax),
    "optax.losses": public(optax.losses, public(optax)),
}

if __name__ == "__main__":
    finish("parity", {"names": names}, libraries=("flax", "jax", "optax"), seed="none")
