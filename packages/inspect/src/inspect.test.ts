import * as nnx from "@nnxjs/nnx";
import * as tf from "@tensorflow/tfjs-core";
import { describe, expect, it } from "vitest";
import { imagesOf, lossOf, Subject } from "../test/subject.ts";
import type { InspectOptions } from "./index.ts";
import { inspect, Recorder } from "./index.ts";

const pathsOf = (places: readonly { readonly path: readonly (string | number)[] }[]): string[] =>
  places.map(({ path }) => path.join("."));

describe("the tree of a model", () => {
  it("has each place, with types, shapes, sizes and code", async () => {
    using model = new Subject({ rngs: new nnx.Rngs(0) });
    const { tree } = (await inspect(model)).data;
    const at = (path: string) => tree.find((node) => node.path.join(".") === path);
    expect(tree[0]).toMatchObject({
      parent: -1,
      kind: "module",
      type: "Subject",
      code: "model",
      statics: [["label", '"a subject"']],
    });
    expect(at("blocks.1.kernel")).toMatchObject({
      kind: "variable",
      type: "Param",
      shape: [48, 48],
      size: 2304,
      bytes: 9216,
      code: "model.blocks[1].kernel",
    });
    expect(at("heads.an aside")).toMatchObject({
      type: "Linear",
      size: 98,
      code: 'model.heads.get("an aside")',
    });
    expect(at("encoder.norm.mean")?.type).toBe("BatchStat");
    const numbers = nnx.flattenState(nnx.state(model)).reduce((sum, [, leaf]) => {
      const value: unknown = nnx.leafValue(leaf);
      return sum + (value instanceof tf.Tensor ? value.size : 0);
    }, 0);
    expect(tree[0]?.size).toBe(numbers);
    for (const [i, { parent, path, key }] of tree.entries()) {
      expect(parent).toBeLessThan(i);
      if (parent >= 0) expect([...(tree[parent]?.path ?? []), key]).toEqual(path);
    }
  });

  it("lists shared parts and cycles once, and says where they are", async () => {
    using model = new Subject({ rngs: new nnx.Rngs(0) });
    const { tree } = (await inspect(model)).data;
    const again = tree.filter((node) => node.again !== undefined);
    expect(
      again.map(({ path, again: first, isCycle }) => [
        path.join("."),
        tree[first as number]?.path.join("."),
        isCycle,
      ]),
    ).toEqual([
      ["parent.owner", "", true],
      ["tied", "blocks.0", false],
    ]);
    expect(again.every(({ object, again: first }) => tree[first as number]?.object === object)).toBe(true);
  });

  it("has the streams with keys and counts", async () => {
    using model = new Subject({ rngs: new nnx.Rngs(7) });
    model.drop.rngs?.nextKey();
    const { streams } = (await inspect(model, { name: "net" })).data;
    expect(streams).toEqual([
      {
        path: ["drop", "rngs"],
        tag: "default",
        words: [...nnx.random.keyData(model.drop.rngs?.key.value as nnx.PRNGKey)],
        counts: [1],
        code: "net.drop.rngs",
      },
    ]);
  });
});

