/** @file Corners of States: patches of lists, odd names, and what is refused. */
import { describe, expect, it } from "vitest";
import {
  applyPatches,
  diffPatches,
  dispose,
  DisposedError,
  flattenState,
  mapState,
  mergeState,
  Param,
  splitState,
  type State,
  type StatePatch,
  state,
  StructureError,
  unflattenState,
  updateState,
  Variable,
  type VariableState,
} from "../index.ts";
import { countLeaves } from "./flatten-state.ts";

const leaf = (value: unknown): VariableState => new Param(value).toState();
const withList = (): State => unflattenState([[["a", "w"], leaf({ list: [1, 2, 3] })]]);
const listIn = (values: State): unknown =>
  ((values as { a: { w: VariableState } }).a.w.value as { list: unknown }).list;
const at = (...rest: (string | number)[]): (string | number)[] => ["a", "w", "value", "list", ...rest];

describe("patches of a list inside a value", () => {
  it.each<[string, StatePatch, unknown[]]>([
    ["replace by index", { op: "replace", path: at(1), value: 9 }, [1, 9, 3]],
    ["replace by an index as text", { op: "replace", path: at("0"), value: 9 }, [9, 2, 3]],
    ["replace the last", { op: "replace", path: at(2), value: 9 }, [1, 2, 9]],
    ["add in front", { op: "add", path: at(0), value: 9 }, [9, 1, 2, 3]],
    ["add at the end", { op: "add", path: at(3), value: 9 }, [1, 2, 3, 9]],
    ["remove the first", { op: "remove", path: at(0) }, [2, 3]],
    ["remove the last", { op: "remove", path: at(2) }, [1, 2]],
    ["a shorter length", { op: "replace", path: at("length"), value: 1 }, [1]],
    ["the same length", { op: "replace", path: at("length"), value: 3 }, [1, 2, 3]],
    ["no length", { op: "replace", path: at("length"), value: 0 }, []],
  ])("%s", (_name, patch, expected) => {
    const before = withList();
    expect(listIn(applyPatches(before, [patch]))).toEqual(expected);
    expect(listIn(before)).toEqual([1, 2, 3]);
  });

  it.each<[string, StatePatch]>([
    ["replace behind the end", { op: "replace", path: at(3), value: 9 }],
    ["remove behind the end", { op: "remove", path: at(3) }],
    ["add behind the end", { op: "add", path: at(4), value: 9 }],
    ["a negative index", { op: "replace", path: at(-1), value: 9 }],
    ["half an index", { op: "replace", path: at(0.5), value: 9 }],
    ["a name", { op: "replace", path: at("first"), value: 9 }],
    ["a longer length", { op: "replace", path: at("length"), value: 4 }],
    ["half a length", { op: "replace", path: at("length"), value: 1.5 }],
    ["a length that is added", { op: "add", path: at("length"), value: 1 }],
    ["a length that is removed", { op: "remove", path: at("length") }],
  ])("%s is refused", (_name, patch) => {
    expect(() => applyPatches(withList(), [patch])).toThrow(StructureError);
  });
});

describe("patches", () => {
  it("give frozen States, and several may go through one place", () => {
    const after = applyPatches(withList(), [
      { op: "add", path: ["a", "v"], value: leaf(1) },
      { op: "add", path: ["a", "u"], value: leaf(2) },
      { op: "replace", path: at(0), value: 5 },
      { op: "replace", path: at(1), value: 6 },
    ]) as unknown as { a: Record<string, VariableState> };
    expect(Object.keys(after.a).sort()).toEqual(["u", "v", "w"]);
    expect(listIn(after as unknown as State)).toEqual([5, 6, 3]);
    for (const each of [after, after.a, after.a.w, after.a.w!.value])
      expect(Object.isFrozen(each)).toBe(true);
  });

  it("do not change what they contain", () => {
    const added = { x: leaf(1) };
    applyPatches(withList(), [
      { op: "add", path: ["b"], value: added },
      { op: "add", path: ["b", "y"], value: leaf(2) },
    ]);
    expect(Object.keys(added)).toEqual(["x"]);
  });

  it.each([5, "text", null, undefined, () => 0, new Map()])("put no %s in the place of a leaf", (value) => {
    expect(() => applyPatches(withList(), [{ op: "replace", path: ["a", "w"], value }])).toThrow(
      /applyPatches at a\.w: expected a leaf or a subtree/,
    );
  });

  it("of a Variable's own State", () => {
    const values = state(new Param({ list: [1] }));
    const after = applyPatches(values, [{ op: "replace", path: ["value", "list", 0], value: 2 }]);
    expect(flattenState(after)).toEqual([[[], expect.objectContaining({ value: { list: [2] } })]]);
    expect(applyPatches(values, [{ op: "replace", path: ["value"], value: 7 }])).toMatchObject({ value: 7 });
  });

  it("that were disposed are refused", () => {
    const values = withList();
    const patches = diffPatches(values, applyPatches(values, [{ op: "remove", path: ["a"] }]));
    dispose(patches);
    expect(() => applyPatches(values, patches)).toThrow(DisposedError);
  });

  it.each([5, null, {}, [5], [{ op: "add" }], [{ op: "add", path: "a" }]])("are a list, not %j", (bad) => {
    expect(() => applyPatches(withList(), bad as never)).toThrow(/applyPatches: expected a list of patches/);
  });

  it("replace what changed its kind, and only the value where that alone changed", () => {
    const one = unflattenState([[["a"], leaf(1)]]);
    const other = unflattenState([[["a"], leaf(2)]]);
    const deep = unflattenState([[["a", "b"], leaf(1)]]);
    const typed = unflattenState([[["a"], new Variable(1).toState()]]);
    const kinds = (from: State, to: State): unknown =>
      diffPatches(from, to).map(({ op, path }) => `${op} ${path.join(".")}`);
    expect(kinds(one, other)).toEqual(["replace a.value"]);
    expect(kinds(one, typed)).toEqual(["replace a"]);
    expect(kinds(one, deep)).toEqual(["replace a"]);
    expect(kinds(deep, one)).toEqual(["replace a"]);
    for (const [from, to] of [
      [one, deep],
      [deep, one],
      [one, typed],
    ] as const)
      expect(applyPatches(from, diffPatches(from, to))).toEqual(to);
  });
});

