/** @file The State of a Variable is its leaf: every function on States takes it. */
import { expect, it } from "vitest";
import { map } from "../graph/map.ts";
import { state } from "../graph/split.ts";
import { update } from "../graph/update.ts";
import { BatchStat, Param } from "../variable/variable-types.ts";
import { diffState, mergeState } from "./combine.ts";
import { mapState, mapValues } from "./map.ts";
import { applyPatches, diffPatches } from "./patches.ts";
import { replaceByPure, toPure } from "./pure.ts";
import { filterState, splitState } from "./select.ts";
import type { State } from "./state.ts";

const leafOf = (value: number): State => state<unknown>(new Param(value, { tag: "head" }));

it("map and mapState give f the leaf, with the empty path", () => {
  const paths: unknown[] = [];
  const mapped = mapState((path, leaf) => {
    paths.push(path);
    return leaf;
  }, leafOf(1));
  expect([paths, mapped]).toEqual([[[]], leafOf(1)]);
  expect(mapValues((value: number) => value + 1, leafOf(1))).toEqual(leafOf(2));
  const variable = map((_, { value }) => Number(value) + 1, new Param(1));
  expect(variable).toBeInstanceOf(Param);
  expect(variable.value).toBe(2);
});

it("filters take it or leave an empty State", () => {
  expect(filterState(leafOf(1), Param)).toEqual(leafOf(1));
  expect(filterState(leafOf(1), "tail")).toEqual({});
  expect(splitState(leafOf(1), BatchStat, true)).toEqual([{}, leafOf(1)]);
});

it("sums, differences and patches have it as a whole", () => {
  expect(mergeState(leafOf(1), leafOf(2))).toEqual(leafOf(2));
  expect(mergeState(leafOf(1), {})).toEqual(leafOf(1));
  expect(mergeState({}, leafOf(1))).toEqual(leafOf(1));
  expect(diffState(leafOf(1), leafOf(2))).toEqual({});
  expect(diffState(leafOf(1), {})).toEqual(leafOf(1));
  expect(applyPatches(leafOf(1), diffPatches(leafOf(1), leafOf(2)))).toEqual(leafOf(2));
});

it("its pure form is the value", () => {
  expect(toPure(leafOf(3))).toBe(3);
  const variable = new Param(1, { tag: "head" });
  update(variable, replaceByPure(leafOf(1), { nested: 4 }));
  expect(variable.value).toEqual({ nested: 4 });
});
