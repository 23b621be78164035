/**
 * @file Runs every case in every peer, in alternation, and prints tables:
 *
 *     npm run bench -- [--short] [--relaxed] [--only PATTERN] [--json FILE]
 *
 * `--short` is for a first look: few rounds, and stock tensorflow.js is left out where one of its
 * steps takes seconds. `--only` takes the cases whose names match a regular expression: entries,
 * groups, `start-up` and `bundles`. `--relaxed` measures ours with relaxed SIMD, too. The environment variable NNXJS_PYTHON may name a Python with
 * jax, flax and optax; without it JAX is left out. All samples are in benchmarks/results.json.
 */
import { writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { GROUPS } from "./cases/index.ts";
import { alternate, type Effort } from "./peers/alternate.ts";
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
      json: { type: "string", default: fileURLToPath(new URL("results.json", import.meta.url)) },
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

async function compare(everybody: readonly Peer[]): Promise<void> {
  const processes = everybody.map((peer) => new PeerProcess(peer));
  try {
    for (const process of processes) await process.ready();
    for (const { name, title, entries, slow = [] } of chosen) {
      if (entries.length === 0) continue;
      const rows: { entry: string; outcomes: Awaited<ReturnType<typeof alternate>> }[] = [];
      for (const entry of entries) {
        const able = processes.filter(
          ({ peer }) => !(options.short && slow.includes(entry) && SLOW.includes(peer.name)),
        );
        rows.push({ entry, outcomes: await alternate(able, name, entry, effort) });
      }
      results[name] = rows;
      console.log(`\n${title}\n\n${table(everybody, rows)}`);
      for (const line of rows.flatMap(({ entry, outcomes }) => disagreements(entry, outcomes)))
        console.log(line);
    }
  } finally {
    for (const process of processes) process.close();
  }
}

const begin = performance.now();
const hasCases = chosen.some(({ entries }) => entries.length > 0);
const [hasStartUp, hasBundles] = [only.test("start-up"), only.test("bundles")];
if (!hasCases && !hasStartUp && !hasBundles) {
  const names = GROUPS.flatMap(({ name, entries }) => [name, ...entries]);
  refuse(`--only: expected part of ${names.join("; ")}; start-up; bundles, got ${options.only}.`);
}
const everybody = attempt(() => peers(process.env.NNXJS_PYTHON, options.relaxed));
for (const [name, value] of Object.entries(machine())) console.log(`${name}: ${value}`);
if (hasCases) {
  build();
  await compare(everybody);
}
if (hasStartUp) results["start-up"] = await startUp(options.short ? 3 : 9);
if (hasBundles) results.bundles = await bundles();
writeFileSync(options.json, `${JSON.stringify(results, null, 1)}\n`);
console.log(`\n${((performance.now() - begin) / 1000).toFixed(0)} s. All samples: ${options.json}`);
