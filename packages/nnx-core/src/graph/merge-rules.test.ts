/** @file The rules of merge, definitions, GraphStates and calls. */
import { describe, expect, it } from "vitest";
import {
  call,
  equalGraphDefs,
  FilterError,
  flattenState,
  graphdef,
  graphDefFromJson,
  graphDefToJson,
  hashGraphDef,
  merge,
  Module,
  Param,
  printGraphDef,
  registerFactory,
  registerFunction,
  registerModule,
  split,
  type State,
  state,
  unpack,
  Variable,
  variables,
} from "../index.ts";
import { Bag } from "../../test/bag.ts";

class Counter extends Module {
  readonly count: Variable<number> = new Variable(0);
  readonly weight: Param<number> = new Param(2);
  readonly step: number;
  constructor(step = 1) {
    super();
    this.step = step;
  }
  increment(by: number): number {
    this.count.value += by * this.step;
    return this.count.value;
  }
}
class Pair extends Module {
  readonly b: Counter = new Counter();
  readonly list: Counter[] = [new Counter()];
}

describe("merge", () => {
  it("fits leaves by path, and names the paths that are missing or too many", () => {
    const [def, weights, rest] = split(new Counter(), Param, true);
    expect(merge(def, rest, weights).weight.value).toBe(2);
    expect(() => merge(def, weights)).toThrow(/exactly the 2 leaves of the GraphDef, got nothing at count/);
    const renamed = { weight: weights.weight, cound: state(new Param(1)) } as unknown as State;
    expect(() => merge(def, renamed)).toThrow(/nothing at count, and cound, which the model does not have/);
    expect(() => merge(def, {})).toThrow(/nothing at count, weight/);
  });

  it("the later State counts where two have a path", () => {
    const [def, all] = split(new Counter());
    const other = state(new Counter(), Param);
    expect(merge(def, all, { weight: { ...other.weight, value: 9 } }).weight.value).toBe(9);
  });

  it("refuses wrong arguments", () => {
    const [def, all] = split(new Counter());
    // @ts-expect-error no State
    expect(() => merge(def)).toThrow(/merge: expected at least one State, got none/);
    // @ts-expect-error no GraphDef
    expect(() => merge(all, all)).toThrow(/expected a GraphDef as the first argument/);
    // @ts-expect-error no State
    expect(() => merge(def, 3)).toThrow(/expected a State as argument 1, got 3/);
    const one = unpack(new Counter());
    // @ts-expect-error a State among GraphStates
    expect(() => merge(one, all)).toThrow(/expected a GraphState as argument 1/);
    const [weights] = unpack(new Counter(5), Param, true);
    expect(() => merge(one, weights)).toThrow(/GraphStates of one GraphDef, got another one's as argument 1/);
  });

  it("split wants filters that cover every leaf, state does not", () => {
    expect(() => split(new Counter(), Param)).toThrow(FilterError);
    expect(state(new Counter(), Param)).not.toHaveProperty("count");
    expect(split(new Counter(), "nobody", true)[1]).toEqual({});
    expect(equalGraphDefs(graphdef(new Counter()), split(new Counter())[0])).toBe(true);
    expect(variables).toBe(state);
    const [a, b] = state(new Counter(), Param, Variable);
    expect([Object.keys(a), Object.keys(b)]).toEqual([["weight"], ["count"]]);
  });
});

describe("definitions", () => {
  it("are equal for equal structure, whatever the order of attributes and the values", () => {
    const a = graphdef(new Bag({ x: new Param(1), y: 2 }));
    const b = graphdef(new Bag({ y: 2, x: new Param([1, 2, 3]) }));
    expect(equalGraphDefs(a, b)).toBe(true);
    expect(hashGraphDef(a)).toBe(hashGraphDef(b));
  });

  const shared = new Param(1);
  it.each([
    ["a static value", { x: 1 }, { x: 2 }],
    ["zero's sign", { x: 0 }, { x: -0 }],
    ["a nested static value", { x: { y: [1] } }, { x: { y: [2] } }],
    ["a Variable's type", { x: new Param(1) }, { x: new Variable(1) }],
    ["metadata", { x: new Param(1, { tag: "a" }) }, { x: new Param(1, { tag: "b" }) }],
    ["sharing", { x: shared, y: shared }, { x: new Param(1), y: new Param(1) }],
    ["functions", { f: () => 1 }, { f: () => 1 }],
    ["a kind of container", { x: [shared] }, { x: new Map([[0, shared]]) }],
    ["an attribute more", { x: 1 }, { x: 1, y: 1 }],
    ["a class", { x: new Counter() }, { x: new Bag({}) }],
  ])("differ by %s", (_, a, b) => {
    expect(equalGraphDefs(graphdef(new Bag(a)), graphdef(new Bag(b)))).toBe(false);
    expect(equalGraphDefs(graphdef(new Bag(a)), graphdef(new Bag(a)))).toBe(true);
    expect(hashGraphDef(graphdef(new Bag(a)))).toBe(hashGraphDef(graphdef(new Bag(a))));
  });

  it("have a hash in every process: the number is fixed", () => {
    expect(hashGraphDef(graphdef(new Counter()))).toBe(4990275033775496);
    expect(Number.isSafeInteger(hashGraphDef(graphdef(new Pair())))).toBe(true);
  });

  it("static values are shared by reference between a model and its copies", () => {
    const list = [1];
    expect(Reflect.get(merge(...split(new Bag({ list, p: new Param(1) }))), "list")).toBe(list);
  });

  it("are immutable", () => {
    const def = graphdef(new Pair());
    expect([def, def.nodes, ...def.nodes].every(Object.isFrozen)).toBe(true);
    for (const node of def.nodes)
      if (node.kind !== "variable") expect([node.keys, node.attributes].every(Object.isFrozen)).toBe(true);
  });

  it("print as an outline", () => {
    const counter = new Counter();
    const bag = new Bag({ one: counter, two: [counter], act: Math.tanh, cfg: { a: [1, "x"] }, n: -0 });
    expect(printGraphDef(graphdef(bag))).toBe(
      [
        "Bag",
        "  act: test.tanh",
        '  cfg: { a: [1, "x"] }',
        "  n: -0",
        "  one: Counter",
        "    count: Variable",
        "    step: 1",
        "    weight: Param",
        "  two: []",
        "    0: Counter, the same as one",
      ].join("\n"),
    );
  });

  const scaled = registerFactory(
    "test.scaled",
    (by: number) =>
      (x: number): number =>
        x * by,
  );
  registerFunction("test.tanh", Math.tanh);
  registerModule("test.Counter", Counter);
  registerModule("test.Bag", Bag);

  it("go through JSON with whatever plain data, registered functions and made functions they have", () => {
    const attributes = {
      counter: new Counter(3),
      act: Math.tanh,
      init: scaled(0.5),
      kind: Counter,
      type: Param,
      odd: [Number.NaN, -0, Infinity, 10n, undefined, null, new Map([["a", [1]]]), { $: 1, b: { c: true } }],
      tagged: new Param(1, { tag: "x", axes: ["in", null] }),
    };
    const def = graphdef(new Bag(attributes));
    const again = graphDefFromJson<Bag>(JSON.parse(JSON.stringify(graphDefToJson(def))));
    expect(equalGraphDefs(again, def)).toBe(true);
    const model = merge(again, state(new Bag(attributes)));
    expect((Reflect.get(model, "init") as (x: number) => number)(4)).toBe(2);
    expect(Reflect.get(model, "odd")).toEqual(attributes.odd);
    expect((Reflect.get(model, "counter") as Counter).increment(2)).toBe(6);
    expect(equalGraphDefs(graphdef(new Bag({ f: scaled(1) })), graphdef(new Bag({ f: scaled(1) })))).toBe(
      true,
    );
    expect(equalGraphDefs(graphdef(new Bag({ f: scaled(1) })), graphdef(new Bag({ f: scaled(2) })))).toBe(
      false,
    );
  });

  it("say exactly which static attribute does not survive JSON", () => {
    const toJson = (attributes: object) => () => graphDefToJson(graphdef(new Bag(attributes)));
    const inner = new Bag({ act: Math.sin });
    expect(toJson({ a: { b: inner } })).toThrow(
      /graphDefToJson at a.b.act: expected a static attribute that can be written, got the function or class sin. Register it with registerFunction/,
    );
    expect(toJson({ when: new Date(0) })).toThrow(/at when: .*got an instance of Date/);
    expect(toJson({ sym: Symbol("s") })).toThrow(/at sym/);
    expect(toJson({ x: new Pair() })).toThrow(/at x: expected a class of modules.*registerModule/);
    class Odd extends Param<number> {
      static override readonly typeName: string = "Odd";
    }
    expect(toJson({ x: new Odd(1) })).toThrow(/at x: expected a Variable .*registerVariableName/);
  });

  it("refuse JSON that they did not write, and unknown names", () => {
    const json = graphDefToJson(graphdef(new Counter()));
    expect(() => graphDefFromJson({ ...json, version: 2 as 1 })).toThrow(
      /expected \{ format: "nnx.graphdef"/,
    );
    expect(() => graphDefFromJson({ ...json, root: { node: 99 } })).toThrow(
      /graphDefFromJson at root: expected the number of a node/,
    );
    expect(() => graphDefFromJson({ ...json, nodes: [{ module: "gone", attributes: [] }] })).toThrow(
      /expected a name that was registered, got "gone"/,
    );
    expect(() => registerModule("test.Counter", Bag)).toThrow(/expected a free name, got "test.Counter"/);
  });
});

describe("GraphStates and calls", () => {
  it("unpack gives one GraphState, or one for each filter, and merge takes them", () => {
    const one = unpack(new Counter());
    expect(merge(one).weight.value).toBe(2);
    const [weights, rest] = unpack(new Counter(), Param, true);
    expect(weights.state).toHaveProperty("weight");
    expect(equalGraphDefs(weights.graphdef, rest.graphdef)).toBe(true);
    expect(merge(rest, weights).step).toBe(1);
    expect(Object.isFrozen(one)).toBe(true);
  });

  it("call runs a method on a split model, deep inside too, and leaves the pair as it was", () => {
    const [def, all] = split(new Pair());
    const [three, [def2, after]] = call([def, all] as const).b.increment(3);
    expect(three).toBe(3);
    expect(merge(def2, after).b.count.value).toBe(3);
    expect(merge(def, all).b.count.value).toBe(0);
    const [two, [, last]] = call<Pair>([def2, after]).list[0]!.increment(2);
    expect(two).toBe(2);
    expect(flattenState(last).map(([path, leaf]) => [path.join("."), leaf.value])).toEqual([
      ["b.count", 3],
      ["b.weight", 2],
      ["list.0.count", 2],
      ["list.0.weight", 2],
    ]);
    const broken = call([def, all] as const) as unknown as { nothing(): void };
    expect(() => broken.nothing()).toThrow(/call at nothing: expected a method, got undefined/);
  });
});
