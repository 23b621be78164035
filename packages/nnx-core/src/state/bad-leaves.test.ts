/** @file No function puts into a State what is neither a leaf nor a subtree. */
import { expect, it } from "vitest";
import { graphDefFromJson, graphDefToJson } from "../graph/graph-def-json.ts";
import { graphdef, state } from "../graph/split.ts";
import { Param } from "../variable/variable-types.ts";
import { unflattenState } from "./flatten-state.ts";
import { mapState } from "./map.ts";
import { applyPatches, type StatePatch } from "./patches.ts";
import type { State, StateLeaf } from "./state.ts";

const model = { a: new Param<unknown>({ list: [1, 2], name: "x" }) };
const values: State = state<unknown>(model);
// What JavaScript may pass where the types say leaf.
const five = 5 as unknown as StateLeaf;

it("mapState and unflattenState name the path", () => {
  expect(() => mapState(() => five, values)).toThrow("mapState at a: expected a leaf, got 5");
  expect(() => unflattenState([[["x", 0], five]])).toThrow("unflattenState at x.0: expected a leaf, got 5");
});

it("applyPatches refuses numbers as leaves and ops that it does not know", () => {
  const patch = (each: object): readonly StatePatch[] => [each as StatePatch];
  expect(() => applyPatches(values, patch({ op: "replace", path: ["a"], value: 5 }))).toThrow(
    "applyPatches at a: expected a leaf or a subtree, got 5",
  );
  expect(() => applyPatches(values, patch({ op: "move", path: ["a", "value"], value: 5 }))).toThrow(
    'applyPatches at a.value: expected the op "add", "replace" or "remove", got "move"',
  );
});

it("applyPatches writes into values, whose arrays stay arrays", () => {
  const next = applyPatches(values, [{ op: "replace", path: ["a", "value", "list", 0], value: 7 }]);
  expect(next.a?.value).toEqual({ list: [7, 2], name: "x" });
  expect(values.a?.value).toEqual({ list: [1, 2], name: "x" });
});

it("graphDefFromJson refuses JSON that does not count its leaves", () => {
  const { leafCount, ...json } = graphDefToJson(graphdef(model));
  expect(leafCount).toBe(1);
  expect(() => graphDefFromJson({ ...json, leafCount: Number.NaN })).toThrow(
    "graphDefFromJson: expected { format:",
  );
});
