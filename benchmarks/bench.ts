/**
 * @file Runs every case in every peer, in alternation, and prints tables:
 *
 *     npm run bench -- [--short] [--relaxed] [--only PATTERN] [--peers PATTERN] [--json FILE]
 *
 * `--short` is for a first look, in less than 3 minutes: each library does everything in one process,
 * there are few rounds, and every entry has a share of the time. Ours is always measured; who has no
 * turn before the share is over is left out, as is stock tensorflow.js where one of its steps takes
 * seconds. Times without a spread are of one or two rounds. `--only` takes the cases whose names match a regular expression: entries,
 * groups, `start-up` and `bundles`. `--peers` takes the peers whose whole names match one, such as
 * "ours wasm|JAX". `--relaxed` measures ours with relaxed SIMD, too. The environment variable
 * NNXJS_PYTHON may name a Python with jax, flax and optax; without it JAX is left out. All samples
 * are in benchmarks/results.json.
 */
import { existsSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { GROUPS } from "./cases/index.ts";
import { alternate, type Effort, type Limit, type Outcome } from "./peers/alternate.ts";
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
  short: { warmUp: 50, round: 10, rounds: 5, total: 100, atLeast: 1 },
} satisfies Record<string, Effort>;

/** How long a short run may be, in milliseconds, but for the step that is under way then. */
const SHORT = 150_000;

/** Peers that need seconds for some entries. */
const SLOW = ["tfjs cpu", "tfjs-layers cpu"];

const here = (name: string): string => fileURLToPath(new URL(name, import.meta.url));

const begin = performance.now();

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

/** Starts these peers, does something with them, and ends them. */
async function withProcesses<R>(
  some: readonly Peer[],
  run: (processes: readonly PeerProcess[]) => Promise<R>,
): Promise<R> {
  const processes = some.map((peer) => new PeerProcess(peer));
  try {
    for (const process of processes) await process.ready();
    return await run(processes);
  } finally {
    for (const process of processes) process.close();
  }
}

/** Ours first, then what is compiled: stock tensorflow.js is what a first look can do without. */
const importance = ({ name }: Peer): number => (name.startsWith("ours") ? 0 : /jax/i.test(name) ? 1 : 2);

/** The limits of the entries in turn. What one leaves of its time is for those after it. */
function limits(): (share: number) => Limit {
  const whole = chosen.reduce((sum, { entries, share }) => sum + entries.length * share, 0);
  const now = performance.now();
  const left = begin + SHORT - now;
  let shares = 0;
  return (share) => {
    shares += share;
    const end = now + left * (shares / whole);
    return { isOver: () => performance.now() > end };
  };
}

async function compare(everybody: readonly Peer[]): Promise<void> {
  const important = [...everybody].sort((a, b) => importance(a) - importance(b));
  if (!options.short) return compareIn(everybody, (some, run) => withProcesses(some, run));
  await withProcesses(important, (all) =>
    compareIn(everybody, (some, run) => run(all.filter(({ peer }) => some.includes(peer))), limits()),
  );
}

/**
 * @param inProcesses - Runs something with processes of some peers.
 * @param limitOf - The limit of the next entry, which has this share.
 */
async function compareIn(
  everybody: readonly Peer[],
  inProcesses: typeof withProcesses<void>,
  limitOf?: (share: number) => Limit,
): Promise<void> {
  for (const { name, title, entries, share, slow = [], areSmall = false } of chosen) {
    if (entries.length === 0) continue;
    const outcomesOf = (entry: string, processes: readonly PeerProcess[]): Promise<Outcome[]> => {
      const isLeftOut = options.short && slow.includes(entry);
      const asked = processes.filter(({ peer }) => !(isLeftOut && SLOW.includes(peer.name)));
      return alternate(asked, name, entry, effort, limitOf?.(share));
    };
    const rows: { entry: string; outcomes: Outcome[] }[] = [];
    const able = everybody.filter(({ file }) => existsSync(here(`cases/${name}/${file}`)));
    // What an earlier model left behind (garbage, a fragmented heap, compiled code) is nobody's.
    for (const some of areSmall ? [entries] : entries.map((entry) => [entry])) {
      await inProcesses(able, async (processes) => {
        for (const entry of some) rows.push({ entry, outcomes: await outcomesOf(entry, processes) });
      });
    }
    results[name] = rows;
    console.log(`\n${title}\n\n${table(everybody, rows)}`);
    for (const line of rows.flatMap(({ entry, outcomes }) => disagreements(entry, outcomes)))
      console.log(line);
  }
}

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
build();
// First, so that the cases of a short run know how much time there is.
if (hasBundles) results.bundles = await bundles();
if (hasStartUp) results["start-up"] = await startUp(options.short ? 3 : 9);
if (hasCases) await compare(everybody);
writeFileSync(options.json, `${JSON.stringify(results, null, 1)}\n`);
console.log(`\n${((performance.now() - begin) / 1000).toFixed(0)} s. All samples: ${options.json}`);
