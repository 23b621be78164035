/** @file Slices that outlive the call which cut them. */
import * as tf from "@tensorflow/tfjs-core";
import { expect, it } from "vitest";
import { onEachBackend } from "../../../../scripts/use-backend.ts";
import { dispose, keep, Module, Param, scan, state, type State, vmap } from "../index.ts";

class Scale extends Module {
  readonly w: Param<tf.Tensor>;
  constructor(w: tf.Tensor) {
    super();
    this.w = new Param(w);
  }
}

const rows = () =>
  tf.tensor2d([
    [1, 2],
    [3, 4],
    [5, 6],
  ]);

onEachBackend("slices that somebody keeps", () => {
  it("have their values after the call, in Variables, States and tensors", () => {
    const [model, seen] = [new Scale(rows()), new Scale(tf.zeros([2]))];
    const { numTensors } = tf.memory();
    const states: State[] = [];
    const tensors: tf.Tensor[] = [];
    const call = vmap((m: Scale) => {
      // Reading a value keeps the slices apart.
      const [first] = m.w.value.dataSync();
      if (first === 3) seen.w.value = m.w.value;
      if (first === 1) states.push(keep(state(m)));
      if (first === 5) tensors.push(tf.keep(tf.reshape(m.w.value, [2, 1])));
      return tf.mul(m.w.value, 2);
    });
    const doubled = call(model);
    const noise = [tf.fill([2], 9), tf.fill([2], 9), tf.fill([3, 2], 9)];
    model.w.value = tf.zeros([3, 2]);
    expect([...doubled.dataSync()]).toEqual([2, 4, 6, 8, 10, 12]);
    expect([...seen.w.value.dataSync()]).toEqual([3, 4]);
    expect([...tensors[0]!.dataSync()]).toEqual([5, 6]);
    expect([...(states[0]!.w as { value: tf.Tensor }).value.dataSync()]).toEqual([1, 2]);
    dispose([doubled, ...states]);
    tf.dispose([...noise, ...tensors]);
    expect(tf.memory().numTensors).toBe(numTensors);
    dispose([model, seen]);
  });

  it("are results where all slices share an axis", () => {
    const model = new Scale(tf.tensor2d([1, 2, 1, 2], [2, 2]));
    const { numTensors } = tf.memory();
    const same = vmap((m: Scale) => [m.w.value, m.w.value.dataSync()[1]] as const, { outAxes: null })(model);
    model.w.value = tf.zeros([2, 2]);
    tf.fill([2, 2], 9).dispose();
    expect([...(same[0] as tf.Tensor).dataSync(), same[1]]).toEqual([1, 2, 2]);
    dispose(same);
    expect(tf.memory().numTensors).toBe(numTensors);
    dispose(model);
  });

  it("are their own where they are large, in any order", () => {
    const row = 5000;
    const whole = tf.reshape(tf.range(0, 4 * row), [4, row]);
    const { numTensors } = tf.memory();
    const seen: number[] = [];
    const note = (x: tf.Tensor): tf.Tensor => {
      seen.push(x.dataSync()[0]!, x.dataSync()[row - 1]!);
      return tf.max(x);
    };
    const most = [vmap(note)(whole), scan(note, { inAxes: 0, outAxes: 0, reverse: true })(whole)];
    const ends = [0, 1, 2, 3].map((i) => [i * row, i * row + row - 1]);
    const last = ends.map(([, end]) => end);
    expect(seen).toEqual([...ends, ...ends.reverse()].flat());
    expect(most.map((each) => [...each.dataSync()])).toEqual([last, last]);
    dispose(most);
    expect(tf.memory().numTensors).toBe(numTensors);
    whole.dispose();
  });
});
