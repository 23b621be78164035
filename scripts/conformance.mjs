// Runs the scripts of conformance/ with JAX and Flax: `npm run conformance` checks every golden
// file. Only this command needs Python. Without Python or its libraries it checks nothing, and says
// so.
import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";

const candidates = [
  process.env.PYTHON,
  ".venv/bin/python",
  ".venv\\Scripts\\python.exe",
  "python3",
  "python",
];
const probe = "import jax, flax, optax, numpy, safetensors, orbax.checkpoint";
const python = candidates.find(
  (each) =>
    each !== undefined &&
    (!/[/\\]/.test(each) || existsSync(each)) &&
    spawnSync(each, ["-c", probe], { stdio: "ignore" }).status === 0,
);
if (python === undefined) {
  console.log(
    "conformance: no Python with jax, flax, optax, safetensors and orbax was found, so nothing was checked. CONTRIBUTING.md says how to install them; " +
      "the environment variable PYTHON chooses one.",
  );
} else {
  const { status } = spawnSync(python, ["conformance/all.py", ...process.argv.slice(2)], {
    stdio: "inherit",
  });
  process.exitCode = status ?? 1;
}
