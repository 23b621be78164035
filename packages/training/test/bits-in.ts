/** @file What is in a model or optimizer, for tests that compare two of them. */
import { dispose, flattenState, isVariableState, state } from "@nnxjs/nnx-core";
import { PRNGKey, random } from "@nnxjs/rnglib";
import * as tf from "@tensorflow/tfjs-core";

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
