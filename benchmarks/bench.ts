/**
 * @file Runs every case in every peer, in alternation, and prints tables:
 *
 *     npm run bench -- [--short] [--relaxed] [--only PATTERN] [--peers PATTERN] [--json FILE]
 *
 * `--short` is for a first look: few rounds, and stock tensorflow.js is left out where one of its
 * steps takes seconds. `--only` takes the cases whose names match a regular expression: entries,
 * groups, `start-up` and `bundles`. `--peers` takes the peers whose whole names match one, such as
 * "ours wasm|JAX". `--relaxed` measures ours with relaxed SIMD, too. The environment variable
 * NNXJS_PYTHON may name a Python with jax, flax and optax; without it JAX is left out. All samples
 * are in benchmarks/results.json.
 */
import { existsSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { GROUPS } from "./cases/index.ts";
import { alternate, type Effort, type Outcome } from "./peers/alternate.ts";
import { type Peer, peers } from "./peers/peers.ts";
import { PeerProcess } from "./peers/process.ts";
import { disagreements } from "./report/agree.ts";
import { machine } from "./report/machine.ts";
import { table } from "./report/table.ts";
import { build } from "./size/build.ts";
import { bundles } from "./size/bundles.ts";
import { startUp } from "./size/start-up.ts";

// V8 compiles the hottest code in the first second, and the first step of a round finds cold caches.
const EFFORTS = {
  full: { warmUp: 1000, round: 100, rounds: 9, total: 1500, atLeast: 3 },
  short: { warmUp: 100, round: 10, rounds: 5, total: 100, atLeast: 1 },
} satisfies Record<string, Effort>;

/** Peers that need seconds for some entries. */
const SLOW = ["tfjs cpu", "tfjs-layers cpu"];

const here = (name: string): string => fileURLToPath(new URL(name, import.meta.url));

/** Says what is wrong with the command, and ends. */
function refuse(error: unknown): never {
  console.error(error instanceof Error ? error.message : error);
  process.exit(1);
}

/** Runs something that refuses what the command says. */
function attempt<R>(run: () => R): R {
  try {
    return run();
  } catch (error) {
    return refuse(error);
  }
}

const { values: options } = attempt(() =>
  parseArgs({
    options: {
      short: { type: "boolean", default: false },
      relaxed: { type: "boolean", default: false },
      only: { type: "string", default: "" },
      peers: { type: "string", default: ".*" },
      json: { type: "string", default: here("results.json") },
    },
  }),
);
const only = attempt(() => new RegExp(options.only, "i"));
const effort = options.short ? EFFORTS.short : EFFORTS.full;
const chosen = GROUPS.map((group) => ({
  ...group,
  entries: group.entries.filter((entry) => only.test(group.name) || only.test(entry)),
}));
const results: Record<string, unknown> = { ...machine(), short: options.short };

/** Starts those who have a file for a group, does something with them, and ends them. */
async function withProcesses<R>(
  everybody: readonly Peer[],
  group: string,
  run: (processes: readonly PeerProcess[]) => Promise<R>,
): Promise<R> {
  const able = everybody.filter(({ file }) => existsSync(here(`cases/${group}/${file}`)));
  const processes = able.map((peer) => new PeerProcess(peer));
  try {
    for (const process of processes) await process.ready();
    return await run(processes);
  } finally {
    for (const process of processes) process.close();
  }
}

async function compare(everybody: readonly Peer[]): Promise<void> {
  for (const { name, title, entries, slow = [], areSmall = false } of chosen) {
    if (entries.length === 0) continue;
    const outcomesOf = (entry: string, processes: readonly PeerProcess[]): Promise<Outcome[]> => {
      const isLeftOut = options.short && slow.includes(entry);
      const able = processes.filter(({ peer }) => !(isLeftOut && SLOW.includes(peer.name)));
      return alternate(able, name, entry, effort);
    };
    const rows: { entry: string; outcomes: Outcome[] }[] = [];
    // What an earlier model left behind (garbage, a fragmented heap, compiled code) is nobody's.
    for (const some of areSmall ? [entries] : entries.map((entry) => [entry])) {
      await withProcesses(everybody, name, async (processes) => {
        for (const entry of some) rows.push({ entry, outcomes: await outcomesOf(entry, processes) });
      });
    }
    results[name] = rows;
    console.log(`\n${title}\n\n${table(everybody, rows)}`);
    for (const line of rows.flatMap(({ entry, outcomes }) => disagreements(entry, outcomes)))
      console.log(line);
  }
}

const begin = performance.now();
const hasCases = chosen.some(({ entries }) => entries.length > 0);
const [hasStartUp, hasBundles] = [only.test("start-up"), only.test("bundles")];
if (!hasCases && !hasStartUp && !hasBundles) {
  const names = GROUPS.flatMap(({ name, entries }) => [name, ...entries]);
  refuse(`--only: expected part of ${names.join("; ")}; start-up; bundles, got ${options.only}.`);
}
const everybody = attempt(() => {
  const wanted = new RegExp(`^(?:${options.peers})$`);
  const all = peers(process.env.NNXJS_PYTHON, options.relaxed);
  const some = all.filter(({ name }) => wanted.test(name));
  if (some.length > 0) return some;
  throw new Error(
    `--peers: expected some of ${all.map(({ name }) => name).join("; ")}, got ${options.peers}.`,
  );
});
for (const [name, value] of Object.entries(machine())) console.log(`${name}: ${value}`);
if (hasCases) {
  build();
  await compare(everybody);
}
if (hasStartUp) results["start-up"] = await startUp(options.short ? 3 : 9);
if (hasBundles) results.bundles = await bundles();
writeFileSync(options.json, `${JSON.stringify(results, null, 1)}\n`);
console.log(`\n${((performance.now() - begin) / 1000).toFixed(0)} s. All samples: ${options.json}`);
