/** @file The process of one peer in JavaScript: node worker.ts LIBRARY BACKEND. */
import { existsSync, writeSync } from "node:fs";
import { createInterface } from "node:readline";
import { millisecondsSince } from "../measure.ts";
import { type LibraryName, load } from "./libraries.ts";
import { ANSWERS, type Failed, type Measured, type Prepared, type Request } from "./messages.ts";
import type { Run, Runs } from "./run.ts";

const [library, backend] = process.argv.slice(2) as [LibraryName, string];
let current: Run | undefined;

/**
 * Engines compile functions that ran often, on other threads, whose time counts: steps 50 to 150 of
 * our MLP took 1.4 times (wasm) and 1.6 times (cpu) as much as those after 500, though nothing else
 * differed. JAX has compiled before its first step.
 */
const COMPILED = 2000;

async function time(run: Run): Promise<{ loss: unknown; milliseconds: number }> {
  const before = process.cpuUsage();
  const loss = await run.step();
  return { loss, milliseconds: millisecondsSince(before) };
}

async function prepare(group: string, entry: string, warmUp: number): Promise<Prepared> {
  const before = process.cpuUsage();
  current = undefined;
  const file = new URL(`../cases/${group}/${library}.ts`, import.meta.url);
  if (!existsSync(file)) return { exists: false };
  const make = ((await import(file.href)) as { runs: Runs }).runs[entry];
  if (make === undefined) return { exists: false };
  const run = await make();
  const losses = await run.check?.();
  const first: number[] = [];
  let last = 0;
  const isWarm = (steps: number, total: number): boolean => steps >= COMPILED || total >= 10 * warmUp;
  for (let steps = 0, total = 0; steps < 3 || !isWarm(steps, total); steps++) {
    const { loss, milliseconds } = await time(run);
    if (typeof loss === "number" && steps < 3) first.push(loss);
    total += last = milliseconds;
    // A long step warms up by itself.
    if (milliseconds > 5 * warmUp) break;
  }
  current = run;
  return { exists: true, numbers: losses ?? first, milliseconds: last, prepared: millisecondsSince(before) };
}

async function answer(request: Request): Promise<Prepared | Measured> {
  if (request.do === "prepare") return prepare(request.group, request.entry, request.warmUp);
  for (let i = 0; i < request.unmeasured; i++) await current!.step();
  const before = process.cpuUsage();
  for (let i = 0; i < request.steps; i++) await current!.step();
  return { milliseconds: millisecondsSince(before) / request.steps };
}

const send = (message: object): void => void writeSync(ANSWERS, `${JSON.stringify(message)}\n`);

await load[library](backend);
send({ ready: true });
for await (const line of createInterface({ input: process.stdin })) {
  try {
    send(await answer(JSON.parse(line) as Request));
  } catch (error) {
    send({ error: error instanceof Error ? error.message : String(error) } satisfies Failed);
  }
}
process.exit(0); // jax-js keeps a worker
