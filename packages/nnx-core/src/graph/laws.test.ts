/**
 * @file Laws of the graph functions, on random graphs: nested, shared, cyclic, with arrays, records
 * and Maps.
 */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  BatchStat,
  clone,
  equalGraphDefs,
  findDuplicates,
  flattenState,
  formatPath,
  graphdef,
  graphDefFromJson,
  graphDefToJson,
  GraphNode,
  hashGraphDef,
  iterGraph,
  iterNodes,
  merge,
  Module,
  not,
  Param,
  pathContains,
  pop,
  registerModule,
  split,
  state,
  update,
  Variable,
  withTag,
  type Filter,
  type State,
} from "../index.ts";
import { containerKind } from "../data/containers.ts";

class Left extends Module {
  sum(): number {
    return 1;
  }
}
class Right extends Module {}
registerModule("laws.Left", Left);
registerModule("laws.Right", Right);

const variableTypes = [Param, BatchStat, Variable];

/** What an attribute is, as numbers: which module or Variable is decided by how many there are. */
type Spec =
  | { readonly kind: "module" | "variable"; readonly pick: number }
  | { readonly kind: "array" | "record" | "map"; readonly items: readonly Spec[] }
  | { readonly kind: "tensor" }
  | { readonly kind: "static"; readonly value: unknown };

const { spec } = fc.letrec<{ spec: Spec }>((tie) => ({
  spec: fc.oneof(
    { maxDepth: 3, depthSize: "small" },
    fc.record({ kind: fc.constantFrom("module" as const, "variable" as const), pick: fc.nat(50) }),
    fc.constant({ kind: "tensor" as const }),
    fc.record({ kind: fc.constant("static" as const), value: fc.jsonValue({ maxDepth: 1 }) }),
    fc.record({
      kind: fc.constantFrom("array" as const, "record" as const, "map" as const),
      items: fc.array(tie("spec"), { maxLength: 3 }),
    }),
  ),
}));

const name = fc.constantFrom("a", "b", "B", "_p", "10", "2", "layers", "constructor", "toString");

interface Plan {
  readonly modules: readonly {
    readonly isLeft: boolean;
    readonly attributes: readonly (readonly [string, Spec])[];
  }[];
  readonly variables: readonly {
    readonly type: number;
    readonly value: number;
    readonly tag: string | undefined;
  }[];
}

const plan: fc.Arbitrary<Plan> = fc.record({
  modules: fc.array(
    fc.record({
      isLeft: fc.boolean(),
      attributes: fc.uniqueArray(fc.tuple(name, spec), { maxLength: 5, selector: ([key]) => key }),
    }),
    { minLength: 1, maxLength: 5 },
  ),
  variables: fc.array(
    fc.record({ type: fc.nat(2), value: fc.integer(), tag: fc.option(fc.constant("t"), { nil: undefined }) }),
    { minLength: 1, maxLength: 5 },
  ),
});

/** An array as the graph sees one, without a backend. */
class FakeTensor {
  readonly shape: readonly number[] = Object.freeze([2]);
  readonly dtype: string = "float32";
}
const fakeTensor = (): object => new FakeTensor();

function build({ modules, variables }: Plan): Module {
  const made = modules.map(({ isLeft }) => (isLeft ? new Left() : new Right()));
  const boxes = variables.map(({ type, value, tag }) => {
    const Type = variableTypes[type] as typeof Variable;
    return new Type(value, tag === undefined ? {} : { tag });
  });
  const make = (each: Spec): unknown => {
    switch (each.kind) {
      case "module":
        return made[each.pick % made.length];
      case "variable":
        return boxes[each.pick % boxes.length];
      case "tensor":
        return fakeTensor();
      case "static":
        return each.value;
      case "array":
        return each.items.map(make);
      case "record":
        return Object.fromEntries(each.items.map((item, i) => [`k${i}`, make(item)]));
      case "map":
        return new Map(each.items.map((item, i) => [i % 2 ? `m${i}` : i, make(item)]));
      default:
        return each satisfies never;
    }
  };
  modules.forEach(({ attributes }, i) => {
    for (const [key, each] of attributes) {
      const value = make(each);
      Object.defineProperty(made[i], key, { value, enumerable: true, writable: true, configurable: true });
    }
  });
  return made[0] as Module;
}

const model = plan.map(build);

/**
 * What of a graph two models must have in common: every path's class or value, and which paths are
 * one object.
 */
