"""How every script here ends: one golden file with its provenance, or, with --check, a comparison with the one that is there.

    python conformance/<name>.py            writes conformance/golden/<name>.json
    python conformance/<name>.py --check    compares, writes nothing, and ends with 1 where a value differs

A file is one object: `provenance` (the command, the seed, the versions of the libraries that made the numbers), then the numbers.
Numbers that JSON lacks are `null` or the strings "nan", "inf" and "-inf", as each script says.
"""

import importlib
import json
import pathlib
import sys

# Of the largest number beside it, or 1e-6 where sums cancel. Integers, digests and texts are compared exactly.
TOLERANCE = 1e-5

GOLDEN = pathlib.Path(__file__).resolve().parent / "golden"


def versions(libraries):
    """The versions that the libraries themselves state."""
    return {name: importlib.import_module(name).__version__ for name in libraries}


def finish(name, content, *, libraries=("jax", "numpy"), script=None, **provenance):
    """Writes golden/<name>.json, or compares with it. Further keywords (seed, a note) go into the provenance."""
    command = f"python conformance/{script or name.replace('-', '_')}.py"
    document = {"provenance": {"command": command, **versions(libraries), **provenance}, **content}
    target = GOLDEN / f"{name}.json"
    text = render(document)
    if "--check" not in sys.argv:
        target.parent.mkdir(exist_ok=True)
        target.write_text(text)
        print(f"wrote {target.relative_to(GOLDEN.parent.parent)}: {len(text)} bytes")
        return
    found = list(differences(json.loads(text), json.loads(target.read_text()), name))
    for line in found[:20]:
        print(line)
    print(f"{name}: " + (f"{len(found)} differences" if found else "equal"))
    sys.exit(1 if found else 0)


def render(document):
    """JSON with one line for each entry of the first two levels, so that a changed case is one changed line."""
    parts = []
    for key, value in document.items():
        if isinstance(value, list) and value and isinstance(value[0], (dict, list)):
            rows = ",\n".join(compact(item) for item in value)
            parts.append(f"{compact(key)}: [\n{rows}\n]")
        elif isinstance(value, dict) and value:
            rows = ",\n".join(f"{compact(k)}: {compact(v)}" for k, v in value.items())
            parts.append(f"{compact(key)}: {{\n{rows}\n}}")
        else:
            parts.append(f"{compact(key)}: {compact(value)}")
    return "{\n" + ",\n".join(parts) + "\n}\n"


def compact(value):
    return json.dumps(value, separators=(",", ":"))


def differences(made, stored, path):
    """Where two documents differ. Processors round sums in different orders, so that floats may differ by TOLERANCE."""
    if isinstance(made, dict) and isinstance(stored, dict):
        for key in [*made, *(k for k in stored if k not in made)]:
            if key not in made or key not in stored:
                yield f"{path}.{key}: {'not made' if key in stored else 'not stored'}"
            else:
                yield from differences(made[key], stored[key], f"{path}.{key}")
    elif isinstance(made, list) and isinstance(stored, list) and len(made) == len(stored):
        scale = max((abs(x) for x in stored if is_float(x)), default=0)
        near = max(TOLERANCE * scale, 1e-6)
        for i, (a, b) in enumerate(zip(made, stored)):
            if not (is_float(a) and is_float(b) and abs(a - b) <= near):
                yield from differences(a, b, f"{path}[{i}]")
    elif is_float(made) and is_float(stored):
        if abs(made - stored) > TOLERANCE * abs(stored):
            yield f"{path}: made {made!r}, stored {stored!r}"
    elif made != stored:
        yield f"{path}: made {made!r}, stored {stored!r}"


def is_float(x):
    return isinstance(x, float)
