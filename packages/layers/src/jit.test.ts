import {
  dispose,
  flattenState,
  grad,
  isVariableState,
  jit,
  mapValues,
  Param,
  state,
  tidy,
  update,
} from "@nnxjs/nnx-core";
import { PRNGKey, random } from "@nnxjs/rnglib";
import * as tf from "@tensorflow/tfjs-core";
import { expect, it } from "vitest";
import { rounds } from "../../../scripts/rounds.ts";
import { onEachBackend } from "../../../scripts/use-backend.ts";
import { type LayerUnderTest, layerTable } from "../test/layer-table.ts";

/** What a value is, to the bit. */
function bits(value: unknown): unknown {
  if (value instanceof tf.Tensor) {
    const data = value.dataSync();
    return [
      value.dtype,
      value.shape,
      [...new Uint8Array(new Uint8Array(data.buffer, data.byteOffset, data.byteLength))],
    ];
  }
  if (PRNGKey.isKey(value)) return [...random.keyData(value)];
  if (Array.isArray(value)) return value.map(bits);
  return value;
}

function bitsOf(layer: object): unknown {
  const all = state(layer);
  const found = flattenState(all).map(([path, leaf]) => [
    path.join("."),
    bits(isVariableState(leaf) ? leaf.value : leaf),
  ]);
  dispose(all);
  return found;
}

const tensorsIn = (value: unknown): tf.Tensor[] =>
  value instanceof tf.Tensor
    ? [value]
    : typeof value === "object" && value !== null
      ? Object.values(value).flatMap(tensorsIn)
      : [];

/** One step down the gradient, in place. */
function step(layer: LayerUnderTest, x: tf.Tensor): unknown {
  const lossOf = (m: LayerUnderTest): [tf.Tensor, unknown] => {
    const output = m.forward(x);
    const parts = tensorsIn(output).filter(({ dtype }) => dtype === "float32");
    return [tf.addN(parts.map((part) => tf.mean(tf.square(part)))), output];
  };
  if (tf.tidy(() => Object.keys(state(layer, Param)).length) === 0) return layer.forward(x);
  const [grads, output] = grad(lossOf, { hasAux: true })(layer);
  const params = state(layer, Param);
  update(
    layer,
    mapValues((p: tf.Tensor, g: tf.Tensor) => tf.sub(p, tf.mul(g, 0.01)), params, grads),
  );
  dispose([grads, params]);
  return output;
}

const CALLS = rounds(12, 50);

onEachBackend("a recorded layer", () => {
  it.each(layerTable)(`$name computes what it does unrecorded, ${CALLS} times`, ({ make, input }) => {
    const [layer, twin] = [make(), make()];
    const recorded = jit(step);
    const x = input();
    for (let i = 0; i < CALLS; i++) {
      const wanted = tidy(() => bits(step(layer, x)));
      const got = tidy(() => bits(recorded(twin, x)));
      expect(got, `call ${i}`).toEqual(wanted);
    }
    expect(bitsOf(twin)).toEqual(bitsOf(layer));
    expect(recorded.programs.map(({ replays }) => replays)).toEqual([CALLS - 1]);
    const before = tf.memory().numTensors;
    for (let i = 0; i < 5; i++) tf.dispose(tensorsIn(recorded(twin, x)));
    expect(tf.memory().numTensors).toBe(before);
    recorded.dispose();
    dispose([layer, twin]);
    x.dispose();
  });
});
