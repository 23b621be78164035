/** @file What is in a model or optimizer, for tests that compare two of them. */
import { dispose, flattenState, isVariableState, state } from "@nnxjs/nnx-core";
import { PRNGKey, random } from "@nnxjs/rnglib";
import * as tf from "@tensorflow/tfjs-core";
import { expect } from "vitest";

/** Everything in a model or optimizer, to the bit. */
export function bitsIn(x: object): unknown {
  const kept = state(x);
  const found = flattenState(kept).map(([path, leaf]) => {
    const value = isVariableState(leaf) ? leaf.value : leaf;
    if (PRNGKey.isKey(value)) return [path.join("."), [...random.keyData(value)]];
    return [path.join("."), value instanceof tf.Tensor ? [...value.dataSync()] : value];
  });
  dispose(kept);
  return found;
}

/** Compares texts first: lists of numbers take the matcher a hundred times as long. */
export function expectSameBits(actual: object, wanted: object, what: string): void {
  const [a, b] = [bitsIn(actual), bitsIn(wanted)];
  if (textOf(a) !== textOf(b)) expect(a, what).toEqual(b);
}

/** JSON has no NaN, no infinities and no -0. */
const textOf = (x: unknown): string =>
  JSON.stringify(x, (_, value: unknown) =>
    typeof value === "number" && (!Number.isFinite(value) || Object.is(value, -0))
      ? `${Object.is(value, -0) ? "-" : ""}${value}`
      : value,
  );
