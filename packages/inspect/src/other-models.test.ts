/** @file Models that were not made for the page: what the report says of them is so. */
import { createContext, runInContext } from "node:vm";
import * as nnx from "@nnxjs/nnx";
import * as tf from "@tensorflow/tfjs-core";
import { describe, expect, it } from "vitest";
import { others } from "../test/other-models.ts";
import type { HistoryData, TensorData } from "./format/report-data.ts";
import { inspect } from "./inspect.ts";
import { Recorder } from "./recorder/recorder.ts";

/** What a path leads to. */
const follow = (model: object, path: readonly (string | number)[]): unknown =>
  path.reduce<unknown>(
    (at, part) => (at instanceof Map ? at.get(part) : Reflect.get(at as object, part)),
    model,
  );

/** All values of a State, which is disposed. */
function textOf(state: nnx.State): string {
  const text = nnx.flattenState(state).map(([path, leaf]) => {
    const value: unknown = nnx.leafValue(leaf);
    return `${path.join(".")} ${value instanceof tf.Tensor ? String(value.dataSync()) : String(value)}`;
  });
  nnx.dispose(state);
  return text.join("\n");
}

type Key = Pick<TensorData, "where" | "path" | "call" | "of" | "part">;
const keyOf = ({ where, path, call, of, part }: Key): string =>
  [where, path.join("."), call, of, part].join(" ");

const sizesOf = (tensors: readonly TensorData[]): ReadonlyMap<string, number> =>
  new Map(tensors.map((each) => [keyOf(each), each.numbers.rms]));

describe.each(Object.entries(others))("the report of %s", (_, make) => {
  it("has code for each place and each tensor that reaches it", async () => {
    const { model, input, look } = make();
    const captured = look();
    const { tree, tensors, streams } = (await inspect(model, { captured, input })).data;
    const scope = createContext({ model, captured, input, nnx });
    const read = (code: string): unknown => runInContext(code, scope);
    expect(tree.length).toBeGreaterThan(10);
    for (const { code, path, kind, object, again } of tree) {
      expect(read(code), code).toBe(follow(model, path));
      if (again !== undefined) {
        expect(tree[again]?.object).toBe(object);
        expect(read(code), code).toBe(read(tree[again]?.code as string));
      }
      if (kind === "variable") expect(read(code), code).toBeInstanceOf(nnx.Variable);
    }
    // One number for one object, wherever it stands.
    const objects = new Map<number, unknown>();
    for (const { code, object } of tree) {
      if (objects.has(object)) expect(read(code), code).toBe(objects.get(object));
      objects.set(object, read(code));
    }
    expect(new Set(objects.values()).size).toBe(objects.size);

    for (const { code, shape, numbers, dtype } of tensors) {
      const tensor = read(code) as tf.Tensor;
      expect(tensor, code).toBeInstanceOf(tf.Tensor);
      expect([tensor.dtype, tensor.shape], code).toEqual([dtype, shape]);
      const values = Array.from(tensor.dataSync());
      expect(numbers.mean, code).toBeCloseTo(values.reduce((sum, x) => sum + x, 0) / values.length, 5);
      expect(numbers.histogram.reduce((sum, count) => sum + count, 0)).toBe(values.length);
    }
    for (const { code, words, counts } of streams) {
      const stream = read(code) as nnx.RngStream;
      expect(words).toEqual([...nnx.random.keyData(stream.key.value)]);
      expect(counts).toEqual([stream.count.value].flat());
    }
    nnx.dispose([model, captured, input]);
  });

  it("has the results of all methods in the order of the calls, each with its gradient, and the input", async () => {
    const { model, input, look } = make();
    const captured = look();
    const { tensors } = (await inspect(model, { captured, input })).data;
    const summary = nnx.summarize(captured);
    const unique = (paths: readonly (readonly (string | number)[])[]): string[] => [
      ...new Set(paths.map((path) => path.join("."))),
    ];
    const outputs = tensors.filter(({ where, of }) => where === "outputs" && of === "value");
    expect(unique(outputs.map(({ path }) => path))).toEqual(
      unique(summary.rows.filter(({ part }) => part.startsWith("outputs")).map(({ path }) => path)),
    );
    const gradients = tensors.filter(({ where, of }) => where === "outputs" && of === "gradient");
    expect(gradients.length).toBe(outputs.length);
    expect(tensors.filter(({ where }) => where === "input").map(({ shape }) => shape)).toEqual([input.shape]);
    nnx.dispose([model, captured, input]);
  });

  it("goes back to the State of any step, to its activations and gradients, and to differences", async () => {
    const { model, input, look } = make();
    using recorder = new Recorder(model, { every: 1 });
    const optimizer = new nnx.Optimizer(model, nnx.adam(1e-2), { wrt: nnx.Param });
    const seen: { readonly values: string; readonly sizes: ReadonlyMap<string, number> }[] = [];
    for (let step = 0; step < 3; step++) {
      const captured = look();
      optimizer.update(model, captured.gradients);
      recorder.record({ scalars: { loss: captured.loss }, captured });
      const { tensors } = (await inspect(model, { captured })).data;
      seen.push({ values: textOf(nnx.state(model)), sizes: sizesOf(tensors) });
      nnx.dispose(captured);
    }
    expect(recorder.stateSteps).toEqual([0, 1, 2]);
    for (const [step, { values }] of seen.entries()) expect(textOf(recorder.stateAt(step))).toBe(values);
    expect(new Set(seen.map(({ values }) => values)).size).toBe(3);
    const { series } = (await inspect(recorder)).data.history as HistoryData;
    for (const where of ["parameters", "gradients", "outputs"])
      expect(series.some((each) => each.where === where)).toBe(true);
    for (const each of series)
      for (const [step, { sizes }] of seen.entries()) {
        const size = sizes.get(keyOf(each)) as number;
        // Of larger tensors a sample is recorded; few large gradients may be in it or not.
        const isSampled = each.shape.reduce((count, length) => count * length, 1) > 16_384;
        const distance = Math.abs((each.rms[step] as number) - size);
        expect(distance, keyOf(each)).toBeLessThanOrEqual((isSampled ? 0.25 : 1e-5) * size + 1e-12);
      }
    nnx.dispose([model, optimizer, input]);
  });
});
