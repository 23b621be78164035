"""The order of shuffled epochs, as JAX gives it. Run: python conformance/batches.py"""
import jax

from golden_file import finish

CASES = [(seed, epoch, n) for seed, n in ((0, 10), (1, 257), (42, 1000), (7, 1)) for epoch in (0, 1, 5)]

orders = [
    {
        "seed": seed,
        "epoch": epoch,
        "n": n,
        "order": jax.random.permutation(jax.random.fold_in(jax.random.key(seed), epoch), n).tolist(),
    }
    for seed, epoch, n in CASES
]
finish("batches", {"orders": orders}, libraries=("jax",), note="permutation(fold_in(key(seed), epoch), n)")
