"""Runs every script of this folder with the arguments given: `python conformance/all.py --check`. Ends with 1 where one did.

Then it runs the Python of docs/flax-and-back.md and the tests of nnxjs_flax, which have no golden files.
"""

import pathlib
import subprocess
import sys

HERE = pathlib.Path(__file__).resolve().parent
SCRIPTS = sorted(path for path in HERE.glob("*.py") if "from golden_file import finish" in path.read_text() and path.name != "all.py")

MODULE = HERE.parent / "packages/checkpoint/python"

commands = {path.stem: [path, *sys.argv[1:]] for path in SCRIPTS}
commands["flax_and_back"] = [HERE / "flax_and_back.py"]
commands["nnxjs_flax"] = ["-m", "unittest", "discover", "-t", MODULE, "-s", MODULE / "tests"]

failed = [name for name, command in commands.items() if subprocess.run([sys.executable, *command]).returncode != 0]
print(f"{len(commands)} scripts, {len(failed)} failed" + (f": {', '.join(failed)}" if failed else ""))
sys.exit(1 if failed else 0)
