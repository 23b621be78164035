"""Runs the Python of docs/flax-and-back.md, block after block as one program, on eight virtual devices: python conformance/flax_and_back.py

The file that the page's first block writes in TypeScript is the golden one of the same model. Ends with 1 where a block raises.
"""

import os
import pathlib
import re
import shutil
import sys
import tempfile

# Before JAX is imported.
os.environ["XLA_FLAGS"] = "--xla_force_host_platform_device_count=8"
os.environ["JAX_PLATFORMS"] = "cpu"

ROOT = pathlib.Path(__file__).resolve().parent.parent
PAGE = ROOT / "docs/flax-and-back.md"
sys.path.insert(0, str(ROOT / "packages/checkpoint/python"))

text = PAGE.read_text(encoding="utf-8")
blocks = [
    (text[: match.start(1)].count("\n"), match[1])
    for match in re.finditer(r"^```python\n(.*?)^```$", text, re.DOTALL | re.MULTILINE)
]
if not blocks:
    sys.exit(f"{PAGE}: expected blocks of Python, got none.")
with tempfile.TemporaryDirectory() as folder:
    shutil.copy(
        ROOT / "conformance/golden/exchange-from-nnxjs-mlp.safetensors", pathlib.Path(folder) / "run.safetensors"
    )
    os.chdir(folder)
    names = {"__name__": "page"}
    for line, code in blocks:
        # Lines of tracebacks are the page's.
        exec(compile("\n" * line + code, str(PAGE), "exec"), names)
    os.chdir(ROOT)
print(f"flax-and-back.md: {len(blocks)} blocks ran")
