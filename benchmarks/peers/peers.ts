/** @file Who is compared, and how each is started. */
import { existsSync } from "node:fs";
import { cpus } from "node:os";
import { spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import type { LibraryName } from "./libraries.ts";

/** Somebody who does the cases. */
export interface Peer {
  readonly name: string;
  /** The peer of ours to compare with. */
  readonly beside: string;
  readonly command: readonly string[];
  /** The name of its file in the folder of a case. */
  readonly file: string;
}

const here = (name: string): string => fileURLToPath(new URL(name, import.meta.url));

/** Our packages are read as they are published: see `build`. */
function inNode(
  name: string,
  library: LibraryName,
  backend: string,
  beside: string,
  flags: readonly string[] = [],
): Peer {
  const imports = ["--import", import.meta.resolve("tsx"), "--conditions=@nnxjs/bundle"];
  return {
    name,
    beside,
    command: [process.execPath, ...flags, ...imports, here("worker.ts"), library, backend],
    file: `${library}.ts`,
  };
}

/** Node 20 has it behind a flag, later ones without. */
const relaxed = (name: string, library: LibraryName): Peer =>
  inNode(
    name,
    library,
    "wasm, relaxed",
    "ours wasm",
    Number.parseInt(process.versions.node, 10) < 21 ? ["--experimental-wasm-relaxed-simd"] : [],
  );

const RELAXED: readonly Peer[] = [
  relaxed("ours wasm, relaxed", "ours"),
  relaxed("ours wasm, jit, relaxed", "ours-jit"),
];

const PEERS: readonly Peer[] = [
  inNode("ours wasm", "ours", "wasm", "ours wasm"),
  inNode("ours wasm, jit", "ours-jit", "wasm", "ours wasm"),
  inNode("ours cpu", "ours", "cpu", "ours cpu"),
  inNode("tfjs wasm", "tfjs", "wasm", "ours wasm"),
  inNode("tfjs cpu", "tfjs", "cpu", "ours cpu"),
  inNode("tfjs-layers wasm", "tfjs-layers", "wasm", "ours wasm"),
  inNode("tfjs-layers cpu", "tfjs-layers", "cpu", "ours cpu"),
  inNode("jax-js", "jax-js", "wasm", "ours wasm"),
];

/** The peers; JAX is among them if there is a Python that has it, and relaxed SIMD if asked for. */
export function peers(python: string | undefined, isRelaxed: boolean): readonly Peer[] {
  const inJavaScript = isRelaxed ? [...PEERS, ...RELAXED] : PEERS;
  if (python === undefined) return inJavaScript;
  const { status } = spawnSync(python, ["-c", "import jax, flax, optax"], { stdio: "ignore" });
  if (status !== 0)
    throw new Error(`NNXJS_PYTHON: expected a Python with jax, flax and optax, got ${python}.`);
  const jax: Peer = {
    name: "JAX",
    beside: "ours wasm",
    command: [python, here("worker.py")],
    file: "jax.py",
  };
  return [...inJavaScript, jax];
}

/** The core that has most time left, of those of this machine. */
function idlest(): number {
  const before = cpus().map(({ times }) => times.idle);
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 500);
  const idle = cpus().map(({ times }, i) => times.idle - before[i]!);
  return idle.lastIndexOf(Math.max(...idle));
}

/** The core that all peers share, if this machine can pin processes. */
export const core: number | undefined = existsSync("/usr/bin/taskset") ? idlest() : undefined;

/** A command that stays on that core. */
export const pinned = (command: readonly string[]): readonly string[] =>
  core === undefined ? command : ["taskset", "-c", String(core), ...command];
