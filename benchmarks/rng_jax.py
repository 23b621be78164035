"""CPU time of real JAX's samplers on one core, in nanoseconds per element.

    python benchmarks/rng_jax.py [--json] [SIZE ...]

Compiled functions, medians, process time. With --json it prints what benchmarks/rng.ts reads.
"""

import os

os.environ["XLA_FLAGS"] = "--xla_cpu_multi_thread_eigen=false intra_op_parallelism_threads=1"
os.environ["JAX_PLATFORMS"] = "cpu"
if hasattr(os, "sched_setaffinity"):
    os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})

import json
import statistics
import sys
import time

import jax
import jax.numpy as jnp
from jax import random

KEEP = 0.75


def samplers(n):
    x = jnp.arange(n, dtype=jnp.float32)
    mask = lambda key: jnp.where(random.bernoulli(key, KEEP, (n,)), x / KEEP, 0)
    return {
        "bits": lambda key: random.bits(key, (n,)),
        "uniform": lambda key: random.uniform(key, (n,)),
        "normal": lambda key: random.normal(key, (n,)),
        "bernoulli": lambda key: random.bernoulli(key, KEEP, (n,)),
        "fused mask": mask,
    }


def measure(function, rounds):
    key = random.key(1701)
    compiled = jax.jit(function)
    compiled(key).block_until_ready()
    times = []
    for _ in range(rounds):
        before = time.process_time_ns()
        compiled(key).block_until_ready()
        times.append(time.process_time_ns() - before)
    return statistics.median(times)


def main():
    arguments = [a for a in sys.argv[1:] if a != "--json"]
    sizes = [int(a) for a in arguments] or [1 << 20, 1 << 24]
    results = []
    for n in sizes:
        for name, function in samplers(n).items():
            nanoseconds = measure(function, 5 if n > 1 << 20 else 25)
            results.append({"name": name, "size": n, "nanoseconds": nanoseconds})
    if "--json" in sys.argv:
        print(json.dumps(results))
        return
    print(f"jax {jax.__version__}, one core")
    for r in results:
        print(f"  {r['name']:12} {r['size'] >> 20:3}M {r['nanoseconds'] / r['size']:8.2f} ns per element")


if __name__ == "__main__":
    main()
