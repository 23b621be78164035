/** @file Random programs give the same by hand, by vmap in one run and in a loop, and recorded. */
import * as tf from "@tensorflow/tfjs-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import * as nnx from "../../packages/nnx/src/index.ts";
import { Random } from "../kernel-fuzz/random.ts";
import { rounds } from "../rounds.ts";
import { useBackend } from "../use-backend.ts";
import { difference } from "./compare.ts";
import { argumentsFor, type Program, randomProgram, sliceOf, stackedByHand } from "./program.ts";

const PROGRAMS = rounds(30, 800);
/** Sums in another order, and what becomes of them. */
const WITHIN = 1e-4;

type Tensors = readonly tf.Tensor[];

/** What is wrong with one program. */
function faultsOf(seed: number): string[] {
  const random = new Random(seed);
  const slices = random.of([1, 2, 3]);
  const given = argumentsFor(random, slices);
  const first = tf.tidy(() => sliceOf(given, 0));
  // Ops of a program keep no tensors.
  let program: Program | undefined;
  tf.tidy(() => {
    program = randomProgram(random, first);
  });
  const { run, text } = program!;
  const wholes = given.map(({ tensor }) => tensor);
  const inAxes = given.map(({ axis }) => axis);
  const { numTensors } = tf.memory();
  const each = (...xs: tf.Tensor[]): tf.Tensor[] => tf.tidy(() => run(xs));
  const batched = nnx.vmap(each, { inAxes });
  const looped = nnx.vmap(
    (...xs: tf.Tensor[]) => {
      // Who reads values sees each slice.
      xs[0]!.dataSync();
      return each(...xs);
    },
    { inAxes },
  );
  const isWhole = (i: number): boolean => i > 0 && inAxes[i] === null;
  /** What is whole is computed, and closed over. */
  const closedOver = (...xs: tf.Tensor[]): tf.Tensor[] =>
    tf.tidy(() => {
      const all = xs.map((x, i) => (isWhole(i) ? tf.where(tf.onesLike(tf.cast(x, "bool")), x, x) : x));
      const some = <T>(list: readonly T[]): T[] => list.filter((_, i) => !isWhole(i));
      const f = nnx.vmap(
        (...slices: tf.Tensor[]) => each(...all.map((x, i) => (isWhole(i) ? x : slices.shift()!))),
        { inAxes: some(inAxes) },
      );
      return f(...some(all));
    });
  // A program may return what it got.
  const drop = (made: Tensors): void => tf.dispose(made.filter((x) => !first.includes(x)));
  const faults: string[] = [];
  const compare = (way: string, make: () => Tensors, expected: Tensors, within: number): void => {
    const made = make();
    const what = difference(made, expected, within);
    if (what !== undefined) faults.push(`seed ${seed}, ${way}: ${what}, of ${text}`);
    drop(made);
  };
  const byHand = stackedByHand(run, given, slices);
  compare("in a loop", () => looped(...wholes), byHand, 0);
  compare("in one run", () => batched(...wholes), byHand, WITHIN);
  const inOneRun = batched(...wholes);
  const alone = each(...first);
  const [one, many, closed] = [nnx.jit(each), nnx.jit(batched), nnx.jit(closedOver)];
  for (let call = 0; call < 3; call++) {
    compare(`recorded, call ${call}`, () => one(...first), alone, 0);
    compare(`recorded vmap, call ${call}`, () => many(...wholes), inOneRun, 0);
    compare(`recorded vmap of what is closed over, call ${call}`, () => closed(...wholes), inOneRun, 0);
  }
  one.dispose();
  many.dispose();
  closed.dispose();
  for (const made of [byHand, inOneRun, alone]) drop(made);
  const left = tf.memory().numTensors - numTensors;
  if (left !== 0) faults.push(`seed ${seed}: leaves ${left} tensors, of ${text}`);
  tf.dispose([wholes, first]);
  return faults;
}

describe.each(["cpu", "wasm"] as const)("on %s", (backend) => {
  beforeAll(async () => {
    await useBackend(backend);
    // What is computed by hand needs the kernels that a first gradient brings.
    nnx.installGradients();
  });
  afterAll(() => useBackend("cpu"));

  it("random programs give the same in every way", () => {
    const from = backend === "cpu" ? 1 : 1 + PROGRAMS;
    const faults = Array.from({ length: PROGRAMS }, (_, i) => faultsOf(from + i)).flat();
    expect(faults).toEqual([]);
  });
});
