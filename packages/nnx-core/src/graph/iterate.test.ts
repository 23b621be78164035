import { readFileSync } from "node:fs";
import * as tf from "@tensorflow/tfjs-core";
import { describe, expect, it } from "vitest";
import {
  BatchStat,
  findDuplicates,
  flattenState,
  GraphNode,
  iterChildren,
  iterGraph,
  iterModuleChildren,
  iterModules,
  Module,
  Param,
  state,
  Variable,
} from "../index.ts";

class FakeTensor {
  readonly shape: readonly number[] = [];
  readonly dtype: string = "float32";
}

const value = (): tf.Tensor => tf.zeros([1]);

class Linear extends Module {
  readonly kernel: Param = new Param(value());
  readonly bias: Param = new Param(value());
}
class BatchNorm extends Module {
  readonly scale: Param = new Param(value());
  readonly bias: Param = new Param(value());
  readonly mean: BatchStat = new BatchStat(value());
  readonly var: BatchStat = new BatchStat(value());
}
/** As a stream of keys: a node, but no module. */
class Stream extends GraphNode {
  readonly key: Variable = new Variable(0);
  readonly count: Variable = new Variable(0);
}
class Dropout extends Module {
  readonly rngs: Stream = new Stream();
}
/** The model that the golden case was made from. */
class Ord extends Module {
  readonly z: Linear = new Linear();
  readonly layers: Linear[] = Array.from({ length: 11 }, () => new Linear());
  readonly shared: Linear = this.z;
  readonly a: readonly [{ readonly k: Dropout }, BatchNorm] = [{ k: new Dropout() }, new BatchNorm()];
  readonly B: Param = new Param(value());
  readonly _p: Param = new Param(value());
  readonly me: Ord = this;
}

interface Structure {
  readonly state_paths: unknown[];
  readonly param_paths: unknown[];
  readonly iter_modules: [unknown, string][];
  readonly iter_children: [string, string][];
  readonly iter_module_children: [string, string][];
  readonly find_duplicates: unknown[];
}

const golden = JSON.parse(
  readFileSync(new URL("../../../../conformance/golden/flax.json", import.meta.url), "utf8"),
) as { cases: { structure: Structure } };
const { structure } = golden.cases;
const nameOf = (node: object): string => node.constructor.name;

describe("the structure case of Flax 0.12.8", () => {
  const ord = new Ord();
  // A list of modules is a module in Flax; here it is a plain array.
  const withoutLists = (entries: [unknown, string][]): unknown[] =>
    entries.filter(([, type]) => type !== "List");

  it("has the same paths in the same order", () => {
    expect(flattenState(state(ord)).map(([path]) => path)).toEqual(structure.state_paths);
    expect(flattenState(state(ord, Param)).map(([path]) => path)).toEqual(structure.param_paths);
  });

  it("gives modules children first, the root last", () => {
    const ours = [...iterModules(ord)].map(([path, module]) => [path, nameOf(module)]);
    expect(ours).toEqual(withoutLists(structure.iter_modules));
  });

  it("gives children under each of their names, Variables too, and does not look into containers", () => {
    const ours = [...iterChildren(ord)].map(([key, child]) => [key, nameOf(child)]);
    expect(ours).toEqual(withoutLists(structure.iter_children));
  });

  it("gives children that are nodes", () => {
    const ours = [...iterModuleChildren(ord)].map(([key, child]) => [key, nameOf(child)]);
    expect(ours).toEqual(withoutLists(structure.iter_module_children));
  });

  it("finds the same duplicates", () => {
    expect(findDuplicates(ord)).toEqual(structure.find_duplicates);
  });
});

describe("iteration", () => {
  it("comes by shared modules once and ends in cycles", () => {
    const ord = new Ord();
    const paths = [...iterModules(ord)].map(([path]) => path.join("."));
    expect(new Set(paths).size).toBe(paths.length);
    expect(paths).not.toContain("z");
    expect(paths.at(-1)).toBe("");
  });

  it("takes a container as root, and refuses what has no children", () => {
    const child = new Linear();
    expect([...iterChildren([child, 1])]).toEqual([[0, child]]);
    expect([...iterChildren(new Map([["x", child]]))]).toEqual([["x", child]]);
    expect(() => [...iterChildren([1, 2])]).toThrow(/iterChildren: expected a module or a container/);
  });

  it("is there as methods too", () => {
    const dropout = new Dropout();
    expect([...dropout.iterModules()]).toEqual([[[], dropout]]);
    expect([...dropout.iterChildren()]).toEqual([["rngs", dropout.rngs]]);
  });

  it("iterGraph comes by static values, arrays at each place, nodes and Variables once", () => {
    const array = new FakeTensor();
    class Holder extends Module {
      readonly a: unknown = array;
      readonly b: unknown = array;
      readonly name: string = "x";
      readonly one: Param = new Param(1);
      readonly two: Param = this.one;
      readonly list: unknown[] = [this.one, 5];
    }
    const holder = new Holder();
    expect([...iterGraph(holder)]).toEqual([
      [["a"], array],
      [["b"], array],
      [["list", 0], holder.one],
      [["list", 1], 5],
      [["list"], holder.list],
      [["name"], "x"],
      [[], holder],
    ]);
    expect([...iterGraph(7)]).toEqual([[[], 7]]);
    expect([...iterGraph(holder.one)]).toEqual([[[], holder.one]]);
  });

  it("findDuplicates finds arrays as well, and selects with `only`", () => {
    const array = new FakeTensor();
    const shared = new Param(1);
    const root = { x: array, y: array, p: shared, q: shared };
    expect(findDuplicates(root)).toEqual([
      [["p"], ["q"]],
      [["x"], ["y"]],
    ]);
    expect(findDuplicates(root, { only: Param })).toEqual([[["p"], ["q"]]]);
  });
});
