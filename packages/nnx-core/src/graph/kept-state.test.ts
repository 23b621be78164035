/** @file A State that a model keeps as an attribute is part of its data, as in Flax. */
import "@tensorflow/tfjs-backend-cpu";
import * as tf from "@tensorflow/tfjs-core";
import { describe, expect, it } from "vitest";
import * as nnx from "../index.ts";

class Net extends nnx.Module {
  readonly b: nnx.Param<tf.Tensor> = new nnx.Param(tf.zeros([1]));
  readonly w: nnx.Param<tf.Tensor> = new nnx.Param(tf.ones([2]), { tag: "head" });
}
class Averaged extends nnx.Module {
  readonly net: Net = new Net();
  ema: nnx.State = nnx.state(this.net);
}
nnx.registerModule("kept.Net", Net);
nnx.registerModule("kept.Averaged", Averaged);
const paths = (values: nnx.State): string[] => nnx.flattenState(values).map(([path]) => path.join("."));
const valuesOf = (values: nnx.State): number[][] =>
  nnx.flattenState(values).map(([, leaf]) => [...nnx.leafValue<tf.Tensor>(leaf).dataSync()]);
const plusOne = (values: nnx.State): nnx.State =>
  nnx.mapValues((value: tf.Tensor) => tf.add(value, 1), values);

describe("a State as an attribute", () => {
  it("has its leaves in split and state, under filters and in definitions", () => {
    const model = new Averaged();
    // Flax 0.12.8: list(nnx.to_flat_state(nnx.state(model))) with self.ema =
    // nnx.data(nnx.state(net))
    expect(paths(nnx.state(model))).toEqual(["ema.b", "ema.w", "net.b", "net.w"]);
    expect(paths(nnx.state(model, "head"))).toEqual(["ema.w", "net.w"]);
    expect(nnx.printGraphDef(nnx.graphdef(model))).toContain("ema: State");
    const def = nnx.graphdef(model);
    const again = nnx.graphDefFromJson(
      JSON.parse(JSON.stringify(nnx.graphDefToJson(def))) as nnx.GraphDefJson,
    );
    expect(nnx.equalGraphDefs(def, again)).toBe(true);
    expect(nnx.hashGraphDef(again)).toBe(nnx.hashGraphDef(def));
  });

  it("comes back from merge, clone and JSON as a State that holds its tensors", () => {
    const before = tf.memory().numTensors;
    const model = new Averaged();
    const [graphdef, values] = nnx.split(model);
    const more = plusOne(values);
    const copy = nnx.merge(graphdef, more);
    nnx.dispose([values, more, model]);
    expect(Object.isFrozen(copy.ema)).toBe(true);
    expect(valuesOf(copy.ema)).toEqual([[1], [2, 2]]);
    expect(copy.ema.w?.type).toBe(nnx.Param);
    const cloned = nnx.clone(copy);
    copy.dispose();
    expect(valuesOf(cloned.ema)).toEqual([[1], [2, 2]]);
    const last = nnx.state(cloned);
    const pure = nnx.merge(graphdef, nnx.toPure(last));
    expect(pure.ema.w?.metadata).toEqual({ tag: "head" });
    nnx.dispose([last, cloned, pure]);
    expect(tf.memory().numTensors).toBe(before);
  });

  it("is replaced by update, from States and from values, and read through views", () => {
    const model = new Averaged();
    const old = model.ema;
    nnx.update(model, plusOne(nnx.state(model)));
    expect(valuesOf(model.ema)).toEqual([[1], [2, 2]]);
    expect(valuesOf(old)).toEqual([[0], [1, 1]]);
    nnx.update(model, { ema: { b: tf.tensor1d([7]) } });
    expect(valuesOf(model.ema)).toEqual([[7], [2, 2]]);
    expect(valuesOf(nnx.view(model, {}).ema)).toEqual([[7], [2, 2]]);
    nnx.update(model, [nnx.state(new Averaged())], { strict: true });
    expect(() => nnx.update(model, { ema: { c: 1 } })).toThrow("update at ema: ");
    expect(() => nnx.update(model, { ema: 5 })).toThrow("update at ema: expected a State, got 5");
    expect(() => nnx.update(model, [nnx.state(model.net)], { strict: true })).toThrow(
      "nothing at ema.b, ema.w",
    );
  });

  it("loses what pop takes, goes through maps, and counts no duplicates", () => {
    const model = new Averaged();
    expect(nnx.findDuplicates(model)).toEqual([]);
    const mapped = nnx.map((_, leaf) => tf.add(nnx.leafValue<tf.Tensor>(leaf), 1), model);
    expect(valuesOf(mapped.ema)).toEqual([[1], [2, 2]]);
    const tagged = nnx.recursiveMap(
      (_, value) => (value === model.ema.w ? { ...model.ema.w, metadata: {} } : value),
      model,
    );
    expect(tagged.ema.w?.metadata).toEqual({});
    expect(nnx.recursiveMap((_, value) => value, model).ema.w).toBe(model.ema.w);
    const popped = nnx.pop(model, "head");
    expect([paths(popped), paths(model.ema)]).toEqual([["ema.w", "net.w"], ["b"]]);
  });

  it("may be the State of one Variable, a part of a State, or a part of a list", () => {
    class Keeps extends nnx.Module {
      readonly one: nnx.State = nnx.state(new nnx.Param(3)) as unknown as nnx.State;
      readonly part: unknown = nnx.state({ sub: { x: new nnx.Param(4) } }).sub;
      readonly history: readonly nnx.State[] = [
        nnx.state({ x: new nnx.Param(5) }),
        nnx.state({ x: new nnx.Param(6) }),
      ];
    }
    const model = new Keeps();
    expect(paths(nnx.state(model))).toEqual(["history.0.x", "history.1.x", "one", "part.x"]);
    const copy = nnx.map((_, leaf) => (nnx.leafValue(leaf) as number) * 10, model);
    expect([copy.history[1]?.x?.value, copy.one.value, (copy.part as nnx.State).x?.value]).toEqual([
      60, 30, 40,
    ]);
    nnx.update(copy, nnx.toPure(nnx.state(model)));
    expect([copy.history[1]?.x?.value, copy.one.value, (copy.part as nnx.State).x?.value]).toEqual([6, 3, 4]);
  });
});
