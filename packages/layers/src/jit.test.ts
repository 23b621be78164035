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
import { PRNGKey, random, Rngs } from "@nnxjs/rnglib";
import * as tf from "@tensorflow/tfjs-core";
import { expect, it } from "vitest";
import { rounds } from "../../../scripts/rounds.ts";
import { onEachBackend } from "../../../scripts/use-backend.ts";
import { type LayerUnderTest, layerTable } from "../test/layer-table.ts";
import { GRUCell, OptimizedLSTMCell, RNN, SimpleCell } from "./index.ts";

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

const CALLS = rounds(5, 50);

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

onEachBackend("lengths of sequences in a tensor, recorded", () => {
  const rngs = (): Rngs => new Rngs(0);
  const cells: Record<string, () => OptimizedLSTMCell | GRUCell | SimpleCell> = {
    OptimizedLSTMCell: () => new OptimizedLSTMCell(2, 3, { rngs: rngs() }),
    GRUCell: () => new GRUCell(2, 3, { rngs: rngs() }),
    SimpleCell: () => new SimpleCell(2, 3, { rngs: rngs() }),
  };
  it.each(Object.keys(cells))("%s: as numbers, for other lengths, too", (name) => {
    const model = new RNN(cells[name]!() as SimpleCell, { returnCarry: true });
    for (const timeMajor of [false, true]) {
      const x = random.normal(random.key(0), timeMajor ? [5, 3, 2] : [3, 5, 2]);
      const run = jit((m: typeof model, a: tf.Tensor, seqLengths: tf.Tensor) =>
        [false, true].map((reverse) => m.forward(a, { seqLengths, timeMajor, reverse, keepOrder: true })),
      );
      for (const lengths of [
        [1, 5, 3],
        [5, 5, 1],
        [2, 0, 4],
      ]) {
        const wanted = [false, true].map((reverse) =>
          model.forward(x, { seqLengths: lengths, timeMajor, reverse, keepOrder: true }),
        );
        expect(bits(run(model, x, tf.tensor1d(lengths, "int32")))).toEqual(bits(wanted));
      }
      expect(run.programs.length).toBe(1);
      run.dispose();
    }
  });
});
