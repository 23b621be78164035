"""optax's schedules at their boundaries, before, between and far beyond them. Run: python conformance/schedules.py"""
import optax

from golden_file import finish

COUNTS = [0, 1, 2, 3, 4, 5, 6, 7, 9, 10, 11, 12, 19, 20, 21, 25, 30, 31, 99, 100, 101, 10**6, 2**24 + 1, 2**31 - 1]


def camel(name):
    head, *rest = name.split("_")
    return head + "".join(part.capitalize() for part in rest)


cases = []


def case(name, *args, **options):
    """What optax takes by position here has no default; the rest goes by name."""
    schedule = getattr(optax, name)(*args, **options)
    values = [float(f"{float(schedule(count)):.8g}") for count in COUNTS]
    cases.append({"name": camel(name), "args": args, "options": {camel(k): v for k, v in options.items()}, "values": values})


case("constant_schedule", 0.3)
case("linear_schedule", 1.0, 0.1, 10)
case("linear_schedule", 0.0, 2.0, 20, transition_begin=5)
case("polynomial_schedule", 1.0, 0.01, 2, 10)
case("polynomial_schedule", 0.1, 1.0, 0.5, 20, transition_begin=3)
case("polynomial_schedule", 1.0, 0.25, 0, 10)
case("exponential_decay", 0.5, 10, 0.9)
case("exponential_decay", 0.5, 10, 0.5, staircase=True, transition_begin=1)
case("exponential_decay", 0.5, 4, 0.5, end_value=0.01)
case("exponential_decay", 0.5, 4, 1.5, end_value=2.0)
case("cosine_decay_schedule", 0.5, 20)
case("cosine_decay_schedule", 0.5, 20, alpha=0.1, exponent=2.0)
case("cosine_decay_schedule", 0.5, 10**6)
case("warmup_constant_schedule", 0.1, 1.0, 10)
case("warmup_cosine_decay_schedule", 0.0, 1.0, 5, 20)
case("warmup_cosine_decay_schedule", 0.1, 1.0, 10, 30, end_value=0.01, exponent=1.5)
case("warmup_cosine_decay_schedule", 0.1, 1.0, 0, 20)
case("warmup_cosine_decay_schedule", 0.1, 0.0, 5, 20, end_value=0.5)
case("warmup_exponential_decay_schedule", 0.0, 1.0, 5, 10, 0.5)
case("warmup_exponential_decay_schedule", 0.0, 1.0, 10, 4, 0.9, transition_begin=2, staircase=True, end_value=0.2)
case("warmup_exponential_decay_schedule", 0.5, 1.0, 0, 10, 0.5)
case("cosine_onecycle_schedule", 20, 1.0)
case("cosine_onecycle_schedule", 100, 2.0, pct_start=0.1, div_factor=10.0, final_div_factor=100.0)
case("cosine_onecycle_schedule", 1, 1.0)
case("linear_onecycle_schedule", 20, 1.0)
case("linear_onecycle_schedule", 100, 2.0, pct_start=0.1, pct_final=0.2, div_factor=10.0, final_div_factor=100.0)
case("linear_onecycle_schedule", 1, 1.0)
case("linear_onecycle_schedule", 20, 1.0, pct_start=0.5, pct_final=0.5)


def scaled(name, *args):
    """The scales by step are the last argument; JSON has them under texts."""
    schedule = getattr(optax, name)(*args)
    values = [float(f"{float(schedule(count)):.8g}") for count in COUNTS]
    cases.append({"name": camel(name), "args": list(args), "options": {}, "values": values})


scaled("piecewise_constant_schedule", 1.0)
scaled("piecewise_constant_schedule", 1.0, {5: 0.5, 10: 0.5, 100: 0.0})
scaled("piecewise_constant_schedule", 2.0, {20: 3.0, 0: 0.25})
for kind in ["linear", "cosine"]:
    scaled("piecewise_interpolate_schedule", kind, 1.0)
    scaled("piecewise_interpolate_schedule", kind, 1.0, {5: 0.5, 10: 0.5, 100: 0.0})
    scaled("piecewise_interpolate_schedule", kind, 2.0, {20: 3.0, 0: 0.25})

CYCLES = [
    {"init_value": 0.0, "peak_value": 1.0, "warmup_steps": 2, "decay_steps": 5},
    {"init_value": 0.1, "peak_value": 0.5, "warmup_steps": 0, "decay_steps": 5, "end_value": 0.2},
    {"init_value": 0.2, "peak_value": 0.4, "warmup_steps": 10, "decay_steps": 90, "exponent": 2.0},
]
sgdr = optax.sgdr_schedule(CYCLES)
joined = optax.join_schedules([optax.linear_schedule(0.0, 1.0, 5), optax.constant_schedule(0.5), optax.cosine_decay_schedule(1.0, 10)], [5, 20])
content = {
    "counts": COUNTS,
    "cases": cases,
    "sgdr": {"cycles": [{camel(k): v for k, v in cycle.items()} for cycle in CYCLES], "values": [float(f"{float(sgdr(c)):.8g}") for c in COUNTS]},
    "joined": {"values": [float(f"{float(joined(c)):.8g}") for c in COUNTS]},
}
note = "the value at each of counts; joined is linear 0 to 1 in 5, constant 0.5 from 5, cosine decay from 1 in 10 from 20"
finish("schedules", content, libraries=("jax", "optax"), note=note)
