/** @file The rules of filters, their equality and their print. */
import { inspect } from "node:util";
import { describe, expect, it } from "vitest";
import {
  allOf,
  anyOf,
  BatchStat,
  equalFilters,
  everything,
  type Filter,
  FilterError,
  Intermediate,
  Module,
  not,
  nothing,
  ofType,
  Param,
  pathContains,
  pathIn,
  Perturbation,
  printFilter,
  split,
  state,
  toPredicate,
  Variable,
  withTag,
} from "../index.ts";
import { asksForPathsOnly, isDescribed, needsPath } from "./description.ts";
import { orderFilters } from "./filter.ts";

const param = new Param(1, { tag: "head" });
const matches = (
  filter: Filter,
  value: unknown = param,
  path: (string | number)[] = ["a", 0, "kernel"],
): boolean => toPredicate(filter)(path, value);

describe("literals", () => {
  it.each<[string, Filter, boolean]>([
    ["true", true, true],
    ["false", false, false],
    ["null", null, false],
    ["its tag", "head", true],
    ["another tag", "tail", false],
    ["its class", Param, true],
    ["a base class", Variable, true],
    ["another class", BatchStat, false],
    ["a predicate", (path) => path[1] === 0, true],
    ["an array with a match", [BatchStat, "head"], true],
    ["an array without", [BatchStat, "tail"], false],
    ["an empty array", [], false],
  ])("%s", (_, filter, expected) => {
    expect(matches(filter)).toBe(expected);
    expect(matches(filter, param.toState())).toBe(expected);
  });

  it("a class is told from a predicate, also one that is only declared", () => {
    class Empty {}
    const arrow: Filter = () => true;
    function plain(): boolean {
      return true;
    }
    expect(matches(Empty)).toBe(false);
    expect(matches(Empty, new Empty())).toBe(true);
    expect([matches(arrow), matches(plain)]).toEqual([true, true]);
  });

  it("subclasses match, of Variables and of leaves", () => {
    expect(matches(Intermediate, new Perturbation(1))).toBe(true);
    expect(matches(Intermediate, new Perturbation(1).toState())).toBe(true);
    expect(matches(Perturbation, new Intermediate(1))).toBe(false);
  });

  it.each([5, { a: 1 }, undefined])("%s is no filter, and the error says what is", (bad) => {
    expect(() => toPredicate(bad as unknown as Filter)).toThrow(FilterError);
    expect(() => toPredicate(bad as unknown as Filter)).toThrow(
      /Filter: expected true, false, null, a tag, a class/,
    );
    expect(() => anyOf(Param, bad as unknown as Filter)).toThrow(FilterError);
  });
});

describe("combinators", () => {
  it.each<[string, Filter, boolean]>([
    ["anyOf()", anyOf(), false],
    ["allOf()", allOf(), true],
    ["anyOf with a match", anyOf("tail", Param), true],
    ["allOf with all", allOf("head", Param), true],
    ["allOf with one missing", allOf("head", BatchStat), false],
    ["not", not(Param), false],
    ["everything", everything, true],
    ["nothing", nothing, false],
    ["ofType", ofType(Param), true],
    ["withTag", withTag("head"), true],
    ["pathContains a name", pathContains("kernel"), true],
    ["pathContains a part of a name", pathContains("kern"), false],
    ["pathContains a part of a name, loosely", pathContains("kern", { exact: false }), true],
    ["pathContains an index", pathContains(0), true],
    ["pathContains an index as text", pathContains("0"), false],
    ["pathContains an index as text, loosely", pathContains("0", { exact: false }), true],
    ["pathIn", pathIn(["x"], ["a", 0, "kernel"]), true],
    ["pathIn with another kind of index", pathIn(["a", "0", "kernel"]), false],
  ])("%s", (_, filter, expected) => {
    expect(matches(filter)).toBe(expected);
  });
});

describe("lists of filters", () => {
  class Layer extends Module {
    readonly kernel: Param<number> = new Param(1);
    readonly noise: Perturbation<number> = new Perturbation(0);
  }

  it("the first match counts", () => {
    const [, a, b] = split(new Layer(), Intermediate, [Perturbation, true]);
    expect([Object.keys(a), Object.keys(b)]).toEqual([["noise"], ["kernel"]]);
  });

  it("a literal true may be followed by true only; everything may stand anywhere", () => {
    expect(() => split(new Layer(), true, Param)).toThrow(
      /split: expected `true` as the last filter only, got it at index 0 of 2/,
    );
    const [, all, none, more] = split(new Layer(), everything, true, true);
    expect([Object.keys(all), none, more]).toEqual([["kernel", "noise"], {}, {}]);
  });

  it("predicates see each leaf with its whole path", () => {
    const seen: unknown[] = [];
    state({ x: [new Layer()] }, (path, value) => {
      seen.push([path.join("."), value instanceof Variable]);
      return true;
    });
    expect(seen).toEqual([
      ["x.0.kernel", true],
      ["x.0.noise", true],
    ]);
  });
});

