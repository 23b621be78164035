/**
 * @file Saving and restoring 50 MB on each backend: bytes a second, and the most memory that it took
 * beside the model. With a Python that has safetensors in `NNX_PYTHON`, the same file is written and
 * read there in alternation: `NNX_PYTHON=python3 node --expose-gc scripts/run.mjs benchmarks/checkpoint.ts`.
 */
import "@tensorflow/tfjs-backend-cpu";
import "@tensorflow/tfjs-backend-wasm";
import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { file } from "@nnxjs/checkpoint/node";
import * as nnx from "@nnxjs/nnx";
import * as tf from "@tensorflow/tfjs-core";

tf.enableProdMode();
const folder = mkdtempSync(join(tmpdir(), "nnx-checkpoint-"));
const rounds = 7;

/** 50 layers of 1 MB and 500 small ones, as models have them. */
const makeModel = (x: number) => ({
  large: Array.from({ length: 50 }, (_, i) => new nnx.Param(tf.fill([500, 500], x + i))),
  small: Array.from({ length: 500 }, (_, i) => new nnx.Param(tf.fill([20], x - i))),
});
/** One tensor of 50 MB. */
const makeOne = (x: number) => ({ embedding: new nnx.Param(tf.fill([12_500, 1_000], x)) });

const median = (values: readonly number[]): number =>
  [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)] as number;

/**
 * Milliseconds by the clock and of all processors, and the most bytes of buffers and of the process
 * beside what was there before.
 */
async function watched(run: () => Promise<unknown>): Promise<Row> {
  globalThis.gc?.();
  const before = process.memoryUsage();
  let [buffers, rss] = [0, 0];
  const look = (): void => {
    const now = process.memoryUsage();
    buffers = Math.max(buffers, now.arrayBuffers - before.arrayBuffers);
    rss = Math.max(rss, now.rss - before.rss);
  };
  const timer = setInterval(look, 2);
  const [start, cpuStart] = [performance.now(), process.cpuUsage()];
  await run();
  const ms = performance.now() - start;
  const { user, system } = process.cpuUsage(cpuStart);
  look();
  clearInterval(timer);
  return { ms, cpu: (user + system) / 1e3, buffers, rss };
}

interface Row {
  readonly ms: number;
  readonly cpu: number;
  readonly buffers: number;
  readonly rss: number;
}

const print = (name: string, bytes: number, rows: readonly Row[]): void => {
  const ms = median(rows.map((row) => row.ms));
  const best = Math.min(...rows.map((row) => row.ms));
  const cpu = median(rows.map((row) => row.cpu));
  const [buffers, rss] = [(row: Row) => row.buffers, (row: Row) => row.rss].map(
    (of) => median(rows.map(of)) / bytes,
  ) as [number, number];
  console.log(
    `${name.padEnd(34)} ${(bytes / ms / 1e3).toFixed(0).padStart(5)} MB/s  best ${(bytes / best / 1e3).toFixed(0).padStart(5)}, ` +
      `${(bytes / cpu / 1e3).toFixed(0).padStart(5)} a second of processor time  ` +
      `buffers ${buffers.toFixed(2)} x file  process ${rss.toFixed(2)} x file`,
  );
};

type Times = Record<string, readonly number[]>;

function python(path: string): Times | undefined {
  const program = process.env.NNX_PYTHON;
  if (!program) return undefined;
  const script = fileURLToPath(new URL("checkpoint_safetensors.py", import.meta.url));
  const { status, stdout } = spawnSync(program, [script, path, String(rounds)], {
    encoding: "utf8",
    stdio: ["ignore", "pipe", "inherit"],
  });
  return status === 0 ? (JSON.parse(stdout) as Times) : undefined;
}

for (const backend of ["cpu", "wasm"]) {
  await tf.setBackend(backend);
  for (const [title, make] of [
    ["550 tensors", makeModel],
    ["one tensor", makeOne],
  ] as const) {
    const path = join(folder, `${backend}.safetensors`);
    const model: object = make(1);
    const into: object = make(2);
    const rows: Record<string, Row[]> = { save: [], restore: [], toBytes: [] };
    for (let round = -2; round < rounds; round++) {
      const saved = await watched(() => nnx.save(model, file(path)));
      const restored = await watched(() => nnx.restore(into, file(path)));
      const bytes = await watched(() => nnx.toBytes(model));
      if (round < 0) continue;
      rows.save?.push(saved);
      rows.restore?.push(restored);
      rows.toBytes?.push(bytes);
    }
    const { size } = statSync(path);
    for (const [name, found] of Object.entries(rows)) print(`${backend}, ${title}, ${name}`, size, found);
    const theirs = python(path);
    for (const [name, seconds] of Object.entries(theirs ?? {})) {
      const ms = median(seconds) * 1e3;
      console.log(
        `${`Python, ${title}, ${name}`.padEnd(34)} ${(size / ms / 1e3).toFixed(0).padStart(5)} MB/s`,
      );
    }
    nnx.dispose([model, into]);
  }
}
rmSync(folder, { recursive: true });
