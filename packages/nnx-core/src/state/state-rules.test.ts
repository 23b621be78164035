/**
 * @file The rules of States: data that never changes, shares what is equal, and goes back and forth
 * by patches.
 */
import { applyPatches as immerApplyPatches, enablePatches, type Patch } from "immer";
import * as tf from "@tensorflow/tfjs-core";
import { describe, expect, it } from "vitest";
import {
  applyPatches,
  BatchStat,
  diffPatches,
  diffState,
  dispose,
  filterState,
  flattenState,
  mapState,
  mapValues,
  mergeState,
  Module,
  Param,
  replaceByPure,
  splitState,
  type State,
  state,
  StructureError,
  toPure,
  unflattenState,
  update,
  updateState,
  type VariableState,
} from "../index.ts";

class Layer extends Module {
  readonly kernel: Param<number> = new Param(1, { tag: "k" });
  readonly mean: BatchStat<number> = new BatchStat(2);
}
class Model extends Module {
  readonly a: Layer = new Layer();
  readonly b: Layer = new Layer();
  readonly list: Layer[] = [new Layer(), new Layer()];
}
const leaf = (value: unknown): VariableState => new Param(value).toState();
const pathsOf = (values: State): string[] => flattenState(values).map(([path]) => path.join("."));

describe("a State", () => {
  it("is plain, frozen data all the way down", () => {
    const values = state(new Model());
    for (const each of [values, values.a, values.list, values.a.kernel, values.a.kernel.metadata]) {
      expect(Object.isFrozen(each)).toBe(true);
      expect(Object.getPrototypeOf(each)).toBe(Object.prototype);
    }
    expect(Object.keys(values)).toEqual(["a", "b", "list"]);
    expect(values.a.kernel).toEqual({ type: Param, value: 1, metadata: { tag: "k" } });
    expect(() => Object.assign(values, { a: 1 })).toThrow(TypeError);
  });

  it("freezes the containers in Variables, which it shares", () => {
    const model = new Param<{ list: number[] }>({ list: [1] });
    const values = state({ model });
    expect(() => model.value.list.push(2)).toThrow(TypeError);
    expect(values.model.value).toEqual({ list: [1] });
  });

  it("flattens in sorted order, and unflatten brings it back without empty parts", () => {
    const values = { z: leaf(1), B: { 10: leaf(2), 9: leaf(3) }, empty: {}, a: { b: leaf(4) } };
    const flat = flattenState(values);
    expect(flat.map(([path]) => path)).toEqual([["B", 9], ["B", 10], ["a", "b"], ["z"]]);
    const { empty: _, ...rest } = values;
    expect(unflattenState(flat)).toEqual(rest);
    expect(unflattenState(flat).B).not.toBe(values.B);
  });

  it("has one leaf or one subtree at a path", () => {
    const twice = [
      [["a"], leaf(1)],
      [["a"], leaf(2)],
    ] as const;
    expect(() => unflattenState(twice)).toThrow(/State at a: expected one leaf or one subtree per path/);
    const inLeaf = [
      [["a"], leaf(1)],
      [["a", "b"], leaf(2)],
    ] as const;
    expect(() => unflattenState(inLeaf)).toThrow(StructureError);
    expect(() => unflattenState([[[], leaf(1)]])).toThrow(/State at \(root\)/);
  });

  it("toPure gives values, replaceByPure takes them; types and metadata stay", () => {
    const values = state(new Model());
    const pure = toPure(values);
    expect(pure).toEqual({
      a: { kernel: 1, mean: 2 },
      b: { kernel: 1, mean: 2 },
      list: { 0: { kernel: 1, mean: 2 }, 1: { kernel: 1, mean: 2 } },
    });
    const next = replaceByPure(values, { a: { kernel: 9 }, list: [{ mean: 8 }] }) as typeof values;
    expect(next.a.kernel).toEqual({ ...values.a.kernel, value: 9 });
    expect(next.list[0]!.mean.value).toBe(8);
    expect(next.b).toBe(values.b);
    expect(next.list[1]).toBe(values.list[1]);
    expect(replaceByPure(values, JSON.parse(JSON.stringify(pure)))).toEqual(values);
    expect(() => replaceByPure(values, { a: { kernl: 1 } })).toThrow(
      /replaceByPure at a.kernl: expected paths that/,
    );
    expect(() => replaceByPure(values, { a: 5 })).toThrow(
      /replaceByPure at a: expected an object of values, got 5/,
    );
  });

  it("zeros by way of pure values make a model of zeros", () => {
    const model = new Model();
    const zeros = (x: unknown): unknown =>
      typeof x === "number"
        ? 0
        : Object.fromEntries(Object.entries(x as object).map(([k, v]) => [k, zeros(v)]));
    update(model, replaceByPure(state(model), zeros(toPure(state(model))) as object as State));
    expect(flattenState(state(model)).every(([, { value }]) => value === 0)).toBe(true);
  });

  it("splits exhaustively, filters loosely, merges with the later winning", () => {
    const values = state(new Model());
    expect(() => splitState(values, Param)).toThrow(/splitState: expected filters that cover every leaf/);
    const [params, stats] = splitState(values, Param, true);
    expect(pathsOf(filterState(values, BatchStat))).toEqual(pathsOf(stats));
    const [, none] = filterState(values, Param, "nobody");
    expect(none).toEqual({});
    expect(mergeState(stats, params)).toEqual(values);
    expect(mergeState(values)).toBe(values);
    const later = unflattenState([[["a", "kernel"], leaf(5)]]);
    expect((mergeState(values, later) as typeof values).a.kernel.value).toBe(5);
    expect(pathsOf(diffState(values, params))).toEqual(pathsOf(stats));
    expect(diffState(values, values)).toEqual({});
  });

  it("maps leaves or values", () => {
    const values = state(new Model());
    const leaves: string[] = [];
    const same = mapState((path, each) => {
      leaves.push(path.join("."));
      return each;
    }, values);
    expect(leaves).toEqual(pathsOf(values));
    expect(same.a).toBe(values.a);
    const next = mapValues((x: number, path) => (path[0] === "a" ? x + 1 : x), values) as typeof values;
    expect(next.a.kernel).toEqual({ ...values.a.kernel, value: 2 });
    expect(next.b).toBe(values.b);
  });

  it("compares by its leaves: equal ones are identical objects", () => {
    const model = new Model();
    const first = state(model);
    const second = state(model);
    expect([second.a, second.b, second.list]).toEqual([first.a, first.b, first.list]);
    expect([second.a === first.a, second.b === first.b, second.list === first.list]).toEqual([
      true,
      true,
      true,
    ]);
    model.b.kernel.value = 7;
    const third = state(model);
    expect(third.a).toBe(first.a);
    expect(third.b).not.toBe(first.b);
    expect(third.b.mean).toBe(first.b.mean);
    expect(first.b.kernel.value).toBe(1);
  });

  it("every operation keeps the subtrees that it does not change", () => {
    const values = state(new Model());
    expect(filterState(values, (path) => path[0] !== "b").list).toBe(values.list);
    expect(mergeState(values, unflattenState([[["c"], leaf(1)]])).list).toBe(values.list);
    expect(diffState(values, unflattenState([[["b", "mean"], leaf(1)]])).list).toBe(values.list);
    const next = updateState(values, (draft) => {
      draft.a.kernel.value = 3;
    });
    expect([next.b === values.b, next.a.mean === values.a.mean]).toEqual([true, true]);
    expect([next.a.kernel.value, values.a.kernel.value]).toEqual([3, 1]);
    expect(updateState(values, () => {})).toBe(values);
  });

  it("updateState refuses what is no leaf and no subtree", () => {
    const values = state(new Model()) as State;
    expect(() => updateState(values, (draft) => void Reflect.set(draft, "a", 5))).toThrow(
      /updateState at a: expected a leaf or a subtree, got 5/,
    );
  });
});

