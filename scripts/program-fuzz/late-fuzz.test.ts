/** @file The first slice of a run for all slices has its values for whoever asks, whenever that is. */
import * as tf from "@tensorflow/tfjs-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import * as nnx from "../../packages/nnx/src/index.ts";
import { Random } from "../kernel-fuzz/random.ts";
import { rounds } from "../rounds.ts";
import { useBackend } from "../use-backend.ts";
import { difference } from "./compare.ts";
import { makers } from "./ops.ts";
import { argumentsFor, type Program, randomProgram, sliceOf, stackedByHand } from "./program.ts";

const PROGRAMS = rounds(200, 3000);
/** Calls for all slices sum in another order. */
const WITHIN = 1e-4;

type Tensors = readonly tf.Tensor[];
/** What a deed may do with a value of one slice: it puts what outlives the call into a list. */
type Deed = (x: tf.Tensor, kept: (() => tf.Tensor)[]) => void;

const LATE = new Set(
  "abs neg relu relu6 square exp tanh sigmoid elu softplus gelu silu add sub mul div maximum minimum dense matMul".split(
    " ",
  ),
);
const late = makers.filter(([name]) => LATE.has(name));

const deeds: Readonly<Record<string, Deed>> = {
  read: (x) => void x.dataSync(),
  "write to what is read": (x) => {
    // On cpu that is the tensor's own memory.
    if (tf.getBackend() === "wasm") x.dataSync().fill(7 as never);
  },
  "read later": (x) => void x.data(),
  keep: (x, kept) => {
    const copy = tf.keep(nnx.tidy(() => tf.abs(x)));
    kept.push(() => copy);
  },
  "keep a copy of what is freed": (x, kept) => {
    const y = tf.neg(x);
    const copy = tf.keep(nnx.scaleGradient(y, 0.5));
    y.dispose();
    kept.push(() => copy);
  },
  "put into a Variable": (x, kept) => {
    const variable = nnx.keep(new nnx.Cache(tf.neg(x)));
    kept.push(() => variable.value);
  },
  "assign to a variable": (x, kept) => {
    const variable = tf.variable(tf.relu(x));
    kept.push(() => variable);
  },
  "free a copy": (x) => tf.neg(x).dispose(),
  fail: (x) => {
    expect(() => tf.reshape(tf.neg(x), [x.size + 1])).toThrow();
  },
  "run slices": (x) => {
    if (x.rank > 0 && x.size > 0) nnx.vmap((y: tf.Tensor) => tf.exp(tf.neg(y)))(tf.neg(x));
  },
};

/** A deed at a value, when there are so many. */
interface Planned {
  readonly text: string;
  readonly after: number;
  readonly slot: number;
  readonly deed: Deed;
}

function planned(random: Random, { size }: Program): Planned {
  const [text, deed] = random.of(Object.entries(deeds));
  const after = random.int(1, size);
  return { text, deed, after, slot: random.below(after) };
}

const counts = (): number[] => {
  const { numTensors, numDataBuffers, numBytes } = tf.memory();
  return [numTensors, numDataBuffers, numBytes, tf.engine().backend.numDataIds()];
};

/** What is wrong with one program. */
function faultsOf(seed: number): string[] {
  const random = new Random(seed);
  const slices = random.of([2, 3]);
  const given = argumentsFor(random, slices);
  const first = tf.tidy(() => sliceOf(given, 0));
  let program: Program | undefined;
  tf.tidy(() => {
    program = randomProgram(random, first, () => random.of(random.chance(0.75) ? late : makers));
  });
  const { run, text } = program!;
  const plans = Array.from({ length: random.int(1, 3) }, () => planned(random, program!));
  const watched = (inputs: Tensors, kept: (() => tf.Tensor)[]): tf.Tensor[] => {
    const open = new Set(plans);
    return run(inputs, (values) => {
      for (const plan of open) {
        const x = values[plan.slot];
        if (values.length < plan.after || !x || x.dtype !== "float32") continue;
        open.delete(plan);
        plan.deed(x, kept);
      }
    });
  };
  const before = counts();
  const faults: string[] = [];
  const said = `of ${text}, with ${plans.map((plan) => `${plan.text} ${plan.slot} after ${plan.after}`).join(", ")}`;
  const [byHand, kept]: (() => tf.Tensor)[][] = [[], []] as never;
  const wanted = stackedByHand((xs) => watched(xs, byHand!), given, slices);
  const call = nnx.vmap((...xs: tf.Tensor[]) => watched(xs, kept!), {
    inAxes: given.map(({ axis }) => axis),
  });
  const made = call(...given.map(({ tensor }) => tensor)) as unknown as tf.Tensor[];
  const noise = kept!.map(() => tf.fill([64], 9));
  const compare = (what: string, found: Tensors, expected: Tensors, within: number): void => {
    const other = difference(found, expected, within);
    if (other !== undefined) faults.push(`seed ${seed}: ${what}${other}, ${said}`);
  };
  compare("", made, wanted, WITHIN);
  const [held, expected] = [kept!, byHand!].map((list) => list.map((x) => x()));
  // In one run for all slices, the first slice keeps something, and no other.
  compare("what is kept: ", held!, expected!.slice(0, held!.length), 0);
  tf.dispose([noise, made, wanted, held!, expected!]);
  const left = counts().map((count, i) => count - before[i]!);
  if (left.some((count) => count !== 0)) faults.push(`seed ${seed}: leaves ${left.join()}, ${said}`);
  tf.dispose([given.map(({ tensor }) => tensor), first]);
  return faults;
}

describe.each(["cpu", "wasm"] as const)("on %s", (backend) => {
  beforeAll(async () => {
    await useBackend(backend);
    nnx.installGradients();
  });
  afterAll(() => useBackend("cpu"));

  it("slices that are looked at, kept and freed have the values of slices by hand", () => {
    const faults = Array.from({ length: PROGRAMS }, (_, i) => faultsOf(i)).flat();
    expect(faults).toEqual([]);
  });
});
