"""The process of JAX and Flax: as worker.ts."""

import importlib.util
import json
import os
import pathlib
import sys
import time

# One thread: this compares work and not cores.
os.environ["XLA_FLAGS"] = "--xla_cpu_multi_thread_eigen=false intra_op_parallelism_threads=1"
os.environ["JAX_PLATFORMS"] = "cpu"
sys.dont_write_bytecode = True
here = pathlib.Path(__file__).parent
sys.path.insert(0, str(here))
answers = os.fdopen(3, "w")
current = None


def send(message):
    print(json.dumps(message), file=answers, flush=True)


def milliseconds_of(step):
    before = time.process_time()
    loss = step()
    return loss, (time.process_time() - before) * 1000


def runs_of(group):
    file = here.parent / "cases" / group / "jax.py"
    if not file.exists():
        return {}
    sys.path.insert(0, str(file.parent))
    spec = importlib.util.spec_from_file_location(f"case_{group}", file)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    sys.path.pop(0)
    return module.runs


def prepare(group, entry, warm_up):
    global current
    before = time.process_time()
    make = runs_of(group).get(entry)
    if make is None:
        return {"exists": False}
    # Either a step, or a step and what to check.
    made = make()
    current, check = made if isinstance(made, tuple) else (made, None)
    numbers = None if check is None else [float(x) for x in check()]
    losses, total, steps = [], 0.0, 0
    while steps < 3 or (total < warm_up and steps < 1000):
        loss, last = milliseconds_of(current)
        if loss is not None and steps < 3:
            losses.append(float(loss))
        total += last if steps > 0 else 0  # the first step compiles
        steps += 1
        if last > 5 * warm_up and steps > 1:
            break  # a long step warms up by itself
    return {
        "exists": True,
        "numbers": losses if numbers is None else numbers,
        "milliseconds": last,
        "prepared": (time.process_time() - before) * 1000,
    }


def measure(steps, unmeasured):
    for _ in range(unmeasured):
        current()
    before = time.process_time()
    for _ in range(steps):
        current()
    return {"milliseconds": (time.process_time() - before) * 1000 / steps}


import jax  # noqa: E402, F401

send({"ready": True})
for line in sys.stdin:
    request = json.loads(line)
    try:
        if request["do"] == "prepare":
            send(prepare(request["group"], request["entry"], request["warmUp"]))
        else:
            send(measure(request["steps"], request["unmeasured"]))
    except Exception as error:  # what failed is a result, too
        send({"error": str(error)})