function shape(root: unknown): unknown {
  const values = [...iterGraph(root)].map(([path, value]) => [
    formatPath(path),
    value instanceof Variable
      ? [value.type, value.value, value.metadata]
      : value instanceof GraphNode
        ? [Object.getPrototypeOf(value), Object.keys(value).sort()]
        : (containerKind(value) ?? value),
  ]);
  const isNode = (_: unknown, value: unknown): boolean =>
    value instanceof GraphNode || value instanceof Variable;
  return [values, findDuplicates(root, { only: isNode })];
}

const check = (property: (root: Module) => void): void => {
  fc.assert(fc.property(model, property), { numRuns: 200 });
};

describe("laws of the graph", () => {
  it("merge undoes split, up to reference isomorphism", () => {
    check((root) => {
      const again = merge(...split(root));
      expect(again).not.toBe(root);
      expect(shape(again)).toEqual(shape(root));
    });
  });

  it("split undoes merge: the definition is equal and the leaves are identical", () => {
    check((root) => {
      const [def, values] = split(root);
      const [defAgain, valuesAgain] = split(merge(def, values));
      expect(equalGraphDefs(defAgain, def)).toBe(true);
      expect(hashGraphDef(defAgain)).toBe(hashGraphDef(def));
      const leaves = flattenState(values);
      const leavesAgain = flattenState(valuesAgain);
      expect(leavesAgain.map(([path]) => path)).toEqual(leaves.map(([path]) => path));
      leavesAgain.forEach(([, leaf], i) => {
        expect(leaf).toBe(leaves[i]?.[1]);
      });
    });
  });

  it("filters of which the first match counts partition the leaves", () => {
    const filters: Filter[] = [withTag("t"), [Param, pathContains("a")], not(BatchStat), true];
    check((root) => {
      const [, ...parts] = split(root, ...filters) as unknown as [unknown, ...State[]];
      const paths = parts.flatMap((part) => flattenState(part).map(([path]) => formatPath(path)));
      const all = flattenState(state(root)).map(([path]) => formatPath(path));
      expect([...paths].sort()).toEqual([...all].sort());
      expect(new Set(paths).size).toBe(paths.length);
    });
  });

  it("update with the model's own State changes nothing", () => {
    check((root) => {
      const before = shape(root);
      const values = state(root);
      update(root, values);
      expect(shape(root)).toEqual(before);
      expect(flattenState(state(root))).toEqual(flattenState(values));
    });
  });

  it("clone shares no module and no Variable", () => {
    check((root) => {
      const copy = clone(root);
      const own = new Set([...iterNodes(root)].map(([, node]) => node));
      for (const [, node] of iterNodes(copy)) expect(own.has(node)).toBe(false);
      expect(shape(copy)).toEqual(shape(root));
    });
  });

  it("nothing that happens to the model changes a State", () => {
    check((root) => {
      const values = state(root);
      const text = JSON.stringify(flattenState(values));
      for (const [, node] of iterNodes(root)) {
        if (!(node instanceof Variable)) continue;
        node.value = 12345;
        node.setMetadata({ tag: "changed" });
      }
      Reflect.set(root, "added", new Param(1));
      expect(JSON.stringify(flattenState(values))).toBe(text);
      expect(Object.isFrozen(values)).toBe(true);
    });
  });

  it("a second State without a change shares every subtree with the first", () => {
    check((root) => {
      const first = state(root) as State;
      const second = state(root) as State;
      expect(Object.keys(second)).toEqual(Object.keys(first));
      for (const key of Object.keys(first)) expect(second[key]).toBe(first[key]);
    });
  });

  it("pop then update brings the leaves back", () => {
    // Items of arrays cannot be popped, and what a Map or record lost comes back under its key.
    const poppable: Filter = (path, value) =>
      value instanceof Param && path.every((part) => typeof part === "string");
    check((root) => {
      const before = flattenState(state(root)).map(([path, leaf]) => [formatPath(path), leaf.value]);
      const hasArrays = [...iterNodes(root)].some(([, node]) => Array.isArray(node) || node instanceof Map);
      if (hasArrays || [...findDuplicates(root)].length > 0) return;
      const popped = pop(root, poppable) as State;
      expect(
        flattenState(state(root, Param)).filter(([path]) => path.every((p) => typeof p === "string")),
      ).toEqual([]);
      update(root, popped);
      expect(flattenState(state(root)).map(([path, leaf]) => [formatPath(path), leaf.value])).toEqual(before);
    });
  });

  it("a definition survives JSON", () => {
    check((root) => {
      const def = graphdef(root);
      const again = graphDefFromJson<Module>(JSON.parse(JSON.stringify(graphDefToJson(def))));
      expect(equalGraphDefs(again, def)).toBe(true);
      expect(hashGraphDef(again)).toBe(hashGraphDef(def));
      expect(shape(merge(again, state(root)))).toEqual(shape(root));
    });
  });
});