describe("tensors", () => {
  it("are those of the model, its gradients, and what was captured, with code that reads them", async () => {
    using model = new Subject({ rngs: new nnx.Rngs(0) });
    const { x, labels } = imagesOf(20);
    const captured = nnx.captureGradients(lossOf, { methodOutputs: true })(model, x, labels);
    const { tensors } = (await inspect(model, { captured, input: x })).data;
    const count = (where: string): number => tensors.filter((each) => each.where === where).length;
    expect([count("input"), count("gradients"), count("outputs") > 20]).toEqual([1, 20, true]);
    const hidden = tensors.filter(({ path, of }) => path.join(".") === "hidden" && of === "value");
    expect(hidden.map(({ call, code, shape }) => [call, code, shape])).toEqual([
      [0, 'nnx.valuesAt(captured.sown, ["hidden"])[0].value', [20, 48]],
      [1, 'nnx.valuesAt(captured.sown, ["hidden"])[1].value', [20, 48]],
    ]);
    // The code is right.
    const [, second] = nnx.valuesAt(captured.sown, ["hidden"]);
    expect(hidden[1]?.numbers.mean).toBeCloseTo(
      tf.tidy(() => tf.mean(second?.value as tf.Tensor).dataSync()[0] as number),
      5,
    );
    expect(hidden[1]?.picture).toMatchObject({ rows: 16, shape: [16, 48] });
    nnx.dispose([captured, x, labels]);
  });

  it("of a State alone make a report, too", async () => {
    using model = new Subject({ rngs: new nnx.Rngs(0) });
    const { x, labels } = imagesOf(2);
    const [y, seen] = nnx.capture(model, nnx.Intermediate)(x);
    const { tree, tensors, title } = (await inspect(seen)).data;
    expect([tree, title]).toEqual([[], "Captured values"]);
    expect(pathsOf(tensors)).toEqual(["attention.attention_weights", "hidden", "hidden"]);
    nnx.dispose([y, seen, x, labels]);
  });

  it("are read, and neither kept nor disposed", async () => {
    const model = new Subject({ rngs: new nnx.Rngs(0) });
    const { x, labels } = imagesOf(2);
    const captured = nnx.captureGradients(lossOf, { methodOutputs: true })(model, x, labels);
    const before = tf.memory().numTensors;
    await inspect(model, { captured, input: x });
    await expect(
      inspect(model, { captured, predictions: { samples: { data: [1], shape: [1] } } }),
    ).rejects.toThrow();
    expect(tf.memory().numTensors).toBe(before);
    nnx.dispose([model, captured, x, labels]);
  });

  it("data are plain: they go to another thread", async () => {
    using model = new Subject({ rngs: new nnx.Rngs(0) });
    const { data } = await inspect(model);
    expect(structuredClone(data)).toEqual(data);
  });
});

it("predictions have means and parts of the uncertainty", async () => {
  using model = new nnx.Linear(2, 2, { rngs: new nnx.Rngs(0) });
  const samples = { data: [1, 0, 0.5, 0.5, 0, 1, 0.5, 0.5], shape: [2, 2, 2] };
  const { predictions } = (
    await inspect(model, { predictions: { samples, classes: ["no", "yes"], labels: [0, 1] } })
  ).data;
  expect(predictions).toMatchObject({ shape: [2, 2, 2], of: 2, labels: [0, 1], classes: ["no", "yes"] });
  expect([...(predictions?.mean ?? [])]).toEqual([0.5, 0.5, 0.5, 0.5]);
  expect([...(predictions?.epistemic ?? [])]).toEqual([Math.fround(Math.LN2), 0]);
  expect([...(predictions?.aleatoric ?? [])]).toEqual([0, Math.fround(Math.LN2)]);
});

describe("bad input", () => {
  it.each<[string, unknown, InspectOptions, RegExp]>([
    ["a number", 3, {}, /^inspect: expected a model, a State.*got 3\. Pass/],
    [
      "an unknown option",
      new nnx.Linear(1, 1, { rngs: new nnx.Rngs(0) }),
      { tittle: "x" } as InspectOptions,
      /tittle.*title/,
    ],
    [
      "a model as captured",
      new nnx.Linear(1, 1, { rngs: new nnx.Rngs(0) }),
      { captured: new nnx.Linear(1, 1, { rngs: new nnx.Rngs(0) }) as never },
      /captured|State/,
    ],
    [
      "an input that is no tensor",
      new nnx.Linear(1, 1, { rngs: new nnx.Rngs(0) }),
      { input: [1] as never },
      /input to be a tensor \[rows, \.\.\.\], got an array of length 1\. Pass one of the tensors/,
    ],
    [
      "samples without axes",
      new nnx.Linear(1, 1, { rngs: new nnx.Rngs(0) }),
      { predictions: { samples: { data: [1], shape: [1] } } },
      /\[passes, rows, classes\]/,
    ],
    [
      "labels of other rows",
      new nnx.Linear(1, 1, { rngs: new nnx.Rngs(0) }),
      { predictions: { samples: { data: [1, 0], shape: [1, 1, 2] }, labels: [0, 1] } },
      /a label for each of 1 rows, got 2/,
    ],
  ])("%s is refused", async (_, subject, options, message) => {
    await expect(inspect(subject as object, options)).rejects.toThrow(message);
  });

  it("a disposed model is refused", async () => {
    const model = new nnx.Linear(1, 1, { rngs: new nnx.Rngs(0) });
    nnx.dispose(model);
    await expect(inspect(model)).rejects.toThrow(nnx.DisposedError);
    expect(() => new Recorder({} as nnx.Module)).toThrow(/Recorder: expected a module/);
    using other = new nnx.Linear(1, 1, { rngs: new nnx.Rngs(0) });
    expect(() => new Recorder(other, { every: 0 })).toThrow(/every to be a whole number from 1, got 0/);
  });
});
