"""Optimizers and schedules of optax beyond the cases of flax.json. Run: python conformance/training.py"""
import jax
import jax.numpy as jnp
import numpy as np
import optax

from golden_file import finish

PARAMS = [[0.5, -1.0, 2.0], [3.0, 0.25, -0.75]]
STEPS = 3


def gradient(step):
    """Made of numbers that a test can make too."""
    return {"w": jnp.asarray(np.linspace(-1, 1, 6).reshape(2, 3) * (step + 1), dtype=jnp.float32)}


def run(tx):
    params = {"w": jnp.asarray(PARAMS, dtype=jnp.float32)}
    state = tx.init(params)
    for step in range(STEPS):
        updates, state = tx.update(gradient(step), state, params)
        params = optax.apply_updates(params, updates)
    return np.asarray(params["w"]).ravel().tolist()


def values(schedule, n):
    return [float(schedule(i)) for i in range(n)]


content = {
    "params": PARAMS,
    "optimizers": {
        "rmsprop_centered_nesterov": run(optax.rmsprop(0.01, centered=True, momentum=0.9, nesterov=True)),
        "rmsprop_eps_outside": run(optax.rmsprop(0.01, eps_in_sqrt=False, initial_scale=1.0, eps=1e-3)),
        "adamw_options": run(optax.adamw(0.01, b1=0.8, b2=0.99, eps=1e-3, eps_root=1e-4, weight_decay=0.3)),
        "lion_options": run(optax.lion(0.01, b1=0.5, b2=0.7, weight_decay=0.2)),
        "clip_all_below": run(optax.chain(optax.clip_by_global_norm(100.0), optax.sgd(0.1, momentum=0.5))),
    },
    "schedules": {
        "exponential_staircase": values(optax.exponential_decay(0.1, 4, 0.5, transition_begin=2, staircase=True, end_value=0.03), 14),
        "exponential_up": values(optax.exponential_decay(0.1, 4, 1.5, end_value=0.3), 14),
        "cosine": values(optax.cosine_decay_schedule(0.1, 5, alpha=0.1, exponent=2.0), 8),
    },
}
note = "three steps with gradients linspace(-1, 1, 6) * (step + 1) from params; the params after them"
finish("training", content, libraries=("jax", "optax"), note=note)