describe("names that objects inherit", () => {
  const names = ["__proto__", "constructor", "toString", "hasOwnProperty", "0"];

  it.each(names)("%s is a name of a subtree and of a leaf", (name) => {
    const values = unflattenState([
      [[name, "w"], leaf(1)],
      [["deep", name], leaf(2)],
    ]);
    expect(flattenState(values).map(([path]) => path.map(String).join("."))).toEqual(
      [`${name}.w`, `deep.${name}`].sort((a, b) => (a < b ? -1 : 1)),
    );
    expect(Object.getPrototypeOf(values)).toBe(Object.prototype);
    const more = mergeState(values, unflattenState([[[name, "v"], leaf(3)]]));
    expect(flattenState(more)).toHaveLength(3);
    expect(flattenState(mapState((_, each) => each, more))).toHaveLength(3);
    const changed = unflattenState([
      [[name, "w"], leaf(5)],
      [["deep", name], leaf(2)],
    ]);
    expect(applyPatches(values, diffPatches(values, changed))).toEqual(changed);
  });

  it.each(names)("%s is not found where it is not", (name) => {
    const values = unflattenState([[["a"], leaf(1)]]);
    expect(() => applyPatches(values, [{ op: "replace", path: [name, "w"], value: leaf(1) }])).toThrow(
      StructureError,
    );
    expect(() => applyPatches(values, [{ op: "remove", path: [name] }])).toThrow(StructureError);
  });
});

describe("the State of one Variable", () => {
  it("is merged as a whole", () => {
    const one = state(new Param(1));
    const two = state(new Param(2));
    expect(mergeState(one, two)).toMatchObject({ value: 2 });
    expect(mergeState(one, {})).toMatchObject({ value: 1 });
    expect(mergeState({}, one)).toMatchObject({ value: 1 });
    expect(mergeState(one, one)).toMatchObject({ value: 1 });
  });
});

describe("splitState", () => {
  it.each([5, 6, 9])("names up to five of %i leaves that no filter takes", (count) => {
    const values = unflattenState(Array.from({ length: count }, (_, i) => [[`w${i}`], leaf(i)] as const));
    const error = (() => {
      try {
        splitState(values, "none");
      } catch (thrown) {
        return String(thrown);
      }
      return "";
    })();
    for (let i = 0; i < 5; i++) expect(error).toContain(`w${i}`);
    expect(error).not.toContain("w5");
    expect(error.includes("...")).toBe(count > 5);
    expect(error).toContain(`(${count} in all)`);
  });
});

it("leaves are counted, of States that hold their values and of parts of them", () => {
  const values = unflattenState([
    [["a", "x"], leaf(1)],
    [["a", "y"], leaf(2)],
    [["b"], leaf(3)],
  ]) as unknown as { a: State } & State;
  expect([countLeaves(values), countLeaves(values.a), countLeaves({})]).toEqual([3, 2, 0]);
});

describe("updateState", () => {
  it.each([5, null, {}, "recipe"])("refuses %j for a recipe", (recipe) => {
    expect(() => updateState(withList(), recipe as never)).toThrow(/updateState: expected/);
  });

  it("passes on what a recipe throws, an overflow of its own included", () => {
    const own = new RangeError("Maximum call stack size exceeded");
    for (const error of [new Error("mine"), own]) {
      expect(() =>
        updateState(withList(), () => {
          throw error;
        }),
      ).toThrow();
    }
    expect(() =>
      updateState(withList(), () => {
        throw new Error("mine");
      }),
    ).toThrow("mine");
  });
});

it.each([null, 5, [null], [5], [[]], [[["a"]]], [[5, leaf(1)]]])("unflattenState refuses %j", (entries) => {
  expect(() => unflattenState(entries as never)).toThrow(StructureError);
});