describe("patches", () => {
  const before = state(new Model());
  const changed = updateState(before, (draft) => {
    draft.a.kernel.value = 5;
  });
  const after = unflattenState([
    ...flattenState(changed).filter(([path]) => path[0] !== "b"),
    [["c", "d"], leaf(1)],
  ]);

  it("say what changed: values alone, additions and removals", () => {
    const patches = [...diffPatches(before, after)].sort((x, y) => (x.path.join() < y.path.join() ? -1 : 1));
    expect(patches).toEqual([
      { op: "replace", path: ["a", "kernel", "value"], value: 5 },
      { op: "remove", path: ["b"] },
      { op: "add", path: ["c"], value: { d: leaf(1) } },
    ]);
    expect(diffPatches(before, before)).toEqual([]);
  });

  it("step forth and back, and leave alone what they do not touch", () => {
    expect(applyPatches(before, diffPatches(before, after))).toEqual(after);
    const back = applyPatches(after, diffPatches(after, before));
    expect(back).toEqual(before);
    expect(back.list).toBe(after.list);
  });

  it("replace a whole leaf when its type or metadata changed", () => {
    const other = unflattenState([[["x"], new BatchStat(1).toState()]]);
    const one = unflattenState([[["x"], leaf(1)]]);
    expect(diffPatches(one, other)).toEqual([{ op: "replace", path: ["x"], value: other.x }]);
    expect(applyPatches(one, diffPatches(one, other))).toEqual(other);
  });

  it("are immer's: its applyPatches takes them, and ours takes its", () => {
    enablePatches();
    expect(immerApplyPatches(before, diffPatches(before, after) as unknown as Patch[])).toEqual(after);
  });

  it("refuse a State that they were not made for", () => {
    const patches = diffPatches(before, after);
    expect(() => applyPatches({}, patches)).toThrow(
      /applyPatches at b: expected something to remove, got undefined/,
    );
    expect(() => applyPatches(before, [{ op: "remove", path: ["gone"] }])).toThrow(
      /at gone: expected something to remove/,
    );
    expect(() => applyPatches(before, [{ op: "replace", path: [], value: 1 }])).toThrow(
      /a path of at least one part/,
    );
  });

  it("hold their tensors: a run can be stepped back after its States are gone", () => {
    const count = tf.memory().numTensors;
    const model = { w: new Param(tf.scalar(1)) };
    const first = state(model);
    model.w.value = tf.scalar(2);
    const second = state(model);
    const back = diffPatches(second, first);
    dispose(first);
    const again = applyPatches(second, back);
    expect((again.w as VariableState<tf.Scalar>).value.arraySync()).toBe(1);
    dispose([second, back, again, model]);
    expect(tf.memory().numTensors).toBe(count);
  });
});