describe("equality and print", () => {
  const own = (): boolean => true;
  const printed: [Filter, string][] = [
    ["tag", 'withTag("tag")'],
    [Param, "ofType(Param)"],
    [true, "everything"],
    [false, "nothing"],
    [null, "nothing"],
    [[Param, "a"], 'anyOf(ofType(Param), withTag("a"))'],
    [not("a"), 'not(withTag("a"))'],
    [allOf(Param, "x"), 'allOf(ofType(Param), withTag("x"))'],
    [pathContains("a"), 'pathContains("a")'],
    [pathContains(0, { exact: false }), "pathContains(0, { exact: false })"],
    [pathIn(["a", 0]), 'pathIn(["a",0])'],
    [own, "own"],
  ];

  it.each(printed)("%# prints as it is written", (filter, text) => {
    expect(printFilter(filter)).toBe(text);
    const predicate = toPredicate(filter);
    if (filter !== own) expect([String(predicate), inspect(predicate)]).toEqual([text, text]);
  });

  it("filters are equal when they were made alike", () => {
    printed.forEach(([a, textA]) => {
      for (const [b, textB] of printed) expect(equalFilters(a, b)).toBe(textA === textB);
    });
    expect(equalFilters([Param, "a"], anyOf(ofType(Param), withTag("a")))).toBe(true);
    expect(equalFilters(anyOf(Param), allOf(Param))).toBe(false);
    expect(equalFilters(own, () => true)).toBe(false);
  });

  it("classes are equal by identity, not by name", () => {
    const { Same } = { Same: class Same extends Variable<number> {} };
    const { Same: Other } = { Same: class Same extends Variable<number> {} };
    expect(printFilter(Same)).toBe(printFilter(Other));
    expect([equalFilters(Same, Same), equalFilters(Same, Other)]).toEqual([true, false]);
    expect([equalFilters([Same, "a"], [Same, "a"]), equalFilters([Same, "a"], [Other, "a"])]).toEqual([
      true,
      false,
    ]);
  });

  it("combinators are equal if all of their filters are, in order", () => {
    expect(equalFilters(["a", "b"], ["a"])).toBe(false);
    expect(equalFilters(["a"], ["a", "b"])).toBe(false);
    expect(equalFilters(["a", "b"], ["b", "a"])).toBe(false);
    expect(equalFilters(["a", own], ["a", own])).toBe(true);
    expect(equalFilters(["a", own], ["a", () => true])).toBe(false);
    expect(
      equalFilters(
        not(own),
        not(() => true),
      ),
    ).toBe(false);
  });
});

describe("what is known of a filter without running it", () => {
  const own = (): boolean => true;

  it.each<[string, Filter, boolean]>([
    ["everything", true, false],
    ["nothing", false, false],
    ["a tag", "head", false],
    ["a class", Param, false],
    ["a path", pathContains("a"), true],
    ["whole paths", pathIn(["a"]), true],
    ["a predicate of a user", own, true],
    ["a list without paths", ["head", Param], false],
    ["a list with one", ["head", pathContains("a")], true],
    ["all of some", allOf("head", not(pathContains("a"))), true],
    ["all of others", allOf("head", not(Param)), false],
  ])("whether it needs paths: %s", (_, filter, expected) => {
    expect(needsPath(toPredicate(filter))).toBe(expected);
    expect(orderFilters("test", [Param, filter]).needPaths).toBe(expected);
  });

  it.each<[string, Filter, boolean]>([
    ["everything", true, true],
    ["a tag", "head", false],
    ["a class", Param, false],
    ["a path", pathContains("a"), true],
    ["whole paths", pathIn(["a"]), true],
    ["a predicate of a user", own, false],
    ["a list of paths", [pathIn(["b"]), pathContains("a")], true],
    ["a list with a class", [Param, pathContains("a")], false],
  ])("whether it asks for paths alone: %s", (_, filter, expected) => {
    expect(asksForPathsOnly(toPredicate(filter))).toBe(expected);
  });

  it("filters of the library are told from functions of users, and from what is no function", () => {
    expect([everything, withTag("a"), own, Param, "a", undefined].map(isDescribed)).toEqual([
      true,
      true,
      false,
      false,
      false,
      false,
    ]);
  });
});

describe("values that are no leaves", () => {
  it.each([null, 3, "head", () => 0])("a tag and a class do not match %s", (value) => {
    expect(matches("head", value)).toBe(false);
    expect(matches(Param, value)).toBe(false);
  });

  it("a tag as a property, or in metadata", () => {
    expect([matches("head", { tag: "head" }), matches("head", { metadata: { tag: "head" } })]).toEqual([
      true,
      true,
    ]);
    expect(matches("head", { tag: "tail", metadata: null })).toBe(false);
  });

  it("a type that is no class", () => {
    expect(matches(Param, { type: { prototype: new Param(1) } })).toBe(false);
    expect(matches(Param, { type: null })).toBe(false);
  });
});

describe("lists inside lists", () => {
  const nested = (levels: number): Filter => {
    let filter: Filter = Param;
    for (let i = 0; i < levels; i++) filter = [filter];
    return filter;
  };

  it("are one filter, up to 100 of them", () => {
    expect(matches(nested(100))).toBe(true);
    expect(() => toPredicate(nested(102))).toThrow(/expected at most 100 lists of filters/);
  });

  it("may be the same list twice, but not contain themselves", () => {
    const twice = [Param];
    expect(matches([[twice], twice])).toBe(true);
    const loop: Filter[] = ["tail"];
    loop.push(loop);
    expect(() => toPredicate(loop)).toThrow(FilterError);
  });

  it("of many equal ones the predicate is made once", () => {
    let filter: Filter = Param;
    for (let i = 0; i < 60; i++) filter = [filter, filter];
    expect(matches(filter)).toBe(true);
  });
});

it("what is behind `true` matches nothing, where that is allowed", () => {
  expect(() => orderFilters("test", [true, Param])).toThrow(/expected `true` as the last filter only/);
  expect(orderFilters("test", [true, Param], true).predicates).toHaveLength(2);
});
