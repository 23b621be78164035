/**
 * @file Each kernel that is replaced on a GPU, with tensors of no axes to seven, and without elements:
 * the values are those of cpu, and nothing is left.
 */
import { installGradients } from "@nnxjs/gradients";
import * as tf from "@tensorflow/tfjs-core";
import { afterAll, expect, inject, it } from "vitest";
import { allMends } from "../../packages/kernels/src/mends/all-mends.ts";
import { type Call, cases } from "./ranks.ts";

const backend = inject("backend");
installGradients();
afterAll(() => tf.setBackend(backend));

interface Result {
  readonly shape: readonly number[];
  readonly dtype: string;
  readonly values: readonly number[];
}

async function resultOf(run: Call): Promise<Result> {
  const y = tf.tidy(run);
  try {
    return { shape: y.shape, dtype: y.dtype, values: [...(await y.data())] };
  } finally {
    y.dispose();
  }
}

const isClose = (found: number, wanted: number): boolean =>
  Object.is(found, wanted) ||
  found === wanted ||
  Math.abs(found - wanted) <= 1e-4 * Math.max(1, Math.abs(wanted));

/** What is wrong with a result; nothing when it is right. */
function faultOf(found: Result, wanted: Result): string | undefined {
  const kind = ({ shape, dtype }: Result): string => `${dtype} [${shape.join()}]`;
  if (kind(found) !== kind(wanted)) return `${kind(found)} for ${kind(wanted)}`;
  const at = wanted.values.findIndex((value, i) => !isClose(found.values[i]!, value));
  return at < 0
    ? undefined
    : `${found.values.slice(0, 8).join()} for ${wanted.values.slice(0, 8).join()}, at ${at}`;
}

it("has a case for each kernel that is replaced on a GPU", () => {
  const replaced = allMends
    .filter(({ backends }) => backends.some((each) => each === "webgl" || each === "webgpu"))
    .map(({ kernelName }) => kernelName);
  expect([...new Set(replaced)].filter((name) => !(name in cases))).toEqual([]);
});

it.each(Object.entries(cases))("%s", async (_, calls) => {
  const faults: string[] = [];
  for (const [what, call] of Object.entries(calls)) {
    await tf.setBackend("cpu");
    const wanted = await resultOf(call);
    await tf.setBackend(backend);
    const before = tf.memory().numTensors;
    try {
      const fault = faultOf(await resultOf(call), wanted);
      if (fault) faults.push(`${what}: ${fault}`);
    } catch (error) {
      faults.push(`${what}: ${(error as Error).message.slice(0, 200)}`);
    }
    const left = tf.memory().numTensors - before;
    if (left !== 0) faults.push(`${what}: leaves ${left} tensors`);
  }
  expect(faults).toEqual([]);
});
