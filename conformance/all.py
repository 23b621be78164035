"""Runs every script of this folder with the arguments given: `python conformance/all.py --check`. Ends with 1 where one did."""

import pathlib
import subprocess
import sys

HERE = pathlib.Path(__file__).resolve().parent
SCRIPTS = sorted(path for path in HERE.glob("*.py") if "from golden_file import finish" in path.read_text() and path.name != "all.py")

failed = [path.stem for path in SCRIPTS if subprocess.run([sys.executable, path, *sys.argv[1:]]).returncode != 0]
print(f"{len(SCRIPTS)} scripts, {len(failed)} failed" + (f": {', '.join(failed)}" if failed else ""))
sys.exit(1 if failed else 0)
