"""Several processes that train one model."""

import jax
import numpy as np

from .errors import CheckpointError


def first_writes(write):
    """Runs `write` in the first process, and returns in all of them when it is done.

    Raises what it raised there; CheckpointError in the others.
    """
    if jax.process_count() == 1:
        write()
        return
    from jax.experimental import multihost_utils

    error = None
    if jax.process_index() == 0:
        try:
            write()
        except Exception as caught:
            error = caught
    failed = bool(multihost_utils.broadcast_one_to_all(np.asarray(error is not None)))
    if error is not None:
        raise error
    if failed:
        raise CheckpointError(
            "save: expected the first process to write the file, got an error there. Its own message says more."
        )
